"""`status`: where everything stands, from the ledger alone."""

from typing import Any

from billing_job.core.columns.row_values import sum_of
from billing_job.core.period import Period
from billing_job.ledger.document_list import listed_documents
from billing_job.ledger.documents import billed_periods
from billing_job.ledger.runs import last_run
from billing_job.ledger.sums import ledger_size
from billing_job.ledger.transactions import last_whole_walk
from billing_job.month.exceptions import waiting
from billing_job.month.job import Job
from billing_job.month.wallet_proof import wallet_proof

STATUS_SCHEMA = "billing-job/status@1"


def status(job: Job) -> dict[str, Any]:
    """The JSON object of `status`; micros of the wallet, counts of documents."""
    transactions, documents = ledger_size(job.engine)
    exceptions = waiting(job, None)
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
        "waiting": sum_of(exceptions).figures(),
        "unsent": {"count": sum(each.state == "issued" for each in listed_documents(job.engine))},
    }


def _next_month(job: Job) -> Period:
    """The month after the last one that was billed whole, the previous month where none was; never one to come."""
    whole = billed_periods(job.engine)[0]
    latest = job.last_month()
    return min(Period.parse(max(whole)).next, latest.next) if whole else latest
