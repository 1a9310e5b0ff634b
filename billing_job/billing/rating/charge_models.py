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
from billing_job.core.columns.row_values import total_of
from billing_job.core.money import MAX_MICROS, MICROS_PER_CENT, scaled

Ints = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.int64] | npt.NDArray[np.object_]
"""int64 where every sum fits, Python ints where it might not."""

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

    amounts: Amounts
    per_cent: int

    def rows(self, chosen: Ints | slice) -> "Exact":
        """The charges of some rows."""
        return Exact(self.amounts[chosen], self.per_cent)


def unit_prices(exact: Exact, quantity: Ints) -> Ints:
    """The price of one unit of each row in micros of the currency, -1 where it is no whole number of them or has none.

    `quantity` has the sign of its charge.
    """
    amounts, per_cent = exact
    up, down = (MICROS_PER_CENT // per_cent, 1) if per_cent <= MICROS_PER_CENT else (1, per_cent // MICROS_PER_CENT)
    if up > 1 and amounts.dtype != object and int(np.abs(amounts).max(initial=0)) >= 2**62 // up:
        amounts = amounts.astype(object)
    has_units = quantity != 0
    micros, divisor = (amounts * up if up > 1 else amounts), np.where(has_units, quantity, 1) * down
    prices = micros // divisor
    is_whole = has_units & (prices * divisor == micros) & (prices >= 0) & (prices <= MAX_MICROS)
    return np.where(is_whole, prices, -1).astype(np.int64)


def exact_charges(
    cost: Ints, rule_of: Ints, rules: Sequence[Rule], position: Ints, units: Ints, quantity: Ints
) -> Exact:
    """The charge of each row.

    `cost` is in micros, negative for a refund; `quantity` is how many units a row has, `position` how many units of its
    client, rule and month came before them, and `units` how many there are.
    """
    cost, cost_places = _coarsest(cost, _COST_PLACES)
    factors, factor_places = _coarsest(np.array([_factor(rule) for rule in rules], np.int64), _FACTOR_PLACES)
    prices = np.array([scaled(price) for rule in rules for price in _prices(rule)], np.int64)
    places = max(cost_places + factor_places, _coarsest(prices, _PRICE_PLACES)[1])
    factors = factors * 10 ** (places - cost_places - factor_places)
    added = np.array([_price_each(rule) for rule in rules], np.int64)[rule_of]
    if any(rule.per == "quantity" for rule in rules):
        # Nobody knows how many units a supplier may count in one row.
        most = int(np.abs(quantity).max()) * int(prices.max(initial=0)) * 10**places
        quantity = quantity if most < 2**61 else quantity.astype(object)
        added = added * quantity
    for place, rule in enumerate(rules):
        if rule.model in COUNTED:
            rows = rule_of == place
            added[rows] = _counted(rule, position[rows], units[rows], quantity[rows])
    if places >= _PRICE_PLACES:
        added = added * 10 ** (places - _PRICE_PLACES)
    else:
        added //= 10 ** (_PRICE_PLACES - places)
    return Exact(_sum(cost, factors[rule_of], np.where(cost < 0, -added, added)), 10**places)


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
    """Added for each unit, in 10**-4 of the currency."""
    if rule.model == "markup":
        return scaled(rule.fixed)
    return scaled(rule.price or "0") if rule.model == "fixed" else 0


def _counted(rule: Rule, position: Ints, units: Ints, quantity: Amounts) -> Amounts:
    """The price of the units of each row by a package or by tiers, in 10**-4 of the currency."""
    if rule.model == "package":
        left = np.clip((rule.included or 0) - position, 0, None)
        return scaled(rule.price or "0") * (quantity - np.minimum(left, quantity))
    bounds = np.array([tier.up_to for tier in rule.tiers[:-1]], np.int64)
    prices = np.array([scaled(tier.price) for tier in rule.tiers], np.int64)
    if rule.model == "volume":
        return prices[np.searchsorted(bounds, units, "left")] * quantity
    if rule.per == "transaction":
        return prices[np.searchsorted(bounds, position, "right")]
    # Each tier has those of the row's units that lie between its bounds.
    ends = position + quantity
    below = [np.minimum(ends, bound) - np.minimum(position, bound) for bound in bounds.tolist()]
    total: Amounts = quantity * prices[-1]
    for place, units_below in enumerate(below):
        total = total + units_below * (prices[place] - prices[place + 1])
    return total


def _sum(cost: Ints, factor: Ints, added: Amounts) -> Amounts:
    """cost × factor + added, in Python ints when a sum over all rows could leave 64 bits."""
    paid, each, times = np.abs(cost), np.abs(added), int(np.abs(factor).max())
    # The largest row tells at once in most months; one large amount among many small ones needs the sums themselves.
    if (int(paid.max()) * times + int(each.max())) * len(cost) < 2**62 or _total(paid) * times + _total(each) < 2**62:
        return np.asarray(cost * factor + added, np.int64)
    return np.asarray(cost.astype(object) * factor.astype(object) + added.astype(object), object)


def _total(amounts: Amounts) -> int:
    return total_of(np.asarray(amounts, np.int64)) if amounts.dtype == np.int64 else int(amounts.sum())
