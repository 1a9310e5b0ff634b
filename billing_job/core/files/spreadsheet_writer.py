"""Writing a table as an .xlsx workbook: amounts are numbers, everything else is text as it stands."""

import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from xlsxwriter import Workbook

from billing_job.core.text import storable, visible

WIDEST = 60
_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - of a file, in no zone
MOST_ROWS = 1_048_575
"""Rows of a sheet below its first one."""
_AMOUNT = re.compile(r"-?\d{1,13}\.\d{2,6}")
_COUNT = re.compile(r"-?(0|[1-9]\d{0,9})")
NUMBERS = frozenset({
    "amount", "net", "vat", "gross", "cost", "charge", "margin", "margin_percent", "vat_rate", "quantity", "age_days",
    "credited", "debit", "credit",
})  # fmt: skip
"""Columns in which what looks like a number is one; an id, a phone number and an account stay text."""


def spreadsheet(name: str, columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> bytes:
    """A workbook of one sheet: a bold first row that stays in sight, a filter, columns as wide as what they hold.

    No cell is a formula. ValueError when there are more rows than a sheet holds.
    """
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(out, options) as book:
        # The same rows are the same bytes: no moment of writing.
        book.set_properties({"created": _EPOCH})
        sheet = book.add_worksheet(name[:31])
        bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00####"})
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
                    sheet.write_string(last, place, text)
        for place, width in enumerate(widths):
            sheet.set_column(place, place, min(width, WIDEST) + 2)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(last, 1), len(columns) - 1)
    return out.getvalue()
