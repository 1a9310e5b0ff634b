"""Issued documents, read back: by folder, by period, by number; and which months they bill."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import overload

from sqlalchemy import ColumnElement, Connection, Engine, and_, case, func, select, true

from billing_job.core.document import Document, Heading, MonthTotal
from billing_job.core.document_json import document_from_json, heading_from_json
from billing_job.core.errors import LedgerError
from billing_job.core.parties import Client, Seller
from billing_job.ledger.billing_tables import closings, documents, releases, settlements
from billing_job.ledger.bulk import chunks
from billing_job.ledger.database import transaction
from billing_job.ledger.undone_settlements import of_settlement

AT_ONCE = 100
"""Documents that are read at one time."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as it was issued, and the folder that its files stand in."""

    document: Document
    folder: str


class Documents(Sequence[Document]):
    """Issued documents by their numbers, read from the ledger a few at a time whenever somebody goes through them.

    A month's documents are thousands of times as large as their numbers; nobody needs two of them at once.
    """

    def __init__(self, engine: Engine, numbers: Sequence[str]):
        self.numbers = tuple(numbers)
        self._engine = engine

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, place: int) -> Document: ...
    @overload
    def __getitem__(self, place: slice) -> "Documents": ...
    def __getitem__(self, place: int | slice) -> "Document | Documents":
        if isinstance(place, slice):
            return Documents(self._engine, self.numbers[place])
        return next(iter(Documents(self._engine, [self.numbers[place]])))

    def __iter__(self) -> Iterator[Document]:
        return (document_from_json(body) for body in _bodies_of(self._engine, self.numbers))

    def headings(self) -> Iterator[Heading]:
        """All of them without their lines; equal sellers, with their logos, are held once."""
        sellers: dict[Seller, Seller] = {}
        for body in _bodies_of(self._engine, self.numbers):
            heading = heading_from_json(body)
            yield replace(heading, seller=sellers.setdefault(heading.seller, heading.seller))


def documents_in_folder(engine: Engine, folder: str) -> Documents:
    """Every document whose files stand in a month's folder, invoices first, in the order of their numbers."""
    return _found(engine, documents.c.folder == folder)


def documents_of_period(engine: Engine, period: str) -> Documents:
    """Every document that speaks of a period, whatever folder its files stand in."""
    return _found(engine, documents.c.period == period)


def nets_of_period(engine: Engine, period: str) -> dict[str, int]:
    """Net cents by client of the documents that speak of a period."""
    with transaction(engine) as connection:
        sums = select(documents.c.client_id, func.sum(documents.c.net_cents)).where(documents.c.period == period)
        return {client_id: int(net) for client_id, net in connection.execute(sums.group_by(documents.c.client_id))}


def document_of_number(engine: Engine, number: str) -> StoredDocument | None:
    """The issued document of that number."""
    return next((issued for issued in _issued(engine, documents.c.number == number)), None)


def documents_of_numbers(engine: Engine, numbers: Sequence[str]) -> list[Document]:
    """The issued documents of these numbers."""
    return [issued.document for chunk in chunks(numbers) for issued in _issued(engine, documents.c.number.in_(chunk))]


def documents_issued_since(engine: Engine, day: str) -> list[Document]:
    """Every document dated YYYY-MM-DD or later, invoices first, in the order of their numbers."""
    return [issued.document for issued in _issued(engine, documents.c.issue_date >= day)]


def headings_of(engine: Engine, numbers: Sequence[str]) -> dict[str, Heading]:
    """The headings of the documents of these numbers."""
    with transaction(engine) as connection:
        return {number: heading_from_json(body) for number, body in _bodies(connection, numbers).items()}


def heading_of_month(engine: Engine, client_id: str, month: str) -> Heading | None:
    """The heading of the first document of a client's month."""
    mine = (documents.c.client_id == client_id, documents.c.period == month)
    first = select(documents.c.number).where(*mine).order_by(documents.c.ordinal).limit(1)
    with transaction(engine) as connection:
        bodies = _bodies(connection, list(connection.execute(first).scalars()))
    return next(map(heading_from_json, bodies.values()), None)


def latest_clients(engine: Engine, client_ids: Collection[str]) -> dict[str, Client]:
    """Clients that have left the files, as their newest documents have them."""
    with transaction(engine) as connection:
        query = select(documents.c.client_id, documents.c.number).order_by(documents.c.issue_date, documents.c.number)
        newest = {
            client_id: number
            for lot in chunks(sorted(client_ids))
            for client_id, number in connection.execute(query.where(documents.c.client_id.in_(lot)))
        }
        bodies = _bodies(connection, list(newest.values()))
        return {client_id: heading_from_json(bodies[number]).client for client_id, number in newest.items()}


def all_documents(engine: Engine) -> list[StoredDocument]:
    """Everything ever issued, invoices first, in the order of their numbers; LedgerError if one was tampered with."""
    return _issued(engine, true())


def _issued(engine: Engine, where: ColumnElement[bool]) -> list[StoredDocument]:
    with transaction(engine) as connection:
        places = _places(connection, where)
        bodies = _bodies(connection, [number for number, _ in places])
    return [StoredDocument(document_from_json(bodies[number]), folder) for number, folder in places]


def _found(engine: Engine, where: ColumnElement[bool]) -> Documents:
    with transaction(engine) as connection:
        return Documents(engine, [number for number, _ in _places(connection, where)])


def _bodies_of(engine: Engine, numbers: Sequence[str]) -> Iterator[str]:
    """The documents as they are stored, in this order; the ledger is free between one lot and the next."""
    for start in range(0, len(numbers), AT_ONCE):
        lot = numbers[start : start + AT_ONCE]
        with transaction(engine) as connection:
            bodies = _bodies(connection, lot)
        yield from (bodies[number] for number in lot)


def _places(connection: Connection, where: ColumnElement[bool]) -> list[tuple[str, str]]:
    """Number and folder of documents, invoices first, in the order of their numbers."""
    query = select(documents.c.number, documents.c.folder).where(where)
    ordered = query.order_by(documents.c.kind.desc(), documents.c.series_year, documents.c.series_number)
    return [(row.number, row.folder) for row in connection.execute(ordered)]


def _bodies(connection: Connection, numbers: Sequence[str]) -> dict[str, str]:
    """Documents as they are stored, by number; LedgerError for one that was tampered with."""
    stored = select(documents.c.number, documents.c.body, documents.c.sha256)
    found = {}
    for chunk in chunks(numbers):
        for number, body, digest in connection.execute(stored.where(documents.c.number.in_(chunk))):
            if hashlib.sha256(body.encode()).hexdigest() != digest:
                raise LedgerError(f"document {number} was changed in the ledger after it was issued; restore a backup")
            found[number] = body
    return found


def clients_billed_for(engine: Engine, period: str) -> set[str]:
    """Clients that have their document of the period already.

    One that was undone whole and whose transactions were all freed no longer counts: the month is billed anew, also
    where another document of that run carries lines of older months.
    """
    kept = and_(settlements.c.transaction_id.is_not(None), releases.c.transaction_id.is_(None))
    own = and_(kept, settlements.c.month == period)
    of_document = documents.outerjoin(settlements, settlements.c.document_number == documents.c.number)
    query = (
        select(
            documents.c.client_id,
            func.count(releases.c.transaction_id),
            func.sum(case((kept, 1), else_=0)),
            func.sum(case((own, 1), else_=0)),
        )
        .select_from(of_document.outerjoin(releases, of_settlement(releases)))
        .where(documents.c.period == period, documents.c.corrects.is_(None))
        .group_by(documents.c.number, documents.c.client_id)
    )
    undone: set[str] = set()
    with_own: set[str] = set()
    others: set[str] = set()
    with transaction(engine) as connection:
        for client_id, freed, left, own_left in connection.execute(query):
            (undone if freed and not left else with_own if own_left else others).add(client_id)
    return with_own | (others - undone)


def billed_periods(engine: Engine) -> tuple[set[str], set[tuple[str, str]]]:
    """Periods that were billed whole, and single (client, period) pairs that have a document."""
    with transaction(engine) as connection:
        pairs = connection.execute(select(documents.c.client_id, documents.c.period).distinct())
        single = {(client_id, period) for client_id, period in pairs}
    return closed_periods(engine), single


def closed_periods(engine: Engine) -> set[str]:
    """Periods that were billed whole."""
    with transaction(engine) as connection:
        return set(connection.execute(select(closings.c.period)).scalars())


def net_by_month(engine: Engine, before: str, months: int) -> dict[str, list[MonthTotal]]:
    """What each client was billed in the last months before a period, net, oldest first."""
    with transaction(engine) as connection:
        rows = connection.execute(
            select(documents.c.client_id, documents.c.period, func.sum(documents.c.net_cents).label("net"))
            .where(documents.c.period < before)
            .group_by(documents.c.client_id, documents.c.period)
            .order_by(documents.c.client_id, documents.c.period)
        ).all()
    found: dict[str, list[MonthTotal]] = {}
    for row in rows:
        found.setdefault(row.client_id, []).append(MonthTotal(row.period, int(row.net)))
    return {client_id: totals[-months:] for client_id, totals in found.items()}


def issued_numbers(engine: Engine) -> list[tuple[str, int, int]]:
    """(kind, year, number) of every issued document."""
    with transaction(engine) as connection:
        query = select(documents.c.kind, documents.c.series_year, documents.c.series_number)
        return [tuple(row) for row in connection.execute(query)]
