"""What money does to the documents that it names: they are paid, it is taken back or paid out, or it waits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from billing_job.core.bank_entry import EntryPart
from billing_job.core.claim import BESIDE, Payment, PaymentKind
from billing_job.core.decision import BankDecision
from billing_job.core.money import decimal_text
from billing_job.receivables.book import Book, Receipt
from billing_job.receivables.named_documents import Named
from billing_job.receivables.payment_meaning import (
    NOT_NAMED,
    OTHER_CURRENCY,
    OTHER_SUM,
    SETTLED_ELSEWHERE,
    SEVERAL_CLIENTS,
    WITHOUT_RECEIPT,
    Waits,
    meant,
)


@dataclass(frozen=True, slots=True)
class Case:
    """An entry, and what is known of it before anything is booked."""

    id: str
    day: date
    currency: str
    parts: tuple[EntryPart, ...]
    named: tuple[Named, ...]
    decision: BankDecision | None
    waits: Waits | None
    is_ours: bool
    """False: it moved nothing, or before the first day."""
    must_be_decided: bool
    """Whatever was recorded of it before."""

    @property
    def cents(self) -> int:
        """What reached or left the account."""
        return sum(part.cents for part in self.parts)

    @property
    def turn(self) -> tuple[bool, bool]:
        """Within a day money in comes before money out, and what names its documents before what does not."""
        sure = self.decision is not None or any(named.numbers for named in self.named)
        return self.cents < 0, not sure


Outcome = list[Payment] | Waits


def named_payments(book: Book, case: Case, part: EntryPart, named: Named) -> Outcome:
    """What a payment does to the documents that it names."""
    elsewhere = [number for number in named.numbers if number in book.elsewhere]
    for number in elsewhere:
        if currency := book.elsewhere[number]:
            return Waits(
                OTHER_CURRENCY,
                f"{number} is in {currency}: what pays it is settled where its money is kept; say --other",
            )
    if elsewhere:
        return Waits(
            SETTLED_ELSEWHERE,
            f"{' and '.join(elsewhere)} counts as settled before receivables.since: add it to open_items.csv if it was"
            " open",
        )
    if part.cents < 0:
        return _money_out(book, case, part, named)
    clients = list(dict.fromkeys(book.claims[number].client_id for number in named.numbers))
    sums = meant(book, case.day, part, named.numbers)
    cents, total, used = sums.cents, sums.total, sums.used_cents
    are_several = part.is_several and named.rule != "hand"
    if (are_several or any(open_cents < 0 for _, open_cents in sums.opens)) and not sums.is_exact:
        apart = "; it is several payments at once: another file of the bank may tell them apart" if are_several else ""
        what = f"{' and '.join(named.numbers)} come to {decimal_text(total)}, not to {decimal_text(cents)}"
        return Waits(OTHER_SUM, what + apart)
    is_certain = sums.is_exact or (named.rule == "hand" and cents < sums.with_late)
    if len(clients) > 1 and not is_certain:
        return Waits(
            SEVERAL_CLIENTS,
            f"{' and '.join(named.numbers)} come to {decimal_text(total)} and are of several clients"
            f" ({', '.join(clients)}): whose is the difference to {decimal_text(cents)}?",
        )
    found = [payment_of(case, None, clients[0], -used, PaymentKind.SET_OFF, named, part)] if used else []
    left = cents
    opens = sorted(sums.opens, key=lambda one: (book.claims[one[0]].due_date, one[0]))
    # Of several clients a person has said by the order which of them falls short.
    opens = sorted(sums.opens if named.rule == "hand" and len(clients) > 1 else opens, key=lambda one: one[1] > 0)
    for number, open_cents in opens:
        pays = open_cents if cents >= total else min(open_cents, left)
        if pays:
            found.append(
                payment_of(case, number, book.claims[number].client_id, pays, PaymentKind.RECEIPT, named, part)
            )
            left -= pays
    for number, kind, claimed in sums.late:
        if pays := min(claimed, left):
            found.append(payment_of(case, number, book.claims[number].client_id, pays, kind, named, part))
            left -= pays
    if left:
        found.append(payment_of(case, None, clients[0], left, PaymentKind.RECEIPT, named, part))
    return with_charges(found, part.charges_cents)


def _money_out(book: Book, case: Case, part: EntryPart, named: Named) -> Outcome:
    """A return of what was paid on the documents, or the house paying a credit note or a balance back."""
    cents = -part.cents
    kept = part.charges_cents
    clients = {book.claims[number].client_id for number in named.numbers}
    opens = {number: book.open_on(number, case.day) for number in named.numbers}
    is_owed = not part.is_return and sum(opens.values()) == -cents
    is_told = part.is_return or is_owed or named.rule == "hand"
    if not is_told and not all(book.may_be_of(part.iban, client_id) for client_id in clients):
        return Waits(
            NOT_NAMED,
            f"it names {' and '.join(named.numbers)} and went to {part.iban}, which is no account of"
            f" {' or '.join(sorted(clients))} so far; a supplier's number may be the same: match it, or say --other",
        )
    for amount in dict.fromkeys((cents, cents - kept)):
        for number in named.numbers:
            receipts = book.receipts(number, amount)
            if receipts:
                return returned(case, part, receipts[0], named, amount)
    if named.rule == "hand" and part.is_return:
        receipts = [one for number in named.numbers for one in book.smaller_receipts(number, cents)]
        if receipts:
            return returned(case, part, receipts[0], named, receipts[0].cents)
    if is_owed:
        return [
            payment_of(case, number, book.claims[number].client_id, open_cents, PaymentKind.PAID_BACK, named, part)
            for number, open_cents in opens.items()
            if open_cents
        ]
    (client_id, *others) = sorted(clients)
    # A bank that takes a fee for a document names it, too, and no account.
    is_its_own = named.rule == "hand" or client_id in book.known.get(part.iban, ()) or book.balances[client_id] == cents
    if not part.is_return and not others and book.balances[client_id] >= cents and is_its_own:
        return [payment_of(case, None, client_id, -cents, PaymentKind.PAID_BACK, named, part)]
    (number, *more) = named.numbers
    if not more and book.paid.get(number, 0) >= cents - kept > 0 and (part.is_return or named.rule == "hand"):
        book.take_back_part(number, cents - kept)
        kind = PaymentKind.RETURN
        return with_charges([payment_of(case, number, client_id, kept - cents, kind, named, part)], kept)
    return Waits(
        WITHOUT_RECEIPT,
        f"no payment of {decimal_text(cents)} on {' and '.join(named.numbers)} is known that could be taken back",
    )


def returned(case: Case, part: EntryPart, receipt: Receipt, named: Named, amount: int) -> list[Payment]:
    """The receipt's payments with their signs turned; what the bank took beside them are its charges."""
    receipt.is_returned = True
    kept = -part.cents - amount
    found = [
        payment_of(case, one.document, one.client_id, -one.cents, one.kind_of_return, named, part)
        for one in receipt.payments
    ]
    return with_charges(found, kept - sum(one.charges_cents for one in receipt.payments))


def payment_of(
    case: Case, number: str | None, client_id: str, cents: int, kind: PaymentKind, named: Named, part: EntryPart
) -> Payment:
    """One payment, with why it counts: on a document, or as credit balance where there is none."""
    why = named.why if number is not None else f"{named.why}; more than was open: credit balance"
    if kind is PaymentKind.SET_OFF:
        why = f"{named.why}; credit balance that was offered, used"
    elif kind in BESIDE:
        why = f"{named.why}; {kind.value} that a reminder claimed"
    if kind is PaymentKind.PAID_BACK and number is None:
        why = f"{named.why}; credit balance paid back"
    reason = part.bank_reason if cents < 0 and kind is not PaymentKind.PAID_BACK else ""
    return Payment(case.id, number, client_id, cents, case.day, kind, named.rule, why, reason, 0, case.currency)


def with_charges(payments: Sequence[Payment], cents: int) -> list[Payment]:
    """The bank's charges beside the first payment of an entry."""
    found = list(payments)
    if found and cents:
        found[0] = replace(found[0], charges_cents=cents)
    return found
