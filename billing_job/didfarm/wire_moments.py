"""Moments on the wire: ISO 8601, epoch seconds, or what `moment_format` says; one that could be two is none."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing_job.core.moments import microseconds
from billing_job.core.period import YEARS

EPOCHS = {"epoch": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
"""Words of `moment_format` → how many microseconds one is."""
_SECONDS = re.compile(r"1[0-9]{9}(\.[0-9]{1,6})?")
"""Of 2001 to 2033; ten other digits may be a day and a time in digits."""
_COUNTED = re.compile(r"[0-9]{1,18}(\.[0-9]{1,6})?")
_FIRST, _LAST = (microseconds(datetime(year, 1, 1, tzinfo=UTC)) for year in (YEARS.start, YEARS.stop))
_DAY = 86_400_000_000
_OTHER_EPOCHS = {10: "epoch", 13: "epoch_ms", 16: "epoch_us"}
"""Digits of a moment of our time that counts seconds, milliseconds or microseconds."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Microseconds since 1970 UTC; of a day without a time they are its first moment in the supplier's zone."""

    micros: int
    is_day: bool = False


def read_moment(value: object, zone_name: str = "UTC", moment_format: str = "") -> Moment:
    """A moment, in the zone where it names no offset of its own; ValueError says why it is none, or two.

    One in no month that can be billed is none: a supplier's empty date (1970, 0001) or a wrong count since 1970.
    """
    moment = _read(value, zone_name, moment_format)
    # A day within the years, so that it is in one of their months in every zone.
    if not _FIRST + _DAY <= moment.micros < _LAST - _DAY:
        raise ValueError(f"{str(value)[:60]!r} is not in the years {YEARS.start} to {YEARS.stop - 1}")
    return moment


def _read(value: object, zone_name: str, moment_format: str) -> Moment:
    if value is None or value == "":
        raise ValueError("is missing")
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ValueError("is not a moment such as 2026-10-05T14:30:00Z")
    if isinstance(value, Decimal) and abs(value.adjusted()) > 20:
        raise ValueError(f"{str(value)[:60]} is beyond the calendar")
    text = f"{value:f}" if isinstance(value, Decimal) else str(value).strip()
    shown = repr(text[:60]) if isinstance(value, str) else text[:60]
    if not text.isascii():
        raise ValueError(f"{shown} has other characters than ASCII")
    try:
        if moment_format in EPOCHS:
            return _counted(text, shown, moment_format)
        if moment_format:
            return _in_zone(_formatted(text, shown, moment_format), zone_name, shown, is_day=is_day(moment_format))
        if _SECONDS.fullmatch(text):
            return _counted(text, shown, "epoch")
        return _in_zone(_iso(text), zone_name, shown, is_day=len(text) <= len("2026-10-05"))
    except OverflowError:  # the first and the last day that there is, in another zone
        raise ValueError(f"{shown} is beyond the calendar") from None


def is_day(moment_format: str) -> bool:
    """Whether a format tells a day and no time."""
    return not re.search(r"%[HIcXs]", moment_format)


def _counted(text: str, shown: str, epoch: str) -> Moment:
    if not _COUNTED.fullmatch(text):
        raise ValueError(f"{shown} is not a count since 1970 as {epoch} has it")
    # Not by way of a number of seconds: every digit is kept.
    micros = Decimal(text) * EPOCHS[epoch]
    if micros != int(micros) or micros >= microseconds(datetime.max.replace(tzinfo=UTC)):
        raise ValueError(f"{shown} is not a moment as {epoch} has it")
    return Moment(int(micros))


def _formatted(text: str, shown: str, moment_format: str) -> datetime:
    try:
        return datetime.strptime(text, moment_format)  # noqa: DTZ007 - the zone is added below
    except ValueError:
        raise ValueError(f"{shown} is not a moment of the form {moment_format}") from None


def _iso(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    other = _OTHER_EPOCHS.get(len(text)) if text.isdigit() else None
    remedy = f'; if it counts from 1970, set moment_format = "{other}"' if other else "; set moment_format to its form"
    raise ValueError(f"{text[:60]!r} is not a moment such as 2026-10-05T14:30:00Z{remedy}") from None


def _in_zone(moment: datetime, zone_name: str, shown: str, *, is_day: bool) -> Moment:
    if moment.tzinfo is not None:
        return Moment(microseconds(moment))
    if zone_name == "UTC":
        return Moment(microseconds(moment.replace(tzinfo=UTC)), is_day)
    zone = ZoneInfo(zone_name)
    first = moment.replace(tzinfo=zone, fold=0)
    micros = microseconds(first)
    # A day begins once, whatever its clocks do.
    if not is_day and first.utcoffset() != moment.replace(tzinfo=zone, fold=1).utcoffset():
        if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
            raise ValueError(
                f"{shown} was never on the clocks of {zone_name}, which were put forward then: check timezone"
            )
        raise ValueError(
            f"{shown} was twice on the clocks of {zone_name}, which were put back then: a moment with its offset"
            ' would tell (another field, or moment_format with %z), or timezone = "UTC" if it is UTC'
        )
    return Moment(micros, is_day)


def whole_moments(moment_format: str) -> str:
    """The format, when it tells whole moments or whole days; ValueError otherwise."""
    if moment_format in ("", *EPOCHS):
        return moment_format
    if "%Z" in moment_format:
        raise ValueError("names of zones (%Z) are ambiguous: use %z for offsets, or the setting timezone")
    told = datetime.combine(date(2026, 10, 31), time(0 if is_day(moment_format) else 13, 0), UTC)
    try:
        is_whole = datetime.strptime(told.strftime(moment_format), moment_format).replace(tzinfo=UTC) == told
    except ValueError:
        is_whole = False
    if not is_whole:
        raise ValueError('write a format of strptime that tells a whole day or moment, such as "%d.%m.%Y %H:%M"')
    return moment_format
