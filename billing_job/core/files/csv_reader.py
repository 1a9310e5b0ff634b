"""Reading a user's CSV file row by row; what is wrong is noted with file, row and column, and the next row is read."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row of a file, with the means to complain about it."""

    place: str
    cells: dict[str, str]
    problems: list[str]

    def wrong(self, column: str, expected: str) -> None:
        """Note that a cell is wrong and what is expected there; the reader goes on, so that all is told at once."""
        self.problems.append(f"{self.place}, column {column}: {self.cells[column]!r}: {expected}")

    def read(self, column: str, parse: Callable[[str], T], expected: str) -> T | None:
        """A cell as `parse` makes it; what raises ValueError or ArithmeticError is noted, and None comes back."""
        try:
            return parse(self.cells[column])
        except (ValueError, ArithmeticError):
            self.wrong(column, expected)
            return None

    def dates(self) -> tuple[date | None, date | None]:
        """valid_from and valid_to, the first day and the first day no longer; None is open, or noted as wrong."""
        expected = "write the day as YYYY-MM-DD, or leave it empty for open"
        start, end = (
            self.read(column, lambda text: date.fromisoformat(text) if text else None, expected)
            for column in ("valid_from", "valid_to")
        )
        if start and end and end <= start:
            self.wrong(
                "valid_to", f"it must be later than valid_from {start}; it is the first day that no longer counts"
            )
        return start, end


def csv_rows(path: Path, columns: Sequence[str], required: Sequence[str], problems: list[str]) -> Iterator[CsvRow]:
    """The rows of a CSV file: columns in any order, with a BOM, with `;` or `,`; empty rows and # comments skipped."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        problems.append(f"{path}: there is no such file; it needs the columns {', '.join(required)}")
        return
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problems.append(f"{path}, row {line}: is not UTF-8; save the file as 'CSV UTF-8'")
        return
    except OSError as error:
        problems.append(f"{path}: cannot be read ({error.strerror}); check its permissions")
        return
    first_line = text.partition("\n")[0]
    separator = ";" if first_line.count(";") > first_line.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        yield from _cells(path, reader, columns, required, problems)
    except csv.Error as error:
        problems.append(f"{path}, row {reader.line_num}: is not readable as CSV ({error})")


def _cells(
    path: Path, reader: Iterator[list[str]], columns: Sequence[str], required: Sequence[str], problems: list[str]
) -> Iterator[CsvRow]:
    header = [name.lower() for name in _without_empty_end(next(reader, []))]
    unknown = [name for name in header if name not in columns]
    missing = [name for name in required if name not in header]
    twice = sorted({name for name in header if header.count(name) > 1})
    for names, complaint in (
        (unknown, f"unknown; the columns are {', '.join(columns)}"),
        (missing, "missing; add it to the first row"),
        (twice, "there twice; remove one"),
    ):
        problems.extend(f"{path}, row 1, column {name}: is {complaint}" for name in names)
    if unknown or missing or twice:
        return
    for number, padded in enumerate(reader, 2):
        cells = _without_empty_end(padded)
        if not cells or cells[0].startswith("#"):
            continue
        place = f"{path}, row {number}"
        if len(cells) > len(header):
            problems.append(
                f"{place}: has {len(cells)} cells, the first row has {len(header)}; quote cells that hold the separator"
            )
            continue
        values = dict.fromkeys(columns, "") | dict(zip(header, cells, strict=False))
        before = len(problems)
        row = CsvRow(place, values, problems)
        for column in required:
            if not values[column]:
                row.wrong(column, "it is required")
        if len(problems) == before:
            yield row


def _without_empty_end(cells: list[str]) -> list[str]:
    """The cells without blanks around them, and without the empty ones that spreadsheets add at the end of a row."""
    stripped = [cell.strip() for cell in cells]
    while stripped and not stripped[-1]:
        stripped.pop()
    return stripped
