"""margin.csv: what the wallet paid in a month, and what was charged for it, wherever and whenever it was billed.

The costs of transactions add up to the month's movements, top-ups apart, so that the file is a proof as well: rows
without a document are what waits, and what the house paid. Charges of one's own stand beside them with their cost.
"""

from collections.abc import Iterable, Iterator, Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from billing_job.core.categories import TOPUP
from billing_job.core.columns.interned import arrow
from billing_job.core.document import Document
from billing_job.core.files.csv_writer import csv_pieces
from billing_job.core.money import MICROS_PER_CENT, decimal_text, half_away_from_zero, micros_text

MARGIN_COLUMNS = (
    "client_id", "document_number", "category", "number", "trunk", "cost", "charge", "margin", "margin_percent",
)  # fmt: skip
KEYS = list(MARGIN_COLUMNS[:5])
_SUMS = ["cost_micros", "charge_cents"]
_ID = ["transaction_id", "part"]
_MARGINS = pa.schema([*((key, pa.string()) for key in KEYS), *((name, pa.int64()) for name in _SUMS)])
_ROWS_AT_ONCE = 10_000
_NOTHING = pa.scalar(0, pa.int64())


def margins(
    unbilled: Iterable[pa.Table], billed: Iterable[pd.DataFrame], documents: Iterable[Document]
) -> pd.DataFrame:
    """Cost (micros) and charge (cents) by client, document, category, number and trunk, in that order.

    `unbilled` are costs of the month that no document settles now, in shares; `billed` (BILLED) what its transactions
    were billed at, `documents` those that speak of the month: their lines without a transaction (fees, credits) are
    charges that nothing was paid for. A transaction that was billed, credited and freed costs once, and was charged
    each time.
    """
    own = [*zip(*_without_transaction(documents), strict=True)] or [()] * len(_MARGINS)
    found = _added_up(
        [
            *(_table(each, _MARGINS.names).cast(_MARGINS) for each in billed),
            *unbilled,
            pa.table(own, schema=_MARGINS),
        ]
    ).sort_by([(key, "ascending") for key in KEYS])
    return pd.DataFrame({name: pd.Series(pd.arrays.ArrowExtensionArray(found[name])) for name in _MARGINS.names})


def unbilled_costs(rows: pd.DataFrame, standing: pd.DataFrame) -> pa.Table:
    """What these rows of ATTRIBUTED cost as far as no document settles them, top-ups apart, by KEYS.

    `standing` has transaction_id and part of those that one does.
    """
    is_topup = (rows["outcome"] == "excluded") & (rows["reason"] == TOPUP)
    columns = [*_ID, "outcome", "client_id", *KEYS[2:], "micros"]
    unbilled = _table(rows.loc[~is_topup, columns], columns).join(_table(standing, _ID), _ID, join_type="left anti")
    owners = pc.if_else(pc.equal(unbilled["outcome"], "attributed"), unbilled["client_id"], "")
    nothing, nowhere = (pa.repeat(value, len(unbilled)) for value in (_NOTHING, ""))
    costs = pc.negate(unbilled["micros"].fill_null(0))
    return _added_up(
        [pa.table([owners, nowhere, *(unbilled[key] for key in KEYS[2:]), costs, nothing], schema=_MARGINS)]
    )


def _added_up(tables: Sequence[pa.Table]) -> pa.Table:
    sums = pa.concat_tables(tables).group_by(KEYS).aggregate([(name, "sum") for name in _SUMS])
    return sums.rename_columns(_MARGINS.names)


def _table(frame: pd.DataFrame, columns: Sequence[str]) -> pa.Table:
    """Columns of a frame as Arrow's, texts as they are."""
    texts = {name: arrow(frame[name]) for name in columns}
    return pa.table(
        {name: each.cast(pa.string()) if pa.types.is_dictionary(each.type) else each for name, each in texts.items()}
    )


def margin_csv(found: pd.DataFrame) -> Iterator[bytes]:
    """The file, in pieces; money in decimals, costs and margins with up to six places, the margin in percent."""
    lots = (found[start : start + _ROWS_AT_ONCE] for start in range(0, len(found), _ROWS_AT_ONCE))
    return csv_pieces(MARGIN_COLUMNS, map(_written, lots))


def _written(found: pd.DataFrame) -> list[list[str]]:
    *keys, costs, charges = (found[column].to_list() for column in found.columns)
    earned = [charge * MICROS_PER_CENT - cost for cost, charge in zip(costs, charges, strict=True)]
    percent = [percent_of(margin, charge * MICROS_PER_CENT) for margin, charge in zip(earned, charges, strict=True)]
    return [*keys, [*map(micros_text, costs)], [*map(decimal_text, charges)], [*map(micros_text, earned)], percent]


def percent_of(margin: int, charge: int) -> str:
    """The margin in percent of the charge, two places; empty where nothing was charged."""
    if charge == 0:
        return ""
    return decimal_text(half_away_from_zero(margin * 10_000, charge))


def _without_transaction(documents: Iterable[Document]) -> Iterable[tuple[str, str, str, str, str, int, int]]:
    for document in documents:
        for line in document.lines:
            # A credit note gives charges back; the costs stay with the document that it corrects, or wait again.
            charge = sum(row.net_cents for row in line.rows if document.corrects or not row.transaction_id)
            if charge:
                yield document.client.client_id, document.number, line.category, line.number, line.trunk, 0, charge
