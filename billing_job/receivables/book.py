"""What is open while entries are booked one after the other, as it stood on each entry's day."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations

from billing_job.core.claim import Claim, FirstDay, LateClaim, Offer, Payment, PaymentKind
from billing_job.receivables.late_claims import UnpaidClaim, by_document, unpaid_claim
from billing_job.receivables.open_items import counts, paid_before, set_off

MOST_ITEMS = 16
"""Open items of one client among which a set is looked for: beyond, nobody could say that a set is the only one."""


@dataclass(slots=True)
class Receipt:
    """What one payment in was booked as, for the day on which the bank takes it back."""

    entry: str
    cents: int
    iban: str
    payments: tuple[Payment, ...]
    is_returned: bool = False


@dataclass(slots=True)
class Book:
    """Claims, what was paid on each by now, credit balances, and the accounts that clients are known by."""

    claims: dict[str, Claim]
    """Those that count here."""
    elsewhere: Mapping[str, str]
    """Documents that are settled elsewhere: before the first day, or in the other currency that stands here."""
    paid: dict[str, int]
    late: Mapping[str, Sequence[LateClaim]] = field(default_factory=dict)
    """Document → what reminders claimed beside it."""
    offers: Mapping[frozenset[str], Sequence[Offer]] = field(default_factory=dict)
    """Documents → what reminders about them took off, in the order of their days."""
    paid_beside: dict[tuple[str, PaymentKind], int] = field(default_factory=lambda: defaultdict(int))
    balances: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    known: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """IBAN → the clients that paid from it by a reference, a number or a decision, or have a mandate for it."""
    _unpaid: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Client → its documents that may be open, by due date and number."""
    _families: dict[str, list[str]] = field(default_factory=dict)
    """Document → it and those that correct it or are corrected by it, of those that have any."""
    _receipts: dict[str, list[Receipt]] = field(default_factory=lambda: defaultdict(list))
    """Document or IBAN → the payments in that were booked, the oldest first."""
    _parts_returned: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Document → what came back of its payments, of each less than all of it."""

    def open_on(self, number: str, day: date) -> int:
        """What is open of a document on a day; of a later one, what it was issued over."""
        family = self._families.get(number)
        claim = self.claims[number]
        if family is None:
            return claim.gross_cents - self.paid.get(number, 0)
        issued = [self.claims[one] for one in family if one == number or self.claims[one].issue_date <= day]
        taken = set_off(issued, self.paid)
        return claim.gross_cents - self.paid.get(number, 0) - taken.get(number, 0)

    def open_of_client(self, client_id: str, day: date) -> list[tuple[str, int]]:
        """The client's open documents that were issued by then, with what is open of each."""
        numbers = self._unpaid[client_id]
        return [
            (number, cents)
            for number in numbers
            if self.claims[number].issue_date <= day and (cents := self.open_on(number, day))
        ]

    def claimed_on(self, number: str, day: date) -> UnpaidClaim | None:
        """What is left of the claim beside a document on a day; None where there is none."""
        own = self.late.get(number)
        return unpaid_claim(own, self.paid_beside, day) if own else None

    def offered(self, numbers: Sequence[str], day: date) -> int:
        """What the client has in credit and may deduct when it pays these documents together; 0 where it has less.

        By the newest letter about exactly these, otherwise by the invoices themselves.
        """
        letters = [offer.cents for offer in self.offers.get(frozenset(numbers), ()) if offer.day <= day]
        cents = letters[-1] if letters else sum(self.claims[number].offered_cents for number in numbers)
        clients = {self.claims[number].client_id for number in numbers}
        return cents if len(clients) == 1 and self.balances[min(clients)] >= cents else 0

    def book(self, payments: Sequence[Payment], cents: int, iban: str, named: Sequence[str] = ()) -> None:
        """Count payments of one part of an entry, which a later return may name as this one did."""
        for payment in payments:
            if payment.document is not None and payment.is_beside:
                self.paid_beside[payment.document, payment.kind] += payment.cents
            elif payment.document in self.claims:
                number = payment.document
                was_open = self._may_be_open(number)
                self.paid[number] = self.paid.get(number, 0) + payment.cents
                if self._may_be_open(number) != was_open:
                    self._file(number, is_open=not was_open)
            elif payment.document is None:
                self.balances[payment.client_id] += payment.cents
        # What the house paid back can come back, too: it is looked for under its own sign.
        if payments and (cents > 0 or payments[0].kind is PaymentKind.PAID_BACK):
            receipt = Receipt(payments[0].entry, cents, iban, tuple(payments))
            own = (payment.document or f"+{payment.client_id}" for payment in payments)
            for key in {iban, *own, *named} - {""}:
                self._receipts[key].append(receipt)
        if iban and payments and payments[0].rule != "account":
            self.known[iban] |= {payment.client_id for payment in payments}

    def may_be_of(self, iban: str, client_id: str) -> bool:
        """Whether an account may be the client's: unless it is known by others, and not by this one."""
        if not iban or client_id in self.known.get(iban, ()):
            return True
        return not any(client_id in clients for clients in self.known.values())

    def receipts(self, key: str, cents: int) -> list[Receipt]:
        """Payments of that amount, by document or IBAN, that did not come back yet, the newest first."""
        found = (one for one in reversed(self._receipts.get(key, ())) if one.cents == cents and not one.is_returned)
        return [one for one in found if self._is_whole(one)]

    def smaller_receipts(self, key: str, cents: int) -> list[Receipt]:
        """Payments in of less than that amount that did not come back yet: a return may hold the bank's charges."""
        found = (one for one in reversed(self._receipts.get(key, ())) if 0 < one.cents < cents and not one.is_returned)
        return [one for one in found if self._is_whole(one)]

    def take_back_part(self, number: str, cents: int) -> None:
        """Note that a part of what was paid on a document came back."""
        self._parts_returned[number] += cents

    def _is_whole(self, receipt: Receipt) -> bool:
        """Whether parts that came back of its documents were of other payments, or may have been."""
        numbers = {one.document or "" for one in receipt.payments} & self._parts_returned.keys()
        return all(
            _paid_on(number, [receipt]) + self._parts_returned[number] <= _paid_on(number, self._receipts[number])
            for number in numbers
        )

    def take_back(self, payments: Sequence[Payment]) -> None:
        """Note that a recorded return undid the payments of a receipt: the newest of that amount on that document."""
        cents = -sum(payment.cents for payment in payments)
        for payment in payments:
            for receipt in reversed(self._receipts.get(payment.document or f"+{payment.client_id}", ())):
                if not receipt.is_returned and sum(one.cents for one in receipt.payments) == cents:
                    receipt.is_returned = True
                    return
        for payment in payments:
            if payment.kind is PaymentKind.RETURN and payment.document is not None:
                self.take_back_part(payment.document, -payment.cents)

    def _may_be_open(self, number: str) -> bool:
        # What is set off against another document changes with the day; such a family is never struck out.
        return number in self._families or self.claims[number].gross_cents != self.paid.get(number, 0)

    def _file(self, number: str, *, is_open: bool) -> None:
        claim = self.claims[number]
        numbers = self._unpaid[claim.client_id]
        if not is_open:
            numbers.remove(number)
            return
        numbers.append(number)
        numbers.sort(key=lambda one: (self.claims[one].due_date, one))


def _paid_on(number: str, receipts: Iterable[Receipt]) -> int:
    """What payments that did not come back paid on a document; cents."""
    stands = (one.payments for one in receipts if not one.is_returned)
    return sum(each.cents for own in stands for each in own if each.document == number and not each.is_beside)


def opened(
    claims: Sequence[Claim],
    first_day: FirstDay,
    mandates: Iterable[tuple[str, str]],
    late: Iterable[LateClaim] = (),
    offers: Sequence[Offer] = (),
) -> Book:
    """The book before the first entry; `mandates` are pairs of an IBAN and the client that signed for it."""
    counting = {claim.number: claim for claim in claims if counts(claim, first_day)}
    told: dict[frozenset[str], list[Offer]] = defaultdict(list)
    for offer in offers:
        told[offer.documents].append(offer)
    elsewhere = {
        claim.number: "" if first_day.is_own(claim) else claim.currency
        for claim in claims
        if claim.number not in counting
    }
    book = Book(counting, elsewhere, paid_before(counting.values(), first_day), by_document(late), told)
    for number, family in _families(counting):
        book._families[number] = family
    for claim in sorted(counting.values(), key=lambda claim: (claim.due_date, claim.number)):
        if book._may_be_open(claim.number):
            book._unpaid[claim.client_id].append(claim.number)
    for iban, client_id in mandates:
        book.known[iban].add(client_id)
    return book


def _families(claims: Mapping[str, Claim]) -> Iterator[tuple[str, list[str]]]:
    """Document → all that are tied to it by corrections, for those that are tied to any."""
    root: dict[str, str] = {}

    def of(number: str) -> str:
        while root.get(number, number) != number:
            number = root[number]
        return number

    for claim in claims.values():
        if claim.corrects in claims:
            root.setdefault(claim.corrects, claim.corrects)
            root[of(claim.number)] = of(claim.corrects)
            root.setdefault(claim.number, of(claim.corrects))
    members: dict[str, list[str]] = defaultdict(list)
    for number in root:
        members[of(number)].append(number)
    return ((number, family) for family in members.values() for number in family)


def sets_of_sum(items: Sequence[tuple[str, int]], cents: int) -> list[tuple[str, ...]]:
    """Up to two sets of items whose open cents come to a sum; two show that neither is the only one.

    Each half of the items gives its sums, so that 16 items are 2 × 256 sets and not 65,536.
    """
    left, right = items[: len(items) // 2], items[len(items) // 2 :]
    by_sum: dict[int, list[tuple[str, ...]]] = defaultdict(list)
    for chosen in _subsets(left):
        by_sum[sum(open_cents for _, open_cents in chosen)].append(tuple(number for number, _ in chosen))
    found: list[tuple[str, ...]] = []
    for chosen in _subsets(right):
        rest = cents - sum(open_cents for _, open_cents in chosen)
        for numbers in by_sum.get(rest, ()):
            both = (*numbers, *(number for number, _ in chosen))
            if both:
                found.append(both)
            if len(found) == 2:
                return found
    return found


def _subsets(items: Sequence[tuple[str, int]]) -> Iterator[tuple[tuple[str, int], ...]]:
    return (chosen for size in range(len(items) + 1) for chosen in combinations(items, size))
