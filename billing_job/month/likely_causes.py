"""Why a wallet may not add up, told from its figures; each cause is likely, none is ever applied.

All amounts are integers of one unit, whichever it is, signed as read: negative left the wallet.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

POWERS = (2, 1, 3, 4, 5, 6)
"""Of ten, in the order in which a wrong unit is likely."""
MOST_TYPES = 12
"""With more types than these, nearly every difference would be some of them with the other sign."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was read of the wallet, and how."""

    change: int
    """What the movements would have to come to: balance less opening balance."""
    movements: int
    by_type: Sequence[tuple[str, int, bool]]
    """Each type's sum, and whether some of it came in and some left."""
    last_place: int
    """One unit of the last place that the balance shows: what is less is no difference."""
    since_change: int = 0
    """By how much the balance changed since an earlier look."""
    since_movements: int = 0
    """What the movements since then come to; 0: there is no earlier look that says anything."""
    amount_unit: str = "cents"
    """What amounts are read as: cents, decimal, 1/1000 …"""
    sign: str = "signed"
    credit_types: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """A setting that may be wrong, why, and the lines of billing.toml that would correct it."""

    setting: str
    why: str
    toml: str = ""

    def __str__(self) -> str:
        """One sentence."""
        return f"{self.setting}: {self.why}" + (
            f"; in billing.toml: {' '.join(self.toml.split())}" if self.toml else ""
        )


def likely_causes(figures: Figures) -> list[Cause]:
    """The simplest explanations first: a unit, a sign, types with the other sign, both together; empty for none."""
    if figures.movements:
        since = figures.since_movements
        # What happened between two looks says what an unknown opening balance hides.
        if since and figures.since_change == since:
            return []
        if since and (factor := _factor(figures.since_change, since, figures.last_place)):
            return [_unit(figures, factor)]
        if factor := _factor(figures.change, figures.movements, figures.last_place):
            return [_unit(figures, factor)]
    if found := list(_signs(figures, Fraction(1))):
        return found[:3]
    for factor in _factors():
        if found := list(_signs(figures, factor)):
            return [_unit(figures, factor), found[0]]
    return []


def _factors() -> Iterator[Fraction]:
    for power in POWERS:
        yield Fraction(1, 10**power)
        yield Fraction(10**power)


def _is(figures: Figures, amount: Fraction) -> bool:
    return abs(figures.change - amount) < figures.last_place


def _factor(change: int, movements: int, last_place: int) -> Fraction | None:
    """The power of ten by which the movements would be the change of the balance, to its last place."""
    return next(
        (
            factor
            for factor in _factors()
            if abs(change) >= last_place and abs(change - movements * factor) < last_place
        ),
        None,
    )


def _unit(figures: Figures, factor: Fraction) -> Cause:
    power = len(str(max(factor.numerator, factor.denominator))) - 1
    times = f"{10**power:,} times too {'small' if factor.numerator > 1 else 'large'}"
    places = {"decimal": 0, "cents": 2}.get(figures.amount_unit)
    if places is None:
        places = figures.amount_unit.count("0")
    places += -power if factor.numerator > 1 else power
    right = {0: "decimal", 2: "cents"}.get(places, f"1/1{'0' * places}" if 0 < places <= 6 else "")
    toml = f'[api.transactions]\namount_unit = "{right}"' if right else ""
    return Cause("amount_unit", f"amounts are read {times}", toml)


def _signs(figures: Figures, factor: Fraction) -> Iterator[Cause]:
    """What explains the change when some amounts go the other way."""
    moving = [each for each in figures.by_type if each[1]]
    names = {name for name, _, _ in moving}
    if not moving:
        return
    if _is(figures, -figures.movements * factor):
        if figures.sign == "by_type":
            other = sorted(names - set(figures.credit_types))
            yield Cause("credit_types", "every amount goes the other way", _credit_types(other))
        else:
            right = "signed" if figures.sign == "inverted" else "inverted"
            yield Cause("sign", "every amount goes the other way", f'[api.transactions]\nsign = "{right}"')
        return
    if len(moving) > MOST_TYPES:
        return
    unsigned = figures.sign != "by_type" and not any(both for _, _, both in moving)
    for count in dict.fromkeys((1, 2, len(moving) - 1, len(moving) - 2)):
        if not 0 < count < len(moving):
            continue
        for flipped in combinations(moving, count):
            if not _is(figures, (figures.movements - 2 * sum(total for _, total, _ in flipped)) * factor):
                continue
            others = {name for name, _, _ in flipped}
            words = ", ".join(sorted(others))
            if figures.sign == "by_type":
                came_in = sorted(set(figures.credit_types) ^ others)
                yield Cause("credit_types", f"amounts of {words} go the other way", _credit_types(came_in))
            elif unsigned and len({total > 0 for _, total, _ in moving}) == 1:
                came_in = sorted(name for name, total, _ in moving if (total > 0) != (name in others))
                toml = f'[api.transactions]\nsign = "by_type"\n{_credit_types(came_in, table="")}'
                yield Cause("sign", f"amounts have no sign; those of {words} go the other way", toml)
            else:
                yield Cause(
                    "credit_types",
                    f"amounts of {words} go the other way: map what tells the direction"
                    ' ([api.transactions.fields] direction), or set sign = "by_type" with credit_types',
                )


def _credit_types(names: Sequence[str], table: str = "[api.transactions]\n") -> str:
    quoted = ", ".join(f'"{name}"' for name in names)
    return f"{table}credit_types = [{quoted}]"
