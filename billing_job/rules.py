"""Which rule prices a transaction: a dated price of its client first, then the rules of its plan in their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from billing_job.assignments import FOREVER, Intervals, Ints, midnight
from billing_job.model import Client
from billing_job.plans import Plan, Rule

Mask = npt.NDArray[np.bool_]

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

    def plan_of(self, client_id: str) -> Plan:
        """The client's plan; the first one for a client that names none."""
        name = self.clients[client_id].plan
        return next((plan for plan in self.plans if plan.name == name), self.plans[0])


def rules_of(frame: pd.DataFrame, category: pd.Series, tariff: Tariff) -> tuple[Ints, tuple[Rule, ...]]:
    """For each row of ATTRIBUTED the place of its rule in the tuple; `category` is what each row is priced as."""
    rules: list[Rule] = [price.rule for price in tariff.prices]
    chosen = _dated(frame, category, tariff)
    codes, client_ids = pd.factorize(frame["client_id"])
    plan_names = np.array([tariff.plan_of(client_id).name for client_id in client_ids], dtype=object)
    for plan in tariff.plans:
        open_rows = (chosen < 0) & (plan_names == plan.name)[codes]
        if not open_rows.any():
            continue
        for rule in plan.rules:
            rows = open_rows & _matches(rule, frame, category, tariff.trunk_names)
            chosen[rows] = len(rules)
            open_rows &= ~rows
            rules.append(rule)
    return chosen, tuple(rules)


def _dated(frame: pd.DataFrame, category: pd.Series, tariff: Tariff) -> Ints:
    """The dated price that holds for each row, the most specific first; -1 where none does."""
    chosen = np.full(len(frame), -1, np.int64)
    if not tariff.prices:
        return chosen
    prices = _intervals(tariff)
    moments = frame["created_at"].to_numpy(np.int64)
    client, country = (pa.array(frame[column].array) for column in ("client_id", "country"))
    kind = pa.array(category.array)
    nothing = pa.scalar("", pa.string())
    every = pa.scalar(EVERY_CLIENT, pa.string())
    for who in (client, every):
        for what, where in ((kind, country), (kind, nothing), (nothing, country), (nothing, nothing)):
            keys = pc.binary_join_element_wise(who, what, where, _SEPARATOR)
            keys = pa.array([keys.as_py()] * len(frame)) if isinstance(keys, pa.Scalar) else keys
            keys = keys.combine_chunks() if isinstance(keys, pa.ChunkedArray) else keys
            chosen = np.where(chosen < 0, prices.at(keys, moments), chosen)
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


def _matches(rule: Rule, frame: pd.DataFrame, category: pd.Series, trunk_names: Mapping[str, str]) -> Mask:
    mask = np.ones(len(frame), bool)
    for column, value in (
        (category, rule.category),
        (frame["country"], rule.country),
        (frame["number_type"], rule.number_type),
        (frame["trunk"], None if rule.trunk is None else trunk_names.get(rule.trunk, rule.trunk)),
    ):
        if value is not None:
            mask &= (column == value).fillna(False).to_numpy(bool)
    if rule.prefix is not None:
        mask &= frame["number"].str.startswith(rule.prefix).fillna(False).to_numpy(bool)
    return mask
