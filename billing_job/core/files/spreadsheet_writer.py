"""Writing a table as an .xlsx workbook: amounts are numbers, everything else is text as it stands."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from billing_job.core.text import storable, visible

WIDEST = 60
_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - of a file, in no zone
LONGEST_CELL = 32_767
MOST_ROWS = 1_048_575
"""Rows of a sheet below its first one."""
_AMOUNT = re.compile(r"-?\d{1,13}\.\d{2,6}")
_COUNT = re.compile(r"-?(0|[1-9]\d{0,9})")
NUMBERS = frozenset({
    "amount", "net", "vat", "gross", "cost", "charge", "margin", "margin_percent", "vat_rate", "quantity", "age_days",
    "credited", "debit", "credit", "vat_base", "vat_amount",
})  # fmt: skip
"""Columns in which what looks like a number is one; an id, a phone number and an account stay text."""


Table = tuple[Sequence[str], Iterable[Sequence[str | int]]]
"""Columns and rows."""


def table_of(content: bytes) -> Table:
    """A CSV file of ours as a table."""
    columns, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return columns, rows


def spreadsheet(sheets: Mapping[str, Table]) -> bytes:
    """A workbook with a sheet for each table, by its name: the first row bold and in sight, a filter, fitting columns.

    No cell is a formula. ValueError when there are more rows than a sheet holds.
    """
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(out, options) as book:
        # The same rows are the same bytes: no moment of writing.
        book.set_properties({"created": _EPOCH})
        bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00####"})
        for name, (columns, rows) in sheets.items():
            _fill(book.add_worksheet(name[:31]), columns, rows, bold, money)
    return out.getvalue()


def _fill(sheet: Worksheet, columns: Sequence[str], rows: Iterable[Sequence[str | int]], bold: Any, money: Any) -> None:
    widths = [len(column) for column in columns]
    last = 0
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column, bold)
    for last, row in enumerate(rows, 1):
        if last > MOST_ROWS:
            raise ValueError(f"a sheet holds {MOST_ROWS:,} rows, and there are more; use CSV")
        for place, (column, cell) in enumerate(zip(columns, row, strict=True)):
            text = visible(storable(str(cell)))
            widths[place] = max(widths[place], len(text))
            if column in NUMBERS and _AMOUNT.fullmatch(text):
                sheet.write_number(last, place, float(text), money)
            elif column in NUMBERS and _COUNT.fullmatch(text):
                sheet.write_number(last, place, int(text))
            elif text:
                sheet.write_string(last, place, text[:LONGEST_CELL])
    for place, width in enumerate(widths):
        sheet.set_column(place, place, min(width, WIDEST) + 2)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(last, 1), len(columns) - 1)
