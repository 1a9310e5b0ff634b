"""A rule and a cost make a charge, exact in the coarsest unit that holds the batch; line_rounding.py rounds.

A cost is a whole number of micros, a percentage has at most 4 places and a price at most 4 places of the currency, so
every charge is a whole number of units of a power of ten. Costs in whole cents and round percentages need few places:
small numbers stay within 64 bits and sort quickly. Nothing here is a float.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from billing_job.billing.rating.plans import Rule
from billing_job.core.money import scaled

Ints = npt.NDArray[np.int64]

COUNTED = ("package", "graduated", "volume")
"""Models whose price of a unit depends on how many came before it, or on how many there are."""
_COST_PLACES = 4
"""Places of a cent that a micro has."""
_FACTOR_PLACES = 6
"""Places of a factor that a percentage of 4 places makes."""
_ONE = 1_000_000
"""The factor one, with these places."""
_PRICE_PLACES = 2
"""Places of a cent that a price of 4 places of the currency has."""


class Exact(NamedTuple):
    """Charges as whole numbers of a unit of which `per_cent`, a power of ten, make a cent."""

    amounts: npt.NDArray[np.int64] | npt.NDArray[np.object_]
    """int64 where every sum fits, Python ints where it might not."""
    per_cent: int

    def rows(self, chosen: Ints | slice) -> "Exact":
        """The charges of some rows."""
        return Exact(self.amounts[chosen], self.per_cent)


def exact_charges(cost: Ints, rule_of: Ints, rules: Sequence[Rule], position: Ints, units: Ints) -> Exact:
    """The charge of each row.

    `cost` is in micros, negative for a refund; `position` counts the units of one client, rule and month from 0, and
    `units` is how many there are.
    """
    cost, cost_places = _coarsest(cost, _COST_PLACES)
    factors, factor_places = _coarsest(np.array([_factor(rule) for rule in rules], np.int64), _FACTOR_PLACES)
    prices = np.array([scaled(price) for rule in rules for price in _prices(rule)], np.int64)
    places = max(cost_places + factor_places, _coarsest(prices, _PRICE_PLACES)[1])
    factors = factors * 10 ** (places - cost_places - factor_places)
    each = np.array([_price_each(rule) for rule in rules], np.int64)[rule_of]
    for place, rule in enumerate(rules):
        if rule.model in COUNTED:
            rows = rule_of == place
            each[rows] = _counted(rule, position[rows], units[rows])
    if places >= _PRICE_PLACES:
        each = each * 10 ** (places - _PRICE_PLACES)
    else:
        each //= 10 ** (_PRICE_PLACES - places)
    return Exact(_sum(cost, factors[rule_of], np.where(cost < 0, -each, each)), 10**places)


def _coarsest(amounts: Ints, places: int) -> tuple[Ints, int]:
    """Amounts of so many places as whole numbers of the coarsest power of ten that holds all, and its places."""
    for fewer in range(places):
        unit = 10 ** (places - fewer)
        whole = amounts // unit
        if (whole * unit == amounts).all():
            return whole, fewer
    return amounts, places


def _factor(rule: Rule) -> int:
    """What the cost is multiplied with, in millionths."""
    if rule.model == "pass_through":
        return _ONE
    return _ONE + scaled(rule.percent) if rule.model == "markup" else 0


def _prices(rule: Rule) -> tuple[str, ...]:
    """Every amount that the rule may add, as decimals of the currency."""
    if rule.model == "markup":
        return (rule.fixed,)
    return (rule.price or "0", *(tier.price for tier in rule.tiers))


def _price_each(rule: Rule) -> int:
    """Added for each transaction, in 10**-4 of the currency."""
    if rule.model == "markup":
        return scaled(rule.fixed)
    return scaled(rule.price or "0") if rule.model == "fixed" else 0


def _counted(rule: Rule, position: Ints, units: Ints) -> Ints:
    """The price of each unit of a package or of tiers, in 10**-4 of the currency."""
    if rule.model == "package":
        return np.where(position < (rule.included or 0), 0, scaled(rule.price or "0"))
    bounds = np.array([tier.up_to for tier in rule.tiers[:-1]], np.int64)
    prices = np.array([scaled(tier.price) for tier in rule.tiers], np.int64)
    if rule.model == "graduated":
        return prices[np.searchsorted(bounds, position, "right")]
    return prices[np.searchsorted(bounds, units, "left")]


def _sum(cost: Ints, factor: Ints, each: Ints) -> npt.NDArray[np.int64] | npt.NDArray[np.object_]:
    """cost × factor + each, in Python ints when a sum over all rows could leave 64 bits."""
    # As floats, which cannot overflow; their error is far below the factor of four that is left to 2**63.
    most = np.abs(cost).sum(dtype=np.float64) * float(np.abs(factor).max()) + np.abs(each).sum(dtype=np.float64)
    if most < 2.0**61:
        return np.asarray(cost * factor + each, np.int64)
    return np.asarray(cost.astype(object) * factor.astype(object) + each.astype(object), object)
