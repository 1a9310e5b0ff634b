"""Storing credit notes of issued documents: what is left is read, undone and recorded in one database transaction."""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, Engine, func, insert, select

from billing_job.core.document import Document, Kind, Vat, document_from_json
from billing_job.core.settlement import Credit, Undone
from billing_job.ledger.database import transaction
from billing_job.ledger.issuing import numbered
from billing_job.ledger.numbering import store_documents
from billing_job.ledger.releases import is_released
from billing_job.ledger.tables import credited_lines, documents, releases, settlements


def issue_credit(
    engine: Engine, original: Document, build: Callable[[Undone], Credit], formats: Mapping[Kind, str], folder: str
) -> Document:
    """Build, number and store a credit note of `original`; two at once cannot undo one cent twice."""
    with transaction(engine) as connection:
        built = build(_undone(connection, original))
        document = numbered(connection, built.document, formats)
        store_documents(connection, [document], folder)
        connection.execute(
            insert(credited_lines),
            [
                {
                    "credit_number": document.number,
                    "credit_line": credited.credit_line,
                    "document_number": original.number,
                    "line": credited.line,
                    "net_cents": credited.net_cents,
                }
                for credited in built.credited
            ],
        )
        _free(connection, original.number, built.freed_lines, document.number)
        return document


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
    return Undone({line: -int(cents) for line, cents in nets}, vat)


def _free(connection: Connection, number: str, lines: tuple[int, ...], credit_number: str) -> None:
    """Release the transactions of some lines, so that they can be billed again."""
    rows = connection.execute(
        select(settlements.c.transaction_id, settlements.c.part, settlements.c.generation).where(
            settlements.c.document_number == number, settlements.c.line.in_(lines), ~is_released()
        )
    ).all()
    if rows:
        connection.execute(insert(releases), [{**row._mapping, "credit_number": credit_number} for row in rows])
