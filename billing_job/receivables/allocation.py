"""Which documents one entry pays: as a person decided, by what it names, or by the account that it came from."""

from collections.abc import Iterator, Sequence

from billing_job.core.bank_entry import EntryPart
from billing_job.core.claim import PaymentKind
from billing_job.core.decision import BankDecision
from billing_job.core.money import decimal_text
from billing_job.receivables.book import MOST_ITEMS, Book, sets_of_sum
from billing_job.receivables.named_documents import Named
from billing_job.receivables.named_payments import Case, Outcome, named_payments, payment_of, returned, with_charges
from billing_job.receivables.payment_meaning import (
    NOT_NAMED,
    OTHER_SUM,
    SEVERAL_CLIENTS,
    SEVERAL_FIT,
    UNKNOWN_DOCUMENT,
    WITHOUT_RECEIPT,
    Waits,
    claimed_beside,
    in_short,
)


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
        found = payment_of(case, None, decision.client_id, cents, kind, Named("hand", why=why), part)
        return with_charges([found], part.charges_cents)
    return named_payments(book, case, part, Named("hand", decision.documents, why))


def _by_rules(book: Book, case: Case, part: EntryPart, named: Named) -> Outcome:
    if part.is_return and part.cents > 0:
        return _came_back(book, case, part, named)
    if named.unknown:
        return Waits(UNKNOWN_DOCUMENT, f"it names {named.unknown}, which was never issued: ask the client what it pays")
    told = in_short(book, case.day, part, named)
    if isinstance(told, tuple):
        rule, why = (named.rule, named.why) if named.rule == "end_to_end" else ("number", "")
        why = why or f"{' and '.join(told)}, in short, in the text"
        return named_payments(book, case, part, Named(rule, told, why))
    if told is not None and not named.is_vague:
        return told
    if named.numbers:
        return named_payments(book, case, part, named)
    return _by_account(book, case, part)


def _came_back(book: Book, case: Case, part: EntryPart, named: Named) -> Outcome:
    """What the house had paid back to a client and its bank did not take; anything else that came back waits."""
    for key in (*named.numbers, part.iban):
        paid_back = book.receipts(key, -part.cents) if key else []
        if paid_back:
            why = Named(named.rule or "account", why=f"{decimal_text(part.cents)} that were paid back came back")
            return returned(case, part, paid_back[0], why, -part.cents)
    return Waits(WITHOUT_RECEIPT, "money that had left came back: match it to its document or client, or say --other")


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
    return named_payments(book, case, part, Named("account", sets[0], why))


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
            return returned(case, part, receipt, named, amount)
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
        payment_of(case, number or None, client_id, opens[number], PaymentKind.PAID_BACK, named, part)
        for number in sets[0]
    ]


def _listed(items: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{number} {decimal_text(cents)}" for number, cents in items[:4]) or "nothing"
