"""What a payment of documents was meant for: them, what reminders claimed beside them, less a balance that was offered.

What is claimed beside a document is paid only by money that was meant for it. Who pays a document a second time, or the
very sum of another one besides, meant no claim: that is a credit balance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from billing_job.core.bank_entry import EntryPart
from billing_job.core.claim import BESIDE, PaymentKind
from billing_job.core.money import decimal_text
from billing_job.receivables.book import MOST_ITEMS, Book, sets_of_sum
from billing_job.receivables.named_documents import Named

NOT_NAMED = "unmatched"
UNKNOWN_DOCUMENT = "unknown_document"
OTHER_SUM = "other_sum"
SEVERAL_FIT = "several_fit"
SEVERAL_CLIENTS = "several_clients"
OTHER_CURRENCY = "other_currency"
SETTLED_ELSEWHERE = "settled_elsewhere"
WITHOUT_RECEIPT = "return_without_payment"
Opens = Sequence[tuple[str, int]]
"""Documents with what is open of each."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Why something is not booked; an empty suggestion: look for documents of the amount."""

    reason: str
    suggestion: str = ""


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


def in_short(book: Book, day: date, part: EntryPart, named: Named) -> tuple[str, ...] | Waits | None:
    """The documents that a text names in short, or why it waits; None where what is written out says enough.

    They are paid where all that are named come to the very sum, in one way of reading it and of one client. Nor is it a
    credit balance what came for something that the text goes on with.
    """
    if part.cents <= 0 or not (named.readings or named.unread):
        return None
    written_out = meant(book, day, part, named.numbers) if set(named.numbers) <= book.claims.keys() else None
    if named.numbers and (written_out is None or written_out.is_exact):
        return None

    readings = [numbers for numbers in named.readings if all(number in book.claims for number in numbers)]
    fit = [numbers for numbers in readings if meant(book, day, part, numbers).is_exact]
    # Readings that differ in what is paid already are one.
    different = {frozenset(one for one in numbers if book.open_on(one, day)): numbers for numbers in fit}
    of_one = [numbers for numbers in different.values() if _is_of_one_client(book, numbers)]
    if len(of_one) == 1:
        return of_one[0]
    if of_one:
        return Waits(SEVERAL_FIT, f"its text may mean {' or '.join(' and '.join(numbers) for numbers in of_one)}")
    if fit:
        return Waits(SEVERAL_CLIENTS, f"its text may mean {' and '.join(fit[0])}, which are of several clients")
    near = next((numbers for numbers in readings if _is_of_one_client(book, numbers)), None)
    is_more = written_out is not None and written_out.cents > written_out.with_late
    numbers = near or (named.numbers if is_more else ())
    total = sum(book.open_on(number, day) for number in numbers)
    what = f"its text may mean {' and '.join(numbers)}, of which {decimal_text(total)} is open"
    goes_on = "" if near or not named.unread else f"; it goes on with {named.unread.strip()!r}"
    return Waits(OTHER_SUM, f"{what}{goes_on}") if numbers else None


def _is_of_one_client(book: Book, numbers: Sequence[str]) -> bool:
    return len({book.claims[number].client_id for number in numbers}) == 1


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
