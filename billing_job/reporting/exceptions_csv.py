"""exceptions.csv: what waits, since when, and what would help."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing_job.core.files.csv_writer import csv_text
from billing_job.core.money import micros_text

EXCEPTION_COLUMNS = (
    "transaction_id", "created_at", "type", "reference_type", "reference_id", "amount", "reason", "suggestion",
    "first_seen", "age_days",
)  # fmt: skip

DECISION_COLUMNS = ("client_id", "house", "accept", "net", "why")
"""What a user fills in to decide: as the options of `exceptions resolve`."""
DESK_COLUMNS = (*EXCEPTION_COLUMNS, "number", "description", "source", *DECISION_COLUMNS)
"""Of `exceptions --csv` and `--xlsx`, which come back with decisions."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A transaction that waits in the queue, as in exceptions.csv; `micros` None when its amount is unreadable."""

    transaction_id: str
    created_at: str
    type: str
    reference_type: str
    reference_id: str
    micros: int | None
    reason: str
    suggestion: str
    first_seen: str
    """Day in the seller's zone."""
    age_days: int
    description: str = ""
    number: str = ""
    """The number that it is about, as the files or its description tell it; empty when nothing does."""
    source: str = ""
    """The rows of the files that lead to it and are at fault: "config/numbers.csv row 17"."""
    client_id: str = ""
    """Whose it would be, where only something else lacks."""


def exceptions_csv(waiting: Sequence[Waiting]) -> bytes:
    """exceptions.csv; the amount is empty where it could not be read."""
    return csv_text(EXCEPTION_COLUMNS, map(_cells, waiting))


def desk_rows(waiting: Sequence[Waiting]) -> list[tuple[str | int, ...]]:
    """The rows of DESK_COLUMNS, the decisions left open."""
    return [
        (*_cells(each), each.number, each.description, each.source, *("" for _ in DECISION_COLUMNS)) for each in waiting
    ]


def _cells(each: Waiting) -> tuple[str | int, ...]:
    return (
        each.transaction_id,
        each.created_at,
        each.type,
        each.reference_type,
        each.reference_id,
        "" if each.micros is None else micros_text(each.micros),
        each.reason,
        each.suggestion,
        each.first_seen,
        each.age_days,
    )
