"""All that the ledger records with the documents of a folder, to be written beside them and taken in again.

A ledger that came from an older copy lacks what was issued since. The files of documents say what clients got, not
which transactions it settled; this says that too, row by row as the tables hold it.
"""

import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, and_, insert, or_, select, update

from billing_job.core.errors import LedgerError
from billing_job.ledger.billing_tables import (
    client_months,
    closings,
    credited_lines,
    credited_rows,
    document_lines,
    documents,
    files,
    releases,
    series,
    settlements,
    terms,
    trunk_months,
)
from billing_job.ledger.chain import add, row_number
from billing_job.ledger.database import transaction
from billing_job.ledger.identity import take_identity
from billing_job.ledger.migrations import STEPS

_AT_ONCE = 100
_GZIP = 31
"""zlib's word for its largest window, in gzip's format, without a time."""
_line = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
ISSUED = "issued.jsonl.gz"
SCHEMA = "billing-job/issued@1"
_NOT_TOLD = ("seq", "closed")
"""Columns that depend on the order and the time of writing, not on what was issued."""
_MAY_BE_THERE = (terms, client_months, trunk_months, closings)
"""What several documents share: the entry that the ledger has already stays."""


def issued_facts(engine: Engine, folder: str, ledger: str) -> Iterator[bytes]:
    """Every row that belongs to the documents of a folder, as gzipped lines of JSON, always the same bytes; in pieces.

    The ledger is taken until the last piece.
    """
    head = {"schema": SCHEMA, "ledger": ledger, "ledger_schema": len(STEPS), "folder": folder}
    packer = zlib.compressobj(5, wbits=_GZIP)
    yield packer.compress(json.dumps(head, sort_keys=True).encode())
    with transaction(engine) as connection:
        for table, condition in _of_folder(folder):
            query = select(*_told(table)).where(condition).order_by(*_in_one_order(table))
            found = connection.execute(query.execution_options(yield_per=_AT_ONCE))
            for rows in found.partitions():
                lines = [f"\n{_line((table.name, *row))}" for row in rows]
                yield packer.compress("".join(lines).encode())
    yield packer.flush()


def take_in(engine: Engine, contents: Sequence[bytes], closed: str) -> list[str]:
    """Store the documents that the ledger lacks, with all that belongs to them; returns their numbers.

    `contents` are those of `issued_facts`, of the oldest folder first; all are taken in, or none. LedgerError where
    they contradict the ledger or come from another version of it.
    """
    taken: list[str] = []
    with transaction(engine) as connection:
        known = set(connection.execute(select(documents.c.number)).scalars())
        is_new = not known
        for content in contents:
            head, rows = _read(content)
            if is_new:
                take_identity(connection, str(head["ledger"]))
            fresh = [row for row in rows.get(documents.name, []) if row["number"] not in known]
            known |= {row["number"] for row in fresh}
            taken += [row["number"] for row in fresh]
            _store(connection, rows, {row["number"] for row in fresh}, closed)
            for row in fresh:
                _count(connection, row)
    return taken


def _of_folder(folder: str) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """The tables in the order in which their rows refer to each other, and which rows belong to the folder."""
    numbers = select(documents.c.number).where(documents.c.folder == folder)
    billed = or_(
        settlements.c.document_number.in_(numbers),
        and_(settlements.c.document_number.is_(None), settlements.c.period == folder),
    )
    months = select(settlements.c.month).where(billed).distinct()
    of_months = or_(client_months.c.month.in_(months), client_months.c.month == folder)
    yield terms, terms.c.sha256.in_(select(client_months.c.terms_sha256).where(of_months))
    yield client_months, of_months
    yield trunk_months, or_(trunk_months.c.month.in_(months), trunk_months.c.month == folder)
    yield documents, documents.c.folder == folder
    yield document_lines, document_lines.c.document_number.in_(numbers)
    yield settlements, billed
    yield releases, releases.c.credit_number.in_(numbers)
    yield credited_lines, credited_lines.c.credit_number.in_(numbers)
    yield credited_rows, credited_rows.c.credit_number.in_(numbers)
    yield files, files.c.document_number.in_(numbers)
    yield closings, closings.c.period == folder


def _in_one_order(table: Table) -> list[Any]:
    """As they were recorded, so that they are counted alike when they are taken in again.

    Files are noted as they become ready, which is another order with each run.
    """
    if table is files:
        return [files.c.document_number, files.c.suffix, files.c.seq]
    number = row_number(table)
    return [*table.primary_key.columns] if number is None else [number]


def _told(table: Table) -> list[Any]:
    return [column for column in table.c if column.name not in _NOT_TOLD]


def _read(content: bytes) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    try:
        first, *others = gzip.decompress(content).decode().split("\n")
        head = json.loads(first)
        tables = {table.name: table for table, _ in _of_folder("")}
        rows: dict[str, list[dict[str, Any]]] = {}
        if head["schema"] == SCHEMA and head["ledger_schema"] == len(STEPS):
            for line in others:
                name, *cells = json.loads(line)
                columns = [column.name for column in _told(tables[name])]
                rows.setdefault(name, []).append(dict(zip(columns, cells, strict=True)))
            return head, rows
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise LedgerError(
            f"{ISSUED}: cannot be read ({error or type(error).__name__}); take it from a backup"
        ) from None
    raise LedgerError(
        f"{ISSUED} of {head.get('folder')} was written by another version of the ledger ({head.get('ledger_schema')},"
        f" this program has {len(STEPS)}): install the version of billing-job that its manifest names, adopt, upgrade"
    )


def _store(connection: Connection, rows: dict[str, list[dict[str, Any]]], fresh: set[str], closed: str) -> None:
    for table, _ in _of_folder(""):
        missing = []
        for row in _in_order(table, rows.get(table.name, [])):
            if table is files:
                if row["document_number"] in fresh:
                    missing.append(row)
                continue
            key = and_(*(column == row[column.name] for column in table.primary_key.columns))
            there = connection.execute(select(*_told(table)).where(key)).one_or_none()
            if there is None:
                missing.append({**row, **({"closed": closed} if table is closings else {})})
            elif table not in _MAY_BE_THERE and dict(there._mapping) != row:
                raise LedgerError(
                    f"{table.name} {', '.join(str(row[column.name]) for column in table.primary_key.columns)}: the"
                    " ledger holds it otherwise than the output folder: this ledger went on by itself. Restore the"
                    " newest copy of the ledger that wrote the folder"
                )
        add(connection, table, tuple(missing[0]) if missing else (), [tuple(row.values()) for row in missing])


def _in_order(table: Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What refers to another row of the table comes after it."""
    return sorted(rows, key=lambda row: row["corrects"] is not None) if table is documents else rows


def _count(connection: Connection, document: dict[str, Any]) -> None:
    """Move the counter of a document's series on to its number."""
    kind, year, number = document["kind"], document["series_year"], document["series_number"]
    where = (series.c.kind == kind, series.c.year == year)
    last = connection.execute(select(series.c.last_number).where(*where)).scalar_one_or_none()
    if last is None:
        connection.execute(insert(series).values(kind=kind, year=year, last_number=number))
    elif last < number:
        connection.execute(update(series).where(*where).values(last_number=number))
