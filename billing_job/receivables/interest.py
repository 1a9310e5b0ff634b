"""Interest on a late payment, by the day and exact, from dated rates each of which names its source.

The rate of a half-year holds in that half-year, whenever the debt began (Directive 2011/7/EU, Article 3(3)(b)). Nothing
is claimed for days whose rate nobody has told: a rate is never carried into the next half-year.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from billing_job.core.money import half_away_from_zero

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class InterestRate:
    """What a country's law lets a business ask of another one, in percent a year, in [valid_from, valid_to)."""

    country: str
    rate: Decimal
    valid_from: date
    valid_to: date
    source: str
    published: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it is the rate of this day."""
        return self.valid_from <= day < self.valid_to


class RateUnknown(ValueError):
    """No rate is known for a day of the delay."""

    def __init__(self, country: str, day: date):
        super().__init__(f"no rate of late-payment interest is known for {country} on {day}")
        self.country, self.day = country, day


def half_year_end(day: date) -> date:
    """The first day of the half-year that follows: 1 July or 1 January."""
    return date(day.year, 7, 1) if day.month < 7 else date(day.year + 1, 1, 1)


def interest(
    principal_cents: int,
    payments: Iterable[tuple[date, int]],
    due: date,
    until: date,
    country: str,
    rates: Sequence[InterestRate],
) -> Fraction:
    """Simple interest in cents on what was unpaid from the day after `due` up to and including `until`, exact.

    `payments` are days and cents, negative where money went back. A payment counts from the day after it came: who pays
    a day late owes one day. A day is the 365th part of a year, in a leap year the 366th, so that no year costs more
    than its rate. Of several rates for a day the first of the sequence holds. RateUnknown names the first day without.

    >>> day, half_year = date(2026, 1, 31), InterestRate("NL", Decimal("10.15"), date(2026, 1, 1), date(2026, 7, 1), "")
    >>> interest(100_000, [], day, date(2026, 3, 2), "NL", [half_year]) == Fraction(100_000 * 1015 * 30, 10_000 * 365)
    True
    """
    movements = sorted(payments)
    of_country = [rate for rate in rates if rate.country == country]
    first, end = due + _DAY, until + _DAY
    borders = {first, end}
    borders |= {day + _DAY for day, _ in movements}
    borders |= {border for rate in of_country for border in (rate.valid_from, rate.valid_to)}
    borders |= {date(year, 1, 1) for year in range(first.year, end.year + 1)}
    total = Fraction(0)
    for start, stop in pairwise(sorted(border for border in borders if first <= border <= end)):
        unpaid = principal_cents - sum(cents for day, cents in movements if day < start)
        if unpaid <= 0:
            continue
        rate = next((each for each in of_country if each.holds_on(start)), None)
        if rate is None:
            raise RateUnknown(country, start)
        total += Fraction(rate.rate) * unpaid * (stop - start).days / (100 * _days_of_year(start.year))
    return total


def rounded_cents(exact: Fraction) -> int:
    """Whole cents, rounded once, half away from zero."""
    return half_away_from_zero(exact.numerator, exact.denominator)


def _days_of_year(year: int) -> int:
    return (date(year + 1, 1, 1) - date(year, 1, 1)).days
