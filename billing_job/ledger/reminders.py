"""The log of reminders, append only: noted before a letter leaves, and again when its fate is known.

A reminder of which only `sending` is noted was cut off: whether the client has it nobody knows.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Engine, func, select, true

from billing_job.ledger.chain import add
from billing_job.ledger.database import transaction
from billing_job.ledger.receivables_tables import reminders


class ReminderEvent(StrEnum):
    """What is known of a reminder."""

    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DEFERRED = "deferred"
    UNCERTAIN = "uncertain"
    CONFIRMED = "confirmed"
    WRITTEN = "written"
    GIVEN_UP = "given_up"
    """The user says that the client does not have it: it may be sent again."""


SENT = frozenset({ReminderEvent.ACCEPTED, ReminderEvent.CONFIRMED, ReminderEvent.WRITTEN})
UNKNOWN = frozenset({ReminderEvent.SENDING, ReminderEvent.UNCERTAIN})


@dataclass(frozen=True, slots=True)
class SentReminder:
    """A reminder with what was claimed, and the latest that is known of it."""

    client_id: str
    attempt: int
    event: ReminderEvent
    day: str
    body: str
    """What was claimed, as JSON."""
    recipient: str
    moment: str
    detail: str
    message_id: str


def logged_reminders(engine: Engine) -> list[SentReminder]:
    """Every reminder with its latest event, in the order in which they were made."""
    with transaction(engine) as connection:
        return _logged(connection)


def claim_reminder(
    engine: Engine,
    client_id: str,
    recipient: str,
    day: str,
    body: str,
    message_id: Callable[[int], str],
    known: Iterable[SentReminder],
    *,
    moment: str,
    run_id: str,
) -> SentReminder | None:
    """Note that a reminder is about to leave; None when the client's log is no longer `known`, so that it may have."""
    with transaction(engine) as connection:
        before = _logged(connection, client_id)
        if before != [each for each in known if each.client_id == client_id]:
            return None
        attempt = len(before) + 1
        made = SentReminder(
            client_id, attempt, ReminderEvent.SENDING, day, body, recipient, moment, "", message_id(attempt)
        )
        _note(connection, made, run_id)
        return made


def record_reminder(
    engine: Engine, made: SentReminder, event: ReminderEvent, *, moment: str, run_id: str, detail: str
) -> None:
    """Note what became of a reminder."""
    fate = SentReminder(
        made.client_id, made.attempt, event, made.day, "", made.recipient, moment, detail, made.message_id
    )
    with transaction(engine) as connection:
        _note(connection, fate, run_id)


def _logged(connection: Connection, client_id: str | None = None) -> list[SentReminder]:
    """Of one client, or of all."""
    those = true() if client_id is None else reminders.c.client_id == client_id
    attempts = select(func.max(reminders.c.seq).label("seq")).where(those)
    latest = attempts.group_by(reminders.c.client_id, reminders.c.attempt)
    events = {
        (row.client_id, row.attempt): row
        for row in connection.execute(select(reminders).where(reminders.c.seq.in_(latest)))
    }
    first = select(reminders).where(reminders.c.event == ReminderEvent.SENDING.value, those).order_by(reminders.c.seq)
    found = []
    for row in connection.execute(first):
        last = events[row.client_id, row.attempt]
        found.append(
            SentReminder(
                row.client_id,
                row.attempt,
                ReminderEvent(last.event),
                row.day,
                row.body,
                row.recipient,
                last.moment,
                last.detail,
                row.message_id,
            )
        )
    return found


def _note(connection: Connection, made: SentReminder, run_id: str) -> None:
    columns = (
        "client_id", "attempt", "event", "day", "body", "message_id", "recipient", "moment", "run_id", "detail",
    )  # fmt: skip
    row = (
        made.client_id, made.attempt, made.event.value, made.day, made.body, made.message_id, made.recipient,
        made.moment, run_id, made.detail,
    )  # fmt: skip
    add(connection, reminders, columns, [row])
