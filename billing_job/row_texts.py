"""Rows of ATTRIBUTED one by one, for what is printed row by row."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from billing_job.moments import utc_text


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's rows by column name."""
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def row_moment(row: Mapping[str, Any]) -> str:
    """When a transaction happened, ISO 8601 UTC; empty when it could not be read."""
    return "" if pd.isna(row["created_at"]) else utc_text(int(row["created_at"]))


def row_cents(row: Mapping[str, Any]) -> int | None:
    """A row's exact wallet cents, whatever their size; None when the amount could not be read."""
    if not pd.isna(row["large_cents"]):
        return int(row["large_cents"])
    return None if pd.isna(row["cents"]) else int(row["cents"])
