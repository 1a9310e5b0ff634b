"""Forms that want whole units of the currency: the figure to type in, beside the exact one.

The exact figure is what is tied to the journal; the difference is the seller's to book, and it is never lost.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from billing_job.billing.returns.boxes import Box
from billing_job.core.countries import taxed_as
from billing_job.core.money import half_away_from_zero
from billing_job.core.vat_posting import Figure

_UNIT = 100


class Rounding(StrEnum):
    """How a form rounds to whole units; the value is the word of vat_units.csv."""

    DOWN = "down"
    """To the lower one, also below zero: in favour of who owes it."""
    CUT = "cut"
    """Cents are left out, towards zero."""
    NEAREST = "nearest"
    """To the nearest, half away from zero."""

    def of(self, cents: int) -> int:
        """The whole unit, in cents.

        >>> [rounding.of(-150) for rounding in Rounding], Rounding.NEAREST.of(149)
        ([-200, -100, -200], 100)
        """
        if self is Rounding.NEAREST:
            return half_away_from_zero(cents, _UNIT) * _UNIT
        if self is Rounding.CUT and cents < 0:
            return -(-cents // _UNIT) * _UNIT
        return cents // _UNIT * _UNIT


@dataclass(frozen=True, slots=True)
class UnitRule:
    """A country's form wants this figure of its boxes in whole units, from a day on."""

    country: str
    figure: Figure
    rounding: Rounding
    valid_from: date
    valid_to: date | None
    """The first day on which it no longer holds."""
    source: str


def unit_rules(rules: Iterable[UnitRule], country: str, day: date) -> dict[Figure, UnitRule]:
    """The country's rules on a day; a figure without one is typed in with its cents."""
    held = [rule for rule in rules if rule.country == taxed_as(country) and rule.valid_from <= day]
    held = [rule for rule in held if rule.valid_to is None or day < rule.valid_to]
    return {rule.figure: rule for rule in sorted(held, key=lambda rule: rule.valid_from)}


def in_whole_units(boxes: Sequence[Box], held: Mapping[Figure, UnitRule]) -> list[Box]:
    """The boxes with what is typed into the form; a total is that of the typed figures, as the form adds them up."""
    net, vat = held.get("net"), held.get("vat")
    nets = {} if net is None else _typed({box.box: (box.net_cents, box.sum_of) for box in boxes if box.box}, net)
    vats = {} if vat is None else _typed({box.box: (box.vat_cents, box.sum_of) for box in boxes if box.box}, vat)
    return [replace(box, form_net_cents=nets.get(box.box), form_vat_cents=vats.get(box.box)) for box in boxes]


def _typed(exact: dict[str, tuple[int | None, Sequence[str]]], rule: UnitRule) -> dict[str, int]:
    rounded = {name: rule.rounding.of(cents) for name, (cents, _) in exact.items() if cents is not None}
    found = dict(rounded)
    for name, (cents, parts) in exact.items():
        known = [(exact[part][0] or 0, rounded[part]) for part in parts if part in rounded]
        if cents is not None and known:
            # What is in the total and in none of the boxes that it adds up keeps its place there.
            rest = cents - sum(each for each, _ in known)
            found[name] = sum(each for _, each in known) + rule.rounding.of(rest)
    return found
