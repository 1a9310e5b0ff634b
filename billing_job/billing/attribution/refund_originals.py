"""Which transaction a refund gives back: the best earlier one that its reference leads to.

The reference may be of another kind than the original's: an order's purchase is refunded by number. An original that
costs just what came back is better than one that costs more, an untouched one better than one that was refunded in
part, the same reference better than a related one; among equals the latest is taken.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from billing_job.billing.attribution.assignments import Assignments
from billing_job.core.phone import e164
from billing_job.core.wallet import Payment

Reference = tuple[str, str]


@dataclass(slots=True)
class Originals:
    """Payments by the references that lead to them, and how much of each was refunded so far."""

    facts: Assignments
    payments: Sequence[Payment]
    refunded: dict[str, int] = field(default_factory=dict)
    """transaction → cents of its cost that refunds gave back."""
    _of_reference: dict[Reference, list[Payment]] = field(default_factory=lambda: defaultdict(list))
    _of_row: dict[int, list[Payment]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for payment in sorted(self.payments, key=lambda payment: payment.in_time):
            reference = plain_reference(payment.reference_type, payment.reference_id, self.facts)
            self._of_reference[reference].append(payment)
            for row in self._rows(reference, payment.created_at):
                self._of_row[row].append(payment)

    def take(self, refund: Payment) -> Payment | None:
        """The original of a refund, of which its cents count as refunded from now on; None where there is none."""
        reference = plain_reference(refund.reference_type, refund.reference_id, self.facts)
        same = self._of_reference.get(reference, ())
        rows = self.facts.rows_of.get(reference, frozenset())
        related = {payment.transaction_id: payment for row in rows for payment in self._of_row[row]}
        for payment in same:
            related.pop(payment.transaction_id, None)
        candidates = [
            (self._fitness(payment, refund.cents), is_same, payment)
            for is_same, payments in ((True, same), (False, related.values()))
            for payment in payments
            if payment.created_at <= refund.created_at
        ]
        if not candidates:
            return None
        best = max(candidates, key=lambda each: (each[0], each[1], each[2].in_time))[2]
        self.refunded[best.transaction_id] = self.refunded.get(best.transaction_id, 0) + refund.cents
        return best

    def _fitness(self, payment: Payment, cents: int) -> int:
        """How well the amounts fit: whole, what is left, a part, more than is left, nothing left."""
        left = payment.cents - self.refunded.get(payment.transaction_id, 0)
        if left <= 0:
            return 0
        if left < cents:
            return 1
        if left > cents:
            return 2
        return 4 if left == payment.cents else 3

    def _rows(self, reference: Reference, moment: int) -> Iterable[int]:
        """The rows of numbers.csv that a payment belongs to: of an E.164 number, the one that held at the moment."""
        kind, name = reference
        if kind == "number" and name.startswith("+"):
            (fact,) = self.facts.numbers.at(pa.array([name], pa.string()), np.array([moment], np.int64))
            if fact >= 0:
                return (int(fact),)
        return self.facts.rows_of.get(reference, frozenset())


def plain_reference(kind: str, name: str, facts: Assignments) -> Reference:
    """A reference under the one name that it goes by: a trunk's uuid, a number in E.164."""
    if kind == "trunk":
        return kind, facts.trunk_names.get(name, name)
    if kind == "number" and ("number", name) not in facts.rows_of:
        return kind, e164(name) or (
            e164(f"+{name}") if name.isascii() and name.isdigit() and len(name) > 7 else None
        ) or name
    return kind, name


def related_references(references: Iterable[Reference], facts: Assignments) -> set[Reference]:
    """Every reference, as it may be written, under which an original of one of these may stand."""
    ids_of_trunk: dict[str, list[str]] = defaultdict(list)
    for id_, uuid in facts.trunk_names.items():
        ids_of_trunk[uuid].append(id_)
    found: set[Reference] = set()
    for kind, name in references:
        plain = plain_reference(kind, name, facts)
        found |= {(kind, name), plain}
        if kind == "trunk":
            found |= {(kind, id_) for id_ in ids_of_trunk[plain[1]]}
        if kind == "number":
            found |= _spellings(plain[1])
        for row in facts.rows_of.get(plain, ()):
            fact = facts.number_facts[row]
            found |= _spellings(fact.number) | {("number", fact.did_number_id), ("order", fact.order_id)}
    return {(kind, name) for kind, name in found if name}


def _spellings(number: str) -> set[Reference]:
    """A number with its plus, without it, and with 00 in its place."""
    digits = number.removeprefix("+")
    return {("number", text) for text in (number, digits, f"00{digits}")} if number.startswith("+") else set()


def shared_by_cost(cents: int, costs: Mapping[int, int]) -> dict[int, int]:
    """Share a refund over the parts of its original in proportion to their costs, ties to the lower part."""
    total = sum(costs.values())
    if total <= 0:
        return {part: cents if place == 0 else 0 for place, part in enumerate(costs)}
    shares = {part: cost * cents // total for part, cost in costs.items()}
    by_remainder = sorted(costs, key=lambda part: (-(costs[part] * cents % total), part))
    for part in by_remainder[: cents - sum(shares.values())]:
        shares[part] += 1
    return shares
