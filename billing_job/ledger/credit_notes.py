"""Storing credit notes of issued documents: what is left is read, undone and recorded in one database transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from billing_job.core.document import Document, Kind, Vat
from billing_job.core.document_json import document_from_json
from billing_job.core.settlement import Credit, SettledRow, Undone
from billing_job.ledger.billed_facts import credited_of
from billing_job.ledger.billing_tables import (
    credited_lines,
    credited_rows,
    documents,
    releases,
    settlements,
)
from billing_job.ledger.bulk import chunks
from billing_job.ledger.chain import add
from billing_job.ledger.database import transaction
from billing_job.ledger.issuing import numbered
from billing_job.ledger.numbering import store_documents
from billing_job.ledger.undone_settlements import is_released, of_settlement


def issue_credit(
    engine: Engine,
    original: Document,
    build: Callable[[Undone], Credit],
    formats: Mapping[Kind, str],
    folder: str,
    today: date,
) -> Document:
    """Build, number and store a credit note of `original`; two at once cannot undo one cent twice."""
    with transaction(engine) as connection:
        undone_before = _undone(connection, original)
        built = build(undone_before)
        document = numbered(connection, built.document, formats, today)
        store_documents(connection, [document], folder)
        add(
            connection,
            credited_lines,
            ("credit_number", "credit_line", "document_number", "line", "net_cents"),
            [
                (document.number, credited.credit_line, original.number, credited.line, credited.net_cents)
                for credited in built.credited
            ],
        )
        add(
            connection,
            credited_rows,
            ("credit_number", "transaction_id", "part", "generation", "net_cents"),
            [(document.number, row.transaction_id, row.part, row.generation, row.net_cents) for row in built.rows],
        )
        freed = [row for row in undone_before.rows if row.line in built.freed_lines]
        columns = ("transaction_id", "part", "generation", "credit_number")
        keys = [(row.transaction_id, row.part, row.generation) for row in freed]
        add(connection, releases, columns, [(*key, document.number) for key in keys])
        return document


def undone(engine: Engine, original: Document) -> Undone:
    """What earlier credit notes undid of a document, and what is left of it; nothing is recorded."""
    with transaction(engine) as connection:
        return _undone(connection, original)


def _undone(connection: Connection, original: Document) -> Undone:
    """What earlier credit notes undid of a document, with its sign."""
    nets = connection.execute(
        select(credited_lines.c.line, func.sum(credited_lines.c.net_cents))
        .where(credited_lines.c.document_number == original.number)
        .group_by(credited_lines.c.line)
    )
    vat: dict[Vat, int] = {}
    for body in connection.execute(select(documents.c.body).where(documents.c.corrects == original.number)).scalars():
        for total in document_from_json(body).vat_totals:
            vat[total.vat] = vat.get(total.vat, 0) - total.vat_cents
    rows = _credited_before(connection, original) if original.corrects else _settled(connection, original)
    given: dict[int, int] = {}
    for row, back in rows:
        if back:
            given[row.line] = given.get(row.line, 0) + back
    return Undone({line: -int(cents) for line, cents in nets}, vat, tuple(row for row, _ in rows), given)


def _settled(connection: Connection, original: Document) -> list[tuple[SettledRow, int]]:
    """What the document settles, and what refunds on other documents gave back of each."""
    query = select(settlements).where(
        settlements.c.document_number == original.number, settlements.c.line.is_not(None), ~is_released()
    )
    ordered = query.order_by(settlements.c.line, settlements.c.transaction_id, settlements.c.part)
    stored = connection.execute(ordered).all()
    ids = [row.transaction_id for row in stored]
    credited, given = _credited_by(connection, original.number), _given_elsewhere(connection, ids, original.number)
    found = []
    for row in stored:
        back, document = given.get((row.transaction_id, row.part), (0, ""))
        left = row.net_cents - credited.get((row.transaction_id, row.part, row.generation), 0) - back
        settled = _row(row, row.line, row.net_cents, left, document)
        of = (row.refund_of, row.refund_part) if row.refund_of else None
        found.append((replace(settled, refund_of=of), back))
    return found


def _credited_by(connection: Connection, number: str) -> dict[tuple[str, int, int], int]:
    """(transaction, part, generation) → what the credit notes of this very document undid of its net."""
    keys = (credited_rows.c.transaction_id, credited_rows.c.part, credited_rows.c.generation)
    notes = select(documents.c.number).where(documents.c.corrects == number)
    query = select(*keys, func.sum(credited_rows.c.net_cents)).where(credited_rows.c.credit_number.in_(notes))
    return {
        (id_, part, generation): int(net) for id_, part, generation, net in connection.execute(query.group_by(*keys))
    }


def _given_elsewhere(connection: Connection, ids: Sequence[str], number: str) -> dict[tuple[str, int], tuple[int, str]]:
    """(transaction, part) → what refunds on other documents gave back of its net, and on which one."""
    found: dict[tuple[str, int], tuple[int, str]] = {}
    for chunk in chunks(sorted(set(ids))):
        refunds = select(settlements).where(
            settlements.c.refund_of.in_(chunk), settlements.c.document_number != number, ~is_released()
        )
        rows = connection.execute(refunds.order_by(settlements.c.transaction_id, settlements.c.part)).all()
        credited = credited_of(connection, [row.transaction_id for row in rows])
        for row in rows:
            key = (row.refund_of, row.refund_part)
            cents = credited.get((row.transaction_id, row.part, row.generation), 0) - row.net_cents
            if cents:
                found[key] = (found.get(key, (0, ""))[0] + cents, row.document_number)
    return found


def _credited_before(connection: Connection, original: Document) -> list[tuple[SettledRow, int]]:
    """What a credit note undid, or one of a credit note brought back, to be undone itself; and what refunds gave back.

    Its lines have the rows of the lines of the first document that they lead back to.
    """
    lines = _lines_of_first(connection, original.number)
    again = _credited_by(connection, original.number)
    rows = connection.execute(
        select(settlements, credited_rows.c.net_cents.label("undone"), is_released().label("is_freed"))
        .join_from(settlements, credited_rows, of_settlement(credited_rows))
        .where(credited_rows.c.credit_number == original.number)
        .order_by(settlements.c.line, settlements.c.transaction_id, settlements.c.part)
    ).all()
    ids = sorted({row.transaction_id for row in rows})
    credited, given = credited_of(connection, ids), _given_elsewhere(connection, ids, original.number)
    found = []
    for row in rows:
        if row.line not in lines:
            continue
        key = (row.transaction_id, row.part, row.generation)
        charged = row.net_cents - credited.get(key, 0) - given.get(key[:2], (0, ""))[0]
        left = -row.undone - again.get(key, 0)
        # What it brought back and a refund has given back since is no longer charged.
        back = left - min(left, charged) if left > 0 < row.net_cents else 0
        back = left - max(left, charged) if left < 0 > row.net_cents else back
        settled = _row(row, lines[row.line], -row.undone, left - back, "")
        found.append((replace(settled, elsewhere_cents=charged - left + back, is_freed=bool(row.is_freed)), back))
    return found


def _lines_of_first(connection: Connection, number: str) -> dict[int, int]:
    """Line of the first document of a chain of corrections → the line of this one that undoes it or brings it back."""
    rows = connection.execute(select(credited_lines).where(credited_lines.c.credit_number == number)).all()
    if not rows:
        return {}
    own = {row.line: row.credit_line for row in rows}
    before = _lines_of_first(connection, rows[0].document_number)
    return {first: own[line] for first, line in before.items() if line in own} if before else own


def _row(row: Any, line: int, net_cents: int, left_cents: int, refunded_on: str) -> SettledRow:
    return SettledRow(
        row.transaction_id, row.part, row.generation, line, row.charge_cents, net_cents, left_cents, refunded_on
    )
