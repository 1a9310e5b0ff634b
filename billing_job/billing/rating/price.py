"""What the client pays: rules turn costs into charges, charges into lines, lines into cents.

The arithmetic is exact; each line is rounded once, half away from zero, and its cents are shared out
over its transactions by largest remainder (DESIGN: prices).
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from billing_job.billing.rating.charge_models import COUNTED, Exact, exact_charges, unit_prices
from billing_job.billing.rating.line_order import line_keys, page_order
from billing_job.billing.rating.line_rounding import shared_out_by_line
from billing_job.billing.rating.plans import Rule
from billing_job.billing.rating.tariff import Tariff, rules_of
from billing_job.core.columns.in_parallel import side_by_side
from billing_job.core.columns.interned import Coded, Ints, Mask, column_of, flags, in_order, ints
from billing_job.core.columns.months import months_of
from billing_job.core.columns.schema import ATTRIBUTED, PRICED, conform, empty
from billing_job.core.columns.sort_keys import dense, packed, row_rank
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


def price(
    attributed: pd.DataFrame,
    tariff: Tariff,
    billed: BilledUnits = NOTHING_BILLED,
    undone: Collection[str] = (),
) -> pd.DataFrame:
    """Charge every row; ATTRIBUTED in (to be billed now, refunds apart), PRICED out, in the order of the documents.

    `undone` are transactions that refunds of the same documents give back whole: they take no place in packages and
    tiers. Amounts are exact, and nothing is lost: rows in = rows out.
    """
    frame = conform(attributed, ATTRIBUTED, "price").reset_index(drop=True)
    if frame.empty:
        return empty(PRICED)
    moments = ints(frame["created_at"])
    period = months_of(moments, tariff.zone)
    cost = -ints(frame["micros"])
    category = Coded.of(frame["category"])
    rank = row_rank(frame["transaction_id"], ints(frame["part"]))

    def charged() -> _Charged:
        rule_of, rules = rules_of(frame, period, tariff)
        counter_of, names = _counters(frame, rule_of, rules)
        quantity = _quantity(frame, rule_of, rules)
        position = units = np.full(len(frame), NO_UNIT, np.int64)
        if any(names):
            position, units = _counts(frame, period, cost, counter_of, names, rank, billed, undone, quantity)
        exact = exact_charges(cost, rule_of, rules, position, units, quantity)
        # What the house paid shows on no document.
        visible = np.array([rule.model != "absorb" for rule in rules], bool)[rule_of] | (exact.amounts != 0)
        counted = np.array([bool(name) for name in names], bool)[counter_of] & (cost >= 0) & ~_given_back(frame, undone)
        last, units = (np.where(counted, column, NO_UNIT) for column in (position + quantity - 1, units))
        rule = Coded.taken(names, counter_of.astype(np.int32))
        return _Charged(exact, visible, rule, last, units, quantity, _unit(rule_of, rules))

    parts = side_by_side(
        len(frame),
        {
            "charged": charged,
            "keys": lambda: line_keys(frame, period, category, tariff, _freed_lines(frame, billed)),
        },
    )
    charge: _Charged = parts["charged"]
    page = page_order(parts["keys"], charge.visible, moments, rank)
    del parts
    order, starts = page.order, np.flatnonzero(page.begins)
    quantity = np.where(cost < 0, -charge.quantity, charge.quantity)[order]
    columns = side_by_side(
        len(frame),
        {
            "charge_cents": lambda: column_of(shared_out_by_line(charge.exact.rows(order), starts, rank[order])),
            "transaction_id": lambda: in_order(frame["transaction_id"], order),
            "description": lambda: in_order(frame["description"], order),
            "client_id": lambda: Coded.of(frame["client_id"]).rows(order).column(),
            "period": lambda: period.rows(order).column(),
            "category": lambda: category.rows(order).column(),
            "number": lambda: Coded.of(frame["number"]).rows(order).column(),
            "trunk": lambda: Coded.of(frame["trunk"]).rows(order).column(),
            "part": lambda: column_of(ints(frame["part"])[order]),
            "created_at": lambda: column_of(moments[order]),
            "quantity": lambda: column_of(quantity),
            "cost_micros": lambda: column_of(cost[order]),
            "line_key": lambda: column_of(np.cumsum(page.begins) - 1),
            "visible": lambda: column_of(charge.visible[order]),
            "rule": lambda: charge.rule.rows(order).column(),
            "unit_place": lambda: column_of(charge.last[order]),
            "units": lambda: column_of(charge.units[order]),
            "unit_price_micros": lambda: column_of(unit_prices(charge.exact.rows(order), quantity)),
        },
    )
    unit = charge.unit
    columns["unit"] = (Coded.taken([""], np.zeros(len(order), np.int32)) if unit is None else unit.rows(order)).column()
    return conform(pd.DataFrame(columns), PRICED, "price")


class _Charged(NamedTuple):
    exact: Exact
    visible: Mask
    rule: Coded
    last: Ints
    """The place of its last unit."""
    units: Ints
    quantity: Ints
    unit: Coded | None
    """None where no rule names one."""


def _unit(rule_of: Ints, rules: Sequence[Rule]) -> Coded | None:
    """What `quantity` counts where a rule makes units of seconds; the empty text leaves it to the category."""
    if all(rule.round_up is None for rule in rules):
        return None
    names = ["" if rule.round_up is None else unit_of_seconds(rule.round_up) for rule in rules]
    return Coded.taken(names, rule_of.astype(np.int32))


def _quantity(frame: pd.DataFrame, rule_of: Ints, rules: Sequence[Rule]) -> Ints:
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


def _counters(frame: pd.DataFrame, rule_of: Ints, rules: Sequence[Rule]) -> tuple[Ints, list[str]]:
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


def _freed_lines(frame: pd.DataFrame, billed: BilledUnits) -> Ints | None:
    """Rows of one line that a credit note freed are one line again, apart from others; None where nothing was freed."""
    if not billed.places:
        return None
    lines: dict[tuple[str, int | None], int] = {}
    found = np.zeros(len(frame), np.int64)
    keys = zip(frame["transaction_id"], frame["part"], strict=True)
    for row, key in enumerate(keys):
        kept = billed.places.get(key)
        if kept is not None:
            found[row] = lines.setdefault((kept.document_number, kept.line), len(lines) + 1)
    return found


def _counts(
    frame: pd.DataFrame,
    period: Coded,
    cost: Ints,
    rule_of: Ints,
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
    groups = dense(packed([clients.ranks(), rule_of, period.ranks()]))
    refund = cost < 0
    counts = ~refund & ~_given_back(frame, undone)
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
    offsets = _offsets(order[starts], clients, period, Coded.of(frame["category"]), rule_of, names, billed)
    position += offsets[groups]
    units = (units + offsets)[groups]
    position = np.where(refund, np.maximum(units - quantity, 0), position)
    for row, (last, total) in kept.items():
        position[row], units[row] = last + 1 - quantity[row], total
    return position, units


def _given_back(frame: pd.DataFrame, undone: Collection[str]) -> Mask:
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
    rule_of: Ints,
    names: Sequence[str],
    billed: BilledUnits,
) -> Ints:
    """How many settled units come before each group, of which `firsts` are the first rows."""
    offsets = np.zeros(len(firsts), np.int64)
    if not billed.before and not billed.unnamed:
        return offsets
    client_names, months, categories = clients.names(), period.names(), category.names()
    for group, row in enumerate(firsts.tolist()):
        name = names[rule_of[row]]
        if name:
            owner = client_names[clients.codes[row]], months[period.codes[row]]
            offsets[group] = billed.before.get((*owner, name), 0)
            offsets[group] += billed.unnamed.get((*owner, categories[category.codes[row]]), 0)
    return offsets
