"""`reconcile`: the wallet's proof over every transaction ever mirrored, and references that nobody knows."""

from typing import Any

import pandas as pd

from billing_job.core.columns.row_values import records, row_micros, row_moment, sum_of
from billing_job.core.money import cents_of, wallet_text
from billing_job.ledger.billed_facts import documents_of
from billing_job.ledger.proven_readings import accepted_of_reading
from billing_job.ledger.transactions import all_transactions, changed
from billing_job.month.attributing import attributed, billed_and_changed
from billing_job.month.gate import Gate, gate_of
from billing_job.month.job import Job
from billing_job.month.run_json import gate_json


def reconcile(job: Job) -> dict[str, Any]:
    """The wallet's proof: every transaction ever mirrored is billed, excluded, an exception or waiting for its run."""
    frame = attributed(job, all_transactions(job.engine), job.assignments()).frame
    gate = gate_of(job)
    proof = gate.proof
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
    frame = attributed(job, all_transactions(job.engine), job.assignments()).frame
    unknown = frame[
        (frame["reason"] == "unknown_reference") & frame["reference_type"].isin(["number", "order"]) & ~frame["settled"]
    ].sort_values(["created_at", "transaction_id"], kind="stable")
    found: dict[tuple[str, str, str], str] = {}
    for row in records(unknown):
        key = (row["reference_type"], row["reference_id"], row["description"])
        if key not in found:
            amount = row_micros(row)
            told = "unreadable" if amount is None else wallet_text(amount, row["currency"])
            found[key] = f"{row_moment(row)[:10] or 'undated'}, {told}"
    return [(*key, moved) for key, moved in found.items()]


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
