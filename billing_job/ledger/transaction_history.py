"""All that the ledger recorded of one transaction: each version that came, each settlement, and what undid it."""

from typing import Any

from sqlalchemy import Engine, select

from billing_job.ledger.billing_tables import credited_rows, decisions, documents, releases, settlements
from billing_job.ledger.database import transaction
from billing_job.ledger.tables import wallet_rows
from billing_job.ledger.undone_settlements import of_settlement


def versions(engine: Engine, transaction_id: str) -> list[tuple[str, str]]:
    """(first seen, the raw row) of each version that the supplier sent, oldest first."""
    with transaction(engine) as connection:
        query = select(wallet_rows.c.first_seen, wallet_rows.c.raw)
        of_row = query.where(wallet_rows.c.transaction_id == transaction_id).order_by(wallet_rows.c.seq)
        return [(row.first_seen, row.raw) for row in connection.execute(of_row)]


def settlements_of(engine: Engine, transaction_id: str) -> list[dict[str, Any]]:
    """Each settlement of the transaction, undone ones too, with the document's date and what freed it."""
    with transaction(engine) as connection:
        query = (
            select(settlements, documents.c.issue_date, documents.c.folder, releases.c.credit_number)
            .select_from(
                settlements.outerjoin(documents, documents.c.number == settlements.c.document_number).outerjoin(
                    releases, of_settlement(releases)
                )
            )
            .where(settlements.c.transaction_id == transaction_id)
            .order_by(settlements.c.part, settlements.c.generation)
        )
        return [dict(row._mapping) for row in connection.execute(query)]


def refunds_of(engine: Engine, transaction_id: str) -> list[dict[str, Any]]:
    """The settled refunds that give the transaction back, with their documents."""
    with transaction(engine) as connection:
        columns = (settlements.c.transaction_id, settlements.c.document_number, settlements.c.net_cents)
        query = select(*columns).where(settlements.c.refund_of == transaction_id).order_by(*columns)
        return [dict(row._mapping) for row in connection.execute(query)]


def credits_of(engine: Engine, transaction_id: str) -> list[dict[str, Any]]:
    """What credit notes undid of the transaction's net."""
    with transaction(engine) as connection:
        columns = (credited_rows.c.credit_number, credited_rows.c.part, credited_rows.c.net_cents)
        query = select(*columns).where(credited_rows.c.transaction_id == transaction_id).order_by(*columns)
        return [dict(row._mapping) for row in connection.execute(query)]


def decisions_of(engine: Engine, transaction_id: str) -> list[dict[str, Any]]:
    """What users decided about it, oldest first."""
    with transaction(engine) as connection:
        query = select(decisions).where(decisions.c.transaction_id == transaction_id).order_by(decisions.c.seq)
        return [dict(row._mapping) for row in connection.execute(query)]
