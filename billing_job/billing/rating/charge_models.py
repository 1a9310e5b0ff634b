"""A rule and a cost make a charge, exact in micro-cents; line_rounding.py rounds.

A percentage has at most 4 places, so percent × 10**4 is a whole number of millionths of the cost. A price has at most 4
places of the currency, so price × 10**4 times 10**4 is a whole number of micro-cents. Nothing here is a float.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from billing_job.billing.rating.plans import Rule
from billing_job.core.money import MICROCENTS_PER_CENT, scaled

Ints = npt.NDArray[np.int64]
Exact = npt.NDArray[np.int64] | npt.NDArray[np.object_]
"""Micro-cents: int64 where every sum fits, Python ints where it might not."""

COUNTED = ("package", "graduated", "volume")
"""Models whose price of a unit depends on how many came before it, or on how many there are."""


def exact_charges(cost: Ints, rule_of: Ints, rules: Sequence[Rule], position: Ints, units: Ints) -> Exact:
    """The charge of each row.

    `cost` is in cents, negative for a refund; `position` counts the units of one client, rule and month from 0, and
    `units` is how many there are.
    """
    multiplier = np.array([_multiplier(rule) for rule in rules], np.int64)[rule_of]
    each = np.array([_price_each(rule) for rule in rules], np.int64)[rule_of]
    for place, rule in enumerate(rules):
        if rule.model in COUNTED:
            rows = rule_of == place
            each[rows] = _counted(rule, position[rows], units[rows])
    return _sum(cost, multiplier, np.where(cost < 0, -each, each))


def _multiplier(rule: Rule) -> int:
    """What the cost is multiplied with, in millionths."""
    if rule.model == "pass_through":
        return MICROCENTS_PER_CENT
    return MICROCENTS_PER_CENT + scaled(rule.percent) if rule.model == "markup" else 0


def _price_each(rule: Rule) -> int:
    """Micro-cents added for each transaction."""
    if rule.model == "markup":
        return _microcents(rule.fixed)
    return _microcents(rule.price or "0") if rule.model == "fixed" else 0


def _counted(rule: Rule, position: Ints, units: Ints) -> Ints:
    """Micro-cents for each unit of a package or of tiers."""
    if rule.model == "package":
        return np.where(position < (rule.included or 0), 0, _microcents(rule.price or "0"))
    bounds = np.array([tier.up_to for tier in rule.tiers[:-1]], np.int64)
    prices = np.array([_microcents(tier.price) for tier in rule.tiers], np.int64)
    if rule.model == "graduated":
        return prices[np.searchsorted(bounds, position, "right")]
    return prices[np.searchsorted(bounds, units, "left")]


def _microcents(price: str) -> int:
    return scaled(price) * 10_000


def _sum(cost: Ints, multiplier: Ints, each: Ints) -> Exact:
    """cost × multiplier + each, in Python ints when a sum over all rows could leave 64 bits."""
    largest = int(abs(cost).max()) * int(abs(multiplier).max()) + int(abs(each).max())
    if largest * len(cost) < 2**62:
        return np.asarray(cost * multiplier + each, np.int64)
    return np.asarray(cost.astype(object) * multiplier.astype(object) + each.astype(object), object)
