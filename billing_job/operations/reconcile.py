"""`reconcile`: the wallet's proof over every transaction ever mirrored, and references that nobody knows."""

from typing import Any

from billing_job.core.columns.row_values import records, row_micros, row_moment
from billing_job.core.files.pieces import joined
from billing_job.core.money import cents_of, wallet_text
from billing_job.ledger.billed_facts import documents_of
from billing_job.ledger.proven_readings import accepted_of_reading
from billing_job.ledger.transactions import all_transactions, changed
from billing_job.month.attributing import PLACED, attributed, billed_and_changed
from billing_job.month.gate import Gate, gate_of
from billing_job.month.job import Job
from billing_job.month.placed import PlaceSums, place_sums
from billing_job.month.run_json import gate_json


def reconcile(job: Job) -> dict[str, Any]:
    """The wallet's proof: every transaction ever mirrored is billed, excluded, an exception or waiting for its run."""
    months: dict[str, PlaceSums] = {}
    for piece in attributed(job, all_transactions(job.engine), job.assignments()):
        for name, group in piece.groupby("month"):
            months[str(name)] = months.get(str(name), PlaceSums()) + place_sums(group)
    gate = gate_of(job)
    proof = gate.proof
    return {
        "schema": "billing-job/reconcile@1",
        "wallet": {
            **proof.figures(),
            "difference_cents": cents_of(proof.difference_micros),
            "difference_micros": proof.difference_micros,
        },
        **_figures(sum(months.values(), PlaceSums())),
        "months": [{"month": name, **_figures(months[name])} for name in sorted(months)],
        "changed": changed(job.engine),
        "vanished": sorted(job.withdrawn()),
        "gate": {**gate_json(gate), "decisions": _decisions(job, gate)},
        "billed_row_changed": billed_rows_changed(job),
    }


def billed_rows_changed(job: Job) -> list[dict[str, Any]]:
    """Invariant 7: what was settled at a cost that it no longer has, and waits for a credit note or a decision."""
    changed_rows = billed_and_changed(job)
    standing_on = documents_of(job.engine, changed_rows)
    return [
        {
            "transaction_id": id_,
            "billed_cents": cents_of(billed),
            "now_cents": None if now is None else cents_of(now),
            "billed_micros": billed,
            "now_micros": now,
            "documents": standing_on.get(id_, "").removeprefix(", "),
        }
        for id_, (billed, now) in sorted(changed_rows.items())
    ]


def _decisions(job: Job, gate: Gate) -> list[dict[str, str]]:
    """Every difference that was accepted under the reading in force, oldest first."""
    return [
        {"difference": each.difference, "reason": each.reason, "moment": each.accepted}
        for each in accepted_of_reading(job.engine, gate.reading)
    ]


def unknown_references(job: Job) -> list[tuple[str, str, str, str]]:
    """References to numbers and orders that no row or event knows, oldest first: (type, id, description, moved).

    `moved` is the day and the amount of the first transaction that refers so: "2026-10-07, -EUR 1.50".
    """
    pieces = attributed(job, all_transactions(job.engine), job.assignments())
    waiting = [
        piece[
            (piece["reason"] == "unknown_reference")
            & piece["reference_type"].isin(["number", "order"])
            & ~piece["settled"]
        ]
        for piece in pieces
    ]
    unknown = joined(waiting, PLACED).sort_values(["created_at", "transaction_id"], kind="stable")
    found: dict[tuple[str, str, str], str] = {}
    for row in records(unknown):
        key = (row["reference_type"], row["reference_id"], row["description"])
        if key not in found:
            amount = row_micros(row)
            told = "unreadable" if amount is None else wallet_text(amount, row["currency"])
            found[key] = f"{row_moment(row)[:10] or 'undated'}, {told}"
    return [(*key, moved) for key, moved in found.items()]


def _figures(sums: PlaceSums) -> dict[str, Any]:
    return {
        "transactions": sums.whole.figures(),
        "billed": sums.billed.figures(),
        "excluded": sums.excluded_in_all.figures(),
        "exceptions": sums.waiting.figures(),
        "waiting": sums.attributed.figures(),
    }
