"""Units that packages and tiers count: how many a row has, what counts them, and which places they have there."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from billing_job.billing.rating.charge_models import COUNTED
from billing_job.billing.rating.plans import Rule
from billing_job.core.columns.interned import Coded, Ints, Mask, flags, ints
from billing_job.core.columns.sort_keys import dense, packed
from billing_job.core.settlement import Kept
from billing_job.core.units import unit_of_seconds


@dataclass(frozen=True, slots=True)
class BilledUnits:
    """What earlier documents counted, for packages and tiers: nothing settled is counted again."""

    before: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """(client, month, rule) → how many units have a place already."""
    unnamed: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """(client, month, category) → the same for settlements that do not name their rule."""
    places: Mapping[tuple[str, int], Kept] = field(default_factory=dict)
    """(transaction, part) → the place that a freed transaction keeps with its client."""


NO_UNIT = -1
"""The place of a row whose rule counts no units."""
NOTHING_BILLED = BilledUnits()


def unit_names(rule_of: Ints, rules: Sequence[Rule]) -> Coded | None:
    """What `quantity` counts where a rule makes units of seconds; the empty text leaves it to the category."""
    if all(rule.round_up is None for rule in rules):
        return None
    names = ["" if rule.round_up is None else unit_of_seconds(rule.round_up) for rule in rules]
    return Coded.taken(names, rule_of.astype(np.int32))


def quantities(frame: pd.DataFrame, rule_of: Ints, rules: Sequence[Rule]) -> Ints:
    """How many units each row has: one, unless its rule counts those that the supplier tells."""
    told = np.array([rule.per == "quantity" for rule in rules], bool)
    if not told.any():
        return np.ones(len(frame), np.int64)
    quantity = np.where(told[rule_of], ints(frame["quantity"], missing=1), 1)
    for place, rule in enumerate(rules):
        if rule.round_up is not None:
            rows = rule_of == place
            quantity[rows] = -(-quantity[rows] // rule.round_up)
    return quantity


def counters(frame: pd.DataFrame, rule_of: Ints, rules: Sequence[Rule]) -> tuple[Ints, list[str]]:
    """For each row the place of what counts its units, and the names of these: a rule, or a rule and a number."""
    names = [rule_name(rule) for rule in rules]
    by_number = np.array([rule.included_per == "number" for rule in rules], bool)
    rows = np.flatnonzero(by_number[rule_of]) if by_number.any() else np.zeros(0, np.int64)
    if not len(rows):
        return rule_of, names
    numbers = Coded.of(frame["number"])
    width, texts = len(numbers.texts), numbers.names()
    pairs, place = np.unique(rule_of[rows] * np.int64(width) + numbers.codes[rows], return_inverse=True)
    counter_of = rule_of.copy()
    counter_of[rows] = len(names) + place
    return counter_of, names + [f"{names[pair // width]} {texts[pair % width]}" for pair in pairs.tolist()]


def rule_name(rule: Rule) -> str:
    """What settlements call a rule that counts units; empty for every other one."""
    if rule.model not in COUNTED:
        return ""
    # A rule without these keys keeps the name that it had before there were such keys.
    later = {"per": "transaction", "included_per": "client", "round_up": None}
    left_out = {key for key, default in later.items() if getattr(rule, key) == default}
    return hashlib.sha256(rule.model_dump_json(exclude=left_out).encode()).hexdigest()[:16]


def unit_places(
    frame: pd.DataFrame,
    period: Coded,
    cost: Ints,
    counter_of: Ints,
    names: Sequence[str],
    rank: Ints,
    billed: BilledUnits,
    undone: Collection[str],
    quantity: Ints,
) -> tuple[Ints, Ints]:
    """Of each row: how many units of its client, rule and month came before its own, and how many there are.

    Settled units come first. A row that is given back whole has the place of those before it and counts for nobody; a
    freed one keeps the place that it had with the same client. What came into the wallet counts as the latest units.
    """
    clients = Coded.of(frame["client_id"])
    groups = dense(packed([clients.ranks(), counter_of, period.ranks()]))
    refund = cost < 0
    counts = ~refund & ~given_back_whole(frame, undone)
    kept = _kept_places(frame, clients, period, billed)
    counts[list(kept)] = False
    order = np.lexsort((rank, ints(frame["created_at"]), refund, groups))
    lengths = np.bincount(groups)
    starts = np.r_[0, np.cumsum(lengths)[:-1]]
    counted = np.where(counts, quantity, 0)[order]
    so_far: Ints = np.cumsum(counted, dtype=np.int64) - counted
    position = np.empty(len(order), np.int64)
    position[order] = so_far - np.repeat(so_far[starts], lengths)
    units = np.add.reduceat(counted, starts)
    offsets = _offsets(order[starts], clients, period, Coded.of(frame["category"]), counter_of, names, billed)
    position += offsets[groups]
    units = (units + offsets)[groups]
    position = np.where(refund, np.maximum(units - quantity, 0), position)
    for row, (last, total) in kept.items():
        position[row], units[row] = last + 1 - quantity[row], total
    return position, units


def given_back_whole(frame: pd.DataFrame, undone: Collection[str]) -> Mask:
    """The rows that refunds of the same documents give back whole."""
    return flags(frame["transaction_id"].isin(sorted(undone))) if undone else np.zeros(len(frame), bool)


def _kept_places(frame: pd.DataFrame, clients: Coded, period: Coded, billed: BilledUnits) -> dict[int, tuple[int, int]]:
    """Row → (place of the last unit, units) of freed rows that stay with the client and the month that counted them."""
    if not billed.places:
        return {}
    found = {}
    names, months = clients.names(), period.names()
    for row, key in enumerate(zip(frame["transaction_id"], frame["part"], strict=True)):
        kept = billed.places.get(key)
        if kept is None or kept.unit_place is None or kept.units is None:
            continue
        if (kept.client_id, kept.month) == (names[clients.codes[row]], months[period.codes[row]]):
            found[row] = (kept.unit_place, kept.units)
    return found


def _offsets(
    firsts: Ints,
    clients: Coded,
    period: Coded,
    category: Coded,
    counter_of: Ints,
    names: Sequence[str],
    billed: BilledUnits,
) -> Ints:
    """How many settled units come before each group, of which `firsts` are the first rows."""
    offsets = np.zeros(len(firsts), np.int64)
    if not billed.before and not billed.unnamed:
        return offsets
    client_names, months, categories = clients.names(), period.names(), category.names()
    for group, row in enumerate(firsts.tolist()):
        name = names[counter_of[row]]
        if name:
            owner = client_names[clients.codes[row]], months[period.codes[row]]
            offsets[group] = billed.before.get((*owner, name), 0)
            offsets[group] += billed.unnamed.get((*owner, categories[category.codes[row]]), 0)
    return offsets
