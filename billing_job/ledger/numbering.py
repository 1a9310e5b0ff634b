"""Documents as rows: the next numbers of their series, the documents whole, and their lines for sums."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection, func, insert, select, update

from billing_job.core.document import Document, Kind
from billing_job.core.document_json import document_to_json
from billing_job.core.errors import LedgerError
from billing_job.ledger.billing_tables import document_lines, documents, series
from billing_job.ledger.bulk import chunks
from billing_job.ledger.chain import add

LINE_COLUMNS = (
    "document_number", "line", "category", "number", "trunk", "quantity", "net_cents", "vat_category", "vat_rate",
)  # fmt: skip


class Numbers:
    """The next numbers of each series, given out within one database transaction; the dates of a series never go back.

    `formats` gives each kind's numbering. The counters move in the same database transaction.
    """

    def __init__(self, connection: Connection, formats: Mapping[Kind, str], today: date):
        self._connection = connection
        self._formats = formats
        self._today = today
        self._counters = _counters(connection)
        self._latest = _latest_dates(connection)

    def give(self, unnumbered: Sequence[Document]) -> list[Document]:
        """Number documents in their order; LedgerError for a number that was given before."""
        before = dict(self._counters)
        found = []
        for undated in unnumbered:
            key = _series_of(undated)
            document = _dated(undated, self._latest.get(key, undated.issue_date), self._today)
            self._latest[key] = document.issue_date
            self._counters[key] = self._counters.get(key, 0) + 1
            text = self._formats[document.kind].format(year=key[1], number=self._counters[key])
            found.append(replace(document, number=text))
        for key, last in self._counters.items():
            kind, year = key
            if key not in before:
                self._connection.execute(insert(series).values(kind=kind, year=year, last_number=last))
            elif last != before[key]:
                where = (series.c.kind == kind, series.c.year == year)
                self._connection.execute(update(series).where(*where).values(last_number=last))
        _check_numbers_are_new(self._connection, [document.number for document in found])
        return found


def _latest_dates(connection: Connection) -> dict[tuple[str, int], date]:
    """The date of the newest document of each series."""
    query = select(documents.c.kind, documents.c.series_year, func.max(documents.c.issue_date))
    grouped = query.group_by(documents.c.kind, documents.c.series_year)
    return {(kind, year): date.fromisoformat(day) for kind, year, day in connection.execute(grouped)}


def _dated(document: Document, latest: date, today: date) -> Document:
    """The document with the later of its own date and that of the number before it; it stays payable as long."""
    if document.issue_date >= latest:
        return document
    later = max(latest, today) - max(document.issue_date, today)
    return replace(document, issue_date=latest, due_date=document.due_date + later)


def _counters(connection: Connection) -> dict[tuple[str, int], int]:
    return {(row.kind, row.year): row.last_number for row in connection.execute(select(series))}


def _series_of(document: Document) -> tuple[str, int]:
    return document.kind.value, document.issue_date.year


def _check_numbers_are_new(connection: Connection, numbers: Sequence[str]) -> None:
    taken = [number for number, times in Counter(numbers).items() if times > 1]
    for chunk in chunks(numbers):
        taken += connection.execute(select(documents.c.number).where(documents.c.number.in_(chunk))).scalars()
    if taken:
        raise LedgerError(
            f"the number {taken[0]} is issued already: choose a [numbering] format that was not used before"
        )


def store_documents(connection: Connection, numbered_now: Sequence[Document], folder: str) -> None:
    """Store documents that have just got their numbers, in that order, and their lines."""
    counters = _counters(connection)
    left = Counter(map(_series_of, numbered_now))
    ordinals = _ordinals(connection, numbered_now)
    rows = []
    for document in numbered_now:
        body = document_to_json(document)
        kind, year = key = _series_of(document)
        left[key] -= 1
        owner = (document.client.client_id, str(document.period))
        rows.append(
            {
                "number": document.number,
                "kind": kind,
                "series_year": year,
                "series_number": counters[key] - left[key],
                "client_id": owner[0],
                "period": owner[1],
                "folder": folder,
                "ordinal": ordinals[owner],
                "issue_date": document.issue_date.isoformat(),
                "currency": document.currency,
                "net_cents": document.net_cents,
                "vat_cents": document.vat_cents,
                "gross_cents": document.gross_cents,
                "corrects": document.corrects or None,
                "body": body,
                "sha256": hashlib.sha256(body.encode()).hexdigest(),
            }
        )
        ordinals[owner] += 1
    add(connection, documents, tuple(rows[0]) if rows else (), [tuple(row.values()) for row in rows])
    add(connection, document_lines, LINE_COLUMNS, [row for each in numbered_now for row in _line_rows(each)])


def _ordinals(connection: Connection, of_these: Sequence[Document]) -> Counter[tuple[str, str]]:
    """How many documents each client of these has of each of their periods."""
    periods = {str(document.period) for document in of_these}
    found: Counter[tuple[str, str]] = Counter()
    for clients in chunks(sorted({document.client.client_id for document in of_these})):
        grouped = select(documents.c.client_id, documents.c.period, func.count().label("count"))
        query = grouped.where(documents.c.client_id.in_(clients), documents.c.period.in_(periods))
        for row in connection.execute(query.group_by(documents.c.client_id, documents.c.period)):
            found[row.client_id, row.period] = row._mapping["count"]
    return found


def _line_rows(document: Document) -> Iterator[tuple[str | int, ...]]:
    """LINE_COLUMNS of each line."""
    for line in document.lines:
        yield (
            document.number,
            line.line,
            line.category,
            line.number,
            line.trunk,
            int(line.quantity),
            line.net_cents,
            line.vat.category,
            str(line.vat.rate),
        )
