"""What reminders claimed beside documents and nobody paid: the newest letter counts, less all that was paid of it.

Such a claim is no receivable: it is in no balance and in no book until it is paid (DESIGN: a claim of the letter). Of a
payment the document comes first, then costs, then interest, as the laws of most countries order those two (§ 367 BGB,
art. 6:44 BW).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from billing_job.core.claim import BESIDE, LateClaim, Payment, PaymentKind

PaidBeside = Mapping[tuple[str, PaymentKind], int]
"""Document and kind → cents that were paid beside it."""


@dataclass(frozen=True, slots=True)
class UnpaidClaim:
    """What is left of a claim beside a document; `day` is that of the letter."""

    document: str
    day: date
    costs_cents: int
    interest_cents: int

    @property
    def cents(self) -> int:
        """Both together."""
        return self.costs_cents + self.interest_cents

    def of(self, kind: PaymentKind) -> int:
        """What is left of one kind."""
        return self.costs_cents if kind is PaymentKind.COSTS else self.interest_cents


def paid_beside(payments: Iterable[Payment], as_of: date) -> dict[tuple[str, PaymentKind], int]:
    """What was paid beside each document by the end of a day."""
    sums: dict[tuple[str, PaymentKind], int] = defaultdict(int)
    for payment in payments:
        if payment.is_beside and payment.document is not None and payment.day <= as_of:
            sums[payment.document, payment.kind] += payment.cents
    return dict(sums)


def by_document(claims: Iterable[LateClaim]) -> dict[str, list[LateClaim]]:
    """Document → its claims in the order of the letters."""
    found: dict[str, list[LateClaim]] = defaultdict(list)
    for claim in claims:
        found[claim.document].append(claim)
    return {number: sorted(own, key=lambda claim: claim.day) for number, own in found.items()}


def unpaid_claim(claims: Sequence[LateClaim], paid: PaidBeside, day: date) -> UnpaidClaim | None:
    """What is left on a day of the claims beside one document, in the order of their letters; None before the first."""
    newest = next((claim for claim in reversed(claims) if claim.day <= day), None)
    if newest is None:
        return None
    costs, interest = (max(0, newest.cents(kind) - paid.get((newest.document, kind), 0)) for kind in BESIDE)
    return UnpaidClaim(newest.document, newest.day, costs, interest)


def unpaid_claims(claims: Iterable[LateClaim], payments: Iterable[Payment], as_of: date) -> dict[str, UnpaidClaim]:
    """Document → what is left at the end of a day of what was claimed beside it, where anything is."""
    paid = paid_beside(payments, as_of)
    found = {number: unpaid_claim(own, paid, as_of) for number, own in sorted(by_document(claims).items())}
    return {number: left for number, left in found.items() if left is not None and left.cents}
