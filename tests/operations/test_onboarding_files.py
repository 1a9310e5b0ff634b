"""Writing into the user's CSV files: what is not meant stays byte for byte, what is meant is read back."""

import csv
import io
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_job.config.csv_edit import (
    Cells,
    CsvText,
    missing_columns,
    read_csv_text,
    with_changes,
    with_rows,
    write_csv_text,
)
from billing_job.core.errors import ConfigError, OutputError

COLUMNS = ("number", "trunk", "valid_to")
CELL = st.text(alphabet='ab1;,"\n\r\u2028\u00e9# ', max_size=6)


@st.composite
def written(draw: st.DrawFn) -> tuple[CsvText, list[list[str]]]:
    """A file as some program wrote it: either separator and line end, any quoting, comments and empty lines."""
    separator, line_end = draw(st.sampled_from(",;")), draw(st.sampled_from(["\n", "\r\n"]))
    rows = draw(st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=5))
    out = io.StringIO(newline="")
    out.write(separator.join(COLUMNS) + line_end)
    for row in rows:
        plain = not any("\r" in cell for cell in row)
        quoting: Literal[0, 1] = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL] if plain else [csv.QUOTE_ALL]))
        csv.writer(out, delimiter=separator, lineterminator=line_end, quoting=quoting).writerow(row)
        out.write(draw(st.sampled_from(["", f"# a comment{line_end}", line_end])))
    return CsvText(out.getvalue(), False, separator, line_end, COLUMNS), rows


@settings(deadline=None)
@given(written())
def test_what_is_not_changed_stays_byte_for_byte(case: tuple[CsvText, list[list[str]]]) -> None:
    """No change gives the same text; a row that is added leaves all before it and is read back as it was given."""
    file, _ = case
    assert with_changes(file, lambda cells: None) == file.text
    added = with_rows(file, [{"trunk": 'a"b;c,d\n', "number": "+31201234567"}])
    assert added.startswith(file.text)
    rows = list(csv.reader(io.StringIO(added, newline=""), delimiter=file.separator))
    assert rows[-1] == ["+31201234567", 'a"b;c,d\n', ""]


@settings(deadline=None)
@given(written(), st.integers(0, 5))
def test_one_row_is_changed_and_no_other(case: tuple[CsvText, list[list[str]]], position: int) -> None:
    """The row that is meant has its new cell; every other record is what it was."""
    file, _ = case
    before = list(csv.reader(io.StringIO(file.text, newline=""), delimiter=file.separator))
    seen: list[Cells] = []

    def change(cells: Cells) -> Cells | None:
        seen.append(cells)
        return {**cells, "valid_to": "2026-12-01"} if len(seen) == position + 1 else None

    after = list(csv.reader(io.StringIO(with_changes(file, change), newline=""), delimiter=file.separator))
    different = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(different) <= 1
    for old, new in different:
        assert new == [old[0].strip(), old[1].strip(), "2026-12-01"]


def test_a_file_is_replaced_whole_with_its_permissions(tmp_path: Path) -> None:
    """Mode, BOM and the target of a link stay; a folder that is not there leaves nothing behind."""
    path = tmp_path / "numbers.csv"
    path.write_bytes(b"\xef\xbb\xbftrunk;number\r\nt;1\r\n")
    path.chmod(0o640)
    link = tmp_path / "link.csv"
    link.symlink_to(path)
    file = read_csv_text(link, COLUMNS)
    write_csv_text(link, file, with_rows(file, [{"number": "2", "trunk": "u"}]))
    assert path.read_bytes() == b"\xef\xbb\xbftrunk;number\r\nt;1\r\nu;2\r\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link.csv", "numbers.csv"]
    assert missing_columns(path, COLUMNS, COLUMNS) == [
        f"{path}, row 1: has no column valid_to; add it to the first row"
    ]
    with pytest.raises(OutputError, match="nothing in it was changed"):
        write_csv_text(tmp_path / "none" / "numbers.csv", file, "")


def test_a_missing_file_is_begun_and_an_unreadable_one_refused(tmp_path: Path) -> None:
    """numbers.csv may be missing: its first row makes it; a folder in its place is named."""
    path = tmp_path / "numbers.csv"
    file = read_csv_text(path, COLUMNS)
    write_csv_text(path, file, with_rows(file, [{"number": "1"}]))
    assert path.read_text(encoding="utf-8") == "number,trunk,valid_to\n1,,\n"
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        read_csv_text(tmp_path / "folder.csv", COLUMNS)
