"""What reminders claimed beside documents and nobody paid: the newest letter counts, less all that was paid of it.

Such a claim is no receivable: it is in no balance and in no book until it is paid (DESIGN: a claim of the letter). Of a
payment the document comes first, then costs, then interest, as the laws of most countries order those two (§ 367 BGB,
art. 6:44 BW).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from billing_job.core.claim import BESIDE, Claim, LateClaim, Payment, PaymentKind
from billing_job.receivables.late_payment_law import FIXED_CENTS

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


def after_credits(late: Sequence[LateClaim], claims: Iterable[Claim]) -> list[LateClaim]:
    """The claims, and what each credit note leaves of the newest before it: what it takes off was never owed.

    Interest falls with what was open of the document; costs, too, but not below the fixed sum while anything is left.
    """
    letters = by_document(late)
    notes: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.corrects in letters and claim.gross_cents < 0:
            notes[claim.corrects].append(claim)
    found = list(late)
    for number, own in notes.items():
        left: dict[LateClaim, int] = {}
        for note in sorted(own, key=lambda claim: (claim.issue_date, claim.number)):
            letter = next((each for each in reversed(letters[number]) if each.day <= note.issue_date), None)
            # On one day, was the note first? Then what was open and what it took were no more than the whole.
            if letter is None or not letter.open_cents or _is_before(note, letter):
                continue
            left[letter] = max(0, left.get(letter, letter.open_cents) + note.gross_cents)
            found.append(_lessened(letter, left[letter], note.issue_date))
    return found


def _is_before(note: Claim, letter: LateClaim) -> bool:
    return note.issue_date == letter.day and letter.open_cents - note.gross_cents <= letter.gross_cents


def _lessened(letter: LateClaim, left_cents: int, day: date) -> LateClaim:
    costs, interest = (cents * left_cents // letter.open_cents for cents in (letter.costs_cents, letter.interest_cents))
    costs = min(letter.costs_cents, max(FIXED_CENTS, costs)) if left_cents else 0
    return replace(letter, day=day, costs_cents=costs, interest_cents=interest, letter_day=letter.day)


def unpaid_claim(claims: Sequence[LateClaim], paid: PaidBeside, day: date) -> UnpaidClaim | None:
    """What is left on a day of the claims beside one document, in the order of their letters; None before the first."""
    newest = next((claim for claim in reversed(claims) if claim.day <= day), None)
    if newest is None:
        return None
    costs, interest = (max(0, newest.cents(kind) - paid.get((newest.document, kind), 0)) for kind in BESIDE)
    return UnpaidClaim(newest.document, newest.letter_day or newest.day, costs, interest)


def unpaid_claims(claims: Iterable[LateClaim], payments: Iterable[Payment], as_of: date) -> dict[str, UnpaidClaim]:
    """Document → what is left at the end of a day of what was claimed beside it, where anything is."""
    paid = paid_beside(payments, as_of)
    found = {number: unpaid_claim(own, paid, as_of) for number, own in sorted(by_document(claims).items())}
    return {number: left for number, left in found.items() if left is not None and left.cents}
