"""CSV files: what a spreadsheet would run is defused, everything else comes back as it went in."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_job.core.files.csv_writer import csv_text, defused
from billing_job.core.text import visible


@pytest.mark.parametrize(
    "cell",
    [
        "=cmd|' /C calc'!A0",
        "+1+2",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "＝1+1",
        '"=1',
        "+",
        "-",
        "+12ab",
    ],
)
def test_a_formula_is_defused(cell: str) -> None:
    """Whatever a spreadsheet could run begins with an apostrophe."""
    assert defused(cell) == "'" + cell


@pytest.mark.parametrize(
    "cell", ["", "-1.50", "-12", "+31201234567", "a=b", "Jansen & Söhne", "9-5", "'s-Hertogenbosch"]
)
def test_plain_cells_stay(cell: str) -> None:
    """Amounts, E.164 numbers and ordinary text are not touched."""
    assert defused(cell) == cell


@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.integers()), max_size=5))
def test_cells_survive_the_round_trip(rows: list[tuple[str, int]]) -> None:
    """Quotes, commas and any script come back from the file as they went in; only line ends become one kind."""
    written = csv_text(("text", "count"), rows).decode()
    header, *read = csv.reader(io.StringIO(written, newline=""))
    assert header == ["text", "count"]
    expected = [re.sub("\r\n?", "\n", visible(text.replace("\0", ""))) for text, _ in rows]
    assert read == [[defused(text), str(count)] for text, (_, count) in zip(expected, rows, strict=True)]


@given(st.lists(st.tuples(st.text(st.sampled_from("a,\"\n\r '+=1é")), st.integers()), max_size=5))
def test_quotation_marks_stand_where_the_csv_module_puts_them(rows: list[tuple[str, int]]) -> None:
    """Byte for byte the file that Python's own writer makes of the same defused cells, the header included."""
    header = ('a "name"', "one, two")
    out = io.StringIO(newline="")
    defused_rows = [(defused(re.sub("\r\n?", "\n", text)), count) for text, count in rows]
    csv.writer(out, lineterminator="\n").writerows([header, *defused_rows])
    assert csv_text(header, rows).decode() == out.getvalue()


def test_a_short_row_is_refused() -> None:
    """A row that does not fit the header is a programming error, not a shifted column."""
    with pytest.raises(ValueError, match="2 are expected"):
        csv_text(("a", "b"), [("1",)])
