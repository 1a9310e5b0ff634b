"""What waits, of the month or of the whole ledger."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from billing_job.billing.attribution.assignments import Assignments
from billing_job.billing.attribution.suggestions import number_in
from billing_job.core.columns.row_values import records, row_micros, row_moment
from billing_job.core.moments import local_moment
from billing_job.core.period import Period
from billing_job.core.phone import e164
from billing_job.ledger.transactions import first_seen
from billing_job.month.job import Job
from billing_job.month.placing import place, waiting_of_every_month
from billing_job.reporting.attribution_csv import short_source
from billing_job.reporting.exceptions_csv import Waiting

AT_FAULT = ("unassigned_number", "unassigned_trunk", "ambiguous_order")
"""Reasons to wait for which a row of the files is there, but does not say enough."""


def waiting_rows(job: Job, rows: pd.DataFrame) -> list[Waiting]:
    """What waits, since when, and what would help: the rows of exceptions.csv."""
    today = job.today
    since = first_seen(job.engine, rows["transaction_id"].to_list(), today.isoformat())
    facts = job.assignments()
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
            description=row["description"],
            number=number_of(row, facts),
            source=_source(row, facts),
            client_id=row["client_id"],
        )
        for row in records(rows)
    ]


def number_of(row: Mapping[str, Any], facts: Assignments) -> str:
    """The number that a transaction is about: by its reference, by a row that knows the reference, or by its words."""
    reference = str(row["reference_id"])
    known = [facts.number_facts[place].number for place in facts.rows_of(row["reference_type"], reference)]
    named = [e164(reference) if row["reference_type"] == "number" else None, *known]
    return next((number for number in named if number), "") or number_in(str(row["description"]))


def _source(row: Mapping[str, Any], facts: Assignments) -> str:
    """The rows of the user's files that the reference leads to, of which one is at fault; empty when none is."""
    if row["reason"] not in AT_FAULT:
        return ""
    places = facts.rows_of(row["reference_type"], row["reference_id"])
    found = [facts.number_facts[place] for place in places]
    trunks = {facts.trunk_names.get(fact.trunk, fact.trunk) for fact in found}
    if row["reference_type"] == "trunk":
        trunks.add(facts.trunk_names.get(row["reference_id"], row["reference_id"]))
    sources = [fact.source for fact in found]
    if row["reason"] == "unassigned_trunk":
        sources += [
            fact.source for fact in facts.trunk_facts if facts.trunk_names.get(fact.trunk, fact.trunk) in trunks
        ]
    return ", ".join(short_source(source) for source in sources[:3] if source)


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
    return waiting_of_every_month(job)
