"""What a run tells programs: the JSON object of `run --json`."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from billing_job.core.columns.row_values import records, row_micros, row_moment
from billing_job.core.document import Document, Heading
from billing_job.core.money import cents_of
from billing_job.core.period import Period
from billing_job.core.sums import Sum
from billing_job.documents.document_files import document_file, kinds_of
from billing_job.documents.einvoice.profiles import choice_of
from billing_job.month.gate import Gate
from billing_job.month.pipeline import Billed
from billing_job.month.placed import Placed
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
        "issued": False,
        "because": "",
        "gate": {"proven": None, "accepted": None, "likely": []},
        "requests": requests,
    }


def run_json(
    month: Period,
    status: str,
    documents: Collection[Mapping[str, Any]],
    billed: Billed,
    requests: int,
    *,
    issued: bool,
) -> dict[str, Any]:
    """The object of `run --json` (DESIGN: commands); the sums are of the month's own transactions, in wallet cents.

    `issued` says whether the run was free to issue; `because` why it was not.
    """
    placed = billed.placed
    sums = placed.sums_of_month
    return {
        "schema": RUN_SCHEMA,
        "month": str(month),
        "status": status,
        "documents": list(documents),
        "transactions": sums.whole.figures(),
        "attributed": (sums.attributed + sums.billed).figures(),
        "excluded": {reason: each.figures() for reason, each in sums.excluded.items()},
        "exceptions": exceptions_json(placed),
        "wallet": billed.gate.proof.figures(),
        "issued": issued,
        "because": billed.because.value,
        "gate": gate_json(billed.gate),
        "requests": requests,
    }


def gate_json(gate: Gate) -> dict[str, Any]:
    """How far the reading is proven, what was accepted of a difference, and what is likely to explain it."""
    proven, accepted = gate.proven, gate.accepted
    return {
        "proven": None if proven is None else {"month": proven.month, "moment": proven.proven},
        "accepted": None
        if accepted is None
        else {"difference": accepted.difference, "reason": accepted.reason, "moment": accepted.accepted},
        "likely": [asdict(cause) for cause in gate.causes],
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
    choice = choice_of(document)
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
        "files": {kind: f"{folder}/{document_file(document, kind)}" for kind in kinds_of(document)},
        "einvoice": "" if document.is_draft else choice.profile.value,
        "einvoice_because": "" if document.is_draft else choice.because,
    }
