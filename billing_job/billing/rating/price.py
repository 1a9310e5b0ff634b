"""What the client pays: rules turn costs into charges, charges into lines, lines into cents.

The arithmetic is exact; each line is rounded once, half away from zero, and its cents are shared out
over its transactions by largest remainder (DESIGN: prices).
"""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import pandas as pd

from billing_job.billing.rating.charge_models import Exact, exact_charges, unit_prices
from billing_job.billing.rating.counted_units import (
    NO_UNIT,
    NOTHING_BILLED,
    BilledUnits,
    counters,
    given_back_whole,
    quantities,
    unit_names,
    unit_places,
)
from billing_job.billing.rating.line_order import line_keys, page_order
from billing_job.billing.rating.line_rounding import shared_out_by_line
from billing_job.billing.rating.tariff import Tariff, rules_of
from billing_job.core.columns.in_parallel import side_by_side
from billing_job.core.columns.interned import Coded, Ints, Mask, column_of, in_order, ints
from billing_job.core.columns.months import months_of
from billing_job.core.columns.schema import ATTRIBUTED, PRICED, conform, empty
from billing_job.core.columns.sort_keys import row_rank


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
        counter_of, names = counters(frame, rule_of, rules)
        quantity = quantities(frame, rule_of, rules)
        position = units = np.full(len(frame), NO_UNIT, np.int64)
        if any(names):
            position, units = unit_places(frame, period, cost, counter_of, names, rank, billed, undone, quantity)
        exact = exact_charges(cost, rule_of, rules, position, units, quantity)
        # What the house paid shows on no document.
        visible = np.array([rule.model != "absorb" for rule in rules], bool)[rule_of] | (exact.amounts != 0)
        counted = (
            np.array([bool(name) for name in names], bool)[counter_of] & (cost >= 0) & ~given_back_whole(frame, undone)
        )
        last, units = (np.where(counted, column, NO_UNIT) for column in (position + quantity - 1, units))
        rule = Coded.taken(names, counter_of.astype(np.int32))
        return _Charged(exact, visible, rule, last, units, quantity, unit_names(rule_of, rules))

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
