"""Charges of one's own: what a row of charges.csv says, and the periods that it is owed for.

Months, quarters and years are the calendar's; what is owed once has one period, the day on which it begins.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, cached_property

from billing_job.core.money import half_away_from_zero
from billing_job.core.period import Period

ONCE, MONTH, QUARTER, YEAR = "once", "month", "quarter", "year"
ARREARS, ADVANCE = "arrears", "advance"
NUMBERS, TRUNKS = "numbers", "trunks"
ONE_DAY = timedelta(days=1)
_MONTHS = {MONTH: 1, QUARTER: 3, YEAR: 12}

Days = tuple[date, date]
"""A stretch of days, half open."""


class NoIndexValue(ValueError):
    """A period's price follows an index that has no value for its year."""


@dataclass(frozen=True, slots=True)
class Charge:
    """A row of charges.csv; rows of one charge_id follow each other in time. It holds in [valid_from, valid_to).

    `price` and `quantity` are whole numbers of 10**-4, of the currency and of the unit; `cost_micros` is of one unit.
    """

    charge_id: str
    client_id: str
    """Empty where it is for all clients of `plan`."""
    plan: str
    description: str
    category: str
    quantity: int
    unit: str
    """A code of UN/ECE Recommendation 20."""
    price: int
    every: str
    billed: str
    valid_from: date | None
    valid_to: date | None
    by_days: bool
    """Whether a period in which it holds in part is charged in part."""
    count: str
    """numbers, numbers:WORD (a country or a type), trunks; empty where nothing is counted."""
    number: str
    trunk: str
    cost_micros: int
    source: str
    """Its file and row."""
    index: str = ""
    """The series that its price follows from valid_from on; empty for none."""
    values: tuple[tuple[date, int], ...] = ()
    """Of the series: from which day on it has which value, one a year, in the order of time."""

    def at(self, day: date) -> "Charge":
        """The charge at the price of a period that begins on this day; NoIndexValue where the year has no value.

        The price follows the index from its own valid_from on and is rounded once, to the cent, or to its own places.
        """
        if not self.index:
            return self
        start = self.valid_from or date.min
        base, now = self._value(start), self._value(max(day, start))
        grain = 100 if self.price % 100 == 0 else 1
        return replace(self, price=grain * half_away_from_zero(self.price * now, base * grain), index="", values=())

    def _value(self, day: date) -> int:
        month = self.values[0][0].month if self.values else 1
        year = day.year if day.month >= month else day.year - 1
        found = {first.year: value for first, value in self.values}.get(year)
        if found is None:
            raise NoIndexValue(
                f"{self.source}, column index: {self.index!r}: indices.csv has no value for {year}, which charge"
                f" {self.charge_id} needs on {day}; add the row"
            )
        return found

    @property
    def days(self) -> Days:
        """The days on which it holds."""
        return self.valid_from or date.min, self.valid_to or date.max

    def printed_quantity(self, count: int) -> int | Decimal:
        """So many times the quantity, with the decimals that it has."""
        whole, rest = divmod(count * self.quantity, 10**4)
        return Decimal(count * self.quantity).scaleb(-4).normalize() if rest else whole


@dataclass(frozen=True)
class ChargePeriod:
    """A period of a charge: its word, and its days, half open. The word stands at the end of the row's id.

    Thousands of charges share a dozen of them, which find their months once.
    """

    word: str
    first: date
    end: date

    @cached_property
    def month(self) -> str:
        """The month that its row counts in: that of its last day, whose VAT rate holds."""
        return str(Period.of(self.end - ONE_DAY))

    @cached_property
    def month_before(self) -> str:
        """The month before its first day."""
        return str(Period.of(self.first).previous)

    @cached_property
    def length(self) -> int:
        """Its days."""
        return (self.end - self.first).days

    def due(self, billed: str) -> str:
        """The month whose run bills it."""
        return self.month_before if billed == ADVANCE and self.word != ONCE else self.month


@cache
def period_of(every: str, day: date) -> ChargePeriod:
    """The period that a day falls in; of what is owed once, the day itself."""
    if every == ONCE:
        return ChargePeriod(ONCE, day, day + ONE_DAY)
    months = _MONTHS[every]
    first = date(day.year, day.month - (day.month - 1) % months, 1)
    following = first.month + months
    end = date(first.year + (following > 12), following - 12 * (following > 12), 1)
    words = {
        MONTH: f"{first.year}-{first.month:02d}",
        QUARTER: f"{first.year}-Q{first.month // 3 + 1}",
        YEAR: str(first.year),
    }
    return ChargePeriod(words[every], first, end)


def every_of_word(word: str) -> str:
    """What a period's word belongs to: "2026-Q4" to a quarter."""
    if word == ONCE:
        return ONCE
    return YEAR if len(word) == 4 else QUARTER if "Q" in word else MONTH


def due_periods(every: str, billed: str, since: date, until: str) -> Iterator[ChargePeriod]:
    """The periods that the runs up to the month `until` bill, from the one that the day `since` falls in."""
    period = period_of(every, since)
    while period.due(billed) <= until:
        yield period
        if every == ONCE:
            return
        period = period_of(every, period.end)


def intersection(one: Days, other: Days) -> Days | None:
    """The days of both; None where they share none."""
    first = one[0] if one[0] > other[0] else other[0]
    end = one[1] if one[1] < other[1] else other[1]
    return (first, end) if first < end else None


def fee_for_days(cents: int, days: Sequence[Days], month: Period) -> int:
    """A monthly fee for some days of a month, by the rule of prorated charges: parts add up to the fee, to the cent."""
    first, following = month.first_day, month.next.first_day
    within = merged([part for each in days if (part := intersection(each, (first, following)))])
    length = (following - first).days
    return sum(
        half_away_from_zero(cents * (end - first).days, length)
        - half_away_from_zero(cents * (begin - first).days, length)
        for begin, end in within
    )


def merged(stretches: Sequence[Days]) -> tuple[Days, ...]:
    """The days of all stretches, each once, in their order."""
    found: list[Days] = []
    for first, end in sorted(stretches):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((first, end))
    return tuple(found)
