"""A calendar month in the seller's time zone."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from billing_job.core.moments import microseconds

YEARS = range(2000, 2100)
"""Those whose months can be billed."""


class Span(NamedTuple):
    """A stretch of time, half open, in microseconds since 1970 UTC, as the wallet counts its moments."""

    starts: int
    ends: int


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A calendar month in the seller's zone, half open: [first midnight, next first midnight)."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read YYYY-MM; ValueError names what is expected."""
        match = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", text)
        if match is None:
            raise ValueError(f"month {text!r} is not a month: write it as YYYY-MM, for example 2026-10")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> "Period":
        """The period that a day of the seller's calendar falls in."""
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def first_day(self) -> date:
        """The first day of the seller's calendar that is in it."""
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        """The last day that is in it."""
        return self.next.first_day - timedelta(days=1)

    @property
    def next(self) -> "Period":
        """The month after."""
        return Period(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def previous(self) -> "Period":
        """The month before."""
        return Period(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    def starts(self, zone: ZoneInfo) -> datetime:
        """The period's first moment."""
        return datetime(self.year, self.month, 1, tzinfo=zone)

    def ends(self, zone: ZoneInfo) -> datetime:
        """The first moment that is no longer in the period."""
        return self.next.starts(zone)

    def span(self, zone: ZoneInfo) -> Span:
        """The period in the wallet's own count of moments."""
        return Span(microseconds(self.starts(zone)), microseconds(self.ends(zone)))
