"""What documents claim and what was paid, for the derivation of open items."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import Connection, Engine, func, select

from billing_job.core.claim import Claim, Payment, PaymentKind
from billing_job.core.document import Kind
from billing_job.ledger.bank_tables import bank_entries, bank_statements, payments
from billing_job.ledger.billing_tables import documents
from billing_job.ledger.bulk import chunks
from billing_job.ledger.database import transaction
from billing_job.ledger.derived_tables import document_heads


def claims(engine: Engine) -> list[Claim]:
    """Every issued document as a claim."""
    with transaction(engine) as connection:
        return claims_in(connection)


def claims_in(connection: Connection) -> list[Claim]:
    """The same within a database transaction."""
    columns, heads = documents.c, document_heads.c
    query = select(
        columns.number,
        columns.kind,
        columns.client_id,
        columns.issue_date,
        heads.due_date,
        columns.gross_cents,
        columns.corrects,
        heads.offered_cents,
        columns.currency,
    ).join_from(documents, document_heads, heads.document_number == columns.number)
    return [
        Claim(
            number,
            Kind(kind),
            client_id,
            date.fromisoformat(issued),
            date.fromisoformat(due),
            gross,
            corrects or "",
            offered,
            currency,
        )
        for number, kind, client_id, issued, due, gross, corrects, offered, currency in connection.execute(query).all()
    ]


def recorded_payments(
    engine: Engine, *, first: date | None = None, last: date | None = None, document: str | None = None
) -> list[Payment]:
    """Payments in force, by day, entry and document; of the days from `first` to `last`, of one document."""
    with transaction(engine) as connection:
        return payments_in(connection, first=first, last=last, document=document)


def payments_in(
    connection: Connection,
    *,
    first: date | None = None,
    last: date | None = None,
    entries: Collection[str] | None = None,
    document: str | None = None,
) -> list[Payment]:
    """The same within a database transaction, of these entries only; what was taken back cancels out."""
    columns = payments.c
    query = select(
        func.max(columns.seq).label("latest"),
        func.sum(columns.cents).label("in_force"),
        func.sum(columns.charges_cents).label("kept"),
    )
    if first is not None:
        query = query.where(columns.day >= first.isoformat())
    if last is not None:
        query = query.where(columns.day <= last.isoformat())
    if document is not None:
        query = query.where(columns.document_number == document)
    group = (columns.entry, columns.document_number, columns.client_id, columns.kind)
    summed = query.group_by(*group).having(func.sum(columns.cents) != 0)
    lots: list[Sequence[str] | None] = [None] if entries is None else [*chunks(sorted(entries))]
    found = []
    for lot in lots:
        sums = (summed if lot is None else summed.where(columns.entry.in_(lot))).subquery("sums")
        told = select(func.max(bank_entries.c.currency)).where(bank_entries.c.entry == columns.entry).scalar_subquery()
        rows = select(payments, sums.c.in_force, sums.c.kept, told.label("currency"))
        rows = rows.join(sums, columns.seq == sums.c.latest)
        found += [
            Payment(
                row.entry,
                row.document_number,
                row.client_id,
                int(row.in_force),
                date.fromisoformat(row.day),
                PaymentKind(row.kind),
                row.rule,
                row.why,
                row.bank_reason,
                int(row.kept),
                row.currency or "",
            )
            for row in connection.execute(rows)
        ]
    return sorted(found, key=lambda payment: (payment.day, payment.entry, payment.document or ""))


def newest_statement_day(engine: Engine) -> date | None:
    """The last day that any statement of the bank tells of; None when none was read."""
    with transaction(engine) as connection:
        told = connection.execute(select(func.max(bank_statements.c.last_day))).scalar_one()
        booked = connection.execute(select(func.max(bank_entries.c.day))).scalar_one()
    return max((date.fromisoformat(day) for day in (told, booked) if day), default=None)
