"""What a payment of documents was meant for: them, what reminders claimed beside them, less a balance that was offered.

What is claimed beside a document is paid only by money that was meant for it. Who pays a document a second time, or the
very sum of another one besides, meant no claim: that is a credit balance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from billing_job.core.bank_entry import EntryPart
from billing_job.core.claim import BESIDE, PaymentKind
from billing_job.receivables.book import MOST_ITEMS, Book, sets_of_sum

Opens = Sequence[tuple[str, int]]
"""Documents with what is open of each."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What a payment of these documents may pay; cents."""

    opens: Opens
    late: Sequence[tuple[str, PaymentKind, int]]
    """What reminders claimed beside them, and it may be meant for, in the order in which it is paid."""
    used_cents: int
    """What it takes of the client's credit balance, which was offered."""
    cents: int
    """What came, with what the bank kept of it and what is used of the balance."""

    @property
    def total(self) -> int:
        """What the documents are open over."""
        return sum(open_cents for _, open_cents in self.opens)

    @property
    def with_late(self) -> int:
        """The same, and what reminders claimed beside them."""
        return self.total + sum(claimed for *_, claimed in self.late)

    @property
    def is_exact(self) -> bool:
        """Whether it came to the very sum of either."""
        return self.cents in (self.total, self.with_late)


def meant(book: Book, day: date, part: EntryPart, numbers: Sequence[str]) -> Meant:
    """What a payment of a day that names these documents was meant for."""
    came = part.cents + part.charges_cents
    opens = [(number, book.open_on(number, day)) for number in numbers]
    total, late, used = sum(open_cents for _, open_cents in opens), claimed_beside(book, day, numbers), 0
    asked = total + sum(claimed for *_, claimed in late)
    offered = book.offered(numbers, day)
    if late and came != asked:
        is_again = _is_paid_again(book, part, opens)
        if is_again or (came + offered != asked and _pays_others(book, day, numbers, came - total)):
            late, asked = [], total
    # Who pays the documents whole deducted nothing, also where the balance happens to be what a reminder claimed.
    if came != total and came + offered in (total, asked):
        used = offered
    return Meant(opens, late, used, came + used)


def claimed_beside(book: Book, day: date, numbers: Sequence[str]) -> list[tuple[str, PaymentKind, int]]:
    """What reminders claimed beside these documents and nobody paid, in the order in which it is paid."""
    found = []
    for number in sorted(numbers, key=lambda one: (book.claims[one].due_date, one)):
        left = book.claimed_on(number, day)
        if left is not None:
            found += [(number, kind, cents) for kind in BESIDE if (cents := left.of(kind))]
    return found


def _is_paid_again(book: Book, part: EntryPart, opens: Opens) -> bool:
    """Whether somebody paid the documents, or one of them, once more; what is open may be part of that."""
    came, total = part.cents + part.charges_cents, sum(open_cents for _, open_cents in opens)
    wholes = [open_cents + book.paid.get(number, 0) for number, open_cents in opens]
    if came > total and (came == sum(wholes) or came - total in (sum(wholes), total, *wholes)):
        return True
    return not total and any(book.receipts(number, part.cents) for number, _ in opens)


def _pays_others(book: Book, day: date, numbers: Sequence[str], more: int) -> bool:
    """Whether what came beside these documents is the very sum of others that their clients owe."""
    clients = {book.claims[number].client_id for number in numbers}
    others = [one for id_ in clients for one in book.open_of_client(id_, day) if one[0] not in numbers]
    return more > 0 and len(others) <= MOST_ITEMS and bool(sets_of_sum(others, more))
