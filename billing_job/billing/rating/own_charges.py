"""Charges of one's own: charges × periods × assignments → rows with ids, quantities, cents and costs.

A row is one period of one charge, of one client. The arithmetic is exact and rounded once for each row, half away from
zero. Where a charge is prorated, a part of a period is charged the difference of what the period has come to by its end
and by its beginning, each rounded: so any parts of a period add up to its price, to the cent, whoever pays them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pandas as pd

from billing_job.billing.rating.charge_periods import (
    ONCE,
    ONE_DAY,
    Charge,
    ChargePeriod,
    Days,
    due_periods,
    intersection,
    merged,
)
from billing_job.core.categories import CHARGE
from billing_job.core.columns.schema import PRICED, conform
from billing_job.core.moments import midnight
from billing_job.core.money import half_away_from_zero
from billing_job.core.period import Period

_PER_CENT, _PER_UNIT = 10**6, 10**4
"""Price and quantity have 4 places each: so many units of their product make a cent, so many of a quantity one."""
_MICROS_OF_PRICE = 100


@dataclass(frozen=True, slots=True)
class Holding:
    """A number or a trunk that a client had on these days."""

    name: str
    words: frozenset[str]
    """What a count may ask for: numbers or trunks, and of a number its country and its type, in small letters."""
    trunk: str
    days: Days


@dataclass(frozen=True, slots=True)
class Payer:
    """Who may owe a charge: on which days, and what was held meanwhile."""

    client_id: str
    days: tuple[Days, ...]
    holdings: Sequence[Holding] = ()


class ChargeRow(NamedTuple):
    """One period of a charge for one client, priced; a tuple, for a year may hold hundreds of thousands.

    `unit_price_micros` is the price of one unit where quantity times price is what is charged, otherwise None.
    """

    transaction_id: str
    charge: Charge
    client_id: str
    period: ChargePeriod
    first_day: date
    last_day: date
    """The days charged, the last one included."""
    quantity: int | Decimal
    unit_price_micros: int | None
    charge_cents: int
    cost_micros: int

    def under(self, transaction_id: str) -> "ChargeRow":
        """The same row under another id."""
        return self._replace(transaction_id=transaction_id)

    @property
    def month(self) -> str:
        """The month that it counts in."""
        return self.period.month

    @property
    def due(self) -> str:
        """The month whose run bills it."""
        return self.period.due(self.charge.billed)


def row_id(charge: Charge, client_id: str, word: str) -> str:
    """The id of a row: `charge:ID:PERIOD`, of a plan's charge `charge:ID:CLIENT:PERIOD`."""
    owner = "" if charge.client_id else f"{client_id}:"
    return f"{CHARGE}{charge.charge_id}:{owner}{word}"


def charge_rows(charge: Sequence[Charge], payers: Iterable[Payer], since: date, until: str) -> Iterator[ChargeRow]:
    """Every row of a charge that the runs up to the month `until` bill; `charge` are its rows in their order of time.

    What the runs before the month of `since`, its first day, would have billed is owed where it begins on that day or
    later. Nothing is owed for a period in which no payer's day is a day of the charge, or that has nothing to count.
    """
    first, held = charge[0], (charge[0].days[0], charge[-1].days[1])
    before = str(Period.of(since))
    for payer in payers:
        days = merged([part for each in payer.days if (part := intersection(each, held))])
        if not days or (first.every == ONCE and days[0][0] < since):
            continue
        for period in due_periods(first.every, first.billed, max(days[0][0], since), until):
            row = _row(charge, payer, days, period)
            if row is not None and (row.due >= before or row.first_day >= since):
                yield row


def _row(charge: Sequence[Charge], payer: Payer, days: Sequence[Days], period: ChargePeriod) -> ChargeRow | None:
    parts = [
        (each.at(period.first), part)
        for stretch in days
        if (within := intersection(stretch, (period.first, period.end)))
        for each in charge
        if (part := intersection(within, each.days))
    ]
    if not parts:
        return None
    one, first_day = parts[0][0], (period.first, period.first + ONE_DAY)
    if not one.by_days:
        one = next((each.at(period.first) for each in charge if intersection(each.days, first_day)), one)
    held = _held(one, payer.holdings, [part for _, part in parts]) if one.count else []
    count = len({holding.name for holding in held}) if one.count else 1
    if not count:
        return None
    is_held_throughout = len(parts) == 1 and parts[0][1] == (period.first, period.end) and not one.count
    whole = _whole(one, count)
    amounts = whole if is_held_throughout or not one.by_days else _by_days(parts, period, held)
    return ChargeRow(
        transaction_id=row_id(one, payer.client_id, period.word),
        charge=one,
        client_id=payer.client_id,
        period=period,
        first_day=parts[0][1][0],
        last_day=parts[-1][1][1] - ONE_DAY,
        quantity=one.printed_quantity(count),
        unit_price_micros=abs(one.price) * _MICROS_OF_PRICE if amounts.cents == whole.cents else None,
        charge_cents=amounts.cents,
        cost_micros=amounts.cost_micros,
    )


class _Amounts(NamedTuple):
    cents: int
    cost_micros: int


def _whole(charge: Charge, count: int) -> _Amounts:
    units = count * charge.quantity
    return _Amounts(
        half_away_from_zero(units * charge.price, _PER_CENT), half_away_from_zero(units * charge.cost_micros, _PER_UNIT)
    )


def _by_days(parts: Sequence[tuple[Charge, Days]], period: ChargePeriod, held: Sequence[Holding]) -> _Amounts:
    """What the charged days come to, of the days of the period."""
    length = period.length
    if parts[0][0].count:
        day_prices = [(each, sum(_overlap(holding.days, part) for holding in held)) for each, part in parts]
        cents = sum(days * each.quantity * each.price for each, days in day_prices)
        cost = sum(days * each.quantity * each.cost_micros for each, days in day_prices)
        return _Amounts(half_away_from_zero(cents, _PER_CENT * length), half_away_from_zero(cost, _PER_UNIT * length))
    cents = cost = 0
    for stretch in _stretches(parts):
        one, (first, _) = stretch[0]
        before = (first - period.first).days
        units = [(each, (end - begin).days * each.quantity) for each, (begin, end) in stretch]
        cents += _between(
            before * one.quantity * one.price, sum(many * each.price for each, many in units), _PER_CENT * length
        )
        cost += _between(
            before * one.quantity * one.cost_micros,
            sum(many * each.cost_micros for each, many in units),
            _PER_UNIT * length,
        )
    return _Amounts(cents, cost)


def _between(before: int, within: int, per_one: int) -> int:
    """What comes to be within a stretch: rounded with all before it, less that rounded alone."""
    return half_away_from_zero(before + within, per_one) - half_away_from_zero(before, per_one)


def _stretches(parts: Sequence[tuple[Charge, Days]]) -> list[list[tuple[Charge, Days]]]:
    """Parts that follow each other without a day between them."""
    found: list[list[tuple[Charge, Days]]] = []
    for part in parts:
        if found and found[-1][-1][1][1] == part[1][0]:
            found[-1].append(part)
        else:
            found.append([part])
    return found


def _held(charge: Charge, holdings: Sequence[Holding], days: Sequence[Days]) -> list[Holding]:
    """What the charge counts of that which was held on any of these days."""
    wanted = frozenset(charge.count.lower().split(":"))
    return [
        holding
        for holding in holdings
        if wanted <= holding.words
        and charge.trunk in ("", holding.trunk)
        and any(intersection(holding.days, each) for each in days)
    ]


def _overlap(one: Days, other: Days) -> int:
    days = intersection(one, other)
    return (days[1] - days[0]).days if days else 0


def priced_charges(rows: Sequence[ChargeRow], zone: ZoneInfo) -> pd.DataFrame:
    """Rows as PRICED, each on a line of its own: by client and month, in the order of the file."""
    ordered = sorted(rows, key=lambda row: (row.client_id, row.period.month))
    begins = {day: midnight(day, zone) for day in {row.last_day for row in ordered}}
    columns = {
        "transaction_id": [row.transaction_id for row in ordered],
        "part": 0,
        "client_id": [row.client_id for row in ordered],
        "period": [row.period.month for row in ordered],
        "category": [row.charge.category for row in ordered],
        "description": [row.charge.description for row in ordered],
        "number": [row.charge.number for row in ordered],
        "trunk": [row.charge.trunk for row in ordered],
        "created_at": [begins[row.last_day] for row in ordered],
        "quantity": 1,
        "cost_micros": [row.cost_micros for row in ordered],
        "charge_cents": [row.charge_cents for row in ordered],
        "line_key": range(len(ordered)),
        "visible": True,
        "rule": "",
        "unit_place": -1,
        "units": -1,
        "unit": [row.charge.unit for row in ordered],
        "unit_price_micros": [-1 if row.unit_price_micros is None else row.unit_price_micros for row in ordered],
    }
    return conform(pd.DataFrame(columns), PRICED, "charges of one's own")
