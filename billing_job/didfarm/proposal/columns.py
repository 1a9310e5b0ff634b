"""Rows as columns by dotted path, and what the names of fields say."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from billing_job.didfarm.wire_json import Json

DEEPEST = 4
"""Objects within objects that are looked into."""

Column = tuple[Json, ...]
"""A field's value in each row; None where it is null or not there."""
Columns = Mapping[str, Column]

_SIGN = r"[+\-\u2212\u2013]?"
_MARK = r"[^\d\s.,'\u2019()+\-\u2212\u2013]{0,4}"
_NUMBER = re.compile(rf"\(?{_SIGN}\s*{_MARK}\s*{_SIGN}[0-9][0-9.,'\u2019\u00a0\u2009\u202f ]*\s*{_MARK}-?\)?")
"""A number as people write it: signs, groups of thousands, a currency before or behind."""


def columns_of(rows: Sequence[Json]) -> dict[str, Column]:
    """The columns of a list of objects by their dotted paths, in the order in which they first come.

    >>> columns_of([{"id": 1, "amount": {"value": 5}}, {"id": 2}])
    {'id': (1, 2), 'amount.value': (5, None)}
    """
    flat = [dict(leaves_of(row)) for row in rows]
    paths = dict.fromkeys(path for row in flat for path in row)
    return {path: tuple(row.get(path) for row in flat) for path in paths}


def leaves_of(value: Json, path: str = "", depth: int = 0) -> Iterable[tuple[str, Json]]:
    """Every text, number, boolean and null in an object, by its dotted path; lists hold none."""
    if isinstance(value, dict):
        if depth <= DEEPEST:
            for key, inner in value.items():
                if re.fullmatch(r"[^.\s]+", key):
                    yield from leaves_of(inner, f"{path}.{key}" if path else key, depth + 1)
    elif path and not isinstance(value, list):
        yield path, value


def plain_name(path: str) -> str:
    """The last part of a path, its letters alone and small: createdAt and created_at are createdat."""
    return re.sub(r"[^a-z0-9]", "", path.rpartition(".")[2].lower())


_ENVELOPES = ("data", "attributes", "relationships")


def full_name(path: str) -> str:
    """The last two parts as one name: reference.type is referencetype, and so is JSON:API's reference.data.type."""
    parts = [part for part in path.split(".") if part not in _ENVELOPES] or [path]
    return re.sub(r"[^a-z0-9]", "", "".join(parts[-2:]).lower())


def ranked(columns: Columns, names: Sequence[str], fits: Callable[[Column], bool]) -> list[str]:
    """The paths whose name is one of `names` and whose values fit: the likeliest first."""

    def rank(path: str) -> int:
        spoken = [names.index(name) for name in (full_name(path), plain_name(path)) if name in names]
        return min(spoken, default=len(names))

    found = [path for path, column in columns.items() if rank(path) < len(names) and fits(column)]
    return sorted(found, key=lambda path: (rank(path), path.count(".")))


def is_number(value: Json) -> bool:
    """Whether it is a number or a text that looks like one, whatever its marks."""
    if isinstance(value, str):
        return _NUMBER.fullmatch(value.strip()) is not None
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def is_text(value: Json) -> bool:
    """Whether it is a text that says something."""
    return isinstance(value, str) and bool(value.strip())


def all_or_none(fits: Callable[[Json], bool]) -> Callable[[Column], bool]:
    """Every value that is there fits, and one is there."""
    return lambda column: (
        any(value is not None for value in column) and all(value is None or fits(value) for value in column)
    )


def every(fits: Callable[[Json], bool]) -> Callable[[Column], bool]:
    """Every row has a value, and it fits."""
    return lambda column: bool(column) and all(value is not None and fits(value) for value in column)


def words_of(column: Column) -> list[str]:
    """The distinct texts of a column, in alphabetical order; true and false as such, null is left out."""
    return sorted(
        {str(value).lower() if isinstance(value, bool) else str(value) for value in column if value is not None}
    )
