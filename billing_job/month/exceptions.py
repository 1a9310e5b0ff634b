"""What waits, of the month or of the whole ledger."""

from datetime import date

import pandas as pd

from billing_job.core.columns.row_values import records, row_micros, row_moment
from billing_job.core.moments import local_moment
from billing_job.core.period import Period
from billing_job.ledger.transactions import first_seen
from billing_job.month.job import Job
from billing_job.month.placing import place
from billing_job.reporting.exceptions_csv import Waiting


def waiting_rows(job: Job, rows: pd.DataFrame) -> list[Waiting]:
    """What waits, since when, and what would help: the rows of exceptions.csv."""
    zone = job.settings.billing.zone
    today = job.clock.now().astimezone(zone).date()
    since = first_seen(job.engine, rows["transaction_id"].to_list(), today.isoformat())
    return [
        Waiting(
            transaction_id=row["transaction_id"],
            created_at=row_moment(row),
            type=row["type"],
            reference_type=row["reference_type"],
            reference_id=row["reference_id"],
            micros=row_micros(row),
            reason=row["reason"],
            suggestion=row["detail"],
            first_seen=since[row["transaction_id"]],
            age_days=_age(row["created_at"], since[row["transaction_id"]], today, job),
        )
        for row in records(rows)
    ]


def _age(created_at: object, since: str, today: date, job: Job) -> int:
    """Whole days since the transaction happened; since it was first seen when its moment is unreadable."""
    if pd.isna(created_at):  # type: ignore[call-overload]
        return (today - date.fromisoformat(since)).days
    happened = local_moment(int(str(created_at)), job.settings.billing.zone)
    return max(0, (today - happened.date()).days)


def waiting(job: Job, month: Period | None) -> pd.DataFrame:
    """What waits, ATTRIBUTED: of one month and the billed ones before it, or of all months up to the present one."""
    if month is not None:
        return place(job, month).exceptions
    return place(job, job.last_month().next, every_month=True).exceptions
