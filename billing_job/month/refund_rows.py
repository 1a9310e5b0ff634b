"""Refunds as priced rows: what each gives back of its original, in cents and in units, and the lines they make."""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from billing_job.billing.rating.refunds import given_back, share_of_charge, units_given_back
from billing_job.core.columns.row_values import records
from billing_job.core.columns.schema import PRICED, conform
from billing_job.core.document import Client, Document
from billing_job.core.money import MAX_MICROS, MICROS_PER_CENT
from billing_job.core.settlement import Original
from billing_job.month.refund_owners import after

Key = tuple[str, int]


def refunds_given(
    refunds: Sequence[Mapping[str, object]], billed: Mapping[Key, Original], frames: Sequence[pd.DataFrame]
) -> dict[Key, int]:
    """(refund, part) → what it gives back, cents, each after those before it."""
    originals: dict[Key, Original] = {}
    wanted = {(str(row["refund_of"]), int(str(row["refund_part"]))) for row in refunds if key_of(row) not in billed}
    open_rows = rows_of(frames, wanted)
    so_far: dict[Key, tuple[int, int]] = {}
    given: dict[Key, int] = {}
    for row in refunds:
        key, micros = key_of(row), int(str(row["micros"]))
        original = (str(row["refund_of"]), int(str(row["refund_part"])))
        if key in billed:
            known = originals.get(original, billed[key])
            given[key] = given_back(known, micros)
            originals[original] = after(known, given[key], micros)
        else:
            charged = open_rows[original]
            refunded, gave = so_far.get(original, (0, 0))
            given[key] = share_of_charge(
                int(charged["charge_cents"]), int(charged["cost_micros"]), refunded, micros, gave
            )
            so_far[original] = (refunded + micros, gave + given[key])
    return given


def rows_of(frames: Sequence[pd.DataFrame], wanted: Collection[Key]) -> dict[Key, Mapping[str, int]]:
    """The priced rows of these transactions."""
    ids = sorted({id_ for id_, _ in wanted})
    found: dict[Key, Mapping[str, int]] = {}
    for frame in frames:
        for row in records(frame[frame["transaction_id"].isin(ids)]):
            found[str(row["transaction_id"]), int(row["part"])] = row
    return found


def refund_rows(
    refunds: Sequence[Mapping[str, object]],
    given: Mapping[Key, int],
    refunded: Mapping[Key, Original],
    documents: Mapping[str, Document],
    frames: Sequence[pd.DataFrame],
) -> list[dict[str, object]]:
    """Refunds as PRICED rows, in the month and category of what they give back; `documents` are those they correct."""
    wanted = {(str(row["refund_of"]), int(str(row["refund_part"]))) for row in refunds}
    open_rows: Mapping[Key, Mapping[str, object]] = rows_of(frames, wanted)
    settled = _settled_units(refunded, documents)
    found = []
    for row in refunds:
        key = key_of(row)
        billed = refunded.get(key)
        if billed is not None:
            period, category, document = billed.month, billed.category, billed.document_number
            units, cost = settled.get((billed.transaction_id, billed.document_number), 1), billed.cost_micros
        else:
            original = open_rows[str(row["refund_of"]), int(str(row["refund_part"]))]
            period, category, document = str(original["period"]), str(original["category"]), ""
            units, cost = int(str(original["quantity"])), int(str(original["cost_micros"]))
        units = units_given_back(units, cost, int(str(row["micros"])))
        found.append(_row(row, period, category, given[key], document, units))
    return found


def _settled_units(refunded: Mapping[Key, Original], documents: Mapping[str, Document]) -> dict[tuple[str, str], int]:
    """(transaction, document) → how many units the document billed of it."""
    wanted = {(one.transaction_id, one.document_number, one.line) for one in refunded.values()}
    return {
        (row.transaction_id, number): row.quantity
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
    row: Mapping[str, object], period: str, category: str, given: int, document: str, units: int
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
        "unit": "",
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
