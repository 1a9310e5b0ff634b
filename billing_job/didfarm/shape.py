"""Finding one's way in an answer of unknown shape: dotted paths, and words for what stands there instead."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

Json = Any
T = TypeVar("T")

MOST_NAMES = 12
LONGEST_NAME = 40


class UnexpectedShape(ValueError):
    """The answer is whole JSON of another shape than asked for: no passing fault, it is asked for once more only."""


class Absent:
    """Nothing stands at a path; null is something."""


ABSENT = Absent()


def value_at(body: Json, path: str) -> Json:
    """What stands at a dotted path; the empty path is the body itself, ABSENT where the path leads nowhere.

    >>> value_at({"meta": {"total": 3}}, "meta.total")
    3
    """
    value = body
    for name in filter(None, path.split(".")):
        if not isinstance(value, dict) or name not in value:
            return ABSENT
        value = value[name]
    return value


def described(body: Json) -> str:
    """What an answer is, in a line: its names and what kind of value each holds, two deep; no value is shown.

    >>> described({"items": [{"id": 1}], "count": 1})
    'an object of items (a list of 1, each with id), count (a number)'
    """
    return _described(body, inside=True)


def _described(value: Json, *, inside: bool) -> str:
    if isinstance(value, dict):
        if not inside:
            return f"an object of {_names(value)}" if value else "an empty object"
        parts = [
            f"{name[:LONGEST_NAME]} ({_described(value[name], inside=False)})" for name in list(value)[:MOST_NAMES]
        ]
        return f"an object of {', '.join(parts)}{_more(value)}" if value else "an empty object"
    if isinstance(value, list):
        first = value[0] if value else None
        each = f", each with {_names(first)}" if isinstance(first, dict) and first else ""
        return f"a list of {len(value)}{each}" if value else "an empty list"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    return "a number" if isinstance(value, int | Decimal) else "a text"


def _names(value: dict[str, Json]) -> str:
    return ", ".join(name[:LONGEST_NAME] for name in list(value)[:MOST_NAMES]) + _more(value)


def _more(value: dict[str, Json]) -> str:
    return " …" if len(value) > MOST_NAMES else ""


def shaped(read: Callable[[Json], T]) -> Callable[[Json], T]:
    """A reader of one object: what it finds wrong is the answer's shape, and no passing fault."""

    def reader(body: Json) -> T:
        try:
            return read(body)
        except UnexpectedShape:
            raise
        except ValueError as error:
            raise UnexpectedShape(f"{error}; it is {described(body)}") from None

    return reader
