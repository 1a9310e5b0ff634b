"""The log of deliveries by e-mail and by Peppol, append only.

An attempt is noted before a document leaves, and again when its fate is known. One of which only `sending` is noted was
cut off: whether the client has the document nobody knows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.engine import Row

from billing_job.ledger.billing_tables import deliveries, documents
from billing_job.ledger.chain import add
from billing_job.ledger.database import transaction


class DeliveryEvent(StrEnum):
    """What is known of an attempt."""

    SENDING = "sending"
    NAMED = "named"
    """The access point of Peppol has a name for it, the entry's detail; it may leave from now on."""
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DEFERRED = "deferred"
    UNCERTAIN = "uncertain"
    CONFIRMED = "confirmed"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    NO_PARTICIPANT = "no_participant"


SENT = frozenset({DeliveryEvent.ACCEPTED, DeliveryEvent.CONFIRMED, DeliveryEvent.DELIVERED})
UNKNOWN = frozenset({DeliveryEvent.SENDING, DeliveryEvent.NAMED, DeliveryEvent.UNCERTAIN})
"""No run is at work on it, so its fate was never learned."""
STUCK = frozenset({DeliveryEvent.REFUSED, DeliveryEvent.UNDELIVERED, DeliveryEvent.NO_PARTICIPANT})
"""It did not reach the client, and no later round helps by itself."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The latest that is known of a document's way to the client."""

    number: str
    attempt: int
    event: DeliveryEvent
    message_id: str
    recipient: str
    moment: str
    detail: str


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """An attempt that was noted: this process, and no other, may now send it."""

    number: str
    attempt: int
    message_id: str
    recipient: str


def is_participant(recipient: str) -> bool:
    """Whether a recipient of the log is a participant of Peppol: scheme:value, and no e-mail address."""
    return ":" in recipient and "@" not in recipient


def latest_deliveries(engine: Engine) -> dict[str, Delivery]:
    """Document number → the latest entry of its latest attempt; documents that were never tried are left out."""
    with transaction(engine) as connection:
        latest = select(func.max(deliveries.c.seq)).group_by(deliveries.c.document_number)
        rows = connection.execute(select(deliveries).where(deliveries.c.seq.in_(latest)).order_by(deliveries.c.seq))
        return {row.document_number: _delivery(row) for row in rows}


def names_elsewhere(engine: Engine) -> dict[tuple[str, int], str]:
    """Number and attempt → what the access point calls the document; noted before it could leave."""
    with transaction(engine) as connection:
        query = select(deliveries).where(deliveries.c.event == DeliveryEvent.NAMED.value)
        rows = connection.execute(query.order_by(deliveries.c.seq))
        return {(row.document_number, row.attempt): row.detail for row in rows}


def note_no_participant(engine: Engine, number: str, recipient: str, detail: str, *, moment: str, run_id: str) -> None:
    """Note that the network knows no such receiver, unless that is what was noted last."""
    with transaction(engine) as connection:
        before = _latest(connection, number)
        if before is not None and before.event is DeliveryEvent.NO_PARTICIPANT and before.recipient == recipient:
            return
        attempt = 1 if before is None else before.attempt + 1
        made = ClaimedDelivery(number, attempt, "", recipient)
        _note(connection, made, DeliveryEvent.NO_PARTICIPANT, moment, run_id, detail)


def claim(
    engine: Engine,
    number: str,
    recipient: str,
    message_id: Callable[[int], str],
    may_send: Callable[[Delivery | None], bool],
    *,
    moment: str,
    run_id: str,
) -> ClaimedDelivery | None:
    """Note the next attempt, unless `may_send` says no to what is noted already; both in one database transaction."""
    with transaction(engine) as connection:
        before = _latest(connection, number)
        if not may_send(before):
            return None
        attempt = 1 if before is None else before.attempt + 1
        made = ClaimedDelivery(number, attempt, message_id(attempt), recipient)
        _note(connection, made, DeliveryEvent.SENDING, moment, run_id, "")
        return made


def record(
    engine: Engine, claim: ClaimedDelivery, event: DeliveryEvent, *, moment: str, run_id: str, detail: str
) -> None:
    """Note what became of an attempt."""
    with transaction(engine) as connection:
        _note(connection, claim, event, moment, run_id, detail)


def confirm(engine: Engine, number: str, *, moment: str, run_id: str) -> bool:
    """Note that the client has the document, as the user says; False when nothing was open about its fate.

    What an access point has taken over and not confirmed is open, too, and what did not arrive may have come by hand.
    """
    with transaction(engine) as connection:
        before = _latest(connection, number)
        if before is None:
            return False
        on_its_way = before.event is DeliveryEvent.ACCEPTED and is_participant(before.recipient)
        if before.event not in UNKNOWN | STUCK and not on_its_way:
            return False
        made = ClaimedDelivery(number, before.attempt, before.message_id, before.recipient)
        _note(connection, made, DeliveryEvent.CONFIRMED, moment, run_id, "confirmed by the user")
        return True


def doubt_all_unsent(engine: Engine, *, moment: str, run_id: str) -> int:
    """Mark every document that has no sent message as uncertain; returns how many.

    For a ledger that came from a backup: what was sent after the copy was made is not in it. A ledger that never sent
    anything is left as it is.
    """
    with transaction(engine) as connection:
        latest = select(func.max(deliveries.c.seq)).group_by(deliveries.c.document_number)
        found = connection.execute(select(deliveries).where(deliveries.c.seq.in_(latest)))
        known = {row.document_number: _delivery(row) for row in found}
        if not known:
            return 0
        count = 0
        for number in connection.execute(select(documents.c.number).order_by(documents.c.number)).scalars().all():
            before = known.get(number)
            if before is not None and before.event in SENT | UNKNOWN:
                continue
            attempt = 1 if before is None else before.attempt + 1
            doubtful = ClaimedDelivery(number, attempt, "", "" if before is None else before.recipient)
            _note(
                connection, doubtful, DeliveryEvent.UNCERTAIN, moment, run_id, "the ledger was restored from a backup"
            )
            count += 1
        return count


def _latest(connection: Connection, number: str) -> Delivery | None:
    query = select(deliveries).where(deliveries.c.document_number == number).order_by(deliveries.c.seq.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else _delivery(row)


def _delivery(row: Row[tuple[object, ...]]) -> Delivery:
    return Delivery(
        number=row.document_number,
        attempt=row.attempt,
        event=DeliveryEvent(row.event),
        message_id=row.message_id,
        recipient=row.recipient,
        moment=row.moment,
        detail=row.detail,
    )


def _note(
    connection: Connection, claim: ClaimedDelivery, event: DeliveryEvent, moment: str, run_id: str, detail: str
) -> None:
    row = (claim.number, claim.attempt, event.value, claim.message_id, claim.recipient, moment, run_id, detail)
    columns = ("document_number", "attempt", "event", "message_id", "recipient", "moment", "run_id", "detail")
    add(connection, deliveries, columns, [row])
