"""`status`: where everything stands, from the ledger alone."""

from pathlib import Path
from typing import Any

from billing_job.core.period import Period
from billing_job.ledger.document_list import count_in_state
from billing_job.ledger.documents import closed_periods
from billing_job.ledger.last_look import last_whole_walk
from billing_job.ledger.runs import last_run
from billing_job.ledger.sums import ledger_size
from billing_job.ledger.undelivered import undelivered
from billing_job.month.receivables import receivables_figures
from billing_job.month.session import OpenLedger
from billing_job.month.standing import standing
from billing_job.month.wallet_proof import wallet_proof

STATUS_SCHEMA = "billing-job/status@1"


def status(ledger: OpenLedger, config_folder: Path) -> dict[str, Any]:
    """The JSON object of `status`; micros of the wallet, counts of documents."""
    stands = standing(ledger, config_folder)
    transactions, documents = ledger_size(ledger.engine)
    return {
        "schema": STATUS_SCHEMA,
        "ledger": {
            "where": ledger.engine.url.render_as_string(hide_password=True),
            "transactions": transactions,
            "documents": documents,
        },
        "last_sync": last_whole_walk(ledger.engine) or "",
        "wallet": wallet_proof(ledger).figures(),
        "last_run": last_run(ledger.engine),
        "next_month": str(_next_month(ledger)),
        "waiting": stands["waiting"],
        "unsent": {"count": count_in_state(ledger.engine, "issued")},
        "not_delivered": _not_delivered(ledger),
        "receivables": receivables_figures(ledger),
        "charges": stands["charges"],
    }


def _not_delivered(ledger: OpenLedger) -> dict[str, int]:
    """The queue of `send` in one line: how many documents, their gross, and the days of the oldest."""
    queue = undelivered(ledger.engine, ledger.clock.now())
    oldest = max((stuck.age_days for stuck in queue), default=0)
    return {"count": len(queue), "cents": sum(stuck.gross_cents for stuck in queue), "oldest_days": oldest}


def _next_month(ledger: OpenLedger) -> Period:
    """The month after the last one that was billed whole, the previous month where none was; never one to come."""
    whole, latest = closed_periods(ledger.engine), Period.of(ledger.today).previous
    return min(Period.parse(max(whole)).next, latest.next) if whole else latest
