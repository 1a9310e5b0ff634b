"""Storing webhook events: each once, whole, and never changed; and when orders were paid."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, func, select

from billing_job.core.event import Event
from billing_job.core.moments import moment_text
from billing_job.ledger.bulk import chunks
from billing_job.ledger.chain import add
from billing_job.ledger.database import transaction
from billing_job.ledger.tables import MOVED, events, transactions


def store_event(engine: Engine, event: Event, received: datetime) -> bool:
    """Store an event durably; False when it is stored already (a replay, or a delivery that was repeated)."""
    return store_events(engine, [event], received) == 1


def store_events(engine: Engine, found: Sequence[Event], received: datetime) -> int:
    """Store events in one database transaction; returns how many were new."""
    each_once = {event.event_id: event for event in found}
    with transaction(engine) as connection:
        known = {
            id_
            for chunk in chunks(list(each_once))
            for id_ in connection.execute(select(events.c.event_id).where(events.c.event_id.in_(chunk))).scalars()
        }
        rows = [
            (event.event_id, event.event, event.timestamp, moment_text(received), event.body)
            for event in each_once.values()
            if event.event_id not in known
        ]
        add(connection, events, ("event_id", "event", "timestamp", "received", "body"), rows)
    return len(rows)


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
            MOVED,
        )
        .group_by(transactions.c.reference_id)
    )
    with transaction(engine) as connection:
        return {row[0]: row[1] for row in connection.execute(query)}
