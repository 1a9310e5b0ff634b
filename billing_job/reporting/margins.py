"""margin.csv: what the wallet paid in a month, and what was charged for it, wherever and whenever it was billed.

The costs of transactions add up to the month's movements, top-ups apart, so that the file is a proof as well: rows
without a document are what waits, and what the house paid. Charges of one's own stand beside them with their cost.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from billing_job.core.categories import TOPUP
from billing_job.core.columns.interned import Mask, arrow, ints
from billing_job.core.columns.schema import TEXT
from billing_job.core.document import Document
from billing_job.core.files.csv_writer import csv_text
from billing_job.core.money import MICROS_PER_CENT, decimal_text, half_away_from_zero, micros_text

MARGIN_COLUMNS = (
    "client_id", "document_number", "category", "number", "trunk", "cost", "charge", "margin", "margin_percent",
)  # fmt: skip
KEYS = list(MARGIN_COLUMNS[:5])
_PART = ("transaction_id", "part")


def margins(
    month_rows: pd.DataFrame, standing: pd.DataFrame, billed: Iterable[pd.DataFrame], documents: Iterable[Document]
) -> pd.DataFrame:
    """Cost (micros) and charge (cents) by client, document, category, number and trunk, in that order.

    `month_rows` are the month's rows of ATTRIBUTED, `standing` transaction_id and part of those that a document settles
    now, `billed` (BILLED) what they were billed at, `documents` those that speak of the month: their lines without a
    transaction (fees, credits) are charges that nothing was paid for. A transaction that was billed, credited and freed
    costs once, and was charged each time.
    """
    rows = month_rows[~_settled(month_rows, standing)]
    rows = rows[~((rows["outcome"] == "excluded") & (rows["reason"] == TOPUP))]
    unbilled = rows[[*KEYS[:1], *KEYS[2:]]].assign(
        document_number="", cost_micros=-rows["micros"].fillna(0), charge_cents=0
    )
    unbilled["client_id"] = unbilled["client_id"].mask(rows["outcome"] != "attributed", "")
    parts = [*billed, unbilled[[*KEYS, "cost_micros", "charge_cents"]]]
    parts.append(pd.DataFrame(_without_transaction(documents), columns=[*KEYS, "cost_micros", "charge_cents"]))
    together = pd.concat([part.astype(dict.fromkeys(KEYS, TEXT)) for part in parts], ignore_index=True)
    return together.groupby(KEYS, as_index=False, sort=True)[["cost_micros", "charge_cents"]].sum()


def _settled(rows: pd.DataFrame, standing: pd.DataFrame) -> Mask:
    """Which rows a document settles now; almost all are whole transactions, part 0."""
    whole = standing.loc[standing["part"] == 0, "transaction_id"]
    others = standing[standing["part"] != 0]
    parts = set(zip(others["transaction_id"], others["part"], strict=True))
    found: Mask = np.array(pc.is_in(arrow(rows["transaction_id"]), value_set=arrow(whole.astype(TEXT))), bool)
    shared = np.flatnonzero(ints(rows["part"]) != 0)
    found[shared] = [key in parts for key in zip(*(rows[name].iloc[shared] for name in _PART), strict=True)]
    return found


def margin_csv(found: pd.DataFrame) -> bytes:
    """The file; money in decimals, costs and margins with up to six places, the margin in percent of the charge."""
    return csv_text(
        MARGIN_COLUMNS,
        (
            (
                *keys,
                micros_text(cost),
                decimal_text(charge),
                micros_text(charge * MICROS_PER_CENT - cost),
                percent_of(charge * MICROS_PER_CENT - cost, charge * MICROS_PER_CENT),
            )
            for *keys, cost, charge in zip(*(found[column].to_list() for column in found.columns), strict=True)
        ),
    )


def percent_of(margin: int, charge: int) -> str:
    """The margin in percent of the charge, two places; empty where nothing was charged."""
    if charge == 0:
        return ""
    sign = -1 if charge < 0 else 1
    return decimal_text(half_away_from_zero(sign * margin * 10_000, abs(charge)))


def _without_transaction(documents: Iterable[Document]) -> Iterable[tuple[str, str, str, str, str, int, int]]:
    for document in documents:
        for line in document.lines:
            # A credit note gives charges back; the costs stay with the document that it corrects, or wait again.
            charge = sum(row.net_cents for row in line.rows if document.corrects or not row.transaction_id)
            if charge:
                yield document.client.client_id, document.number, line.category, line.number, line.trunk, 0, charge
