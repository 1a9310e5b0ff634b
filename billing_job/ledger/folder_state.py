"""What was worked out and from what: while nothing of that has changed it need not be worked out again.

The ledger's tables only grow, so the number of rows that were recorded in each tells two states of it apart.
"""

import hashlib

from sqlalchemy import Connection, Engine, delete, insert, select

from billing_job.ledger.billing_tables import series
from billing_job.ledger.chain import chained_tables, recorded_rows
from billing_job.ledger.database import transaction
from billing_job.ledger.tables import balances, facts, walks

COUNT_PROCESSES = (walks, balances)
"""Tables that grow without anything new being known."""


def ledger_state(engine: Engine) -> str:
    """A fingerprint of all that is known, however often it was asked for."""
    with transaction(engine) as connection:
        return _state(connection)


def _state(connection: Connection, told_by: str = "") -> str:
    telling = [table for table in chained_tables() if table not in COUNT_PROCESSES]
    sizes = list(recorded_rows(connection, telling).items())
    numbers = connection.execute(select(series).order_by(series.c.kind, series.c.year)).all()
    latest = select(balances.c.micros, balances.c.currency).order_by(balances.c.seq.desc()).limit(1)
    parts = (told_by, sizes, [tuple(row) for row in numbers], [tuple(row) for row in connection.execute(latest)])
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def written_from(engine: Engine, month: str) -> str:
    """What a month was last written from, as `note_written` was told; empty when it never was."""
    with transaction(engine) as connection:
        query = select(facts.c.value).where(facts.c.name == _name(month))
        return connection.execute(query).scalar_one_or_none() or ""


def note_written(engine: Engine, month: str, state: str) -> None:
    """Note what a month whose folder is whole was written from: no fact, only what saves work while nothing changes."""
    with transaction(engine) as connection:
        _note(connection, _name(month), state)


def remembered(engine: Engine, name: str, told_by: str) -> str:
    """What was remembered under a name, told by the same words and the same ledger; empty when either has changed."""
    with transaction(engine) as connection:
        value = connection.execute(select(facts.c.value).where(facts.c.name == name)).scalar_one_or_none() or ""
        state, _, text = value.partition("\n")
        return text if state == _state(connection, told_by) else ""


def remember(engine: Engine, name: str, told_by: str, text: str) -> None:
    """Remember under a name what follows from the ledger as it is and from what `told_by` stands for."""
    with transaction(engine) as connection:
        _note(connection, name, f"{_state(connection, told_by)}\n{text}")


def _note(connection: Connection, name: str, value: str) -> None:
    connection.execute(delete(facts).where(facts.c.name == name))
    connection.execute(insert(facts).values(name=name, value=value))


def _name(month: str) -> str:
    return f"written {month}"
