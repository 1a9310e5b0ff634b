"""Storing documents: the number, the document, its lines and what it settles, in one database transaction."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, insert, select, true, update
from sqlalchemy.exc import IntegrityError

from billing_job.core.document import (
    Document,
    Heading,
    Kind,
    MonthTotal,
    document_from_json,
    heading_from_json,
)
from billing_job.core.errors import LedgerError
from billing_job.core.settlement import Bill
from billing_job.ledger.bulk import chunks, insert_rows
from billing_job.ledger.database import transaction
from billing_job.ledger.released import is_released
from billing_job.ledger.storing import numbered_all, store_documents
from billing_job.ledger.tables import closings, credited_lines, documents, files, releases, runs, settlements

SETTLEMENT_COLUMNS = (
    "transaction_id", "part", "generation", "client_id", "period", "document_number", "line", "category", "number",
    "trunk", "cost_cents", "charge_cents",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Issued:
    """A stored document, the folder its files stand in, and whether this run issued it."""

    document: Document
    folder: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a document as it was last written."""

    document_number: str
    suffix: str
    sha256: str
    size: int


def issue(
    engine: Engine, bills: Sequence[Bill], period: str, formats: Mapping[Kind, str], *, closes: bool, now: str
) -> list[Document]:
    """Number and store the bills' documents and settlements; all of them, or none.

    `formats` gives each kind's numbering. With `closes` the period counts as billed whole from now on.
    """
    with transaction(engine) as connection:
        issued = numbered_all(connection, [bill.document for bill in bills if bill.document is not None], formats)
        store_documents(connection, issued, period)
        coming = iter(issued)
        _settle(connection, [(bill, next(coming).number if bill.document else None) for bill in bills], period)
        if closes:
            known = connection.execute(select(closings.c.period).where(closings.c.period == period)).one_or_none()
            if known is None:
                connection.execute(insert(closings).values(period=period, closed=now))
        return issued


def numbered(connection: Connection, document: Document, formats: Mapping[Kind, str]) -> Document:
    """Give the document the next number of its series."""
    return numbered_all(connection, [document], formats)[0]


def _settle(connection: Connection, settled: Sequence[tuple[Bill, str | None]], period: str) -> None:
    """Record what each bill settles by the document of that number, if it has one.

    The primary key refuses a transaction that a document settles already.
    """
    latest = select(releases.c.transaction_id, releases.c.part, func.max(releases.c.generation).label("generation"))
    freed = {
        (row.transaction_id, row.part): row.generation
        for row in connection.execute(latest.group_by(releases.c.transaction_id, releases.c.part))
    }
    for bill, number in settled:
        rows = [
            (
                each.transaction_id,
                each.part,
                freed.get((each.transaction_id, each.part), 0) + 1,
                bill.client_id,
                period,
                None if each.line is None else number,
                each.line,
                each.category,
                each.number,
                each.trunk,
                each.cost_cents,
                each.charge_cents,
            )
            for each in bill.settlements
        ]
        try:
            insert_rows(connection, settlements, SETTLEMENT_COLUMNS, rows)
        except IntegrityError:
            raise LedgerError(
                f"invariant 2: a transaction of client {bill.client_id} is on a document already; nothing was issued"
            ) from None


def documents_in_folder(engine: Engine, folder: str, known: Sequence[Document] = ()) -> list[Document]:
    """Every document whose files stand in a month's folder, invoices first, in the order of their numbers.

    Those in `known` were read or stored before and are not read again.
    """
    return [issued.document for issued in _issued(engine, documents.c.folder == folder, known)]


def headings_in_folder(engine: Engine, folder: str) -> list[Heading]:
    """The headings of `documents_in_folder`."""
    with transaction(engine) as connection:
        places = _places(connection, documents.c.folder == folder)
        bodies = _bodies(connection, [number for number, _ in places])
    return [heading_from_json(bodies[number]) for number, _ in places]


def documents_of_period(engine: Engine, period: str, known: Sequence[Document] = ()) -> list[Document]:
    """Every document that speaks of a period, whatever folder its files stand in; `known` as above."""
    return [issued.document for issued in _issued(engine, documents.c.period == period, known)]


def nets_of_period(engine: Engine, period: str) -> dict[str, int]:
    """Net cents by client of the documents that speak of a period."""
    with transaction(engine) as connection:
        sums = select(documents.c.client_id, func.sum(documents.c.net_cents)).where(documents.c.period == period)
        return {client_id: int(net) for client_id, net in connection.execute(sums.group_by(documents.c.client_id))}


def document_of_number(engine: Engine, number: str) -> Issued | None:
    """The issued document of that number."""
    return next((issued for issued in _issued(engine, documents.c.number == number)), None)


def all_documents(engine: Engine) -> list[Issued]:
    """Everything ever issued, invoices first, in the order of their numbers; LedgerError if one was tampered with."""
    return _issued(engine, true())


def _issued(engine: Engine, where: ColumnElement[bool], known: Sequence[Document] = ()) -> list[Issued]:
    found = {document.number: document for document in known}
    with transaction(engine) as connection:
        places = _places(connection, where)
        bodies = _bodies(connection, [number for number, _ in places if number not in found])
    found.update((number, document_from_json(body)) for number, body in bodies.items())
    return [Issued(found[number], folder) for number, folder in places]


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

    One that was undone whole and whose transactions were all freed no longer counts: the month is billed anew.
    """
    released = is_released()
    of_document = settlements.c.document_number == documents.c.number
    freed = select(settlements.c.transaction_id).where(of_document, released).exists()
    kept = select(settlements.c.transaction_id).where(of_document, ~released).exists()
    undone = (
        select(func.sum(credited_lines.c.net_cents))
        .where(credited_lines.c.document_number == documents.c.number)
        .scalar_subquery()
    )
    with transaction(engine) as connection:
        query = select(documents.c.client_id).where(
            documents.c.period == period,
            documents.c.corrects.is_(None),
            ~and_(freed, ~kept, undone == -documents.c.net_cents),
        )
        return set(connection.execute(query).scalars())


def billed_periods(engine: Engine) -> tuple[set[str], set[tuple[str, str]]]:
    """Periods that were billed whole, and single (client, period) pairs that have a document."""
    with transaction(engine) as connection:
        whole = set(connection.execute(select(closings.c.period)).scalars())
        pairs = connection.execute(select(documents.c.client_id, documents.c.period).distinct())
        return whole, {(row.client_id, row.period) for row in pairs}


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


def record_files(engine: Engine, written: Sequence[StoredFile]) -> list[StoredFile]:
    """Note the files of documents; returns those whose bytes differ from what was written before."""
    with transaction(engine) as connection:
        known = _latest_files(connection, {file.document_number for file in written})
        before = [known.get((file.document_number, file.suffix)) for file in written]
        changed = [(file, old) for file, old in zip(written, before, strict=True) if old != file]
        insert_rows(
            connection,
            files,
            ("document_number", "suffix", "sha256", "size"),
            [(file.document_number, file.suffix, file.sha256, file.size) for file, _ in changed],
        )
        return [file for file, old in changed if old is not None]


def stored_files(engine: Engine, numbers: Sequence[str]) -> dict[tuple[str, str], StoredFile]:
    """(document number, suffix) → the file as last written."""
    with transaction(engine) as connection:
        return _latest_files(connection, set(numbers))


def _latest_files(connection: Connection, numbers: Collection[str]) -> dict[tuple[str, str], StoredFile]:
    """The entries of these documents; later ones take the place of earlier ones."""
    return {
        (row.document_number, row.suffix): StoredFile(row.document_number, row.suffix, row.sha256, row.size)
        for chunk in chunks(sorted(numbers))
        for row in connection.execute(select(files).where(files.c.document_number.in_(chunk)).order_by(files.c.seq))
    }


def begin_run(engine: Engine, run_id: str, month: str, started: str) -> None:
    """Note that a run begins."""
    with transaction(engine) as connection:
        connection.execute(insert(runs).values(run_id=run_id, month=month, started=started, status="running"))


def end_run(engine: Engine, run_id: str, finished: str, status: str) -> None:
    """Note how it ended; a run that never did was killed."""
    with transaction(engine) as connection:
        connection.execute(update(runs).where(runs.c.run_id == run_id).values(finished=finished, status=status))
