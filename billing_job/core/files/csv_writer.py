r"""How every CSV of ours is written: UTF-8, commas, `\n`, and no cell that a spreadsheet would run as a formula."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from billing_job.core.text import INVISIBLE, visible

# A cell that begins with one of these is a formula to Excel, LibreOffice or Google Sheets, also behind blanks or an
# opening quotation mark they strip; the full-width forms count in East Asian locales.
_FORMULA = re.compile(r"[\s\"']*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_STARTS_WITH_CONTROL = ("\t", "\r", "\n")
# What we print ourselves and what no spreadsheet can run: a number of ours, or a phone number in E.164.
_PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_E164 = re.compile(r"\+\d{3,15}")
_ENDS_A_CELL = re.compile(r'[,"\n]')
# Most cells of a long file: a letter or digit first, so no formula, and nothing that needs quotation marks.
_HARMLESS = re.compile(rf'\w[^,"\r\n\0{INVISIBLE}]*')

_AT_ONCE = 10_000


def defused(cell: str) -> str:
    r"""The cell as text a spreadsheet only shows: an apostrophe before anything it would read as a formula.

    Amounts ("-1.50") and phone numbers ("+31201234567") stay as they are: a spreadsheet makes numbers of them.

    >>> defused('=HYPERLINK("http://x")'), defused("+31201234567"), defused("-1.50"), defused("-1+2")
    ('\'=HYPERLINK("http://x")', '+31201234567', '-1.50', "'-1+2")
    """
    if _PLAIN_NUMBER.fullmatch(cell) or _E164.fullmatch(cell):
        return cell
    return "'" + cell if _FORMULA.match(cell) or cell.startswith(_STARTS_WITH_CONTROL) else cell


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> bytes:
    r"""A whole CSV file: a header and the rows, every text cell defused.

    Cells are str or int; money arrives as text with a point and two places (`money.decimal_text`). NUL characters end
    a cell for some readers and are dropped, as are those that nobody sees. A line break inside a cell is always `\n`:
    a lone carriage return would stay unquoted and end the row for others. ValueError when a row
    has another width than the header.
    """
    return b"".join(csv_pieces(columns, _lots(len(columns), rows)))


def _lots(width: int, rows: Iterable[Sequence[str | int]]) -> Iterator[list[tuple[str | int, ...]]]:
    """The rows by columns, some at a time: those of a long file are many times as large as the file."""
    coming = iter(rows)
    while lot := list(islice(coming, _AT_ONCE)):
        for row in lot:
            if len(row) != width:
                raise ValueError(f"a CSV row has {len(row)} cells where {width} are expected: {row!r}")
        yield list(zip(*lot, strict=True))


def csv_columns(columns: Sequence[str], cells: Sequence[Sequence[str | int]]) -> bytes:
    """The file of `csv_text` from its columns instead of its rows: long files are made many times as fast.

    `cells` are one sequence for each column, all of one length; none at all is a file without rows.
    """
    return b"".join(csv_pieces(columns, [cells]))


def csv_pieces(columns: Sequence[str], lots: Iterable[Sequence[Sequence[str | int]]]) -> Iterator[bytes]:
    """The file of `csv_columns` in pieces, the header first: rows in lots, each as one sequence for each column."""
    yield _lines([map(_quoted, columns)])
    for cells in lots:
        yield _lines(zip(*map(_written, cells), strict=True))


def _lines(rows: Iterable[Iterable[str]]) -> bytes:
    return "".join([f"{','.join(row)}\n" for row in rows]).encode("utf-8", errors="replace")


def _written(cells: Sequence[str | int]) -> Iterable[str]:
    """A column's cells as they stand in the file; each distinct one is looked at once."""
    written = {
        cell: str(cell) if not isinstance(cell, str) or cell.isalnum() or _HARMLESS.fullmatch(cell) else _safe(cell)
        for cell in dict.fromkeys(cells)  # in their order: a set's would visit the memory at random
    }
    return map(written.__getitem__, cells)


@lru_cache(maxsize=65_536)
def _safe(cell: str) -> str:
    return _quoted(defused(_one_line_end(visible(cell))))


def _quoted(cell: str) -> str:
    """The cell in quotation marks where a comma, a quotation mark or a line break would end it (RFC 4180)."""
    return '"' + cell.replace('"', '""') + '"' if _ENDS_A_CELL.search(cell) else cell


def _one_line_end(cell: str) -> str:
    return cell.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
