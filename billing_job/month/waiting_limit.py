"""How much of a month's costs has no owner: where too much of it waits, the files or the reading are wrong."""

from dataclasses import dataclass

import pandas as pd

from billing_job.core.categories import REFUND
from billing_job.core.columns.row_values import sum_where
from billing_job.month.placed import Placed, rows_where

OWNED = ("untaxable_client",)
"""Reasons to wait of rows that have an owner: such a client blocks its own documents only."""
_ASKED = ("month", "category", "outcome", "settled", "reason", "part", "micros", "large_micros")


@dataclass(frozen=True, slots=True)
class WaitingShare:
    """What has no owner of a month's costs, in positive micros, and how many of its rows show no amount."""

    waiting_micros: int = 0
    cost_micros: int = 0
    unreadable: int = 0
    rows: int = 0

    def __add__(self, other: "WaitingShare") -> "WaitingShare":
        return WaitingShare(
            self.waiting_micros + other.waiting_micros,
            self.cost_micros + other.cost_micros,
            self.unreadable + other.unreadable,
            self.rows + other.rows,
        )

    def exceeds(self, percent: int) -> bool:
        """Whether more than that waits; rows without an amount count as what the others cost on average."""
        readable = self.rows - self.unreadable
        if not readable or not self.cost_micros:
            return self.unreadable * 100 > percent * self.rows
        waiting = self.waiting_micros * readable + self.unreadable * self.cost_micros
        return waiting * 100 > percent * self.cost_micros * self.rows

    @property
    def percent(self) -> int:
        """The share that waits in whole percent, for people."""
        return next((percent for percent in range(101) if not self.exceeds(percent)), 100)


def waiting_share(placed: Placed) -> WaitingShare:
    """Of the whole month; undated rows may be its own, and count with it. Refunds and what nobody is billed for do not.

    Settled rows have their owner.
    """
    return sum((_share_of(piece, str(placed.month)) for piece in placed.rows.columns(_ASKED)), WaitingShare())


def _share_of(frame: pd.DataFrame, month: str) -> WaitingShare:
    counts = frame["month"].isin(["", month]) & (frame["category"] != REFUND)
    counts &= frame["settled"] | (frame["outcome"] != "excluded")
    rows = rows_where(frame, counts)
    has_no_owner = (rows["outcome"] == "exception") & ~rows["settled"] & ~rows["reason"].isin(OWNED)
    is_cost = (rows["micros"] < 0).fillna(False)
    is_unreadable = rows["micros"].isna() & has_no_owner
    return WaitingShare(
        waiting_micros=-sum_where(rows, is_cost & has_no_owner).micros,
        cost_micros=-sum_where(rows, is_cost).micros,
        unreadable=int(is_unreadable.sum()),
        rows=int((is_cost | is_unreadable).sum()),
    )
