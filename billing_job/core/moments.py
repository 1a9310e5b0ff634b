"""Moments as the wallet counts them: microseconds since 1970-01-01T00:00:00Z, exact, and how they are written."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware moment."""
    since = moment.astimezone(UTC) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def local_moment(micros: int, zone: ZoneInfo) -> datetime:
    """The moment of so many microseconds since 1970 UTC, in a zone."""
    return (_EPOCH + timedelta(microseconds=micros)).astimezone(zone)


def utc_text(micros: int) -> str:
    """The moment as ISO 8601 UTC in whole seconds, what is less cut off."""
    return f"{(_EPOCH + timedelta(microseconds=micros)).isoformat()[:19]}Z"


def moment_text(moment: datetime) -> str:
    """A moment as the ledger writes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def midnight(day: date, zone: ZoneInfo) -> int:
    """Microseconds since 1970 UTC of the first moment of a day in a zone."""
    return microseconds(datetime(day.year, day.month, day.day, tzinfo=zone))
