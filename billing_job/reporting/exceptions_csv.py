"""exceptions.csv: what waits, since when, and what would help."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing_job.core.files.csv_writer import csv_text
from billing_job.core.money import micros_text

EXCEPTION_COLUMNS = (
    "transaction_id", "created_at", "type", "reference_type", "reference_id", "amount", "reason", "suggestion",
    "first_seen", "age_days",
)  # fmt: skip


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


def exceptions_csv(waiting: Sequence[Waiting]) -> bytes:
    """exceptions.csv; the amount is empty where it could not be read."""
    return csv_text(
        EXCEPTION_COLUMNS,
        (
            (
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
            for each in waiting
        ),
    )
