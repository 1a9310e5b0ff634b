"""Which rule prices a transaction: a dated price of its client first, then the rules of its plan in their order."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from billing_job.billing.rating.plans import Plan, Rule
from billing_job.core.columns.interned import Coded, Ints, Mask, ints
from billing_job.core.columns.intervals import FOREVER, Intervals
from billing_job.core.moments import midnight
from billing_job.core.parties import Client

EVERY_CLIENT = "*"
_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class DatedPrice:
    """A row of prices.csv: from a day on this rule holds for a client (`*` is every one), category and country.

    An empty category or country matches all.
    """

    client_id: str
    category: str
    country: str
    rule: Rule
    valid_from: date
    source: str

    @property
    def key(self) -> str:
        """Client, category and country as one text: rows of prices.csv with the same key follow each other in time."""
        return _SEPARATOR.join((self.client_id, self.category, self.country))


@dataclass(frozen=True, slots=True)
class Tariff:
    """What pricing needs to know: each client's plan and detail, dated prices, the order of categories, the zone."""

    clients: Mapping[str, Client]
    plans: Sequence[Plan]
    prices: Sequence[DatedPrice]
    category_order: Sequence[str]
    trunk_names: Mapping[str, str]
    """A trunk's numeric id → the name it goes by in frames."""
    zone: ZoneInfo
    of_months: Mapping[tuple[str, str], "MonthTariff"] = field(default_factory=dict)
    """(client, month) → what that month is priced by instead: as it was first billed, or by a dated plan."""

    def plan_of(self, client_id: str) -> Plan:
        """The client's plan; the first one for a client that names none."""
        client = self.clients.get(client_id)
        name = client.plan if client is not None else ""
        for plan in self.plans:
            if plan.name == name:
                return plan
        return self.plans[0]


@dataclass(frozen=True, slots=True)
class MonthTariff:
    """The plan and the dated prices of one client's month."""

    plan: Plan
    prices: tuple[DatedPrice, ...]


def rules_of(frame: pd.DataFrame, period: Coded, tariff: Tariff) -> tuple[Ints, tuple[Rule, ...]]:
    """For each row of ATTRIBUTED the place of its rule in the tuple; `period` is the month of each row."""
    category = Coded.of(frame["category"])
    if not tariff.of_months:
        return _rules_of(frame, category, tariff)
    group, tariffs = _groups(Coded.of(frame["client_id"]), period, tariff)
    chosen = np.full(len(frame), -1, np.int64)
    rules: list[Rule] = []
    for place, one in enumerate(tariffs):
        rows = np.flatnonzero(group == place)
        if len(rows):
            found, own = _rules_of(frame.iloc[rows], category.rows(rows), one)
            chosen[rows] = found + len(rules)
            rules += own
    return chosen, tuple(rules)


def _groups(clients: Coded, period: Coded, tariff: Tariff) -> tuple[Ints, list[Tariff]]:
    """Which tariff prices each row: the first is everybody's, each of the others that of months with the same terms."""
    pairs = clients.codes * np.int64(len(period.texts) + 1) + period.codes
    distinct, row_of = np.unique(pairs, return_inverse=True)
    client_names, months = clients.names(), period.names()
    places: dict[MonthTariff, int] = {}
    tariffs = [replace(tariff, of_months={})]
    group = np.zeros(len(distinct), np.int64)
    for at, pair in enumerate(distinct.tolist()):
        client, month = divmod(pair, len(period.texts) + 1)
        own = tariff.of_months.get((client_names[client], months[month]))
        if own is None:
            continue
        if own not in places:
            places[own] = len(tariffs)
            tariffs.append(replace(tariff, plans=(own.plan,), prices=own.prices, of_months={}))
        group[at] = places[own]
    return group[row_of], tariffs


def _rules_of(frame: pd.DataFrame, category: Coded, tariff: Tariff) -> tuple[Ints, tuple[Rule, ...]]:
    rules: list[Rule] = [price.rule for price in tariff.prices]
    clients = Coded.of(frame["client_id"])
    asked = _Asked(category, *(Coded.of(frame[name]) for name in ("country", "number_type", "number", "trunk")))
    chosen = _dated(clients, asked, ints(frame["created_at"]), tariff)
    clients_of = defaultdict(set)
    for client_id in clients.used():
        clients_of[tariff.plan_of(client_id).name].add(client_id)
    for plan in tariff.plans:
        open_rows = (chosen < 0) & clients.each(clients_of[plan.name].__contains__)
        if not open_rows.any():
            continue
        for rule in plan.rules:
            rows = open_rows & _matches(rule, asked, tariff.trunk_names)
            chosen[rows] = len(rules)
            open_rows &= ~rows
            rules.append(rule)
    return chosen, tuple(rules)


class _Asked(NamedTuple):
    """What rules ask of rows."""

    category: Coded
    country: Coded
    number_type: Coded
    number: Coded
    trunk: Coded


def _dated(clients: Coded, asked: _Asked, moments: Ints, tariff: Tariff) -> Ints:
    """The dated price that holds for each row, the most specific first; -1 where none does."""
    chosen = np.full(len(moments), -1, np.int64)
    if not tariff.prices:
        return chosen
    prices = _intervals(tariff)
    columns = (clients, asked.category, asked.country)
    # Prices are looked up once for each combination, not for each row.
    width = [len(column.texts) for column in columns]
    pairs = (columns[0].codes * np.int64(width[1]) + columns[1].codes) * width[2] + columns[2].codes
    distinct, row_of = np.unique(pairs, return_inverse=True)
    places = (distinct // (width[1] * width[2]), distinct // width[2] % width[1], distinct % width[2])
    client, kind, country = (column.texts.take(pa.array(at)) for column, at in zip(columns, places, strict=True))
    nothing, every = (pa.repeat(text, len(distinct)) for text in ("", EVERY_CLIENT))
    for who in (client, every):
        for what, where in ((kind, country), (kind, nothing), (nothing, country), (nothing, nothing)):
            keys = pc.binary_join_element_wise(who, what, where, _SEPARATOR)
            chosen = np.where(chosen < 0, prices.at_places(prices.places(keys)[row_of], moments), chosen)
    return chosen


def _intervals(tariff: Tariff) -> Intervals:
    """Each dated price until the next one of the same client, category and country."""
    starts = [midnight(price.valid_from, tariff.zone) for price in tariff.prices]
    of_key: dict[str, list[int]] = {}
    for price, start in zip(tariff.prices, starts, strict=True):
        of_key.setdefault(price.key, []).append(start)
    ends = [
        min((later for later in of_key[price.key] if later > start), default=FOREVER)
        for price, start in zip(tariff.prices, starts, strict=True)
    ]
    return Intervals.of([price.key for price in tariff.prices], starts, ends)


def _matches(rule: Rule, asked: _Asked, trunk_names: Mapping[str, str]) -> Mask:
    mask = np.ones(len(asked.category.codes), bool)
    for column, value in (
        (asked.category, rule.category),
        (asked.country, rule.country),
        (asked.trunk, None if rule.trunk is None else trunk_names.get(rule.trunk, rule.trunk)),
    ):
        if value is not None:
            mask &= column.equal(value)
    if rule.number_type is not None:
        wanted = rule.number_type.casefold()
        mask &= asked.number_type.each(lambda number_type: number_type.casefold() == wanted)
    if rule.prefix is not None:
        mask &= asked.number.each(lambda number: number.startswith(rule.prefix or ""))
    return mask
