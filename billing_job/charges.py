"""A rule and a cost make a charge, exact in micro-cents; lines are rounded once and shared out over their rows.

A percentage has at most 4 places, so percent × 10**4 is a whole number of millionths of the cost. A price has at most 4
places of the currency, so price × 10**4 times 10**4 is a whole number of micro-cents. Nothing here is a float.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from billing_job.core.columns.in_parallel import side_by_side
from billing_job.core.money import MICROCENTS_PER_CENT, scaled
from billing_job.plans import Rule

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


def shared_out_by_line(exact: Exact, starts: Ints, tie_rank: Ints) -> Ints:
    """Round each line once and share its cents over its rows; `starts` are the first rows of the lines.

    The same rule as money.shared_out, for all lines at once; `tie_rank` orders rows with equal remainders.
    """
    middle = len(starts) // 2
    if not middle:
        return _shared_out(exact, starts, tie_rank)
    cut = starts[middle]
    halves = side_by_side(
        {
            "first": lambda: _shared_out(exact[:cut], starts[:middle], tie_rank[:cut]),
            "second": lambda: _shared_out(exact[cut:], starts[middle:] - cut, tie_rank[cut:]),
        }
    )
    return np.concatenate(list(halves.values()))


def _shared_out(exact: Exact, starts: Ints, tie_rank: Ints) -> Ints:
    lengths = np.diff(np.r_[starts, len(exact)])
    totals = np.add.reduceat(exact, starts)
    mirror = np.where(totals < 0, -1, 1)
    mirrored = None if (totals >= 0).all() else np.repeat(mirror, lengths)
    positive = exact if mirrored is None else exact * mirrored
    shares = (positive // MICROCENTS_PER_CENT).astype(np.int64)
    # Half away from zero is half up once a negative line is seen in the mirror.
    rounded = ((abs(totals) + MICROCENTS_PER_CENT // 2) // MICROCENTS_PER_CENT).astype(np.int64)
    left = rounded - np.add.reduceat(shares, starts)
    # Only lines with cents left over need an order of remainders; each of these lines keeps all of its rows.
    rows = np.flatnonzero(np.repeat(left > 0, lengths))
    remainders = (positive[rows] - shares[rows] * MICROCENTS_PER_CENT).astype(np.int64)
    short = left > 0
    shares[_first(rows, remainders, lengths[short], left[short], tie_rank)] += 1
    return shares if mirrored is None else np.asarray(shares * mirrored, np.int64)


def _first(rows: Ints, remainders: Ints, lengths: Ints, wanted: Ints, tie_rank: Ints) -> Ints:
    """As many rows of each line as are wanted of it, by the largest remainders; the lines follow each other in `rows`.

    Rows of a line that stand by rank already, as they do when ids rise with time, need no look at it.
    """
    line = np.repeat(np.arange(len(lengths)), lengths)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    taken = place < np.repeat(wanted, lengths)
    behind = MICROCENTS_PER_CENT - 1 - remainders
    longest = int(lengths.max(initial=0))
    rank = tie_rank[rows]
    in_rank = ((rank[1:] > rank[:-1]) | (place[1:] == 0)).all()
    if in_rank and len(lengths) * MICROCENTS_PER_CENT * longest < 2**63:
        # Sorting numbers that tell the place is faster than sorting places by numbers.
        key = np.sort((line * MICROCENTS_PER_CENT + behind) * longest + place)
        order = np.arange(len(rows)) - place + key % longest
    else:
        order = np.lexsort((rank, line * MICROCENTS_PER_CENT + behind))
    return np.asarray(rows[order[taken]], np.int64)


def as_exact(values: Exact, like: Exact) -> Exact:
    """The values as Python ints when the others are."""
    return values.astype(object) if like.dtype == object else values


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
