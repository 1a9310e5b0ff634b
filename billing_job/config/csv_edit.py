"""Writing into the user's CSV files: rows are added or ended, everything else stays byte for byte as it was.

The user's order of columns, separator, BOM, line ends, comments and quoting are kept. A file is written under another
name and renamed, so that it is never half a file.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from billing_job.core.errors import ConfigError, OutputError
from billing_job.core.files.csv_reader import SUFFIX, separator_of
from billing_job.core.files.local import write_whole

Cells = dict[str, str]
"""A row's cells by column, for the columns that the file has."""


@dataclass(frozen=True, slots=True)
class CsvText:
    """A CSV file as text, and how its user writes it."""

    text: str
    bom: bool
    separator: str
    line_end: str
    columns: tuple[str, ...]


def read_csv_text(path: Path, columns: Sequence[str]) -> CsvText:
    """The file as it stands; one that is missing is as good as one that holds nothing but these columns."""
    workbook = path.with_suffix(SUFFIX)
    if workbook.exists():
        raise ConfigError(f"{workbook}: is a workbook, into which nothing is written; save it as {path.name} first")
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        return CsvText(",".join(columns) + "\n", False, ",", "\n", tuple(columns))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from None
    first = text.partition("\n")[0]
    separator = separator_of(text)
    header = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
    return CsvText(
        text=text,
        bom=content.startswith(b"\xef\xbb\xbf"),
        separator=separator,
        line_end="\r\n" if first.endswith("\r") else "\n",
        columns=tuple(name.strip().lower() for name in header),
    )


def missing_columns(path: Path, all_columns: Sequence[str], needed: Iterable[str]) -> list[str]:
    """A complaint for each column that a row would need and the file does not have."""
    have = read_csv_text(path, all_columns).columns
    return [f"{path}, row 1: has no column {name}; add it to the first row" for name in needed if name not in have]


def with_rows(file: CsvText, rows: Iterable[Mapping[str, str]]) -> str:
    """The text with rows added at its end; cells go under the file's own columns."""
    text = file.text
    if text and not text.endswith(("\n", "\r")):
        text += file.line_end
    return text + "".join(_line(file, [row.get(column, "") for column in file.columns]) for row in rows)


def with_changes(file: CsvText, change: Callable[[Cells], Cells | None]) -> str:
    """The text with some rows changed: `change` gives a row's new cells, or None to leave it as it is."""
    lines = io.StringIO(file.text, newline="").readlines()
    reader = csv.reader(iter(lines), delimiter=file.separator)
    parts = []
    end = 0
    for position, cells in enumerate(reader):
        start, end = end, reader.line_num
        changed = None
        is_row = position > 0 and any(cell.strip() for cell in cells) and not cells[0].lstrip().startswith("#")
        if is_row:
            given = zip(file.columns, (cell.strip() for cell in cells), strict=False)
            changed = change(dict.fromkeys(file.columns, "") | dict(given))
        if changed is None:
            parts += lines[start:end]
        else:
            parts.append(_line(file, [changed.get(column, "") for column in file.columns]))
    return "".join([*parts, *lines[end:]])


def write_csv_text(path: Path, file: CsvText, text: str) -> None:
    """Put the text in the file's place, whole, with the permissions that it had; OutputError when it cannot be."""
    target = path.resolve()
    try:
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
        write_whole(target, (b"\xef\xbb\xbf" if file.bom else b"") + text.encode(), mode)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); nothing in it was changed") from None


def _line(file: CsvText, cells: Sequence[str]) -> str:
    out = io.StringIO(newline="")
    # Left to itself the writer quotes only its own kind of line end.
    quoting: Literal[0, 1] = csv.QUOTE_ALL if any("\r" in cell or "\n" in cell for cell in cells) else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=file.separator, lineterminator=file.line_end, quoting=quoting).writerow(cells)
    return out.getvalue()
