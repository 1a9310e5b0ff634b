"""Refunds as priced rows: what each gives back of its original in cents and units, how it is taxed, on which lines."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pandas as pd

from billing_job.billing.rating.refunds import given_back, share_of_charge, units_given_back
from billing_job.core.columns.row_values import records
from billing_job.core.columns.schema import PRICED, conform
from billing_job.core.document import Document, Vat
from billing_job.core.money import MAX_MICROS, MICROS_PER_CENT
from billing_job.core.parties import Client
from billing_job.core.settlement import Key, Original, RefundFact
from billing_job.core.supplies import supply_of
from billing_job.core.units import unit_of_category
from billing_job.month.refund_owners import after

NOTHING_TAXED = Vat("Z", Decimal(0))
"""Of what gives back a row that was never charged: there is nothing to tax."""


def rows_of(frames: Sequence[pd.DataFrame], wanted: Collection[Key]) -> dict[Key, Mapping[str, int]]:
    """The priced rows of these transactions."""
    if not wanted:
        return {}
    ids = sorted({id_ for id_, _ in wanted})
    found: dict[Key, Mapping[str, int]] = {}
    for frame in frames:
        for row in records(frame[frame["transaction_id"].isin(ids)]):
            found[str(row["transaction_id"]), int(row["part"])] = row
    return found


def refund_rows(
    refunds: Sequence[Mapping[str, object]],
    refunded: Mapping[Key, Original],
    documents: Mapping[str, Document],
    frames: Sequence[pd.DataFrame],
) -> list[dict[str, object]]:
    """Refunds as PRICED rows, in the month and category of what they give back, each after those before it.

    `documents` are those that they correct; `frames` are what this run charges, PRICED.
    """
    open_rows = rows_of(frames, {original_of(row) for row in refunds if key_of(row) not in refunded})
    settled_units = _settled_units(refunded, documents)
    settled: dict[Key, Original] = {}
    so_far: dict[Key, tuple[int, int]] = {}
    found = []
    for row in refunds:
        key, original, micros = key_of(row), original_of(row), int(str(row["micros"]))
        if key in refunded:
            known = settled.get(original, refunded[key])
            given = given_back(known, micros)
            settled[original] = after(known, given, micros)
            charged, unit = settled_units.get((known.transaction_id, known.document_number), (1, ""))
            units = units_given_back(charged, known.cost_micros, known.refunded_micros, micros)
            found.append(_row(row, known.month, known.category, given, known.document_number, units, unit))
        else:
            use = open_rows[original]
            refunded_micros, gave = so_far.get(original, (0, 0))
            given = share_of_charge(int(use["charge_cents"]), int(use["cost_micros"]), refunded_micros, micros, gave)
            so_far[original] = (refunded_micros + micros, gave + given)
            units = units_given_back(int(use["quantity"]), int(use["cost_micros"]), refunded_micros, micros)
            found.append(_row(row, str(use["period"]), str(use["category"]), given, "", units, str(use["unit"])))
    return found


def _settled_units(
    refunded: Mapping[Key, Original], documents: Mapping[str, Document]
) -> dict[tuple[str, str], tuple[int, str]]:
    """(transaction, document) → how many units the document billed of it, and which, if not those of the category."""
    wanted = {(one.transaction_id, one.document_number, one.line) for one in refunded.values()}
    return {
        (row.transaction_id, number): (
            int(row.quantity),
            "" if line.unit == unit_of_category(line.category, line.number) else line.unit,
        )
        for number, document in documents.items()
        for line, row in document.detail_rows()
        if (row.transaction_id, number, line.line) in wanted
    }


def decided_rows(rows: Sequence[Mapping[str, object]], amounts: Mapping[str, int]) -> list[dict[str, object]]:
    """Refunds without an original, of the amount that a user decided."""
    given = [amounts[str(row["transaction_id"])] for row in rows]
    return [
        _row(row, str(row["month"]), str(row["category"]), cents, "", 1) for row, cents in zip(rows, given, strict=True)
    ]


def _row(
    row: Mapping[str, object], period: str, category: str, given: int, document: str, units: int, unit: str = ""
) -> dict[str, object]:
    price, rest = divmod(given * MICROS_PER_CENT, units)
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
        "unit": unit,
        "unit_price_micros": price if not rest and price <= MAX_MICROS else -1,
        "_document": document,
    }


def priced_rows(rows: Sequence[dict[str, object]], clients: Mapping[str, Client]) -> pd.DataFrame:
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


def key_of(row: Mapping[str, object]) -> Key:
    """What names a row: its transaction and its part."""
    return str(row["transaction_id"]), int(str(row["part"]))


def original_of(row: Mapping[str, object]) -> Key:
    """What names the row that a refund gives back."""
    return str(row["refund_of"]), int(str(row["refund_part"]))


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
            vat = replace(line.vat, supply=supply_of(document, line.vat))
            found[key_of(row)] = RefundFact(vat, document.number, document.issue_date)
        else:
            # Nothing was charged for it, so nothing is given back and nothing taxed.
            found[key_of(row)] = RefundFact(NOTHING_TAXED, "", date.min)
    return found
