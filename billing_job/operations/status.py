"""`status`: where everything stands, from the ledger alone."""

from typing import Any

from billing_job.core.columns.row_values import sum_of
from billing_job.core.period import Period
from billing_job.ledger.document_list import count_in_state
from billing_job.ledger.documents import billed_periods
from billing_job.ledger.runs import last_run
from billing_job.ledger.sums import ledger_size
from billing_job.ledger.transactions import last_whole_walk
from billing_job.ledger.undelivered import undelivered
from billing_job.month.exceptions import waiting
from billing_job.month.job import Job
from billing_job.month.own_charges import own_charges
from billing_job.month.receivables import receivables_figures
from billing_job.month.wallet_proof import wallet_proof

STATUS_SCHEMA = "billing-job/status@1"


def status(job: Job) -> dict[str, Any]:
    """The JSON object of `status`; micros of the wallet, counts of documents."""
    transactions, documents = ledger_size(job.engine)
    return {
        "schema": STATUS_SCHEMA,
        "ledger": {
            "where": job.engine.url.render_as_string(hide_password=True),
            "transactions": transactions,
            "documents": documents,
        },
        "last_sync": last_whole_walk(job.engine) or "",
        "wallet": wallet_proof(job).figures(),
        "last_run": last_run(job.engine),
        "next_month": str(_next_month(job)),
        "waiting": sum_of(waiting(job, None)).figures(),
        "unsent": {"count": count_in_state(job.engine, "issued")},
        "not_delivered": _not_delivered(job),
        "receivables": receivables_figures(job),
        "charges": _charges(job),
    }


def _not_delivered(job: Job) -> dict[str, int]:
    """The queue of `send` in one line: how many documents, their gross, and the days of the oldest."""
    queue = undelivered(job.engine, job.clock.now())
    oldest = max((stuck.age_days for stuck in queue), default=0)
    return {"count": len(queue), "cents": sum(stuck.gross_cents for stuck in queue), "oldest_days": oldest}


def _charges(job: Job) -> dict[str, Any]:
    """Of charges of one's own: what would be billed otherwise now, and what the run of its month left open."""
    found = own_charges(job, job.last_month())
    late = [row.charge_cents for row in found.open_rows if row.due < found.next_run]
    return {
        "contradictions": [*found.problems, *found.contradictions],
        "late": {"count": len(late), "cents": sum(late)},
    }


def _next_month(job: Job) -> Period:
    """The month after the last one that was billed whole, the previous month where none was; never one to come."""
    whole = billed_periods(job.engine)[0]
    latest = job.last_month()
    return min(Period.parse(max(whole)).next, latest.next) if whole else latest
