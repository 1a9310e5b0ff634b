"""What the client pays: rules of its plan turn costs into charges, charges into lines, lines into cents.

The arithmetic is exact in micro-cents; each line is rounded once, half away from zero, and its cents are shared out
over its transactions by largest remainder (DESIGN: prices).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc

from billing_job.plans import Plan, Rule
from billing_job.model import Client
from billing_job.money import MICROCENTS_PER_CENT, scaled
from billing_job.schema import ATTRIBUTED, PRICED, TEXT, conform, empty

REFUND = "refund"
"""The category of money that came back for an earlier transaction."""

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Exact = npt.NDArray[np.int64] | npt.NDArray[np.object_]
"""Micro-cents: int64 where every sum fits, Python ints where it might not."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """What pricing needs to know: each client's plan and detail, the order of categories on a page, the zone."""

    clients: Mapping[str, Client]
    plans: Mapping[str, Plan]
    default_plan: Plan
    category_order: Sequence[str]
    zone: ZoneInfo

    def plan_of(self, client_id: str) -> Plan:
        return self.plans.get(self.clients[client_id].plan, self.default_plan)


def price(attributed: pd.DataFrame, originals: pd.DataFrame, tariff: Tariff) -> pd.DataFrame:
    """Charge every attributed row; ATTRIBUTED in (attributed rows only), PRICED out, in the order of the documents.

    `originals` (columns reference_type, reference_id, cents, created_at, category) are transactions that a refund may
    undo. Cents are exact; nothing is lost: rows in = rows out.
    """
    frame = conform(attributed, ATTRIBUTED, "price").reset_index(drop=True)
    if frame.empty:
        return empty(PRICED)
    cost = -frame["cents"].to_numpy(np.int64)
    multiplier, each, absorbed = _rules_applied(frame, _priced_as(frame, originals), tariff)
    direction = np.where(cost < 0, -1, 1)
    exact = _exact(cost, multiplier, each * direction)
    frame["period"] = months_of(frame["created_at"].to_numpy(np.int64), tariff.zone)
    keys = _line_keys(frame, absorbed, tariff)
    order = np.lexsort((shortlex_rank(frame["transaction_id"]), frame["created_at"].to_numpy(np.int64), keys))
    keys = keys[order]
    frame = frame.iloc[order].reset_index(drop=True)
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    frame["line_key"] = np.cumsum(np.r_[True, keys[1:] != keys[:-1]]) - 1
    frame["charge_cents"] = shared_out_by_line(exact[order], starts, shortlex_rank(frame["transaction_id"]))
    frame["cost_cents"] = cost[order]
    frame["quantity"] = direction[order]
    frame["visible"] = ~absorbed[order]
    return conform(frame, PRICED, "price")


def shared_out_by_line(exact: Exact, starts: Ints, tie_rank: Ints) -> Ints:
    """Round each line once and share its cents over its rows; `starts` are the first rows of the lines.

    The same rule as money.shared_out, for all lines at once; `tie_rank` orders rows with equal remainders.
    """
    lengths = np.diff(np.r_[starts, len(exact)])
    line_of = np.repeat(np.arange(len(starts)), lengths)
    totals = np.add.reduceat(exact, starts)
    mirrored = np.repeat(np.where(totals < 0, -1, 1), lengths)
    positive = exact * mirrored
    shares = (positive // MICROCENTS_PER_CENT).astype(np.int64)
    remainders = (positive % MICROCENTS_PER_CENT).astype(np.int64)
    # Half away from zero is half up once a negative line is seen in the mirror.
    rounded = ((abs(totals) + MICROCENTS_PER_CENT // 2) // MICROCENTS_PER_CENT).astype(np.int64)
    left = rounded - np.add.reduceat(shares, starts)
    by_remainder = np.lexsort((tie_rank, -remainders, line_of))
    place = np.arange(len(exact)) - np.repeat(starts, lengths)
    shares[by_remainder] += place < left[line_of]
    return np.asarray(shares * mirrored, np.int64)


def months_of(moments: Ints, zone: ZoneInfo) -> pd.Series:
    """The month (YYYY-MM) in the seller's zone of microseconds since 1970 UTC."""
    local = pd.DatetimeIndex(moments.astype("datetime64[us]"), tz="UTC").tz_convert(zone)
    codes, months = pd.factorize(local.year * 12 + local.month - 1)
    texts = np.array([f"{month // 12:04d}-{month % 12 + 1:02d}" for month in months], dtype=object)
    return pd.Series(texts[codes], dtype=TEXT)


def shortlex_rank(ids: pd.Series) -> Ints:
    """Rank of transaction ids: shorter first, then by text, so that numbers come in their numeric order."""
    lengths = pc.utf8_length(ids.array.__arrow_array__()).to_numpy(zero_copy_only=False).astype(np.int64)
    codes, _ = pd.factorize(ids, sort=True)
    order = np.lexsort((codes, lengths))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank


def _priced_as(frame: pd.DataFrame, originals: pd.DataFrame) -> pd.Series:
    """The category whose rule prices each row: its own, or for a refund that of the transaction it undoes."""
    category = frame["category"].copy()
    refunds = np.flatnonzero((frame["category"] == REFUND).to_numpy(bool))
    if len(refunds) == 0 or originals.empty:
        return category
    wanted = frame.iloc[refunds][["reference_type", "reference_id", "cents", "created_at"]].copy()
    wanted["row"] = refunds
    wanted["cents"] = -wanted["cents"]
    found = wanted.merge(
        originals.rename(columns={"created_at": "original_at"}), on=["reference_type", "reference_id", "cents"]
    )
    found = found[(found["original_at"] <= found["created_at"]) & (found["category"] != REFUND)]
    latest = found.sort_values("original_at", kind="stable").drop_duplicates("row", keep="last")
    category.iloc[latest["row"].to_numpy(np.int64)] = latest["category"].to_numpy(object)
    return category


def _rules_applied(frame: pd.DataFrame, category: pd.Series, tariff: Tariff) -> tuple[Ints, Ints, Mask]:
    """Of each row: multiplier of its cost in millionths, micro-cents added for each, and whether the house pays."""
    multiplier = np.zeros(len(frame), np.int64)
    each = np.zeros(len(frame), np.int64)
    absorbed = np.zeros(len(frame), bool)
    codes, client_ids = pd.factorize(frame["client_id"])
    plans = [tariff.plan_of(client_id) for client_id in client_ids]
    for plan in {plan.name: plan for plan in plans}.values():
        of_plan = np.array([other.name == plan.name for other in plans])
        open_rows = of_plan[codes]
        for rule in plan.rules:
            rows = open_rows & _matches(rule, frame, category)
            open_rows &= ~rows
            multiplier[rows], each[rows] = _terms(rule)
            absorbed[rows] = rule.model == "absorb"
    return multiplier, each, absorbed


def _matches(rule: Rule, frame: pd.DataFrame, category: pd.Series) -> Mask:
    mask = np.ones(len(frame), bool)
    for column, value in (
        (category, rule.category),
        (frame["country"], rule.country),
        (frame["number_type"], rule.number_type),
        (frame["trunk"], rule.trunk),
    ):
        if value is not None:
            mask &= (column == value).fillna(False).to_numpy(bool)
    if rule.prefix is not None:
        mask &= frame["number"].str.startswith(rule.prefix).fillna(False).to_numpy(bool)
    return mask


def _terms(rule: Rule) -> tuple[int, int]:
    """A rule as (multiplier of the cost in millionths, micro-cents for each transaction)."""
    # A percentage with 4 places times 10**4 is a whole number of millionths of the cost; a price with 4 places of the
    # currency is a whole number of 10**4 micro-cents.
    if rule.model == "pass_through":
        return MICROCENTS_PER_CENT, 0
    if rule.model == "markup":
        return MICROCENTS_PER_CENT + scaled(rule.percent), scaled(rule.fixed) * 10_000
    if rule.model == "fixed":
        return 0, scaled(rule.price or "0") * 10_000
    return 0, 0


def _exact(cost: Ints, multiplier: Ints, each: Ints) -> Exact:
    """cost × multiplier + each, in Python ints when a sum over all rows could leave 64 bits."""
    largest = int(abs(cost).max()) * int(abs(multiplier).max()) + int(abs(each).max())
    if largest * len(cost) < 2**62:
        return np.asarray(cost * multiplier + each, np.int64)
    return np.asarray(cost.astype(object) * multiplier.astype(object) + each.astype(object), object)


def _line_keys(frame: pd.DataFrame, absorbed: Mask, tariff: Tariff) -> Ints:
    """A number for the line each row belongs to; sorted by it, lines stand in the order of the page."""
    detail = frame["client_id"].map({client_id: client.detail for client_id, client in tariff.clients.items()})
    by_number = (detail != "category").to_numpy(bool)
    each_row = (detail == "transaction").to_numpy(bool)
    ranks = {category: rank for rank, category in enumerate(dict.fromkeys(tariff.category_order))}
    parts = [
        _codes(frame["client_id"]),
        absorbed,
        _codes(frame["period"]),
        frame["category"].map(ranks).fillna(len(ranks)).to_numpy(),
        _codes(frame["category"]),
        np.where(by_number, _codes(frame["number"]), 0),
        np.where(by_number, _codes(frame["trunk"]), 0),
        np.where(each_row, _moment_rank(frame), 0),
    ]
    return _packed([np.asarray(part, np.int64) for part in parts])


def _moment_rank(frame: pd.DataFrame) -> Ints:
    order = np.lexsort((shortlex_rank(frame["transaction_id"]), frame["created_at"].to_numpy(np.int64)))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank


def _packed(parts: Sequence[Ints]) -> Ints:
    """One number for each combination, in the order of the parts; made dense after each so that it never overflows."""
    key = np.zeros(len(parts[0]), np.int64)
    for part in parts:
        key = np.unique(key * (int(part.max()) + 1) + part, return_inverse=True)[1].astype(np.int64)
    return key


def _codes(column: pd.Series) -> Ints:
    return pd.factorize(column, sort=True)[0].astype(np.int64)
