"""The log of direct debit files, append only: what a file holds is noted before it is written."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, func, select

from billing_job.ledger.chain import add
from billing_job.ledger.database import transaction
from billing_job.ledger.receivables_tables import collections

PREPARED, WRITTEN, DOUBTED, REJECTED = "prepared", "written", "doubted", "rejected"
_COLUMNS = ("due", "scheme", "event", "message_id", "body", "sha256", "moment", "run_id")


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why the bank will not book a debit, and whether that is the debit's own fault or that of its file."""

    reason: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class LoggedCollection:
    """A file of direct debits: its day and scheme, what it holds as JSON, and its SHA-256 once it was written."""

    due: str
    scheme: str
    message_id: str
    body: str
    sha256: str
    rejected: Mapping[str, Rejection] = field(default_factory=dict)
    """Document → why the bank will not book its debit."""

    @property
    def is_written(self) -> bool:
        """Whether the file is known to stand in its folder."""
        return bool(self.sha256)


def logged_collections(engine: Engine) -> list[LoggedCollection]:
    """Every file, in the order in which they were made."""
    with transaction(engine) as connection:
        return logged_in(connection)


def prepare_collection(
    engine: Engine, due: str, scheme: str, message_id: str, body: str, *, moment: str, run_id: str
) -> LoggedCollection:
    """Note what a file will hold, or give what was noted already for this day and scheme: there is one file of each."""
    with transaction(engine) as connection:
        known = [each for each in logged_in(connection) if (each.due, each.scheme) == (due, scheme)]
        if known:
            return known[0]
        row = (due, scheme, PREPARED, message_id, body, "", moment, run_id)
        add(connection, collections, _COLUMNS, [row])
        return LoggedCollection(due, scheme, message_id, body, "")


def record_written(engine: Engine, made: LoggedCollection, sha256: str, *, moment: str, run_id: str) -> None:
    """Note that the file stands in its folder."""
    row = (made.due, made.scheme, WRITTEN, made.message_id, "", sha256, moment, run_id)
    with transaction(engine) as connection:
        add(connection, collections, _COLUMNS, [row])


def record_rejected(
    connection: Connection,
    made: LoggedCollection,
    reasons: Mapping[str, Rejection],
    sha256: str,
    *,
    moment: str,
    run_id: str,
) -> None:
    """Note what the bank's report of that SHA-256 rejects of a file: document → why."""
    body = json.dumps({number: [each.reason, each.is_own] for number, each in reasons.items()})
    event = f"{REJECTED} by {sha256}"
    row = (made.due, made.scheme, event, made.message_id, body, sha256, moment, run_id)
    add(connection, collections, _COLUMNS, [row])


def doubt_collections(engine: Engine, *, moment: str, run_id: str) -> None:
    """Note that files may have gone to the bank without this ledger's knowledge: it came from a backup."""
    with transaction(engine) as connection:
        if _doubted_on(connection) != moment[:10]:
            add(connection, collections, _COLUMNS, [(moment[:10], "", DOUBTED, "", "", "", moment, run_id)])


def collections_doubted_on(engine: Engine) -> str | None:
    """The last day on which a backup was restored, None when none was."""
    with transaction(engine) as connection:
        return _doubted_on(connection)


def _doubted_on(connection: Connection) -> str | None:
    days = select(func.max(collections.c.due)).where(collections.c.event == DOUBTED)
    day: str | None = connection.execute(days).scalar_one()
    return day


def logged_in(connection: Connection) -> list[LoggedCollection]:
    """The same within a database transaction."""
    rows = list(connection.execute(select(collections).order_by(collections.c.seq)))
    written = {(row.due, row.scheme): row.sha256 for row in rows if row.event == WRITTEN}
    rejected: dict[str, dict[str, Rejection]] = {}
    for row in rows:
        if row.event.startswith(REJECTED):
            rejected.setdefault(row.message_id, {}).update(
                {number: Rejection(*told) for number, told in json.loads(row.body).items()}
            )
    return [
        LoggedCollection(
            row.due,
            row.scheme,
            row.message_id,
            row.body,
            written.get((row.due, row.scheme), ""),
            rejected.get(row.message_id, {}),
        )
        for row in rows
        if row.event == PREPARED
    ]
