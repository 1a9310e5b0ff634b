"""The rows of a document on their lines, each with the settlement that records how it was billed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from billing_job.billing.invoicing.client_description import client_description
from billing_job.core.document import DetailRow, Line, Vat
from billing_job.core.parties import Client
from billing_job.core.period import Period
from billing_job.core.settlement import Kept, Key, Owner, RefundFact, Settlement
from billing_job.core.units import unit_of_category


@dataclass(frozen=True, slots=True)
class OwnLine:
    """What the line of a charge of one's own says beside its row: its days, and how many units at their price."""

    first_day: date
    last_day: date
    quantity: int | Decimal


@dataclass(frozen=True, slots=True)
class Facts:
    """What earlier documents decided about the rows of this run, by (transaction, part)."""

    refunds: Mapping[Key, RefundFact] = field(default_factory=dict)
    """Refunds of what is settled already: the net that they give back is after discount."""
    undiscounted: Collection[Key] = ()
    """Refunds whose amount a user decided: it is given back as it is."""
    kept: Mapping[Key, Kept] = field(default_factory=dict)
    """Transactions that a credit note freed."""
    refund_of: Mapping[Key, Key] = field(default_factory=dict)
    """Each refund → what it gives back."""
    own: Mapping[Key, OwnLine] = field(default_factory=dict)
    """Charges of one's own: what their rows do not say."""


@dataclass(frozen=True, slots=True)
class FreedTerms:
    """What the files now say of months with freed transactions: they are billed by it, whatever was recorded."""

    vat: Mapping[Owner, Vat] = field(default_factory=dict)
    discounts: Mapping[Owner, int] = field(default_factory=dict)
    """In millionths."""
    undone: Collection[Owner] = ()
    """Months of which nothing is billed any more: their discount is one sum again."""


NO_FACTS = Facts()
NOTHING_FREED = FreedTerms()


class Row(NamedTuple):
    """What a row of PRICED says, and the day it happened."""

    transaction_id: str
    part: int
    period: str
    category: str
    description: str
    number: str
    trunk: str
    date: date
    quantity: int
    cost_micros: int
    charge_cents: int
    line_key: int
    visible: bool
    rule: str
    unit_place: int
    units: int
    unit: str
    unit_price_micros: int


@dataclass(slots=True)
class Entry:
    """A settlement in the making: of a row, a fee or a minimum."""

    settlement: Settlement
    line: Line | None
    """The line that it stands on; None where it shows on none."""


def entries_of(
    rows: Sequence[Row], client: Client, vat: Mapping[Owner, Vat], facts: Facts, freed: FreedTerms
) -> list[Entry]:
    """Every row on its line; the net is what is charged until a discount takes its share."""
    entries: list[Entry] = []
    for _, of_line in groupby(rows, key=attrgetter("line_key")):
        group = list(of_line)
        first = group[0]
        key = (first.transaction_id, first.part)
        line = None
        if first.visible:
            fact = facts.refunds.get(key)
            owner = (client.client_id, first.period)
            taxed = fact.vat if fact is not None else (freed.vat if key in facts.kept else vat)[owner]
            own = facts.own.get(key)
            is_refund = key in facts.refund_of or key in facts.undiscounted
            line = _own_line(first, taxed, own) if own else _line(group, client, taxed, is_refund=is_refund)
        entries += [Entry(_settlement(row, facts), line) for row in group]
    return entries


def _line(group: Sequence[Row], client: Client, vat: Vat, *, is_refund: bool) -> Line:
    first = group[0]
    period = Period.parse(first.period)
    number = _one({row.number for row in group})
    return Line(
        line=0,
        category=first.category,
        description=_description(first) if client.detail == "transaction" else "",
        number=number,
        trunk=_one({row.trunk for row in group}),
        quantity=sum(row.quantity for row in group),
        net_cents=sum(row.charge_cents for row in group),
        vat=vat,
        period_start=period.first_day,
        period_end=period.last_day,
        rows=tuple(_detail(row) for row in group),
        is_refund=is_refund,
        unit=_one({row.unit for row in group}) or unit_of_category(first.category, number),
        unit_price_micros=_price({row.unit_price_micros for row in group}),
    )


def _own_line(row: Row, vat: Vat, own: OwnLine) -> Line:
    """A charge of one's own is a line of its own, whatever the client's detail: its price is its own."""
    return Line(
        line=0,
        category=row.category,
        description=row.description,
        number=row.number,
        trunk=row.trunk,
        quantity=own.quantity,
        net_cents=row.charge_cents,
        vat=vat,
        period_start=own.first_day,
        period_end=own.last_day,
        rows=(replace(_detail(row), description=row.description, quantity=own.quantity),),
        unit=row.unit,
        unit_price_micros=_price({row.unit_price_micros}),
    )


def _settlement(row: Row, facts: Facts) -> Settlement:
    refund_of, refund_part = facts.refund_of.get((row.transaction_id, row.part), ("", 0))
    return Settlement(
        row.transaction_id,
        row.part,
        None,
        row.category,
        row.number,
        row.trunk,
        row.cost_micros,
        row.charge_cents,
        row.charge_cents,
        row.period,
        row.rule,
        None if row.unit_place < 0 else row.unit_place,
        None if row.units < 0 else row.units,
        0,
        refund_of,
        refund_part,
    )


def _one(values: set[str]) -> str:
    """The value that all rows share; empty when they differ."""
    return next(iter(values)) if len(values) == 1 else ""


def _price(prices: set[int]) -> int | None:
    """The price of one unit, where all rows have the same."""
    price = next(iter(prices)) if len(prices) == 1 else -1
    return price if price >= 0 else None


def _description(row: Row) -> str:
    return client_description(row.description, row.cost_micros, row.part)


def _detail(row: Row) -> DetailRow:
    return DetailRow(
        row.transaction_id,
        row.date,
        _description(row),
        row.number,
        row.trunk,
        row.quantity,
        row.charge_cents,
    )
