"""What the client pays: rules turn costs into charges, charges into lines, lines into cents.

The arithmetic is exact in micro-cents; each line is rounded once, half away from zero, and its cents are shared out
over its transactions by largest remainder (DESIGN: prices).
"""

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from billing_job.billing.rating.charge_models import COUNTED, Exact, as_exact, exact_charges
from billing_job.billing.rating.line_order import line_keys, page_order
from billing_job.billing.rating.line_rounding import shared_out_by_line
from billing_job.billing.rating.tariff import Tariff, rules_of
from billing_job.core.columns.in_parallel import side_by_side
from billing_job.core.columns.interned import Coded, Ints, Mask, arrow, column_of, flags, in_order, ints
from billing_job.core.columns.months import months_of
from billing_job.core.columns.schema import ATTRIBUTED, PRICED, conform, empty
from billing_job.core.columns.sort_keys import dense, packed, row_rank
from billing_job.core.money import MICROCENTS_PER_CENT


def price(attributed: pd.DataFrame, refunds: pd.DataFrame, tariff: Tariff) -> pd.DataFrame:
    """Charge every open row; ATTRIBUTED in (attributed rows only), PRICED out, in the order of the documents.

    Settled rows are there to be counted, for packages and tiers, and do not come out. `refunds` (refunds.PAIRS) says
    what each refund undoes. Cents are exact, and nothing is lost: open rows in = rows out.
    """
    frame = conform(attributed, ATTRIBUTED, "price").reset_index(drop=True)
    settled = flags(frame["settled"])
    if settled.all():
        return empty(PRICED)
    moments = ints(frame["created_at"])
    period = months_of(moments, tariff.zone)
    pair = _places(frame["transaction_id"], refunds["transaction_id"])
    cost = -ints(frame["cents"])
    category = Coded.of(frame["category"])
    rank = row_rank(frame["transaction_id"], ints(frame["part"]))

    def charged() -> tuple[Exact, Mask]:
        rule_of, rules = rules_of(frame, _priced_as(category, refunds, pair), tariff)
        position = units = np.zeros(len(frame), np.int64)
        if any(rule.model in COUNTED for rule in rules):
            position, units = _counts(frame, period, cost, rule_of, rank)
        exact = _undone(exact_charges(cost, rule_of, rules, position, units), frame, refunds, pair)
        # What the house paid shows on no document; a refund of what the client paid does, whatever the rule is by now.
        return exact, np.array([rule.model != "absorb" for rule in rules], bool)[rule_of] | (exact != 0)

    parts = side_by_side(
        {
            "charged": charged,
            "keys": lambda: line_keys(frame, period, category, tariff),
        }
    )
    exact, visible = parts["charged"]
    page = page_order(parts["keys"], visible, moments, rank).without(settled)
    del parts
    order, starts = page.order, np.flatnonzero(page.begins)
    columns = side_by_side(
        {
            "charge_cents": lambda: column_of(shared_out_by_line(exact[order], starts, rank[order])),
            "transaction_id": lambda: in_order(frame["transaction_id"], order),
            "description": lambda: in_order(frame["description"], order),
            "client_id": lambda: Coded.of(frame["client_id"]).rows(order).column(),
            "period": lambda: period.rows(order).column(),
            "category": lambda: category.rows(order).column(),
            "number": lambda: Coded.of(frame["number"]).rows(order).column(),
            "trunk": lambda: Coded.of(frame["trunk"]).rows(order).column(),
            "part": lambda: column_of(ints(frame["part"])[order]),
            "created_at": lambda: column_of(moments[order]),
            "quantity": lambda: column_of(np.where(cost[order] < 0, -1, 1)),
            "cost_cents": lambda: column_of(cost[order]),
            "line_key": lambda: column_of(np.cumsum(page.begins) - 1),
            "visible": lambda: column_of(visible[order]),
        }
    )
    return conform(pd.DataFrame(columns), PRICED, "price")


def _places(wanted: pd.Series, ids: pd.Series) -> Ints:
    """Where each wanted id stands among the ids, -1 where it does not."""
    if not len(wanted) or not len(ids):
        return np.full(len(wanted), -1, np.int64)
    found = pc.index_in(arrow(wanted), value_set=arrow(ids))
    return np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False), np.int64)


def _priced_as(category: Coded, refunds: pd.DataFrame, pair: Ints) -> Coded:
    """The category whose rule prices each row: its own, or for a refund that of what it undoes.

    `pair` is the place of each row in `refunds`, -1 for rows that undo nothing known.
    """
    if (pair < 0).all():
        return category
    undone = refunds["category"].to_list()
    return Coded.taken([*undone, *category.names()], np.where(pair < 0, category.codes + len(undone), pair))


def _counts(frame: pd.DataFrame, period: Coded, cost: Ints, rule_of: Ints, rank: Ints) -> tuple[Ints, Ints]:
    """Of each row: how many units of its client, rule and month came before it, and how many there are.

    Settled units count first, so that what turns up later does not change what was billed. A refund that undoes nothing
    known counts as the latest unit.
    """
    groups = dense(packed([Coded.of(frame["client_id"]).ranks(), rule_of, period.ranks()]))
    refund = cost < 0
    order = np.lexsort((rank, ints(frame["created_at"]), ~flags(frame["settled"]), refund, groups))
    lengths = np.bincount(groups)
    starts = np.r_[0, np.cumsum(lengths)[:-1]]
    position = np.empty(len(order), np.int64)
    position[order] = np.arange(len(order)) - np.repeat(starts, lengths)
    units = np.bincount(groups[~refund], minlength=len(lengths))
    last = np.maximum(units[groups] - 1, 0)
    return np.where(refund, last, position), units[groups]


def _undone(exact: Exact, frame: pd.DataFrame, refunds: pd.DataFrame, pair: Ints) -> Exact:
    """Give each refund the charge of what it undoes, with the opposite sign: the billed one, or this run's.

    The share of a refund that several clients get is no mirror of one charge: the rule prices it.
    """
    if not (pair >= 0).any():
        return exact
    whole = ints(frame["part"]) == 0
    undoes = np.flatnonzero((pair >= 0) & whole)
    charges = refunds["charge_cents"].iloc[pair[undoes]]
    is_billed = charges.notna().to_numpy(bool)
    billed = charges[is_billed].to_numpy(np.int64)
    # What was billed under another price may leave 64 bits where this run's own charges do not.
    largest = int(abs(billed).max(initial=0)) * MICROCENTS_PER_CENT
    exact = exact.copy() if largest * len(exact) < 2**61 else exact.astype(object)
    exact[undoes[is_billed]] = -as_exact(billed, exact) * MICROCENTS_PER_CENT
    original = _places(refunds["original_id"], frame["transaction_id"])[pair[undoes]]
    together = ~is_billed & (original >= 0) & whole[original]
    exact[undoes[together]] = -exact[original[together]]
    return exact
