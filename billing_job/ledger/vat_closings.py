"""Closed tax periods: recorded once, with the last number of each series that the filed return holds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, Engine, func, select

from billing_job.core.document import Document
from billing_job.core.period import Period
from billing_job.core.tax_period import TaxPeriod
from billing_job.ledger.billing_tables import documents
from billing_job.ledger.chain import add
from billing_job.ledger.database import transaction
from billing_job.ledger.documents import documents_issued_since
from billing_job.ledger.vat_tables import vat_closings


@dataclass(frozen=True, slots=True)
class VatClosing:
    """A closed period; `numbers` is the last number of each series, such as "invoice 2026", that its return holds."""

    period: TaxPeriod
    numbers: Mapping[str, int]
    closed: str
    closed_by: str


@dataclass(frozen=True, slots=True)
class DeclaredDocuments:
    """What returns are made from: documents, and the months that were closed before each was issued."""

    documents: tuple[Document, ...]
    closed: Mapping[str, frozenset[Period]]
    """Document number → months; documents without one are left out."""


def record_vat_closing(engine: Engine, period: TaxPeriod, filed_on: date, now: str, who: str) -> VatClosing:
    """Close a period with all documents that are dated `filed_on` or earlier."""
    with transaction(engine) as connection:
        latest = (
            select(documents.c.kind, documents.c.series_year, func.max(documents.c.series_number))
            .where(documents.c.issue_date <= filed_on.isoformat())
            .group_by(documents.c.kind, documents.c.series_year)
        )
        numbers = {_series(kind, year): int(last) for kind, year, last in connection.execute(latest)}
        row = (str(period), json.dumps(numbers, sort_keys=True), now, who)
        add(connection, vat_closings, ("period", "numbers", "closed", "closed_by"), [row])
    return VatClosing(period, numbers, now, who)


def closed_vat_periods(engine: Engine) -> list[VatClosing]:
    """Every closed period, in the order in which they were closed."""
    with transaction(engine) as connection:
        return _closings(connection)


def first_open_day(engine: Engine, day: date) -> date:
    """The day, or the first one after it that is in no closed period."""
    months = {month for closing in closed_vat_periods(engine) for month in closing.period.months}
    while Period.of(day) in months:
        day = Period.of(day).last_day + timedelta(days=1)
    return day


def declared_documents(engine: Engine, since: date) -> DeclaredDocuments:
    """The documents that were issued on a day or later, and what decides about the period of each."""
    found = documents_issued_since(engine, since.isoformat())
    with transaction(engine) as connection:
        closings = _closings(connection)
        closed = dict(_closed(connection, closings)) if closings else {}
    return DeclaredDocuments(tuple(found), closed)


def _closings(connection: Connection) -> list[VatClosing]:
    return [
        VatClosing(TaxPeriod.parse(row.period), json.loads(row.numbers), row.closed, row.closed_by)
        for row in connection.execute(select(vat_closings).order_by(vat_closings.c.seq))
    ]


def _closed(connection: Connection, closings: list[VatClosing]) -> list[tuple[str, frozenset[Period]]]:
    query = select(documents.c.number, documents.c.kind, documents.c.series_year, documents.c.series_number)
    found = []
    for number, kind, year, place in connection.execute(query):
        months = {
            month
            for closing in closings
            if place > closing.numbers.get(_series(kind, year), 0)
            for month in closing.period.months
        }
        if months:
            found.append((number, frozenset(months)))
    return found


def _series(kind: str, year: int) -> str:
    return f"{kind} {year}"
