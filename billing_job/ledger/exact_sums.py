"""Sums of a wallet's amounts in the database, in two halves: a database adds up no more than 64 bits hold."""

from typing import Any

from sqlalchemy import ColumnElement, func

_HALF = 1_000_000_000


def halves(column: ColumnElement[Any]) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """The two columns of a query that `whole_sum` puts together; division and remainder both go towards zero."""
    return func.sum(column // _HALF), func.sum(column % _HALF)


def whole_sum(high: Any, low: Any) -> int:
    """The exact sum; 0 where there was nothing to add up."""
    return int(high or 0) * _HALF + int(low or 0)
