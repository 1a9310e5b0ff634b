"""The transactions of a month with their places, in pieces, and what they come to."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from sqlalchemy import Engine

from billing_job.billing.attribution.assignments import Assignments
from billing_job.billing.rating.own_charges import ChargeRow
from billing_job.core.columns.interned import Ints, Mask, ints
from billing_job.core.columns.row_values import sum_where
from billing_job.core.columns.schema import Schema
from billing_job.core.document import Vat
from billing_job.core.files.pieces import ROWS_IN_PIECE, Pieces, bounds_of, joined, shared_out
from billing_job.core.memory import hand_back
from billing_job.core.period import Period
from billing_job.core.settlement import Original, Owner
from billing_job.core.sums import Sum
from billing_job.core.wallet import SETTLED
from billing_job.ledger.database import forget_pages
from billing_job.month.attributing import PLACED
from billing_job.month.client_months import ClientMonths
from billing_job.month.own_charges import OwnCharges

NOTHING = Sum()


@dataclass(frozen=True)
class Placed:
    """The transactions of a month, and older ones that still wait, each with its place."""

    month: Period
    rows: Pieces
    """PLACED."""
    facts: Assignments
    client_months: ClientMonths
    vat: Mapping[Owner, Vat]
    """Of every client and month that can be taxed."""
    untaxable: Mapping[Owner, str]
    """Of every other one: the decision that is missing."""
    never_run: Sum
    """Older transactions of months that were never billed; they wait for a run of their own."""
    refunded: Mapping[tuple[str, int], Original]
    """(refund, part) → the settled transaction that it gives back."""
    changed: pd.DataFrame
    """Settled transactions that the supplier changed or withdrew, as exceptions of the difference."""
    own: OwnCharges
    """Charges of one's own, which no wallet holds: they are in no sum of transactions."""
    left_out: Collection[Owner] = ()
    """Older months whose fee or minimum is still owed.

    Their clients could not be taxed when these were closed, or a credit note freed what they were billed.
    """
    rows_in_piece: int = ROWS_IN_PIECE
    """Of so many rows all columns are held at one time."""

    @property
    def own_rows(self) -> tuple[ChargeRow, ...]:
        """Charges of one's own that are on no document yet and can be taxed."""
        return tuple(row for row in self.own.open_rows if (row.client_id, row.month) in self.vat)

    def of_month(self, *columns: str) -> Iterator[pd.DataFrame]:
        """The month's own rows, whatever became of them, in pieces of these columns; of all columns without a name."""
        for piece in self.rows.columns({*columns, "month"} if columns else PLACED):
            yield rows_where(piece, piece["month"] == str(self.month))

    def moved_in_month(self, *columns: str) -> Iterator[pd.DataFrame]:
        """The month's own rows that moved money: those whose status is void or pending are in no books."""
        for piece in self.of_month(*{*columns, "standing"}):
            yield rows_where(piece, piece["standing"] == SETTLED)

    def attributed(self, *columns: str) -> Iterator[pd.DataFrame]:
        """Rows that have an owner and are on no document yet, in pieces of these columns; of all without a name."""
        for piece in self.rows.columns({*columns, "outcome", "settled"} if columns else PLACED):
            yield rows_where(piece, is_open(piece, "attributed"))

    @cached_property
    def open_exceptions(self) -> pd.DataFrame:
        """Rows that wait and are on no document."""
        found = (piece[is_open(piece, "exception")] for piece in self.rows)
        return joined([piece for piece in found if not piece.empty], PLACED)

    @cached_property
    def exceptions(self) -> pd.DataFrame:
        """All that waits: open rows, and billed ones that the supplier changed."""
        return with_changed(self.open_exceptions, self.changed)

    @cached_property
    def in_time(self) -> "InTime":
        """The month's own rows in shares of its time."""
        moments = (ints(piece["created_at"]) for piece in self.of_month("created_at"))
        bounds = bounds_of(moments, self.sums_of_month.rows, self.rows_in_piece)
        return InTime(bounds, in_shares(self.of_month(), PLACED, bounds))

    @cached_property
    def sums_of_month(self) -> "PlaceSums":
        """What became of the month's own rows."""
        columns = ("outcome", "reason", "settled", "part", "micros", "large_micros")
        return sum((place_sums(piece) for piece in self.of_month(*columns)), PlaceSums())


@dataclass(frozen=True, slots=True)
class InTime:
    """Rows in shares, one after the other in time; of a month of many rows each is as long as a piece."""

    bounds: Ints
    """The moments at which all shares but the first begin."""
    shares: Sequence[Pieces]


def give_back(placed: Placed, engine: Engine) -> None:
    """Of a month that is too large to be held, what the stage before needed goes back to the system."""
    if placed.rows.on_disk:
        forget_pages(engine)
        hand_back()


def in_shares(frames: Iterable[pd.DataFrame], schema: Schema, bounds: Ints) -> list[Pieces]:
    """Rows with `created_at` in the shares that these moments part."""
    return shared_out(
        frames,
        schema,
        lambda frame: np.searchsorted(bounds, ints(frame["created_at"]), "right"),
        len(bounds) + 1,
    )


@dataclass(frozen=True, slots=True)
class PlaceSums:
    """Invariant 1 in figures: each transaction has one place."""

    attributed: Sum = NOTHING
    """To a client, on no document yet."""
    excluded: Mapping[str, Sum] = field(default_factory=dict)
    """By reason."""
    waiting: Sum = NOTHING
    billed: Sum = NOTHING
    """On a document already."""
    rows: int = 0
    """Parts of shared orders included."""

    def __add__(self, other: "PlaceSums") -> "PlaceSums":
        reasons = sorted({*self.excluded, *other.excluded})
        return PlaceSums(
            self.attributed + other.attributed,
            {name: self.excluded.get(name, NOTHING) + other.excluded.get(name, NOTHING) for name in reasons},
            self.waiting + other.waiting,
            self.billed + other.billed,
            self.rows + other.rows,
        )

    @property
    def excluded_in_all(self) -> Sum:
        """Whatever the reason."""
        return sum(self.excluded.values(), Sum())

    @property
    def whole(self) -> Sum:
        """Of all rows."""
        return self.attributed + self.excluded_in_all + self.waiting + self.billed


def place_sums(frame: pd.DataFrame) -> PlaceSums:
    """The same of a frame of ATTRIBUTED."""
    excluded = is_open(frame, "excluded")
    reasons = sorted(frame["reason"][excluded].unique()) if excluded.any() else []
    return PlaceSums(
        sum_where(frame, is_open(frame, "attributed")),
        {str(reason): sum_where(frame, excluded & (frame["reason"] == reason)) for reason in reasons},
        sum_where(frame, is_open(frame, "exception")),
        sum_where(frame, frame["settled"]),
        len(frame),
    )


def with_changed(waiting: pd.DataFrame, changed: pd.DataFrame) -> pd.DataFrame:
    """Open rows that wait, and billed ones that the supplier changed."""
    return waiting if changed.empty else pd.concat([waiting, changed[waiting.columns]], ignore_index=True)


def is_open(frame: pd.DataFrame, outcome: str) -> pd.Series:
    """The rows of that outcome that are on no document yet."""
    return (frame["outcome"] == outcome) & ~frame["settled"]


def rows_where(frame: pd.DataFrame, rows: pd.Series | Mask) -> pd.DataFrame:
    """The frame itself where all of its rows are asked for, as they mostly are."""
    return frame if rows.all() else frame[rows]
