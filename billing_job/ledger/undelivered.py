"""Documents that did not reach their clients, as far as anybody knows: the queue of `send`, and its sum in `status`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, func, select

from billing_job.ledger.billing_tables import credited_lines, deliveries, documents
from billing_job.ledger.database import transaction
from billing_job.ledger.deliveries import SENT, STUCK, DeliveryEvent, is_participant

UNCONFIRMED = "unconfirmed"
"""Taken over by an access point that has not said since whether it arrived."""
UNCONFIRMED_AFTER = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Stuck:
    """A document that did not reach its client, and that no later round helps by itself; amounts in cents."""

    number: str
    client_id: str
    reason: str
    """refused, undelivered, no_participant or unconfirmed."""
    recipient: str
    detail: str
    since: str
    age_days: int
    gross_cents: int


def undelivered(engine: Engine, now: datetime) -> list[Stuck]:
    """Of all months, oldest first; what was credited in full is no longer waited for."""
    latest = select(func.max(deliveries.c.seq)).group_by(deliveries.c.document_number)
    last = deliveries.c.seq.in_(latest)
    events = [event.value for event in (*STUCK, DeliveryEvent.ACCEPTED)]
    query = select(deliveries, documents.c.client_id, documents.c.net_cents, documents.c.gross_cents)
    query = query.join(documents, documents.c.number == deliveries.c.document_number)
    undone = select(credited_lines.c.document_number, func.sum(credited_lines.c.net_cents))
    with transaction(engine) as connection:
        rows = connection.execute(query.where(last, deliveries.c.event.in_(events))).all()
        credited = {
            number: -int(net) for number, net in connection.execute(undone.group_by(credited_lines.c.document_number))
        }
        since = _since(connection) if any(row.event != DeliveryEvent.ACCEPTED for row in rows) else {}
    found = []
    for row in rows:
        accepted = row.event == DeliveryEvent.ACCEPTED
        first = row.moment if accepted else since[row.document_number]
        age = now - datetime.fromisoformat(first)
        if accepted and (not is_participant(row.recipient) or age < UNCONFIRMED_AFTER):
            continue
        if credited.get(row.document_number, 0) and credited[row.document_number] == row.net_cents:
            continue
        found.append(
            Stuck(
                number=row.document_number,
                client_id=row.client_id,
                reason=UNCONFIRMED if accepted else row.event,
                recipient=row.recipient,
                detail=row.detail,
                since=first,
                age_days=age.days,
                gross_cents=row.gross_cents,
            )
        )
    return sorted(found, key=lambda stuck: (stuck.since, stuck.number))


def not_reached(engine: Engine, now: datetime) -> dict[str, str]:
    """Document → that it has not reached its client, and what ends that; of those of which it is known."""
    return {
        stuck.number: f"has not reached the client ({stuck.reason.replace('_', ' ')}): send it again, or say"
        f" `send --confirm {stuck.number}` when the client has it"
        for stuck in undelivered(engine, now)
        if stuck.reason != UNCONFIRMED
    }


def _since(connection: Connection) -> dict[str, str]:
    """Document number → the first moment since when nothing but refusals was noted of it."""
    since: dict[str, str] = {}
    for row in connection.execute(select(deliveries).order_by(deliveries.c.seq)):
        event = DeliveryEvent(row.event)
        if event in STUCK:
            since.setdefault(row.document_number, row.moment)
        elif event in SENT:
            since.pop(row.document_number, None)
    return since
