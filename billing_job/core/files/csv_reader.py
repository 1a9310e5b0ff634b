"""Reading a user's table row by row, CSV or .xlsx; what is wrong is noted by file, row and column."""

import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails

from billing_job.core.plain_words import expected

MARKS = {",": "commas", ";": "semicolons", "\t": "tabs"}
"""What may part the cells of a row, in words."""
SUFFIX = ".xlsx"
"""Of a table that is kept as a workbook instead of as CSV."""
_ENDINGS = frozenset({"csv", "xlsx", "xlsm", "xls", "ods", "numbers", "tsv", "txt"})
"""How the name of a table may end that a person, a spreadsheet or an editor saved."""


class Row(BaseModel):
    """The columns of a file in their order: one without a default is required, an empty cell is the default."""

    # Python's own patterns: pydantic's take 40 ms to learn what a letter of a client's id is.
    model_config = ConfigDict(extra="forbid", frozen=True, regex_engine="python-re", defer_build=True)

    BESIDE_OTHERS: ClassVar[tuple[str, ...]] = ("valid_to",)
    """Columns of which a cell is right or wrong by what stands in another one of its row."""

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """The columns that the file may have, in the order in which we write them."""
        return tuple(cls.model_fields)


R = TypeVar("R", bound=Row)

FAILED_FORMULA = re.compile(r"#[¡¿]?[A-ZÄÖÜ]+(?:/0)?[!?]|#N/[ABD]|#NV|#GETTING_DATA|Err:[0-9]{3}")
"""What a spreadsheet shows where a formula failed, in the languages that we know; in a first cell it is no comment."""
TOO_NARROW = re.compile(r"##+")
"""What it shows, and saves into a CSV file, of a day for which the column is too narrow."""


def known(names: str, otherwise: str) -> AfterValidator:
    """The value is one of these names, which `typed_rows` is given; where it is given None, nobody knows them yet."""

    def checked(value: str, info: ValidationInfo) -> str:
        those = (info.context or {})[names]
        if those is not None and value not in those:
            raise ValueError(otherwise.format(names=", ".join(those) or "none"))
        return value

    return AfterValidator(checked)


class CsvRow(NamedTuple):
    """One row of a file: where it stands, and those of its cells by column that are not empty."""

    place: str
    filled: dict[str, str]
    columns: Sequence[str]

    @property
    def cells(self) -> dict[str, str]:
        """All cells, in the order of the columns."""
        return {column: self.filled.get(column, "") for column in self.columns}

    def wrong(self, column: str, expected: str) -> str:
        """What to say of a wrong cell: its place, what stands there, and what is expected."""
        return wrong_cell(self.place, column, self.filled.get(column, ""), expected)


def wrong_cell(place: str, column: str, cell: str, expected: str) -> str:
    """What is said of a wrong cell, however its table is read."""
    return f"{place}, column {column}: {cell!r}: {expected}"


def typed_rows(
    path: Path,
    model: type[R],
    problems: list[str],
    *,
    optional: bool = False,
    once: Sequence[str] = (),
    **names: Collection[str] | None,
) -> Iterator[tuple[CsvRow, R]]:
    """The good rows of a file, each beside where it stands; each wrong cell of the others goes to `problems`.

    An optional file may be missing, but not stand there under a name that is not read. `names` are those that `known`
    asks for. Cells that are the same in these columns stand in the file `once`: of two rates of one day none is right.
    """
    if optional and not path.exists():
        problems += _under_another_name(path)
        return
    first: dict[tuple[object, ...], str] = {}
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    validate = model.__pydantic_validator__.validate_python
    for row in csv_rows(path, model.columns(), required, problems):
        try:
            typed = validate(row.filled, context=names)
        except ValidationError as error:
            problems += [row.wrong(str(detail["loc"][0]), _expected(detail)) for detail in error.errors()]
        else:
            place = first.setdefault(tuple(getattr(typed, name) for name in once), row.place) if once else row.place
            if place != row.place:
                same = " and ".join(once)
                problems.append(row.wrong(once[-1], f"the same {same} stand in {place}: remove one of the two"))
            yield row, typed


def _expected(detail: ErrorDetails) -> str:
    return "it is required" if detail["type"] == "missing" else expected(detail)


def csv_rows(path: Path, columns: Sequence[str], required: Sequence[str], problems: list[str]) -> Iterator[CsvRow]:
    """The rows of a table: columns in any order, with a BOM, with `;`, `,` or tabs; empty rows and # comments skipped.

    A path that ends in .xlsx is a workbook, of which the first sheet is read.
    """
    if path.suffix == SUFFIX:
        yield from _of_workbook(path, columns, required, problems)
        return
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
    separator = separator_of(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    read = 0

    def counted() -> Iterator[list[str]]:
        nonlocal read
        for cells in reader:
            read += 1
            yield cells

    try:
        yield from _cells(path, counted(), columns, required, problems, separator)
    except csv.Error as error:
        problems.append(f"{path}, row {read + 1}: {_broken(str(error))}")


def _broken(error: str) -> str:
    """What is wrong with a row that is no CSV."""
    if "unexpected end" in error:
        return 'a cell begins with " and never ends: close it with ", or take the " away'
    if "expected after" in error:
        return 'something follows the " that ends a cell: write "" for a " within a cell in quotation marks'
    return f"is not readable as CSV ({error})"


def _of_workbook(path: Path, columns: Sequence[str], required: Sequence[str], problems: list[str]) -> Iterator[CsvRow]:
    from billing_job.core.files.spreadsheet_reader import spreadsheet_rows  # who keeps CSV does not wait for it

    if path.with_suffix(".csv").exists():
        problems.append(f"{path}: {path.stem}.csv is there as well, and only one can hold; take one of them away")
        return
    try:
        rows = spreadsheet_rows(path)
    except OSError as error:
        problems.append(f"{path}: cannot be read ({error.strerror or error}); check its permissions")
        return
    except ValueError as error:
        problems.append(f"{path}: {error}")
        return
    yield from _cells(path, iter(rows), columns, required, problems)


def _under_another_name(path: Path) -> Iterator[str]:
    """A complaint for each file that would be this table if it had its name: a workbook, or in other letters.

    Whoever keeps it believes that it holds, and without it something else would be billed.
    """
    if not path.parent.is_dir():
        return
    name = path.stem.casefold()
    for found in sorted(path.parent.iterdir()):
        stem, *endings = found.name.casefold().split(".")
        if stem.strip() == name and endings and _ENDINGS.issuperset(endings):
            yield f"{found}: is not read; save it as {path.name} ('CSV UTF-8'), or take it away"


def table_path(folder: Path, name: str) -> Path:
    """Where a table of the user stands: NAME.csv, or NAME.xlsx where that is there instead."""
    workbook = folder / f"{name}{SUFFIX}"
    return workbook if workbook.exists() else folder / f"{name}.csv"


def separator_of(text: str) -> str:
    """`,`, `;` or a tab, whichever the first row has more of."""
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _cells(
    path: Path,
    reader: Iterator[list[str]],
    columns: Sequence[str],
    required: Sequence[str],
    problems: list[str],
    separator: str = "",
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
    start, width = f"{path}, row ", len(header)
    for number, padded in enumerate(reader, 2):
        cells = [cell.strip() for cell in padded]
        if len(cells) > width or not any(cells):
            cells = _without_empty_end(cells)
        if not cells or _is_comment(cells):
            continue
        place = f"{start}{number}"
        if failed := [*_failed(place, header, cells)]:
            problems += failed
            continue
        if len(cells) > width:
            problems.append(
                f"{place}: has {len(cells)} cells, the first row has {width}; quote cells that hold the separator"
            )
            continue
        alone = cells[0] if separator and len(cells) == 1 < width else ""
        other = next((mark for mark in MARKS if mark in alone), separator)
        if other != separator:
            problems.append(
                f"{place}: its cells stand between {MARKS[other]}, those of the first row between {MARKS[separator]}:"
                " save the whole file with one of them"
            )
            continue
        yield CsvRow(place, {name: cell for name, cell in zip(header, cells, strict=False) if cell}, columns)


def _is_comment(cells: Sequence[str]) -> bool:
    """Whether a row is meant for people: it begins with # and is not what a spreadsheet made of a value."""
    first = cells[0]
    if not first.startswith("#") or FAILED_FORMULA.fullmatch(first):
        return False
    return not (TOO_NARROW.fullmatch(first) and any(cells[1:]))


def _failed(place: str, header: Sequence[str], cells: Sequence[str]) -> Iterator[str]:
    """A complaint for each cell that shows an error of a spreadsheet, or none of its value."""
    for name, cell in zip(header, cells, strict=False):
        if FAILED_FORMULA.fullmatch(cell):
            yield wrong_cell(place, name, cell, "a formula of the spreadsheet failed: write the value in its place")
        elif TOO_NARROW.fullmatch(cell):
            yield wrong_cell(place, name, cell, "its column was too narrow in the spreadsheet: make it wider, and save")


def _without_empty_end(cells: list[str]) -> list[str]:
    """The cells without blanks around them, and without the empty ones that spreadsheets add at the end of a row."""
    stripped = [cell.strip() for cell in cells]
    while stripped and not stripped[-1]:
        stripped.pop()
    return stripped
