"""Rows of ATTRIBUTED as they are printed, one by one or whole columns of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from billing_job.core.columns.interned import Ints, arrow
from billing_job.core.moments import utc_text
from billing_job.core.money import micros_text
from billing_job.core.sums import Sum

_SUMMED = ("part", "micros", "large_micros")


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's rows by column name."""
    if rows.empty:
        return []
    names = [str(name) for name in rows.columns]
    columns = (rows[name].to_list() for name in rows.columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def row_moment(row: Mapping[str, Any]) -> str:
    """When a transaction happened, ISO 8601 UTC; empty when it could not be read."""
    return "" if pd.isna(row["created_at"]) else utc_text(int(row["created_at"]))


def row_micros(row: Mapping[str, Any]) -> int | None:
    """A row's exact wallet micros, whatever their size; None when the amount could not be read."""
    if not pd.isna(row["large_micros"]):
        return int(row["large_micros"])
    return None if pd.isna(row["micros"]) else int(row["micros"])


def moment_texts(moments: Sequence[int | None]) -> list[str]:
    """`row_moment` of a whole column."""
    return ["" if moment is None else utc_text(moment) for moment in moments]


def amount_texts(micros: Sequence[int | None], large_micros: Sequence[str | None]) -> list[str]:
    """The exact amounts of two whole columns as decimals; empty where one could not be read."""
    texts = {value: "" if value is None else micros_text(value) for value in set(micros)}
    return [
        texts[small] if large is None else micros_text(int(large))
        for small, large in zip(micros, large_micros, strict=True)
    ]


def _exact_micros(micros: pa.Array, large_micros: pa.Array) -> int:
    """Wallet micros in all, rows too large for 64-bit sums included; unreadable amounts are 0."""
    return _exact_sum(micros) + sum(int(text) for text in large_micros.drop_null().to_pylist())


def exact_sum(column: pd.Series) -> int:
    """The sum of a column of amounts, empty ones as 0."""
    return _exact_sum(arrow(column))


def _exact_sum(amounts: pa.Array) -> int:
    return total_of(np.asarray(amounts.fill_null(0).to_numpy(), np.int64))


def total_of(amounts: Ints) -> int:
    """The sum of amounts; in two halves, so that it never leaves 64 bits."""
    return (int((amounts >> 32).sum()) << 32) + int((amounts & 0xFFFF_FFFF).sum())


def sum_where(frame: pd.DataFrame, rows: pd.Series) -> Sum:
    """`sum_of` these rows, without a copy of all that they hold."""
    chosen = arrow(rows)
    return _sum({name: arrow(frame[name]).filter(chosen) for name in _SUMMED if name in frame})


def sum_of(frame: pd.DataFrame) -> Sum:
    """Count and micros of a frame's transactions; the parts of a shared order count once."""
    return _sum({name: arrow(frame[name]) for name in _SUMMED if name in frame})


def _sum(columns: Mapping[str, pa.Array]) -> Sum:
    # Arrow's arrays all through: what pandas puts around them takes longer than a small month's sums.
    micros, part = columns["micros"], columns.get("part")
    count = len(micros) if part is None else int(pc.sum(pc.less_equal(part, 1)).as_py() or 0)
    return Sum(count, _exact_micros(micros, columns["large_micros"]))
