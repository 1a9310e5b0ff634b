"""Which transaction a refund gives back: the best earlier one that its reference leads to.

The reference may be of another kind than the original's: an order's purchase is refunded by number. An original that
costs just what came back is better than one that costs more, an untouched one better than one that was refunded in
part, the same reference better than a related one; among equals the latest is taken. What came back under the type of
a use, such as a rental, gives back one of that type, of which as much is left; where there is none, it is no refund.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
import pyarrow as pa

from billing_job.billing.attribution.assignments import Assignments
from billing_job.core.columns.interned import Ints
from billing_job.core.phone import e164
from billing_job.core.wallet import WalletPayment

Reference = tuple[str, str]
T = TypeVar("T")
_A_PART = 2
NOWHERE: Ints = np.zeros(0, np.int64)


class Originals:
    """Payments by the references that lead to them, and how much of each was refunded so far."""

    def __init__(
        self,
        facts: Assignments,
        payments: Iterable[WalletPayment],
        refunded: Mapping[str, int],
        refund_types: Collection[str],
    ) -> None:
        """`refunded`: transaction → micros of its cost that refunds gave back; `refund_types` give back any type."""
        self._facts, self._refund_types = facts, refund_types
        self._payments = sorted(payments, key=lambda payment: payment.in_time)
        self._moments = np.array([payment.created_at for payment in self._payments], np.int64)
        self._micros = np.array([payment.micros for payment in self._payments], np.int64)
        given = [refunded.get(payment.transaction_id, 0) for payment in self._payments]
        self._left = self._micros - np.array(given, np.int64)
        self._types = np.array([payment.type for payment in self._payments], object)
        references = [plain_reference(each.reference_type, each.reference_id, facts) for each in self._payments]
        self._of_reference = _places((reference, place) for place, reference in enumerate(references))
        rows = self._rows(references)
        self._of_row = _places((row, place) for place, found in enumerate(rows) for row in found)

    def take(self, refund: WalletPayment) -> WalletPayment | None:
        """The original of a refund, of which its micros count as refunded from now on; None where there is none."""
        reference = plain_reference(refund.reference_type, refund.reference_id, self._facts)
        rows = self._facts.rows_of(*reference)
        same = self._of_reference.get(reference, NOWHERE)
        related = np.concatenate([NOWHERE, *(self._of_row.get(row, NOWHERE) for row in rows)])
        fits_same, fits_related = self._best(same, refund), self._best(related, refund)
        fitness, place = fits_same if fits_same[0] >= fits_related[0] else fits_related
        if fitness < (0 if refund.type in self._refund_types else _A_PART):
            return None
        self._left[place] -= refund.micros
        return self._payments[place]

    def _best(self, places: Ints, refund: WalletPayment) -> tuple[int, int]:
        """How well the amounts of the best payment before the refund fit, and its place; -1 where there is none.

        Nothing left is 0, more asked than is left 1, a part 2 (`_A_PART`), all that is left of a part 3, the whole 4.
        """
        places = places[self._moments[places] <= refund.created_at]
        if refund.type not in self._refund_types:
            places = places[self._types[places] == refund.type]
        if not len(places):
            return -1, -1
        left = self._left[places]
        exact = np.where(left == self._micros[places], 4, 3)
        fitness = np.select([left <= 0, left < refund.micros, left > refund.micros], [0, 1, _A_PART], exact)
        best = int(fitness.max())
        return best, int(places[fitness == best].max())

    def _rows(self, references: Sequence[Reference]) -> Iterator[Sequence[int]]:
        """The rows of numbers.csv that each payment belongs to: of an E.164 number, the one that held at the moment."""
        numbers = [name if kind == "number" and name.startswith("+") else None for kind, name in references]
        held = self._facts.numbers.at(pa.array(numbers, pa.string()), self._moments).tolist()
        for fact, reference in zip(held, references, strict=True):
            yield (fact,) if fact >= 0 else self._facts.rows_of(*reference)


def _places(pairs: Iterable[tuple[T, int]]) -> dict[T, Ints]:
    """The places of each key, in their order."""
    found: dict[T, list[int]] = defaultdict(list)
    for key, place in pairs:
        found[key].append(place)
    return {key: np.array(places, np.int64) for key, places in found.items()}


def plain_reference(kind: str, name: str, facts: Assignments) -> Reference:
    """A reference under the one name that it goes by: a trunk's uuid, a number in E.164."""
    if kind == "trunk":
        return kind, facts.trunk_names.get(name, name)
    if kind == "number" and not facts.rows_of("number", name):
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
        for row in facts.rows_of(*plain):
            fact = facts.number_facts[row]
            found |= _spellings(fact.number) | {("number", fact.did_number_id), ("order", fact.order_id)}
    return {(kind, name) for kind, name in found if name}


def _spellings(number: str) -> set[Reference]:
    """A number with its plus, without it, and with 00 in its place."""
    digits = number.removeprefix("+")
    return {("number", text) for text in (number, digits, f"00{digits}")} if number.startswith("+") else set()


def shared_by_cost(micros: int, costs: Mapping[int, int]) -> dict[int, int]:
    """Share a refund over the parts of its original in proportion to their costs, ties to the lower part."""
    total = sum(costs.values())
    if total <= 0:
        return {part: micros if place == 0 else 0 for place, part in enumerate(costs)}
    shares = {part: cost * micros // total for part, cost in costs.items()}
    by_remainder = sorted(costs, key=lambda part: (-(costs[part] * micros % total), part))
    for part in by_remainder[: micros - sum(shares.values())]:
        shares[part] += 1
    return shares
