"""`reconcile`: the wallet's proof over every transaction ever mirrored, and references that nobody knows."""

from typing import Any

import pandas as pd

from billing_job.core.columns.row_values import sum_of
from billing_job.core.money import cents_of
from billing_job.ledger.transactions import all_transactions, changed
from billing_job.month.job import Job
from billing_job.month.placing import attributed
from billing_job.month.wallet_proof import wallet_proof


def reconcile(job: Job) -> dict[str, Any]:
    """The wallet's proof: every transaction ever mirrored is billed, excluded, an exception or waiting for its run."""
    frame = attributed(job, all_transactions(job.engine), job.assignments()).frame
    proof = wallet_proof(job)
    open_rows = ~frame["settled"]
    months = [_places(group, str(name)) for name, group in frame.groupby("month")]
    return {
        "schema": "billing-job/reconcile@1",
        "wallet": {
            **proof.figures(),
            "difference_cents": cents_of(proof.difference_micros),
            "difference_micros": proof.difference_micros,
        },
        "transactions": sum_of(frame).figures(),
        "billed": sum_of(frame[~open_rows]).figures(),
        "excluded": sum_of(frame[open_rows & (frame["outcome"] == "excluded")]).figures(),
        "exceptions": sum_of(frame[open_rows & (frame["outcome"] == "exception")]).figures(),
        "waiting": sum_of(frame[open_rows & (frame["outcome"] == "attributed")]).figures(),
        "months": months,
        "changed": changed(job.engine),
        "vanished": sorted(job.withdrawn()),
    }


def unknown_references(job: Job) -> list[tuple[str, str, str]]:
    """(type, id, description) of references to numbers and orders that no row or event knows, oldest first."""
    frame = attributed(job, all_transactions(job.engine), job.assignments()).frame
    unknown = frame[
        (frame["reason"] == "unknown_reference") & frame["reference_type"].isin(["number", "order"]) & ~frame["settled"]
    ].sort_values(["created_at", "transaction_id"], kind="stable")
    columns = [unknown[name].to_list() for name in ("reference_type", "reference_id", "description")]
    return list(dict.fromkeys(zip(*columns, strict=True)))


def _places(group: pd.DataFrame, month: str) -> dict[str, Any]:
    open_rows = ~group["settled"]
    return {
        "month": month,
        "transactions": sum_of(group).figures(),
        "billed": sum_of(group[~open_rows]).figures(),
        **{
            name: sum_of(group[open_rows & (group["outcome"] == outcome)]).figures()
            for name, outcome in (("excluded", "excluded"), ("exceptions", "exception"), ("waiting", "attributed"))
        },
    }
