"""What is open at a day: derived from documents, credit notes and payments, stored nowhere.

Invariant 9: an open item is gross − credit notes − payments; all of them less the clients' credit balances are the
receivable account of the journal.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from billing_job.core.claim import Claim, FirstDay, Payment
from billing_job.core.document import Kind

AGES = (30, 60, 90)
"""The last day overdue of each bucket of `ageing`; what is older falls into one more."""

EVERYTHING = FirstDay()
"""No first day: every document counts."""


@dataclass(frozen=True, slots=True)
class OpenItem:
    """A document with what is settled of it; open or not."""

    number: str
    kind: Kind
    client_id: str
    issue_date: date
    due_date: date
    gross_cents: int
    """Negative on a credit note, like all its cents."""
    paid_cents: int
    credited_cents: int
    """Of an invoice: what credit notes took off it. Of a credit note: what was taken off documents that it corrects."""

    @property
    def open_cents(self) -> int:
        """What the client still owes, or the house where it is negative."""
        return self.gross_cents - self.paid_cents - self.credited_cents

    def days_overdue(self, as_of: date) -> int:
        """Whole days after the due date; 0 when it is not overdue, not open, or in the client's favour."""
        return max(0, (as_of - self.due_date).days) if self.open_cents > 0 else 0


@dataclass(frozen=True, slots=True)
class Receivables:
    """Every item that counts at a day, and what clients have paid without owing it."""

    as_of: date
    items: tuple[OpenItem, ...]
    """By due date and number, settled ones included."""
    credit_balances: Mapping[str, int]
    """Client → cents in its favour, of those that have any."""

    @property
    def open_items(self) -> tuple[OpenItem, ...]:
        """Those of which something is open."""
        return tuple(item for item in self.items if item.open_cents)

    @property
    def total_open_cents(self) -> int:
        """The receivable account of the journal."""
        return sum(item.open_cents for item in self.items) - sum(self.credit_balances.values())

    def of_client(self, client_id: str) -> "Receivables":
        """The same for one client."""
        balances = {client: cents for client, cents in self.credit_balances.items() if client == client_id}
        return Receivables(self.as_of, tuple(i for i in self.items if i.client_id == client_id), balances)

    def ageing(self) -> dict[str, int]:
        """Open cents by how long they are overdue: not_due, 1-30, 31-60, 61-90, over_90."""
        names = ["not_due", *_bucket_names()]
        sums = dict.fromkeys(names, 0)
        for item in self.items:
            days = item.days_overdue(self.as_of)
            sums[names[0 if days == 0 else 1 + sum(days > last for last in AGES)]] += item.open_cents
        return sums


def receivables(
    claims: Iterable[Claim], payments: Iterable[Payment], as_of: date, first_day: FirstDay = EVERYTHING
) -> Receivables:
    """Items and credit balances at the end of a day.

    Documents and payments of later days are left out. A payment on a document that is not issued by then is money that
    the client has with the house.
    """
    known = [claim for claim in claims if claim.issue_date <= as_of]
    counting = {claim.number: claim for claim in known if counts(claim, first_day)}
    elsewhere = {claim.number for claim in known} - counting.keys()
    paid = paid_before(counting.values(), first_day)
    balances: dict[str, int] = defaultdict(int)
    for payment in payments:
        if payment.day > as_of or payment.is_beside or payment.document in elsewhere or not first_day.is_own(payment):
            continue
        if payment.document in counting:
            paid[payment.document] = paid.get(payment.document, 0) + payment.cents
        else:
            balances[payment.client_id] += payment.cents
    credited = set_off(counting.values(), paid)
    items = [
        OpenItem(
            claim.number,
            claim.kind,
            claim.client_id,
            claim.issue_date,
            claim.due_date,
            claim.gross_cents,
            paid.get(claim.number, 0),
            credited.get(claim.number, 0),
        )
        for claim in counting.values()
    ]
    items.sort(key=lambda item: (item.due_date, item.number))
    return Receivables(as_of, tuple(items), {client: cents for client, cents in sorted(balances.items()) if cents})


def counts(claim: Claim, first_day: FirstDay) -> bool:
    """Whether the document is an item here: in our money, and not settled elsewhere before the first day."""
    if not first_day.is_own(claim):
        return False
    if first_day.since is None or claim.issue_date >= first_day.since:
        return True
    listed = first_day.still_open
    return claim.number in listed or (claim.corrects in listed and listed[claim.corrects] is None)


def paid_before(claims: Collection[Claim], first_day: FirstDay) -> dict[str, int]:
    """Document → what was settled of it elsewhere before the first day, where some of it is still open."""
    if first_day.since is None:
        return {}
    left = {claim: first_day.still_open.get(claim.number) for claim in claims if claim.issue_date < first_day.since}
    return {claim.number: claim.gross_cents - cents for claim, cents in left.items() if cents is not None}


def set_off(claims: Iterable[Claim], paid: Mapping[str, int]) -> dict[str, int]:
    """Document → what is taken off it because one corrects the other, with the sign of its gross.

    In the order of issue; never more than is open on either side, so that what a client had paid already comes back to
    it as an item of the credit note.
    """
    ordered: Sequence[Claim] = sorted(claims, key=lambda claim: (claim.issue_date, claim.number))
    left = {claim.number: claim.gross_cents - paid.get(claim.number, 0) for claim in ordered}
    taken: dict[str, int] = defaultdict(int)
    for claim in ordered:
        corrected = claim.corrects
        if corrected not in left or left[claim.number] * left[corrected] >= 0:
            continue
        cents = min(abs(left[claim.number]), abs(left[corrected]))
        for number in (claim.number, corrected):
            signed = cents if left[number] > 0 else -cents
            taken[number] += signed
            left[number] -= signed
    return dict(taken)


def _bucket_names() -> list[str]:
    return [f"{first + 1}-{last}" for first, last in zip((0, *AGES), AGES, strict=False)] + [f"over_{AGES[-1]}"]
