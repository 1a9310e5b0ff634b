"""Which entry pays what: entries are booked in the order of their days, the sure ones of a day first.

What comes out depends on the entries, documents and decisions alone, never on the order in which files came in. What is
recorded is kept as it is, unless an entry before it turns out to be booked otherwise: then everything after that entry
is decided anew.

An amount alone never books. In this order: structured reference, end-to-end id of a collection, number in the text,
known IBAN with the exact sum of one open document or of the only set of them; anything else waits with a suggestion.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from billing_job.core.bank_entry import EntryPart, IdentifiedEntry
from billing_job.core.claim import Claim, FirstDay, LateClaim, Offer, Payment, PaymentKind
from billing_job.core.decision import BankDecision
from billing_job.core.money import decimal_text
from billing_job.receivables.allocation import booked
from billing_job.receivables.book import Book, opened
from billing_job.receivables.named_documents import Names
from billing_job.receivables.named_payments import Case
from billing_job.receivables.payment_meaning import OTHER_CURRENCY, WITHOUT_RECEIPT, Waits

DUPLICATE = "possible_duplicate"
UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class WaitingEntry:
    """An entry, or what is left of it, that is booked nowhere."""

    entry: str
    cents: int
    reason: str
    suggestion: str
    clients: tuple[str, ...] = ()
    """Whose it may be, by the documents that it names and by its account."""

    @property
    def may_pay(self) -> bool:
        """Whether it is money that came and is counted nowhere, which nobody has said to be another's."""
        return self.cents > 0 and self.reason not in (DUPLICATE, UNDONE, WITHOUT_RECEIPT)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that decides what entries pay."""

    claims: Sequence[Claim]
    first_day: FirstDay
    currency: str
    mandates: Sequence[tuple[str, str]] = ()
    """IBANs, each with a client that signed a mandate for it."""
    collected: Collection[str] = ()
    """Documents that the bank was told to collect."""
    decisions: Mapping[str, Sequence[BankDecision]] = field(default_factory=dict)
    """Entry → what users decided about it, the latest last."""
    duplicates: Mapping[str, str] = field(default_factory=dict)
    recorded: Mapping[str, Sequence[Payment]] = field(default_factory=dict)
    """Entry → its payments in force."""
    late: Sequence[LateClaim] = ()
    """What reminders claimed beside documents."""
    offers: Sequence[Offer] = ()
    """What reminders took off their documents because clients have it in credit."""


@dataclass(frozen=True, slots=True)
class Matched:
    """What every entry comes to."""

    payments: Mapping[str, Sequence[Payment]]
    """Entry → its payments, of those that have any."""
    waiting: tuple[WaitingEntry, ...]
    """By day."""


def matched(entries: Sequence[IdentifiedEntry], evidence: Evidence) -> Matched:
    """Book every entry of the ledger, those of earlier calls included."""
    book = opened(evidence.claims, evidence.first_day, evidence.mandates, evidence.late, evidence.offers)
    names = Names(evidence.claims, evidence.collected)
    by_day: dict[date, list[IdentifiedEntry]] = defaultdict(list)
    payments: dict[str, Sequence[Payment]] = {}
    for each in entries:
        if _is_of_former_money(each, evidence):
            payments[each.id] = evidence.recorded[each.id]
        else:
            by_day[each.entry.day].append(each)
    waiting: list[WaitingEntry] = []
    again = False
    for day in sorted(by_day):
        cases = [_case(each, names, evidence) for each in by_day[day]]
        for case in sorted(cases, key=lambda case: (*case.turn, case.id)):
            before = evidence.recorded.get(case.id, ())
            if before and not again and not case.must_be_decided:
                _count(book, case, before)
                payments[case.id] = before
                continue
            found, left = _decided(book, case)
            waiting += left
            if found:
                payments[case.id] = found
            again = again or _amounts(found) != _amounts(before)
    return Matched(payments, tuple(_suggested(waiting, book)))


def _is_of_former_money(each: IdentifiedEntry, evidence: Evidence) -> bool:
    """Whether it was booked while `[billing]` had its currency: that stands, and is nothing of today's money."""
    decisions = evidence.decisions.get(each.id, ())
    is_undone = bool(decisions) and decisions[-1].action == "undo"
    return each.entry.currency != evidence.currency and bool(evidence.recorded.get(each.id)) and not is_undone


def _case(each: IdentifiedEntry, names: Names, evidence: Evidence) -> Case:
    """An entry with what is known of it before anything is booked."""
    entry = each.entry
    decisions = evidence.decisions.get(each.id, ())
    latest = decisions[-1] if decisions else None
    waits = None
    if latest is not None and latest.action == "undo":
        waits = Waits(UNDONE, f"undone by {latest.decided_by}: `billing-job bank match {each.id} --document NUMBER`")
    elif entry.currency != evidence.currency and (latest is None or latest.action != "other"):
        waits = Waits(
            OTHER_CURRENCY,
            f"it is in {entry.currency}, and documents are paid in {evidence.currency}: say --other, and import its"
            f" value in {evidence.currency} as a CSV statement of one row",
        )
    elif latest is None and each.id in evidence.duplicates:
        other = evidence.duplicates[each.id]
        waits = Waits(DUPLICATE, f"it may be {other} told again; match it if it is not, or say --other if it is")
    before_first_day = evidence.first_day.since is not None and entry.day < evidence.first_day.since
    return Case(
        id=each.id,
        day=entry.day,
        currency=entry.currency,
        parts=_merged(entry.parts, whole=any(one.action == "undo" for one in decisions)),
        named=tuple(names.named(part) for part in entry.parts),
        decision=latest,
        waits=waits,
        is_ours=latest is not None or not (before_first_day or all(part.cents == 0 for part in entry.parts)),
        # What is recorded of an entry of many payments does not say which is which.
        must_be_decided=latest is not None or waits is not None or len(entry.parts) > 1,
    )


def _merged(parts: Sequence[EntryPart], *, whole: bool) -> tuple[EntryPart, ...]:
    """The parts; as one where a user took apart what the rules had made of them."""
    if not whole or len(parts) == 1:
        return tuple(parts)
    total, charges = sum(part.cents for part in parts), sum(part.charges_cents for part in parts)
    return (EntryPart(total, text=" ".join(part.text for part in parts), charges_cents=charges),)


def _decided(book: Book, case: Case) -> tuple[list[Payment], list[WaitingEntry]]:
    """What an entry pays now, counted in the book, and what of it waits."""
    if not case.is_ours:
        return [], []
    if case.waits is not None:
        cents = sum(part.cents for part in case.parts)
        return [], [
            WaitingEntry(case.id, cents, case.waits.reason, case.waits.suggestion, _owners(book, case.parts, case))
        ]
    found: list[Payment] = []
    left: list[tuple[EntryPart, Waits]] = []
    for part, named, outcome in booked(book, case):
        if isinstance(outcome, Waits):
            left.append((part, outcome))
            continue
        book.book(outcome, part.cents, part.iban, named)
        found += outcome
    if not left:
        return found, []
    cents = sum(part.cents for part, _ in left)
    told = left[0][1]
    return found, [
        WaitingEntry(case.id, cents, told.reason, told.suggestion, _owners(book, [part for part, _ in left], case))
    ]


def _owners(book: Book, parts: Sequence[EntryPart], case: Case) -> tuple[str, ...]:
    """The clients whose documents an entry names, also in short; where it names none, whose its accounts are."""
    numbers = {number for named in case.named for one in (named.numbers, *named.readings) for number in one}
    if numbers:
        return tuple(sorted({book.claims[number].client_id for number in numbers if number in book.claims}))
    return tuple(sorted({client for part in parts for client in book.known.get(part.iban, ())}))


def _count(book: Book, case: Case, payments: Sequence[Payment]) -> None:
    """Count what was recorded of an entry of one payment."""
    (part,) = case.parts
    kinds = {payment.kind for payment in payments}
    if PaymentKind.RETURN in kinds or (part.cents < 0 and PaymentKind.PAID_BACK not in kinds):
        book.take_back(payments)
    numbers = case.named[0].numbers if len(case.named) == 1 else ()
    book.book(payments, part.cents, part.iban, numbers)


def _amounts(payments: Sequence[Payment]) -> dict[tuple[str | None, str, str], int]:
    sums: dict[tuple[str | None, str, str], int] = defaultdict(int)
    for payment in payments:
        sums[payment.document, payment.client_id, payment.kind] += payment.cents
    return {key: cents for key, cents in sums.items() if cents}


def _suggested(waiting: Sequence[WaitingEntry], book: Book) -> Iterator[WaitingEntry]:
    """What waits, where nothing identifies it with documents over its very amount, of which a person may choose."""
    by_cents: dict[int, list[str]] = defaultdict(list)
    if any(not one.suggestion for one in waiting):
        for number in sorted(book.claims):
            by_cents[book.open_on(number, date.max)].append(number)
    for one in waiting:
        if one.suggestion:
            yield one
        elif found := by_cents.get(one.cents):
            more = f" or one of {len(found) - 3} more" if len(found) > 3 else ""
            yield replace(one, suggestion=f"open over this very amount: {', '.join(found[:3])}{more}")
        else:
            yield replace(one, suggestion=f"no document is open over {decimal_text(one.cents)}")
