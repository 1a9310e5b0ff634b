"""From charges to documents: lines, VAT by category, totals, and which transactions a document settles.

Nothing here gives out a number: the ledger does, in the database transaction that stores the document.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from billing_job.bill import Bill, Settlement
from billing_job.model import Client, DetailRow, Document, Kind, Line, MonthTotal, Period, Seller, Vat, VatTotal
from billing_job.money import vat_cents
from billing_job.plan_lines import PlanTerms, plan_lines
from billing_job.schema import PRICED, conform

_MONEY = re.compile(r"(?i)[€$£¥₹]|\b(?:eur|usd|gbp|chf|(?:euro)?cents?)\b|(?<!\d)0[.,]\d|\d[.,](?:\d{2}|\d{4})(?!\d)")
_NUMBER = re.compile(r"(?<![\d+])[0-9]+(?:[.,'’][0-9]+)*")
_SPACED_THOUSANDS = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))")


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
    """A row of PRICED, in the order of its columns."""

    transaction_id: str
    part: int
    client_id: str
    period: str
    category: str
    description: str
    number: str
    trunk: str
    created_at: int
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
    rows_of = dict(_groups(conform(priced, PRICED, "issue")))
    found = []
    for client_id in sorted({*rows_of, *plan_terms}):
        rows = rows_of.get(client_id, priced.iloc[:0])
        lines, settlements = _lines(rows, clients[client_id], vat[client_id], terms)
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


def _groups(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The rows of each client; PRICED is sorted by client and line already."""
    values = frame["client_id"].to_numpy(object)
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]]) if len(values) else np.array([], int)
    ends = [*starts[1:], len(values)][: len(starts)]
    return [(values[start], frame.iloc[start:end]) for start, end in zip(starts, ends, strict=True)]


def _lines(rows: pd.DataFrame, client: Client, vat: Vat, terms: Terms) -> tuple[list[Line], list[Settlement]]:
    lines: list[Line] = []
    settlements: list[Settlement] = []
    of_line: dict[int, list[_Row]] = {}
    for row in map(_Row._make, zip(*(rows[column].to_list() for column in PRICED), strict=True)):
        of_line.setdefault(row.line_key, []).append(row)
    for group in of_line.values():
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
                description=_without_cost(first) if client.detail == "transaction" else "",
                number=_one({row.number for row in group}),
                trunk=_one({row.trunk for row in group}),
                quantity=sum(row.quantity for row in group),
                net_cents=sum(row.charge_cents for row in group),
                vat=vat,
                period_start=period.first_day,
                period_end=period.last_day,
                rows=tuple(_detail(row, terms.zone) for row in group),
            )
        )
    return lines, settlements


def _one(values: set[str]) -> str:
    """The value that all rows share; empty when they differ."""
    return next(iter(values)) if len(values) == 1 else ""


def _detail(row: _Row, zone: ZoneInfo) -> DetailRow:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=row.created_at)
    return DetailRow(
        transaction_id=row.transaction_id,
        date=moment.astimezone(zone).date(),
        description=_without_cost(row),
        number=row.number,
        trunk=row.trunk,
        quantity=row.quantity,
        net_cents=row.charge_cents,
    )


def _without_cost(row: _Row) -> str:
    """The supplier's description, unless it speaks of money or of other clients: a client never sees our cost."""
    if row.part or _MONEY.search(row.description) or abs(row.cost_cents) in _meanings(row.description):
        return ""
    return row.description


def _meanings(text: str) -> set[int]:
    """Every amount in cents that a number in the text may stand for; a phone number stands for none."""
    found = set()
    for number in _NUMBER.findall(text) + _NUMBER.findall(_SPACED_THOUSANDS.sub("", text)):
        whole = int("".join(filter(str.isdecimal, number)))
        found |= {whole, whole * 100}
        before, mark, after = number.rpartition("." if number.rfind(".") > number.rfind(",") else ",")
        if mark and not after[2:].strip("0"):
            found.add(int("".join(filter(str.isdecimal, before + after[:2].ljust(2, "0")))))
    return found


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
