"""`charges list`: the periods of charges of one's own, what they will be and where they were billed."""

from collections.abc import Mapping
from typing import Any

from billing_job.billing.rating.own_charges import ChargeRow
from billing_job.core.categories import CHARGE
from billing_job.core.period import Period
from billing_job.ledger.billed_charges import BilledCharge
from billing_job.month.job import Job
from billing_job.month.own_charges import own_charges

CHARGES_SCHEMA = "billing-job/charges@1"


def listed_charges(job: Job, month: Period | None) -> dict[str, Any]:
    """The JSON object of `charges list`: what a month's run bills or should have, or all up to the next month's run.

    Net cents: as billed, and of what is not billed yet as it will be. `due` is the month whose run should bill it,
    `run` the one that did or will. `contradictions` are sentences.
    """
    until = month or job.last_month().next
    found = own_charges(job, until)
    rows = [charge_entry(row, found.billed.get(row.transaction_id), found.next_run) for row in found.rows]
    known = {row.transaction_id for row in found.rows}
    rows += [gone_entry(each) for id_, each in found.billed.items() if id_ not in known]
    return {
        "schema": CHARGES_SCHEMA,
        "month": "" if month is None else str(month),
        "charges": [row for row in rows if month is None or str(month) in (row["due"], row["run"])],
        "contradictions": [*found.problems, *found.contradictions],
    }


def charge_entry(row: ChargeRow, billed: BilledCharge | None, next_run: str) -> dict[str, Any]:
    """A period as it is billed, or as it will be."""
    return {
        "transaction_id": row.transaction_id,
        "charge_id": row.charge.charge_id,
        "client_id": row.client_id,
        "description": row.charge.description,
        "category": row.charge.category,
        "first_day": row.first_day.isoformat(),
        "last_day": row.last_day.isoformat(),
        "quantity": str(row.quantity),
        "unit": row.charge.unit,
        "net_cents": row.charge_cents if billed is None else billed.net_cents,
        "due": row.due,
        "run": max(row.due, next_run) if billed is None else billed.period,
        "state": "open" if billed is None else "billed",
        "document": "" if billed is None else billed.document_number,
    }


def gone_entry(billed: BilledCharge) -> dict[str, Any]:
    """A period that was billed and that the file no longer has."""
    nothing: Mapping[str, str] = dict.fromkeys(("description", "first_day", "last_day", "quantity", "unit"), "")
    return {
        "transaction_id": billed.transaction_id,
        "charge_id": billed.transaction_id.removeprefix(CHARGE).partition(":")[0],
        "client_id": billed.client_id,
        **nothing,
        "category": billed.category,
        "net_cents": billed.net_cents,
        "due": billed.month,
        "run": billed.period,
        "state": "billed",
        "document": billed.document_number,
    }
