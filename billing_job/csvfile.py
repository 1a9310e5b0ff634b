"""How every CSV of ours is written: UTF-8, commas, `\\n`, and no cell that a spreadsheet would run as a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

# A cell that begins with one of these is a formula to Excel, LibreOffice or Google Sheets, also behind blanks or an
# opening quotation mark they strip; the full-width forms count in East Asian locales.
_FORMULA = re.compile(r"[\s\"']*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_STARTS_WITH_CONTROL = ("\t", "\r", "\n")
# What we print ourselves and what no spreadsheet can run: a number of ours, or a phone number in E.164.
_PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_E164 = re.compile(r"\+\d{3,15}")


def defused(cell: str) -> str:
    """The cell as text a spreadsheet only shows: an apostrophe before anything it would read as a formula.

    Amounts ("-1.50") and phone numbers ("+31201234567") stay as they are: a spreadsheet makes numbers of them.

    >>> defused('=HYPERLINK("http://x")'), defused("+31201234567"), defused("-1.50"), defused("-1+2")
    ('\\'=HYPERLINK("http://x")', '+31201234567', '-1.50', "'-1+2")
    """
    if _PLAIN_NUMBER.fullmatch(cell) or _E164.fullmatch(cell):
        return cell
    return "'" + cell if _FORMULA.match(cell) or cell.startswith(_STARTS_WITH_CONTROL) else cell


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> bytes:
    """A whole CSV file: a header and the rows, every text cell defused.

    Cells are str or int; money arrives as text with a point and two places (`money.decimal_text`). NUL characters end
    a cell for some readers and are dropped. A line break inside a cell is always `\\n`: a lone carriage return would
    stay unquoted and end the row for others. ValueError when a row has another width than the header.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    width = len(columns)
    for row in rows:
        if len(row) != width:
            raise ValueError(f"a CSV row has {len(row)} cells where {width} are expected: {row!r}")
        # Letters and digits alone harm nobody; most cells of a long file are such.
        writer.writerow([cell if not isinstance(cell, str) or cell.isalnum() else _safe(cell) for cell in row])
    return out.getvalue().encode("utf-8", errors="replace")


@lru_cache(maxsize=65_536)
def _safe(cell: str) -> str:
    return defused(_one_line_end(cell))


def _one_line_end(cell: str) -> str:
    return cell.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
