"""What one entry comes to: which documents and credit balances it pays, or why it waits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from billing_job.core.bank_entry import EntryPart
from billing_job.core.claim import BESIDE, Payment, PaymentKind
from billing_job.core.decision import BankDecision
from billing_job.core.money import decimal_text
from billing_job.receivables.book import MOST_ITEMS, Book, Receipt, sets_of_sum
from billing_job.receivables.named_documents import Named
from billing_job.receivables.payment_meaning import (
    OTHER_SUM,
    SEVERAL_CLIENTS,
    SEVERAL_FIT,
    Waits,
    claimed_beside,
    in_short,
    meant,
)

NOT_NAMED = "unmatched"
OTHER_CURRENCY = "other_currency"
UNKNOWN_DOCUMENT = "unknown_document"
SETTLED_ELSEWHERE = "settled_elsewhere"
WITHOUT_RECEIPT = "return_without_payment"


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


def booked(book: Book, case: Case) -> Iterator[tuple[EntryPart, tuple[str, ...], Outcome]]:
    """Each part with the documents it names, and its payments or why it waits.

    Who asks counts each in the book before the next.
    """
    decision = case.decision
    if decision is not None and (len(case.parts) == 1 or decision.action == "other"):
        for part in case.parts:
            yield part, decision.documents, _by_hand(book, case, part, decision)
        return
    left: list[EntryPart] = []
    for part, named in zip(case.parts, case.named, strict=True):
        outcome = _by_rules(book, case, part, named)
        if isinstance(outcome, Waits) and decision is not None:
            left.append(part)
        else:
            yield part, named.numbers, outcome
    if left and decision is not None:
        rest = EntryPart(sum(part.cents for part in left), charges_cents=sum(part.charges_cents for part in left))
        yield rest, decision.documents, _by_hand(book, case, rest, decision)


def _by_hand(book: Book, case: Case, part: EntryPart, decision: BankDecision) -> Outcome:
    """What a user said; what more came than the named documents are open over is the client's credit balance."""
    if decision.action == "other":
        return []
    why = f"by {decision.decided_by}" + (f": {decision.reason}" if decision.reason else "")
    if not decision.documents:
        kind = PaymentKind.RECEIPT if part.cents > 0 else PaymentKind.PAID_BACK
        cents = part.cents + part.charges_cents
        found = _payment(case, None, decision.client_id, cents, kind, Named("hand", why=why), part)
        return _with_charges([found], part.charges_cents)
    return _named(book, case, part, Named("hand", decision.documents, why))


def _by_rules(book: Book, case: Case, part: EntryPart, named: Named) -> Outcome:
    if part.is_return and part.cents > 0:
        return _came_back(book, case, part, named)
    if named.unknown:
        return Waits(UNKNOWN_DOCUMENT, f"it names {named.unknown}, which was never issued: ask the client what it pays")
    told = in_short(book, case.day, part, named)
    if isinstance(told, tuple):
        rule, why = (named.rule, named.why) if named.rule == "end_to_end" else ("number", "")
        why = why or f"{' and '.join(told)}, in short, in the text"
        return _named(book, case, part, Named(rule, told, why))
    if told is not None and not named.is_vague:
        return told
    if named.numbers:
        return _named(book, case, part, named)
    return _by_account(book, case, part)


def _came_back(book: Book, case: Case, part: EntryPart, named: Named) -> Outcome:
    """What the house had paid back to a client and its bank did not take; anything else that came back waits."""
    for key in (*named.numbers, part.iban):
        paid_back = book.receipts(key, -part.cents) if key else []
        if paid_back:
            why = Named(named.rule or "account", why=f"{decimal_text(part.cents)} that were paid back came back")
            return _returned(case, part, paid_back[0], why, -part.cents)
    return Waits(WITHOUT_RECEIPT, "money that had left came back: match it to its document or client, or say --other")


def _named(book: Book, case: Case, part: EntryPart, named: Named) -> Outcome:
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
    found = [_payment(case, None, clients[0], -used, PaymentKind.SET_OFF, named, part)] if used else []
    left = cents
    opens = sorted(sums.opens, key=lambda one: (book.claims[one[0]].due_date, one[0]))
    # Of several clients a person has said by the order which of them falls short.
    opens = sorted(sums.opens if named.rule == "hand" and len(clients) > 1 else opens, key=lambda one: one[1] > 0)
    for number, open_cents in opens:
        pays = open_cents if cents >= total else min(open_cents, left)
        if pays:
            found.append(_payment(case, number, book.claims[number].client_id, pays, PaymentKind.RECEIPT, named, part))
            left -= pays
    for number, kind, claimed in sums.late:
        if pays := min(claimed, left):
            found.append(_payment(case, number, book.claims[number].client_id, pays, kind, named, part))
            left -= pays
    if left:
        found.append(_payment(case, None, clients[0], left, PaymentKind.RECEIPT, named, part))
    return _with_charges(found, part.charges_cents)


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
                return _returned(case, part, receipts[0], named, amount)
    if named.rule == "hand" and part.is_return:
        receipts = [one for number in named.numbers for one in book.smaller_receipts(number, cents)]
        if receipts:
            return _returned(case, part, receipts[0], named, receipts[0].cents)
    if is_owed:
        return [
            _payment(case, number, book.claims[number].client_id, open_cents, PaymentKind.PAID_BACK, named, part)
            for number, open_cents in opens.items()
            if open_cents
        ]
    (client_id, *others) = sorted(clients)
    # A bank that takes a fee for a document names it, too, and no account.
    is_its_own = named.rule == "hand" or client_id in book.known.get(part.iban, ()) or book.balances[client_id] == cents
    if not part.is_return and not others and book.balances[client_id] >= cents and is_its_own:
        return [_payment(case, None, client_id, -cents, PaymentKind.PAID_BACK, named, part)]
    (number, *more) = named.numbers
    if not more and book.paid.get(number, 0) >= cents - kept > 0 and (part.is_return or named.rule == "hand"):
        book.take_back_part(number, cents - kept)
        kind = PaymentKind.RETURN
        return _with_charges([_payment(case, number, client_id, kept - cents, kind, named, part)], kept)
    return Waits(
        WITHOUT_RECEIPT,
        f"no payment of {decimal_text(cents)} on {' and '.join(named.numbers)} is known that could be taken back",
    )


def _returned(case: Case, part: EntryPart, receipt: Receipt, named: Named, amount: int) -> list[Payment]:
    """The receipt's payments with their signs turned; what the bank took beside them are its charges."""
    receipt.is_returned = True
    kept = -part.cents - amount
    found = [
        _payment(case, one.document, one.client_id, -one.cents, one.kind_of_return, named, part)
        for one in receipt.payments
    ]
    return _with_charges(found, kept - sum(one.charges_cents for one in receipt.payments))


def _by_account(book: Book, case: Case, part: EntryPart) -> Outcome:
    """A known IBAN with the exact sum of one open document or of the only set of them."""
    clients = book.known.get(part.iban, set()) if part.iban else set()
    if part.cents < 0:
        return _money_out_by_account(book, case, part, clients)
    if not clients:
        return Waits(NOT_NAMED)
    if len(clients) > 1:
        return Waits(SEVERAL_CLIENTS, f"{part.iban} has paid for {' and for '.join(sorted(clients))}")
    (client_id,) = clients
    cents = part.cents + part.charges_cents
    items = book.open_of_client(client_id, case.day)
    if len(items) > MOST_ITEMS:
        return Waits(SEVERAL_FIT, f"it is of {client_id}, which has {len(items)} open documents: ask what it pays")
    sets = sets_of_sum(items, cents) or _asked_by_letters(book, case, items, cents)
    if not sets:
        owed = sum(open_cents for _, open_cents in items)
        return Waits(OTHER_SUM, f"it is of {client_id}, of which {decimal_text(owed)} is open: {_listed(items)}")
    if len(sets) > 1:
        both = " or ".join(" and ".join(numbers) for numbers in sets)
        return Waits(SEVERAL_FIT, f"it is of {client_id}: {both}")
    why = f"{part.iban} is {client_id}'s, and the sum is that of {' and '.join(sets[0])}"
    return _named(book, case, part, Named("account", sets[0], why))


def _asked_by_letters(book: Book, case: Case, items: Sequence[tuple[str, int]], cents: int) -> list[tuple[str, ...]]:
    """The open documents that reminders asked for, where the sum is theirs with all that is claimed beside them."""
    asked = {number: open_cents for number, open_cents in items if book.claimed_on(number, case.day) is not None}
    late = sum(claimed for *_, claimed in claimed_beside(book, case.day, tuple(asked)))
    return [tuple(asked)] if late and sum(asked.values()) + late == cents else []


def _money_out_by_account(book: Book, case: Case, part: EntryPart, clients: set[str]) -> Outcome:
    """A return to an account that paid this sum once; a balance or credit note paid back; otherwise nothing of ours."""
    cents = -part.cents
    if part.is_return:
        amounts = dict.fromkeys((cents, cents - part.charges_cents))
        receipts = [
            (one, amount) for amount in amounts for one in (book.receipts(part.iban, amount) if part.iban else ())
        ]
        if len(receipts) == 1:
            receipt, amount = receipts[0]
            named = Named("account", why=f"{part.iban} paid this sum once")
            return _returned(case, part, receipt, named, amount)
        return Waits(WITHOUT_RECEIPT, "the bank took a payment back: match it to the document that it had paid")
    if len(clients) != 1:
        return []
    (client_id,) = clients
    owed = [(number, open_cents) for number, open_cents in book.open_of_client(client_id, case.day) if open_cents < 0]
    if book.balances[client_id] > 0:
        owed.append(("", -book.balances[client_id]))
    sets = sets_of_sum(owed, -cents) if len(owed) <= MOST_ITEMS else []
    paid = next((one for one in book.receipts(part.iban, cents) if one.payments), None)
    if paid is not None and not sets:
        what = paid.payments[0].document or "the credit balance"
        return Waits(
            NOT_NAMED,
            f"{client_id} had paid this sum on {paid.payments[0].day}: match it to {what} if that went back, or say"
            " --other",
        )
    if owed and len(sets) != 1:
        total = decimal_text(-sum(open_cents for _, open_cents in owed))
        return Waits(OTHER_SUM, f"it went to {client_id}, which has {total} with you: match it, or say --other")
    if not sets:
        return []
    named = Named("account", why=f"{part.iban} is {client_id}'s, and this sum was owed to it")
    opens = dict(owed)
    return [
        _payment(case, number or None, client_id, opens[number], PaymentKind.PAID_BACK, named, part)
        for number in sets[0]
    ]


def _payment(
    case: Case, number: str | None, client_id: str, cents: int, kind: PaymentKind, named: Named, part: EntryPart
) -> Payment:
    why = named.why if number is not None else f"{named.why}; more than was open: credit balance"
    if kind is PaymentKind.SET_OFF:
        why = f"{named.why}; credit balance that was offered, used"
    elif kind in BESIDE:
        why = f"{named.why}; {kind.value} that a reminder claimed"
    if kind is PaymentKind.PAID_BACK and number is None:
        why = f"{named.why}; credit balance paid back"
    reason = part.bank_reason if cents < 0 and kind is not PaymentKind.PAID_BACK else ""
    return Payment(case.id, number, client_id, cents, case.day, kind, named.rule, why, reason, 0, case.currency)


def _with_charges(payments: Sequence[Payment], cents: int) -> list[Payment]:
    """The bank's charges beside the first payment of an entry."""
    found = list(payments)
    if found and cents:
        found[0] = replace(found[0], charges_cents=cents)
    return found


def _listed(items: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{number} {decimal_text(cents)}" for number, cents in items[:4]) or "nothing"
