"""Rows of ATTRIBUTED as they are printed, one by one or whole columns of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from billing_job.core.columns.interned import Ints, arrow, ints
from billing_job.core.moments import utc_text
from billing_job.core.money import micros_text
from billing_job.core.sums import Sum


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's rows by column name."""
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


def exact_micros(frame: pd.DataFrame) -> int:
    """The wallet micros of a TRANSACTIONS frame, rows too large for 64-bit sums included; unreadable amounts are 0."""
    large = arrow(frame["large_micros"]).drop_null()
    return exact_sum(frame["micros"]) + sum(int(text) for text in large.to_pylist())


def exact_sum(column: pd.Series) -> int:
    """The sum of a column of amounts, empty ones as 0."""
    return total_of(ints(column, missing=0))


def total_of(amounts: Ints) -> int:
    """The sum of amounts; in two halves, so that it never leaves 64 bits."""
    return (int((amounts >> 32).sum()) << 32) + int((amounts & 0xFFFF_FFFF).sum())


def sum_where(frame: pd.DataFrame, rows: pd.Series) -> Sum:
    """`sum_of` these rows, without a copy of all that they hold."""
    return sum_of(frame.loc[rows, [name for name in ("part", "micros", "large_micros") if name in frame]])


def sum_of(frame: pd.DataFrame) -> Sum:
    """Count and micros of a frame's transactions; the parts of a shared order count once."""
    count = int((frame["part"] <= 1).sum()) if "part" in frame else len(frame)
    return Sum(count, exact_micros(frame))
