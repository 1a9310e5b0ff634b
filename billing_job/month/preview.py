"""What a preview tells beside its drafts: changes since the month before and since the last preview, and anomalies."""

from typing import Any

from billing_job.core.moments import moment_text
from billing_job.core.period import Period
from billing_job.ledger.runs import last_preview, record_preview
from billing_job.month.job import Job
from billing_job.month.own_charges import own_charges
from billing_job.month.pipeline import Billed
from billing_job.month.placed import Placed
from billing_job.month.review import month_anomalies, month_margins, month_nets
from billing_job.reporting.anomalies import told


def previewed(job: Job, month: Period, billed: Billed) -> dict[str, Any]:
    """What the JSON of a draft run has besides: changes, anomalies, coming charges.

    The drafts' nets are remembered for the next preview.
    """
    now = month_nets(job, month, billed.drafts)
    before = month_nets(job, month.previous)
    earlier = last_preview(job.engine, str(month))
    earned = month_margins(job, month, billed.placed)
    names = {draft.client.client_id: draft.client.name for draft in billed.drafts}
    names |= {client_id: client.name for client_id, client in job.clients.items()}
    record_preview(job.engine, str(month), now, moment_text(job.clock.now()))
    return {
        "changes": [
            {
                "client_id": client_id,
                "client_name": names.get(client_id, ""),
                "month_before_cents": before.get(client_id, 0),
                "last_preview_cents": None if earlier is None else earlier.get(client_id, 0),
                "now_cents": now.get(client_id, 0),
            }
            for client_id in sorted({*before, *now, *(earlier or {})})
        ],
        "anomalies": [
            *(each.text for each in told(month_anomalies(job, month, billed.placed, earned, billed.drafts))),
            *billed.placed.own.contradictions,
        ],
        "coming_charges": _coming(job, month, billed.placed),
    }


def _coming(job: Job, month: Period, placed: Placed) -> list[dict[str, Any]]:
    """What the next month's run will bill of charges of one's own; net cents."""
    rows = own_charges(job, month.next, placed.facts).open_rows if job.charges else ()
    return [
        {
            "transaction_id": row.transaction_id,
            "client_id": row.client_id,
            "description": row.charge.description,
            "due": row.due,
            "net_cents": row.charge_cents,
        }
        for row in rows
        if row.due == str(month.next)
    ]
