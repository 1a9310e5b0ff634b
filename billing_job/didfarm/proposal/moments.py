"""Which column is the moment of a row, and how it is written."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from billing_job.didfarm.proposal.columns import Column, Columns, ranked
from billing_job.didfarm.wire_json import Json

NAMES = (
    "createdat", "created", "createdon", "createddate", "datecreated", "creationdate", "creationtime", "occurredat",
    "transactiondate", "transactedat", "transactionat", "bookedat", "postedat", "processedat", "executedat",
    "bookingdate", "valuedate", "datetime", "timestamp", "time", "date", "moment", "at", "ts", "when",
    "insertedat", "completedat",
)  # fmt: skip
FORMATS = (
    "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%m-%d-%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S",
    "%Y/%m/%d %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d-%m-%Y %H:%M", "%m-%d-%Y %H:%M", "%d.%m.%Y %H:%M",
    "%Y/%m/%d %H:%M", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y",
    "%d.%m.%Y", "%Y/%m/%d", "%a, %d %b %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S GMT", "%d %b %Y %H:%M:%S",
    "%d %b %Y %H:%M", "%d %b %Y", "%b %d, %Y %H:%M:%S", "%b %d, %Y", "%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S %z",
    "%Y%m%d%H%M%S", "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%SZ",
)  # fmt: skip
"""strptime's, for moments that are neither ISO 8601 nor epoch; what two of them read is told apart by the order."""


def moment_paths(columns: Columns) -> list[str]:
    """The columns that may be the moment, the likeliest first."""
    named = ranked(columns, NAMES, lambda column: any(True for _ in formats_of(column)))
    texts = [path for path, column in columns.items() if all(isinstance(value, str) for value in column)]
    return named or [path for path in texts if any(True for _ in formats_of(columns[path]))]


def formats_of(column: Column) -> Iterator[str]:
    """The formats that read every moment of a column: empty for ISO 8601 and epoch seconds, or another."""
    values = [value for value in column if value is not None]
    if not values or len(values) < len(column):
        return
    if all(_is_iso(value) for value in values) or all(_is_epoch(value, digits=10) for value in values):
        yield ""
        return
    for name, digits in (("epoch_ms", 13), ("epoch_us", 16)):
        if all(_is_epoch(value, digits=digits) for value in values):
            yield name
            return
    for pattern in FORMATS:
        if all(_matches(value, pattern) for value in values):
            yield pattern


def in_order(moments: Sequence[int | None]) -> int:
    """How many neighbours break the order that most of them keep; 0 for a list that rises or falls throughout."""
    known = [moment for moment in moments if moment is not None]
    falls = sum(first > second for first, second in pairwise(known))
    rises = sum(first < second for first, second in pairwise(known))
    return min(falls, rises)


def is_without_offset(value: Json) -> bool:
    """Whether a text names a moment and no offset, so that the zone is a matter of settings."""
    if not isinstance(value, str) or not _is_iso(value):
        return False
    return datetime.fromisoformat(value.strip()).tzinfo is None


def _is_iso(value: Json) -> bool:
    if not isinstance(value, str) or len(value.strip()) < 10:
        return False
    try:
        datetime.fromisoformat(value.strip())
    except ValueError:
        return False
    return not value.strip().isdigit()


def _is_epoch(value: Json, *, digits: int) -> bool:
    """A count since 1970 of our time, as a number or a text: 10 digits are seconds, from 2001 to 2286."""
    text = str(value) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else ""
    whole = text.partition(".")[0]
    return whole.isascii() and whole.isdigit() and len(whole) == digits


def _matches(value: Json, pattern: str) -> bool:
    try:
        datetime.strptime(str(value).strip(), pattern)  # noqa: DTZ007 - only whether it fits
    except ValueError:
        return False
    return isinstance(value, str)
