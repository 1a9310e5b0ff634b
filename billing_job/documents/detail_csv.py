"""The detail of a document as CSV: one row a transaction or fee, amounts signed so that sums are revenue."""

from collections.abc import Iterable
from itertools import chain, repeat
from operator import attrgetter

from billing_job.core.document import Document
from billing_job.core.files.csv_writer import csv_columns
from billing_job.core.money import decimal_text, rate_text

COLUMNS = (
    "document_number",
    "line",
    "date",
    "category",
    "description",
    "number",
    "trunk",
    "quantity",
    "net",
    "vat_category",
    "vat_rate",
    "transaction_id",
)
"""The contract's columns (DESIGN: files of a month)."""


_OF_A_ROW = attrgetter("date", "description", "number", "trunk", "quantity", "net_cents", "transaction_id")


def detail_csv(document: Document) -> bytes:
    """Every detail row of a document in its order; a credit note's amounts are negative, a draft's number is empty."""
    lines = document.lines
    sizes = [len(line.rows) for line in lines]
    rows = [_OF_A_ROW(row) for line in lines for row in line.rows]
    if not rows:
        return csv_columns(COLUMNS, [])
    dates, descriptions, numbers, trunks, quantities, nets, transaction_ids = zip(*rows, strict=True)
    # A document has few distinct days and amounts; each is written out once.
    days = {day: day.isoformat() for day in set(dates)}
    names = {trunk: document.trunk_name(trunk) for trunk in set(trunks)}
    amounts = {cents: decimal_text(cents) for cents in set(nets)}
    return csv_columns(
        COLUMNS,
        [
            [document.number] * len(rows),
            _repeated((line.line for line in lines), sizes),
            [days[day] for day in dates],
            _repeated((line.category for line in lines), sizes),
            descriptions,
            numbers,
            [names[trunk] for trunk in trunks],
            quantities,
            [amounts[cents] for cents in nets],
            _repeated((line.vat.category for line in lines), sizes),
            _repeated((rate_text(line.vat.rate) for line in lines), sizes),
            transaction_ids,
        ],
    )


def _repeated(values: Iterable[str | int], sizes: Iterable[int]) -> list[str | int]:
    """The value of each line for each of its rows."""
    return list(chain.from_iterable(map(repeat, values, sizes)))
