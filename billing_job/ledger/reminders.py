"""The log of reminders, append only: noted before a letter leaves, and again when its fate is known.

A reminder of which only `sending` is noted was cut off: whether the client has it nobody knows.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import Connection, Engine, select, true

from billing_job.ledger.billing_tables import documents
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
    """What was claimed, as JSON; empty where a backup was restored and the ledger does not know."""
    recipient: str
    moment: str
    detail: str
    message_id: str

    @property
    def is_doubt(self) -> bool:
        """Whether it stands for what may have left between a backup and its restoration, and nobody has said yet."""
        return self.event is ReminderEvent.UNCERTAIN and not self.body


def logged_reminders(engine: Engine) -> list[SentReminder]:
    """Every reminder with its latest event, in the order in which they were made."""
    with transaction(engine) as connection:
        return logged_in(connection)


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
        before = logged_in(connection, client_id)
        if before != [each for each in known if each.client_id == client_id]:
            return None
        attempt = len(before) + 1
        made = SentReminder(
            client_id, attempt, ReminderEvent.SENDING, day, body, recipient, moment, "", message_id(attempt)
        )
        _note(connection, made, run_id)
        return made


def record_reminder(
    engine: Engine,
    made: SentReminder,
    event: ReminderEvent,
    *,
    moment: str,
    run_id: str,
    detail: str,
    claimed: str = "",
) -> None:
    """Note what became of a reminder; `claimed` is what one that the ledger did not know of stands for, as JSON."""
    with transaction(engine) as connection:
        if claimed:
            told = replace(made, event=ReminderEvent.SENDING, body=claimed, moment=moment, detail="")
            _note(connection, told, run_id)
        _note(connection, replace(made, event=event, body="", moment=moment, detail=detail), run_id)


def doubt_reminders(engine: Engine, *, moment: str, run_id: str) -> int:
    """Note of every client that a reminder may have left without this ledger's knowledge; returns how many there are.

    For a ledger that came from a backup: what left after the copy was made is not in it. Such a note has no body.
    """
    with transaction(engine) as connection:
        attempts: dict[str, list[SentReminder]] = defaultdict(list)
        for each in logged_in(connection):
            attempts[each.client_id].append(each)
        clients = connection.execute(select(documents.c.client_id).distinct().order_by(documents.c.client_id))
        doubted = [client for client in clients.scalars() if not any(each.is_doubt for each in attempts[client])]
        for client in doubted:
            _note(
                connection,
                SentReminder(
                    client,
                    len(attempts[client]) + 1,
                    ReminderEvent.UNCERTAIN,
                    moment[:10],
                    "",
                    "",
                    moment,
                    "the ledger was restored from a backup",
                    "",
                ),
                run_id,
            )
        return len(doubted)


def logged_in(connection: Connection, client_id: str | None = None) -> list[SentReminder]:
    """The same within a database transaction, of one client or of all."""
    those = true() if client_id is None else reminders.c.client_id == client_id
    found: dict[tuple[str, int], SentReminder] = {}
    for row in connection.execute(select(reminders).where(those).order_by(reminders.c.seq)):
        before = found.get((row.client_id, row.attempt))
        found[row.client_id, row.attempt] = SentReminder(
            row.client_id,
            row.attempt,
            ReminderEvent(row.event),
            row.day,
            row.body or (before.body if before is not None else ""),
            row.recipient,
            row.moment,
            row.detail,
            row.message_id,
        )
    return list(found.values())


def _note(connection: Connection, made: SentReminder, run_id: str) -> None:
    columns = (
        "client_id", "attempt", "event", "day", "body", "message_id", "recipient", "moment", "run_id", "detail",
    )  # fmt: skip
    row = (
        made.client_id, made.attempt, made.event.value, made.day, made.body, made.message_id, made.recipient,
        made.moment, run_id, made.detail,
    )  # fmt: skip
    add(connection, reminders, columns, [row])
