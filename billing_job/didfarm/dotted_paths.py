"""Finding one's way in an answer of unknown shape: dotted paths, and words for what stands there instead."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, TypeVar

Json = Any
T = TypeVar("T")

MOST_NAMES = 12
LONGEST_NAME = 40


class UnexpectedShape(ValueError):
    """The answer is whole JSON of another shape than asked for: no passing fault, it is asked for once more only."""


MISSING: Final = object()
"""Stands for what is not there, where null would be something else."""


def at_path(value: Json, path: str, otherwise: Json = None, *, below_null: Json = None) -> Json:
    """What stands under a dotted path; `otherwise` where nothing does. An empty path is the value itself.

    A key that has the dots in itself comes first, a number counts the elements of a list from 0. Below null all
    is null, unless `below_null` says otherwise.

    >>> at_path({"a": {"b": [7, 8]}}, "a.b.1"), at_path({"a.b": 9, "a": {"b": 7}}, "a.b"), at_path({}, "a", "none")
    (8, 9, 'none')
    """
    while path:
        if isinstance(value, dict):
            key = path
            while key not in value:
                key, dot, _ = key.rpartition(".")
                if not dot:
                    return otherwise
            path = path[len(key) + 1 :]
            value = value[key]
            continue
        if value is None:
            return below_null
        place, _, path = path.partition(".")
        is_place = place.isascii() and place.isdigit() and len(place) < 10
        if not isinstance(value, list) or not is_place or int(place) >= len(value):
            return otherwise
        value = value[int(place)]
    return value


def value_at(body: Json, path: str) -> Json:
    """What stands at a dotted path of an answer; MISSING where the path leads nowhere, or into null."""
    return at_path(body, path, MISSING, below_null=MISSING)


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
