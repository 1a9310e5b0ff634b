"""What a run tells programs: the JSON object of `run --json`."""

from collections.abc import Collection, Mapping
from typing import Any

from billing_job.core.columns.row_values import records, row_micros, row_moment, sum_of
from billing_job.core.document import Document, Heading
from billing_job.core.money import cents_of
from billing_job.core.period import Period
from billing_job.core.sums import Sum
from billing_job.documents.document_files import SUFFIXES, document_file
from billing_job.month.placing import Placed
from billing_job.month.wallet_proof import WalletProof

RUN_SCHEMA = "billing-job/run@1"
NO_PROOF = WalletProof(0, 0, None)


def empty_run_json(month: str, status: str, error: str, requests: int) -> dict[str, Any]:
    """The object of a run that ended before anything was issued."""
    nothing = Sum().figures()
    return {
        "schema": RUN_SCHEMA,
        "month": month,
        "status": status,
        "error": error,
        "documents": [],
        "transactions": nothing,
        "attributed": nothing,
        "excluded": {},
        "exceptions": [],
        "wallet": NO_PROOF.figures() | {"balance_cents": 0, "balance_micros": 0},
        "requests": requests,
    }


def run_json(
    month: Period,
    status: str,
    documents: Collection[Mapping[str, Any]],
    placed: Placed,
    proof: WalletProof,
    requests: int,
) -> dict[str, Any]:
    """The object of `run --json` (DESIGN: commands); the sums are of the month's own transactions."""
    rows = placed.of_month
    excluded = rows[(rows["outcome"] == "excluded") & ~rows["settled"]]
    return {
        "schema": RUN_SCHEMA,
        "month": str(month),
        "status": status,
        "documents": list(documents),
        "transactions": sum_of(rows).figures(),
        "attributed": sum_of(rows[(rows["outcome"] == "attributed") | rows["settled"]]).figures(),
        "excluded": {str(reason): sum_of(group).figures() for reason, group in excluded.groupby("reason")},
        "exceptions": exceptions_json(placed),
        "wallet": proof.figures(),
        "requests": requests,
    }


def exceptions_json(placed: Placed) -> list[dict[str, Any]]:
    """What waits, oldest first; an amount that could not be read counts as 0."""
    rows = placed.exceptions.sort_values(["created_at", "transaction_id"], na_position="first", kind="stable")
    return [
        {
            "transaction_id": row["transaction_id"],
            "cents": cents_of(row_micros(row) or 0),
            "micros": row_micros(row) or 0,
            "reason": row["reason"],
            "created_at": row_moment(row),
            "detail": row["detail"],
        }
        for row in records(rows)
    ]


def document_json(document: Document | Heading, folder: str, *, new: bool) -> dict[str, Any]:
    """One entry of `documents`; file paths are relative to the output folder."""
    kinds = ("pdf", "csv") if document.is_draft else tuple(SUFFIXES)
    return {
        "number": document.number,
        "kind": document.kind.value,
        "client_id": document.client.client_id,
        "currency": document.currency,
        "net_cents": document.net_cents,
        "vat_cents": document.vat_cents,
        "gross_cents": document.gross_cents,
        "issue_date": document.issue_date.isoformat(),
        "due_date": document.due_date.isoformat(),
        "new": new,
        "files": {kind: f"{folder}/{document_file(document, kind)}" for kind in kinds},
    }
