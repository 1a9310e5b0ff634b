"""A table of the user by its columns: where nothing is wrong each distinct cell is checked once, not each row.

Any other table is read row by row (`csv_reader.typed_rows`), which names file, row and column of all that is wrong.
"""

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, NamedTuple, overload

from pydantic import ConfigDict, TypeAdapter, ValidationError

from billing_job.core.files.csv_reader import FAILED_FORMULA, SUFFIX, Row, separator_of, typed_rows, wrong_cell
from billing_job.core.toml import KeptAsWritten


@dataclass(frozen=True, slots=True)
class Columns:
    """What the rows of a table say, by column; a column that the table does not have holds its default."""

    places: Sequence[str]
    """Where each row stands."""
    cells: dict[str, Sequence[Any]]
    written: Mapping[str, Sequence[str]]
    """The same as it stands in the file; without the columns that it does not have."""

    def wrong(self, row: int, column: str, expected: str) -> str:
        """What to say of a cell that does not agree with others: its place, what stands there, and what is expected."""
        cell = self.written[column][row].strip() if column in self.written else ""
        return wrong_cell(self.places[row], column, cell, expected)


Names = dict[str, Collection[str] | None]


def typed_columns(
    path: Path, model: type[Row], problems: list[str], *, optional: bool = False, **names: Collection[str] | None
) -> Columns:
    """The columns of a table's good rows; each wrong cell of the others goes to `problems`, as `typed_rows` has it."""
    plain = plain_columns(path, model, **names)
    if plain is not None:
        return plain
    rows = list(typed_rows(path, model, problems, optional=optional, once=(), **names))
    return Columns(
        [row.place for row, _ in rows],
        {name: [getattr(typed, name) for _, typed in rows] for name in model.model_fields},
        {name: [row.filled.get(name, "") for row, _ in rows] for name in model.model_fields},
    )


def plain_columns(path: Path, model: type[Row], **names: Collection[str] | None) -> Columns | None:
    """The columns of a CSV in which every row is right and as long as the first; None for any other.

    `names` are those that `known` asks for. It says of a table what `typed_rows` says: cells are checked by the types
    of the same model, and those that are checked beside others (`Row.BESIDE_OTHERS`) with their whole row.
    """
    if path.suffix == SUFFIX:
        return None
    try:
        text = path.read_text(encoding="utf-8-sig")
        table = _table(text)
    except (OSError, ValueError, csv.Error):  # ValueError: not UTF-8, nothing at all, or rows of several lengths
        return None
    if "##" in text or (any(sign in text for sign in ("#", "Err:")) and FAILED_FORMULA.search(text)):
        return None
    columns = [name.strip().lower() for name in table.header]
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    if len(set(columns)) < len(columns) or not required <= set(columns) <= set(model.model_fields):
        return None
    found: dict[str, Sequence[Any]] = {
        name: [field.get_default()] * len(table.numbers)
        for name, field in model.model_fields.items()
        if name not in columns
    }
    written = {name: table.cells[place :: len(columns)] for place, name in enumerate(columns)}
    try:
        for name, column in written.items():
            if name in model.BESIDE_OTHERS and any(column):
                rows = zip(*written.values(), strict=True)
                found[name] = [_beside_others(model, name, columns, row, names) for row in rows]
            else:
                found[name] = _checked(column, model, name, names)
    except ValidationError:
        return None
    return Columns(_Places(path, table.numbers), found, written)


class _Places(Sequence[str]):
    """Where each row of a file stands, in words that are made when they are asked for: few of a long file are."""

    def __init__(self, path: Path, numbers: Sequence[int]) -> None:
        self._path, self._numbers = path, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[str]:
        start = f"{self._path}, row "
        return (f"{start}{number}" for number in self._numbers)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        if isinstance(place, slice):
            return _Places(self._path, self._numbers[place])
        return f"{self._path}, row {self._numbers[place]}"


class _Table(NamedTuple):
    """A table's first row, where each of the others stands, and their cells, one after the other."""

    header: Sequence[str]
    numbers: Sequence[int]
    cells: Sequence[str]


def _table(text: str) -> _Table:
    """The rows that say something; ValueError where one of them is not as long as the first."""
    separator = separator_of(text)
    head, *lines = text.removesuffix("\n").split("\n")
    header = head.split(separator)
    is_plain = not any(mark in text for mark in '"#') and {line.count(separator) for line in lines} <= {len(header) - 1}
    # Nearly every file is so plain that its lines can be taken apart all at once: a list for each row takes longer.
    # The reader of csv, and it alone, knows how long a cell may be.
    if is_plain and max(map(len, lines), default=0) <= csv.field_size_limit():
        cells = separator.join(lines).split(separator) if lines else []
        if all(map(str.strip, cells[:: len(header)])):
            return _Table(header, range(2, len(lines) + 2), cells)
    header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    told = [(number, row) for number, row in enumerate(rows, 2) if _says_something(row)]
    if any(len(row) != len(header) for _, row in told):
        raise ValueError("its rows have several lengths")
    return _Table(header, [number for number, _ in told], [*chain.from_iterable(row for _, row in told)])


def _says_something(row: Sequence[str]) -> bool:
    """Whether a row is neither empty nor a comment."""
    first = row[0].strip() if row else ""
    return not first.startswith("#") if first else any(cell.strip() for cell in row)


def _checked(column: Sequence[str], model: type[Row], name: str, names: Names) -> Sequence[Any]:
    """The cells of a column as its type has them; ValidationError for a wrong one."""
    field = model.model_fields[name]
    if any(_are_kept(column, one.pattern) for one in field.metadata if isinstance(one, KeptAsWritten)):
        return column
    distinct = set(column)
    filled = {cell: bare for cell in distinct if (bare := cell.strip())}
    checked = _cells_of(model, name).validate_python([*filled.values()], context=names)
    typed = dict(zip(filled, checked, strict=True))
    if len(filled) < len(distinct):
        if field.is_required():
            raise ValidationError.from_exception_data(name, [{"type": "missing", "input": ""}])
        typed |= dict.fromkeys(distinct - filled.keys(), field.get_default())
    return [typed[cell] for cell in column]


def _are_kept(column: Sequence[str], pattern: str) -> bool:
    """Whether all cells are of this form; at once, for a call for each takes longer than reading the file."""
    together = "\n".join([*column, ""])
    return together.count("\n") == len(column) and re.fullmatch(f"(?:(?:{pattern})\n)*+", together) is not None


@cache
def _cells_of(model: type[Row], name: str) -> TypeAdapter[list[Any]]:
    field = model.model_fields[name]
    kind: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return TypeAdapter(list[kind], config=ConfigDict(regex_engine="python-re"))


def _beside_others(model: type[Row], name: str, columns: Sequence[str], row: Sequence[str], names: Names) -> Any:
    """A cell as the whole row has it."""
    filled = {column: bare for column, cell in zip(columns, row, strict=True) if (bare := cell.strip())}
    if name not in filled:
        return model.model_fields[name].get_default()
    return getattr(model.__pydantic_validator__.validate_python(filled, context=names), name)
