"""Reading a table that is kept as an .xlsx workbook: every cell as the text that a CSV file would hold."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

EXACT_DIGITS = 10**15
"""A spreadsheet keeps 15 digits of a number; of a longer one the last ones are lost."""

Cell = int | float | str | bool | time | date | datetime | timedelta


def spreadsheet_rows(path: Path) -> list[list[str]]:
    """The rows of the first sheet, empty ones included; ValueError, or OSError, when it cannot be read.

    A whole number is its digits, a day is YYYY-MM-DD; a number beyond the digits that a spreadsheet keeps stays in
    exponent form, so that whoever expects an id or a phone number refuses it.
    """
    try:
        book = CalamineWorkbook.from_path(path)
        sheet = book.get_sheet_by_index(0)
        rows: Sequence[Sequence[Cell]] = sheet.to_python(skip_empty_area=False)
    except (CalamineError, IndexError) as error:
        raise ValueError(
            f"is not readable as a workbook ({error}); save it again as .xlsx, or as 'CSV UTF-8'"
        ) from None
    return [[cell_text(cell) for cell in row] for row in rows]


def cell_text(cell: Cell) -> str:
    """A cell as text.

    >>> cell_text(31201234567.0), cell_text(1.5), cell_text(3.12e16), cell_text(True), cell_text(datetime(2026, 10, 1))
    ('31201234567', '1.5', '3.12e+16', 'true', '2026-10-01')
    """
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float | int):
        if abs(cell) < EXACT_DIGITS and cell == int(cell):
            return str(int(cell))
        return repr(float(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)
