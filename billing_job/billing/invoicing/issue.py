"""From charges to documents: lines, VAT by category, totals, and which transactions a document settles.

Nothing here gives out a number: the ledger does, in the database transaction that stores the document.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate, groupby
from operator import attrgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from billing_job.billing.invoicing.client_description import client_description
from billing_job.billing.invoicing.fee_discount_minimum import PlanTerms, plan_lines
from billing_job.core.columns.python_values import cells_of
from billing_job.core.columns.schema import PRICED, conform
from billing_job.core.document import (
    Client,
    DetailRow,
    Document,
    Kind,
    Line,
    MonthTotal,
    Seller,
    Vat,
    VatTotal,
)
from billing_job.core.money import vat_cents
from billing_job.core.period import Period
from billing_job.core.settlement import Bill, Settlement


@dataclass(frozen=True, slots=True)
class Terms:
    """What all documents of a run have in common."""

    seller: Seller
    currency: str
    period: Period
    issue_date: date
    payment_terms_days: int
    zone: ZoneInfo


class _Row(NamedTuple):
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
    cost_cents: int
    charge_cents: int
    line_key: int
    visible: bool


def bills(
    priced: pd.DataFrame,
    clients: Mapping[str, Client],
    vat: Mapping[str, Vat],
    vat_id_checks: Mapping[str, str],
    history: Mapping[str, Sequence[MonthTotal]],
    plan_terms: Mapping[str, PlanTerms],
    terms: Terms,
) -> list[Bill]:
    """One bill for each client that has charges or plan terms, in the order of client ids; PRICED in."""
    columns = _columns(conform(priced, PRICED, "issue"), terms.zone)
    places = _places(columns["client_id"])
    found = []
    for client_id in sorted({*places, *plan_terms}):
        place = places.get(client_id, slice(0))
        rows = [_Row(*cells) for cells in zip(*(columns[name][place] for name in _Row._fields), strict=True)]
        lines, settlements = _lines(rows, clients[client_id], vat[client_id])
        lines += plan_lines(lines, plan_terms.get(client_id, PlanTerms()), vat[client_id], terms.period)
        document = None
        if any(line.net_cents for line in lines):
            document = _document(
                clients[client_id], lines, vat_id_checks.get(client_id, ""), tuple(history.get(client_id, ())), terms
            )
        else:
            # A client with nothing to pay gets no document; the transactions are settled all the same.
            settlements = [replace(settlement, line=None) for settlement in settlements]
        if document is not None or settlements:
            found.append(Bill(client_id, document, tuple(settlements)))
    return found


def vat_totals(lines: Sequence[Line]) -> tuple[VatTotal, ...]:
    """Sum the rounded lines of each VAT category and rate, and tax each sum once (EN 16931 BG-23, BR-CO-17)."""
    nets: dict[Vat, int] = {}
    for line in lines:
        nets[line.vat] = nets.get(line.vat, 0) + line.net_cents
    return tuple(VatTotal(vat, net, vat_cents(net, vat.rate)) for vat, net in nets.items())


def _columns(frame: pd.DataFrame, zone: ZoneInfo) -> dict[str, list[Any]]:
    """The columns of PRICED as lists, and `date`: the day of each row in the seller's zone."""
    local = pd.DatetimeIndex(frame["created_at"].to_numpy(np.int64).astype("datetime64[us]"), tz="UTC").tz_convert(zone)
    days, place = np.unique(local.tz_localize(None).to_numpy().astype("datetime64[D]"), return_inverse=True)
    dates = days.tolist()
    columns = {str(name): cells_of(frame[name]) for name in PRICED}
    return columns | {"date": [dates[day] for day in place.tolist()]}


def _places(client_ids: Sequence[str]) -> dict[str, slice]:
    """Where the rows of each client stand; PRICED is sorted by client and line already."""
    sizes = [(client_id, sum(1 for _ in group)) for client_id, group in groupby(client_ids)]
    ends = list(accumulate(size for _, size in sizes))
    return {client_id: slice(end - size, end) for (client_id, size), end in zip(sizes, ends, strict=True)}


def _lines(rows: Sequence[_Row], client: Client, vat: Vat) -> tuple[list[Line], list[Settlement]]:
    lines: list[Line] = []
    settlements: list[Settlement] = []
    for _, of_line in groupby(rows, key=attrgetter("line_key")):
        group = list(of_line)
        first = group[0]
        number = len(lines) + 1 if first.visible else None
        settlements += [
            Settlement(r.transaction_id, r.part, number, r.category, r.number, r.trunk, r.cost_cents, r.charge_cents)
            for r in group
        ]
        if number is None:
            continue
        period = Period.parse(first.period)
        lines.append(
            Line(
                line=number,
                category=first.category,
                description=client_description(first.description, first.cost_cents, first.part)
                if client.detail == "transaction"
                else "",
                number=_one({row.number for row in group}),
                trunk=_one({row.trunk for row in group}),
                quantity=sum(row.quantity for row in group),
                net_cents=sum(row.charge_cents for row in group),
                vat=vat,
                period_start=period.first_day,
                period_end=period.last_day,
                rows=tuple(_detail(row) for row in group),
            )
        )
    return lines, settlements


def _one(values: set[str]) -> str:
    """The value that all rows share; empty when they differ."""
    return next(iter(values)) if len(values) == 1 else ""


def _description(row: _Row) -> str:
    return client_description(row.description, row.cost_cents, row.part)


def _detail(row: _Row) -> DetailRow:
    return DetailRow(
        row.transaction_id,
        row.date,
        _description(row),
        row.number,
        row.trunk,
        row.quantity,
        row.charge_cents,
    )


def _document(
    client: Client, lines: Sequence[Line], vat_id_check: str, history: tuple[MonthTotal, ...], terms: Terms
) -> Document:
    totals = vat_totals(lines)
    net = sum(total.net_cents for total in totals)
    vat = sum(total.vat_cents for total in totals)
    days = terms.payment_terms_days if client.payment_terms_days is None else client.payment_terms_days
    return Document(
        number="",
        kind=Kind.INVOICE if net >= 0 else Kind.CREDIT_NOTE,
        period_start=terms.period.first_day,
        period_end=terms.period.last_day,
        issue_date=terms.issue_date,
        due_date=terms.issue_date + timedelta(days=days),
        currency=terms.currency,
        seller=terms.seller,
        client=client,
        lines=tuple(lines),
        vat_totals=totals,
        net_cents=net,
        vat_cents=vat,
        gross_cents=net + vat,
        client_vat_id_checked=vat_id_check,
        history=history,
    )
