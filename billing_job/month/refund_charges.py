"""What refunds give back, as rows of PRICED: of what is settled by its settlement, of an open row by its charge."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal

import pandas as pd

from billing_job.billing.rating.refunds import given_back, share_of_charge, units_of_refund
from billing_job.core.columns.row_values import records
from billing_job.core.columns.schema import PRICED, conform
from billing_job.core.document import Client, Document, Vat
from billing_job.core.money import wallet_text
from billing_job.core.settlement import Original, RefundFact
from billing_job.core.wallet import in_time
from billing_job.month.refund_owners import after

Key = tuple[str, int]
"""A transaction and its part."""
NOTHING_TAXED = Vat("Z", Decimal(0))


def refunds_in_time(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Refunds in the order in which they are given back."""
    return sorted(rows, key=lambda row: (in_time(int(str(row["created_at"])), key_of(row)[0]), key_of(row)[1]))


def undone_whole(
    refunds: Sequence[Mapping[str, object]], billable: pd.DataFrame, billed: Mapping[Key, Original]
) -> set[str]:
    """Rows of this run that refunds of this run give back to the last micro of their cost."""
    back: dict[str, int] = {}
    for row in refunds:
        if key_of(row) not in billed:
            back[str(row["refund_of"])] = back.get(str(row["refund_of"]), 0) + int(str(row["micros"]))
    if not back:
        return set()
    rows = billable[billable["transaction_id"].isin(sorted(back))]
    costs = (-rows["micros"]).groupby(rows["transaction_id"]).sum()
    return {str(id_) for id_, cost in costs.items() if back[str(id_)] >= int(cost)}


def refund_rows(
    refunds: Sequence[Mapping[str, object]],
    billed: Mapping[Key, Original],
    frames: Sequence[pd.DataFrame],
    documents: Mapping[str, Document],
) -> list[dict[str, object]]:
    """Refunds as PRICED rows, in the month and category of what they give back, each after those before it.

    `documents` are those that the originals stand on, by number; `frames` are what this run charges, PRICED.
    """
    open_rows = _rows_of(frames, {original_of(row) for row in refunds if key_of(row) not in billed})
    settled: dict[Key, Original] = {}
    so_far: dict[Key, tuple[int, int]] = {}
    found = []
    for row in refunds:
        key, original, micros = key_of(row), original_of(row), int(str(row["micros"]))
        if key in billed:
            known = settled.get(original, billed[key])
            given = given_back(known, micros)
            settled[original] = after(known, given, micros)
            charged = _units_on(documents.get(known.document_number), known)
            units = units_of_refund(charged, known.cost_micros, known.refunded_micros, micros)
            found.append(_row(row, known.month, known.category, given, units, known.document_number))
        else:
            open_row = open_rows[original]
            cost = int(str(open_row["cost_micros"]))
            refunded, gave = so_far.get(original, (0, 0))
            given = share_of_charge(int(str(open_row["charge_cents"])), cost, refunded, micros, gave)
            so_far[original] = (refunded + micros, gave + given)
            units = units_of_refund(int(str(open_row["quantity"])), cost, refunded, micros)
            found.append(_row(row, str(open_row["period"]), str(open_row["category"]), given, units, ""))
    return found


def _units_on(document: Document | None, original: Original) -> int:
    """How many units the original was charged as; one where it stands on no line."""
    line = next((line for line in document.lines if line.line == original.line), None) if document else None
    rows = [row for row in line.rows if row.transaction_id == original.transaction_id] if line else []
    return rows[0].quantity if rows else 1


def _rows_of(frames: Sequence[pd.DataFrame], wanted: Collection[Key]) -> dict[Key, Mapping[str, object]]:
    """The priced rows of these transactions."""
    ids = sorted({id_ for id_, _ in wanted})
    found: dict[Key, Mapping[str, object]] = {}
    for frame in frames:
        for row in records(frame[frame["transaction_id"].isin(ids)]):
            found[str(row["transaction_id"]), int(str(row["part"]))] = row
    return found


def decided_rows(rows: Sequence[Mapping[str, object]], amounts: Mapping[str, int]) -> list[dict[str, object]]:
    """Refunds without an original, of the amount that a user decided."""
    return [
        _row(row, str(row["month"]), str(row["category"]), amounts[str(row["transaction_id"])], 1, "") for row in rows
    ]


def _row(
    row: Mapping[str, object], period: str, category: str, given: int, units: int, document: str
) -> dict[str, object]:
    return {
        "transaction_id": row["transaction_id"],
        "part": row["part"],
        "client_id": row["client_id"],
        "period": period,
        "category": category,
        "description": row["description"],
        "number": row["number"],
        "trunk": row["trunk"],
        "created_at": row["created_at"],
        "quantity": -units,
        "cost_micros": -int(str(row["micros"])),
        "charge_cents": -given,
        "visible": given != 0,
        "rule": "",
        "unit_place": -1,
        "units": -1,
        "_document": document,
    }


def priced_refunds(rows: Sequence[dict[str, object]], clients: Mapping[str, Client]) -> pd.DataFrame:
    """Rows as PRICED: one line for each client, month, category, number, trunk and corrected document."""

    def line(row: Mapping[str, object]) -> tuple[object, ...]:
        client = clients.get(str(row["client_id"]))
        detail = client.detail if client is not None else "number"
        place = ("", "") if detail == "category" else (str(row["number"]), str(row["trunk"]))
        alone = (row["transaction_id"], row["part"]) if detail == "transaction" else ()
        shown = (str(row["client_id"]), not row["visible"], str(row["period"]), str(row["category"]))
        return (*shown, *place, str(row["_document"]), *alone)

    ordered = sorted(rows, key=lambda row: (line(row), int(str(row["created_at"])), str(row["transaction_id"])))
    keys = {key: number for number, key in enumerate(dict.fromkeys(line(row) for row in ordered))}
    return conform(pd.DataFrame([{**row, "line_key": keys[line(row)]} for row in ordered]), PRICED, "refunds")


def refund_facts(
    refunds: Sequence[Mapping[str, object]], billed: Mapping[Key, Original], documents: Mapping[str, Document]
) -> dict[Key, RefundFact]:
    """(refund, part) → how its original was taxed, and on which document."""
    found = {}
    for row in refunds:
        original = billed.get(key_of(row))
        if original is None:
            continue
        document = documents.get(original.document_number)
        line = next((line for line in document.lines if line.line == original.line), None) if document else None
        if document is not None and line is not None:
            found[key_of(row)] = RefundFact(line.vat, document.number, document.issue_date)
        else:
            # Nothing was charged for it, so nothing is given back and nothing taxed.
            found[key_of(row)] = RefundFact(NOTHING_TAXED, "", date.min)
    return found


def above_original(
    refunds: Sequence[Mapping[str, object]],
    billed: Mapping[Key, Original],
    frames: Sequence[pd.DataFrame],
    currency: str,
) -> tuple[str, ...]:
    """Refunds that bring back more than their original cost: the client gets what was charged, the rest is yours."""
    wanted = {original_of(row) for row in refunds if key_of(row) not in billed}
    costs = {key: (int(str(row["cost_micros"])), 0) for key, row in _rows_of(frames, wanted).items()}
    costs |= {(one.transaction_id, one.part): (one.cost_micros, one.refunded_micros) for one in billed.values()}
    found = []
    for row in refunds:
        original, micros = original_of(row), int(str(row["micros"]))
        cost, refunded = costs[original]
        if refunded + micros > cost:
            over = wallet_text(refunded + micros - max(cost, refunded), currency)
            found.append(
                f"refund {row['transaction_id']} brings back {over} more than transaction {original[0]} cost: its"
                " client gets back what it was charged and no more; look whether it gives back something else as well"
            )
        costs[original] = (cost, refunded + micros)
    return tuple(found)


def original_of(row: Mapping[str, object]) -> Key:
    """Transaction and part of what a refund gives back."""
    return str(row["refund_of"]), int(str(row["refund_part"]))


def key_of(row: Mapping[str, object]) -> Key:
    """Transaction and part of a row."""
    return str(row["transaction_id"]), int(str(row["part"]))
