"""What became of each issued document: credited how far, sent or not, and every step on the way."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, func, select

from billing_job.core.document import Kind
from billing_job.core.money import decimal_text
from billing_job.ledger.billing_tables import credited_lines, deliveries, documents, files
from billing_job.ledger.database import transaction
from billing_job.ledger.deliveries import SENT, STUCK, UNKNOWN, DeliveryEvent, is_participant
from billing_job.ledger.derived_tables import document_heads


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """A document with its state; cents, those of credit notes negative."""

    number: str
    kind: Kind
    client_id: str
    client_name: str
    period: str
    folder: str
    """The month in whose folder its files stand."""
    issue_date: str
    due_date: str
    currency: str
    net_cents: int
    vat_cents: int
    gross_cents: int
    corrects: str
    credited_cents: int
    """What was credited of its net."""
    state: str


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """Something that happened to a document; `moment` is ISO 8601 UTC, or a day."""

    moment: str
    what: str
    detail: str


def listed_documents(
    engine: Engine, *, month: str | None = None, client_id: str | None = None, number: str | None = None
) -> list[ListedDocument]:
    """Documents by month of their folder or their period, client and number; by kind, year and number."""
    columns = documents.c
    query = select(
        columns.number,
        columns.kind,
        columns.client_id,
        document_heads.c.client_name,
        columns.period,
        columns.folder,
        columns.issue_date,
        document_heads.c.due_date,
        columns.currency,
        columns.net_cents,
        columns.vat_cents,
        columns.gross_cents,
        columns.corrects,
    ).join_from(documents, document_heads, document_heads.c.document_number == columns.number)
    if month is not None:
        query = query.where((columns.folder == month) | (columns.period == month))
    if client_id is not None:
        query = query.where(columns.client_id == client_id)
    if number is not None:
        query = query.where(columns.number == number)
    ordered = query.order_by(columns.kind.desc(), columns.series_year, columns.series_number)
    with transaction(engine) as connection:
        credited, sent = _credited(connection), _sent(connection)
        return [
            ListedDocument(
                number,
                Kind(kind),
                client_id_,
                client_name,
                period,
                folder,
                issue_date,
                due_date,
                currency,
                net_cents,
                vat_cents,
                gross_cents,
                corrects or "",
                credited.get(number, 0),
                _state(net_cents, credited.get(number, 0), sent.get(number)),
            )
            for (
                number,
                kind,
                client_id_,
                client_name,
                period,
                folder,
                issue_date,
                due_date,
                currency,
                net_cents,
                vat_cents,
                gross_cents,
                corrects,
            ) in connection.execute(ordered).all()
        ]


def count_in_state(engine: Engine, state: str) -> int:
    """How many documents are in a state, without reading any of them."""
    with transaction(engine) as connection:
        credited, sent = _credited(connection), _sent(connection)
        rows = connection.execute(select(documents.c.number, documents.c.net_cents)).all()
        return sum(_state(net, credited.get(number, 0), sent.get(number)) == state for number, net in rows)


def document_history(engine: Engine, number: str) -> list[HistoryStep]:
    """What happened to a document, oldest first: issued, written, sent, credited."""
    with transaction(engine) as connection:
        return sorted(_steps(connection, number), key=lambda step: step.moment[:10])


def _steps(connection: Connection, number: str) -> Iterator[HistoryStep]:
    issued = select(documents.c.issue_date, documents.c.corrects).where(documents.c.number == number)
    for row in connection.execute(issued):
        yield HistoryStep(row.issue_date, "issued", f"corrects {row.corrects}" if row.corrects else "")
    mails = select(deliveries).where(deliveries.c.document_number == number).order_by(deliveries.c.seq)
    for mail in connection.execute(mails):
        told = ", ".join(text for text in (mail.recipient, mail.detail) if text)
        yield HistoryStep(mail.moment, f"{_channel(mail.recipient)} {mail.event}", told)
    credit_notes = (
        select(documents.c.issue_date, documents.c.number, func.sum(credited_lines.c.net_cents).label("net"))
        .join(credited_lines, credited_lines.c.credit_number == documents.c.number)
        .where(credited_lines.c.document_number == number)
        .group_by(documents.c.number, documents.c.issue_date)
    )
    for note in connection.execute(credit_notes.order_by(documents.c.number)):
        yield HistoryStep(note.issue_date, "credited", f"by {note.number}: {decimal_text(int(note.net))} net")


def _channel(recipient: str) -> str:
    return "Peppol" if is_participant(recipient) else "e-mail"


def written_files(engine: Engine, number: str) -> dict[str, str]:
    """Kind of file → SHA-256 as it was last written."""
    with transaction(engine) as connection:
        query = select(files).where(files.c.document_number == number).order_by(files.c.seq)
        return {row.suffix: row.sha256 for row in connection.execute(query)}


def _credited(connection: Connection) -> dict[str, int]:
    """Document → what credit notes undid of its net, as a positive amount of an invoice."""
    sums = select(credited_lines.c.document_number, func.sum(credited_lines.c.net_cents))
    grouped = sums.group_by(credited_lines.c.document_number)
    return {number: -int(net) for number, net in connection.execute(grouped)}


def _sent(connection: Connection) -> dict[str, DeliveryEvent]:
    latest = select(func.max(deliveries.c.seq)).group_by(deliveries.c.document_number)
    query = select(deliveries.c.document_number, deliveries.c.event).where(deliveries.c.seq.in_(latest))
    return {number: DeliveryEvent(event) for number, event in connection.execute(query)}


def _state(net_cents: int, credited_cents: int, event: DeliveryEvent | None) -> str:
    if credited_cents:
        return "credited" if credited_cents == net_cents else "partly_credited"
    if event in SENT:
        return "sent"
    if event in UNKNOWN:
        return "uncertain"
    return "refused" if event in STUCK else "issued"
