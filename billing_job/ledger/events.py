"""Storing webhook events: each once, whole, and never changed; and when orders were paid."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, func, insert, select

from billing_job.core.event import Event
from billing_job.core.moments import moment_text
from billing_job.ledger.database import transaction
from billing_job.ledger.tables import events, revisions, transactions


def store_event(engine: Engine, event: Event, received: datetime) -> bool:
    """Store an event durably; False when it is stored already (a replay, or a delivery that was repeated)."""
    return store_events(engine, [event], received) == 1


def store_events(engine: Engine, found: Sequence[Event], received: datetime) -> int:
    """Store events in one database transaction; returns how many were new."""
    added = 0
    with transaction(engine) as connection:
        for event in found:
            known = select(events.c.seq).where(events.c.event_id == event.event_id)
            if connection.execute(known).first() is not None:
                continue
            values = {
                "event_id": event.event_id,
                "event": event.event,
                "timestamp": event.timestamp,
                "received": moment_text(received),
                "body": event.body,
            }
            connection.execute(insert(events).values(values))
            added += 1
    return added


def event_bodies(engine: Engine, names: Sequence[str] = ()) -> list[bytes]:
    """The raw bodies of all events, or of those so named, in the order they came."""
    query = select(events.c.body).order_by(events.c.seq)
    if names:
        query = query.where(events.c.event.in_(names))
    with transaction(engine) as connection:
        return [body.encode() for body in connection.execute(query).scalars()]


def orders_paid(engine: Engine) -> dict[str, int]:
    """When each order was first paid, in microseconds since 1970 UTC, as the wallet's transactions tell."""
    query = (
        select(transactions.c.reference_id, func.min(transactions.c.created_at))
        .where(
            transactions.c.reference_type == "order",
            transactions.c.created_at.is_not(None),
            transactions.c.seq.not_in(select(revisions.c.old_seq)),
        )
        .group_by(transactions.c.reference_id)
    )
    with transaction(engine) as connection:
        return {row[0]: row[1] for row in connection.execute(query)}
