"""What the client pays: rules turn costs into charges, charges into lines, lines into cents.

The arithmetic is exact in micro-cents; each line is rounded once, half away from zero, and its cents are shared out
over its transactions by largest remainder (DESIGN: prices).
"""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from billing_job.charges import COUNTED, Exact, Ints, as_exact, exact_charges, shared_out_by_line
from billing_job.money import MICROCENTS_PER_CENT
from billing_job.ranks import codes_of, dense, packed, places_in, row_rank
from billing_job.rules import Tariff, rules_of
from billing_job.schema import ATTRIBUTED, PRICED, TEXT, conform, empty


def price(attributed: pd.DataFrame, refunds: pd.DataFrame, tariff: Tariff) -> pd.DataFrame:
    """Charge every open row; ATTRIBUTED in (attributed rows only), PRICED out, in the order of the documents.

    Settled rows are there to be counted, for packages and tiers, and do not come out. `refunds` (refunds.PAIRS) says
    what each refund undoes. Cents are exact, and nothing is lost: open rows in = rows out.
    """
    frame = conform(attributed, ATTRIBUTED, "price").reset_index(drop=True)
    if not (~frame["settled"]).any():
        return empty(PRICED)
    frame["period"] = months_of(frame["created_at"].to_numpy(np.int64), tariff.zone)
    pair = _places(frame["transaction_id"], refunds["transaction_id"])
    cost = -frame["cents"].to_numpy(np.int64)
    category = _priced_as(frame, refunds, pair)
    rule_of, rules = rules_of(frame, category, tariff)
    rank = row_rank(frame["transaction_id"], frame["part"].to_numpy(np.int64))
    if any(rule.model in COUNTED for rule in rules):
        position, units = _counts(frame, cost, rule_of, rank)
    else:
        position = units = np.zeros(len(frame), np.int64)
    exact = exact_charges(cost, rule_of, rules, position, units)
    exact = _undone(exact, frame, refunds, pair)
    absorbed = np.array([rule.model == "absorb" for rule in rules], bool)[rule_of]
    frame["quantity"] = np.where(cost < 0, -1, 1)
    frame["cost_cents"] = cost
    # What the house paid shows on no document; a refund of what the client paid does, whatever the rule is by now.
    frame["visible"] = ~absorbed | (exact != 0)
    return _lined_up(frame, exact, rank, tariff)


def _lined_up(frame: pd.DataFrame, exact: Exact, rank: Ints, tariff: Tariff) -> pd.DataFrame:
    """Drop the settled rows, put the others in the order of the page, and round line by line."""
    moments = frame["created_at"].to_numpy(np.int64)
    keys = _line_keys(frame, np.lexsort((rank, moments)), tariff)
    order = np.lexsort((rank, moments, keys))
    order = order[~frame["settled"].to_numpy(bool)[order]]
    exact, keys, rank = exact[order], keys[order], rank[order]
    begins = np.r_[True, keys[1:] != keys[:-1]]
    frame = frame[[column for column in PRICED if column in frame]].iloc[order].reset_index(drop=True)
    frame["line_key"] = np.cumsum(begins) - 1
    frame["charge_cents"] = shared_out_by_line(exact, np.flatnonzero(begins), rank)
    return conform(frame, PRICED, "price")


def months_of(moments: Ints, zone: ZoneInfo) -> pd.Series:
    """The month (YYYY-MM) in the seller's zone of microseconds since 1970 UTC."""
    local = pd.DatetimeIndex(moments.astype("datetime64[us]"), tz="UTC").tz_convert(zone)
    codes, months = pd.factorize(local.year * 12 + local.month - 1)
    texts = np.array([f"{month // 12:04d}-{month % 12 + 1:02d}" for month in months], dtype=object)
    return pd.Series(texts[codes], dtype=TEXT)


def _places(wanted: pd.Series, ids: pd.Series) -> Ints:
    """Where each wanted id stands among the ids, -1 where it does not."""
    if not len(wanted) or not len(ids):
        return np.full(len(wanted), -1, np.int64)
    found = pc.index_in(pa.array(wanted.array), value_set=pa.array(ids.array))
    return np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False), np.int64)


def _priced_as(frame: pd.DataFrame, refunds: pd.DataFrame, pair: Ints) -> pd.Series:
    """The category whose rule prices each row: its own, or for a refund that of what it undoes.

    `pair` is the place of each row in `refunds`, -1 for rows that undo nothing known.
    """
    category = frame["category"].copy()
    category[pair >= 0] = refunds["category"].to_numpy(object)[pair[pair >= 0]]
    return category


def _counts(frame: pd.DataFrame, cost: Ints, rule_of: Ints, rank: Ints) -> tuple[Ints, Ints]:
    """Of each row: how many units of its client, rule and month came before it, and how many there are.

    Settled units count first, so that what turns up later does not change what was billed. A refund that undoes nothing
    known counts as the latest unit.
    """
    groups = dense(packed([codes_of(frame["client_id"]), rule_of, codes_of(frame["period"])]))
    refund = cost < 0
    moments = frame["created_at"].to_numpy(np.int64)
    order = np.lexsort((rank, moments, ~frame["settled"].to_numpy(bool), refund, groups))
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
    whole = frame["part"].to_numpy(np.int64) == 0
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


def _line_keys(frame: pd.DataFrame, in_time: Ints, tariff: Tariff) -> Ints:
    """A number for the line each row belongs to; sorted by it, lines stand in the order of the page.

    `in_time` is the rows' order in time.
    """
    detail = frame["client_id"].map({client_id: client.detail for client_id, client in tariff.clients.items()})
    by_number = (detail != "category").to_numpy(bool)
    each_row = (detail == "transaction").to_numpy(bool)
    ranks = {category: rank for rank, category in enumerate(dict.fromkeys(tariff.category_order))}
    parts = [
        codes_of(frame["client_id"]),
        ~frame["visible"].to_numpy(bool),
        codes_of(frame["period"]),
        frame["category"].map(ranks).fillna(len(ranks)).to_numpy(),
        codes_of(frame["category"]),
        np.where(by_number, codes_of(frame["number"]), 0),
        np.where(by_number, codes_of(frame["trunk"]), 0),
        np.where(each_row, places_in(in_time), 0),
    ]
    return packed([np.asarray(part, np.int64) for part in parts])
