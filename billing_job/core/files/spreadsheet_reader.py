"""Reading a table that is kept as an .xlsx workbook: every cell as the text that a CSV file would hold.

calamine has nothing where a formula failed, where none was worked out yet, and in all but the first of merged cells. An
empty cell is a default here, so each of these would be another price or client: the sheet's XML is asked for them.
"""

import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from lxml import etree
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

EXACT_DIGITS = 10**15
"""A spreadsheet keeps 15 digits of a number; of a longer one the last ones are lost."""

Cell = int | float | str | bool | time | date | datetime | timedelta


def spreadsheet_rows(path: Path) -> list[list[str]]:
    """The rows of the first sheet that is not hidden, empty ones included; ValueError, or OSError, if it is unreadable.

    A whole number is its digits, a day is YYYY-MM-DD; a number beyond the digits that a spreadsheet keeps stays in
    exponent form, so that whoever expects an id or a phone number refuses it. A formula that failed is the word for it,
    such as #N/A.
    """
    problems: list[str] = []
    try:
        book = CalamineWorkbook.from_path(path)
        sheet = _first_in_sight(book)
        rows: Sequence[Sequence[Cell]] = sheet.to_python(skip_empty_area=False)
        texts = [[cell_text(cell) for cell in row] for row in rows]
        for row, column, word, formula in _without_value(path, sheet.name):
            if not word:
                problems.append(
                    f"row {row + 1}, column {_letters(column)}: '={formula}': a formula without a value: open and save"
                    " the workbook in a spreadsheet, or write the value"
                )
            texts += [[] for _ in range(row + 1 - len(texts))]
            texts[row] += [""] * (column + 1 - len(texts[row]))
            texts[row][column] = word
    except (CalamineError, IndexError, KeyError, zipfile.BadZipFile, etree.XMLSyntaxError) as error:
        raise ValueError(
            f"is not readable as a workbook ({error}); save it again as .xlsx, or as 'CSV UTF-8'"
        ) from None
    problems += _merged(sheet)
    if problems:
        raise ValueError(problems[0] + (f" (and {len(problems) - 1} more such)" if problems[1:] else ""))
    return texts


def _first_in_sight(book: CalamineWorkbook) -> CalamineSheet:
    in_sight = [
        each.name
        for each in book.sheets_metadata
        if each.typ == SheetTypeEnum.WorkSheet and each.visible == SheetVisibleEnum.Visible
    ]
    return book.get_sheet_by_name(in_sight[0])


def _merged(sheet: CalamineSheet) -> Iterator[str]:
    """A complaint wherever cells are merged: all but the first of them are empty, whatever they look like."""
    for (first, left), (last, right) in sheet.merged_cell_ranges or ():
        of = f"{_letters(left)}{first + 1}"
        yield (
            f"row {first + 1}, column {_letters(left)}: the cells {of} to {_letters(right)}{last + 1} are merged, and"
            " all but the first are empty: part them, and fill in each"
        )


def _without_value(path: Path, name: str) -> Iterator[tuple[int, int, str, str]]:
    """Row and column, from 0, of each cell whose formula failed or was never worked out; the error's word, the formula.

    The word is empty where there is no value at all.
    """
    with zipfile.ZipFile(path) as parts, parts.open(_part_of(parts, name)) as content:
        row = -1
        for _, element in etree.iterparse(
            content, tag="{*}row", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
        ):
            row = int(element.get("r", row + 2)) - 1
            column = -1
            for cell in element.iterchildren("{*}c"):
                column = _column(cell.get("r")) if cell.get("r") else column + 1
                value, formula = (cell.findtext(f"{{*}}{part}") for part in ("v", "f"))
                if cell.get("t") == "e":
                    yield row, column, value or "#N/A", formula or ""
                elif formula is not None and not value and cell.get("t") != "str":
                    yield row, column, "", formula
            element.clear()


def _part_of(parts: zipfile.ZipFile, name: str) -> str:
    """Where in the archive a sheet stands."""
    book, links = (_parsed(parts, f"xl/{part}") for part in ("workbook.xml", "_rels/workbook.xml.rels"))
    ids = [
        value
        for sheet in book.iter("{*}sheet")
        if sheet.get("name") == name
        for key, value in sheet.attrib.items()
        if key.endswith("}id")
    ]
    targets = {link.get("Id"): link.get("Target") for link in links.iter("{*}Relationship")}
    target = str(targets[ids[0]])
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _parsed(parts: zipfile.ZipFile, part: str) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(parts.read(part), parser)


def _column(place: str) -> int:
    """The column of a place such as AB7, from 0."""
    column = 0
    for letter in re.sub("[^A-Z]", "", place):
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1


def _letters(column: int) -> str:
    """What a spreadsheet calls a column, counted from 0."""
    letters = ""
    while column >= 0:
        column, letter = column // 26 - 1, column % 26
        letters = chr(ord("A") + letter) + letters
    return letters


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
