"""What a month was last written from: when nothing of it has changed, nothing has to be written again.

The ledger's tables only grow, so the number of rows in each tells two states of it apart.
"""

import hashlib

from sqlalchemy import Connection, Engine, delete, insert, select

from billing_job.ledger.billing_tables import series
from billing_job.ledger.chain import row_counts
from billing_job.ledger.database import transaction
from billing_job.ledger.derived_tables import DERIVED
from billing_job.ledger.tables import balances, chain, facts, metadata, runs, walks

COUNT_PROCESSES = (facts, runs, walks, balances, chain, *DERIVED)
"""Tables that grow without anything new being known, and those that follow from the others."""


def ledger_state(engine: Engine) -> str:
    """A fingerprint of all that is known, however often it was asked for."""
    with transaction(engine) as connection:
        return _state(connection)


def _state(connection: Connection) -> str:
    counted = [table for table in metadata.sorted_tables if table not in COUNT_PROCESSES]
    sizes = list(row_counts(connection, counted).items())
    numbers = connection.execute(select(series).order_by(series.c.kind, series.c.year)).all()
    latest = select(balances.c.micros, balances.c.currency).order_by(balances.c.seq.desc()).limit(1)
    parts = (sizes, [tuple(row) for row in numbers], [tuple(row) for row in connection.execute(latest)])
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def written_from(engine: Engine, month: str) -> str:
    """What a month was last written from, as `note_written` was told; empty when it never was."""
    with transaction(engine) as connection:
        query = select(facts.c.value).where(facts.c.name == _name(month))
        return connection.execute(query).scalar_one_or_none() or ""


def note_written(engine: Engine, month: str, state: str) -> None:
    """Note what a month whose folder is whole was written from: no fact, only what saves work while nothing changes."""
    with transaction(engine) as connection:
        connection.execute(delete(facts).where(facts.c.name == _name(month)))
        connection.execute(insert(facts).values(name=_name(month), value=state))


def _name(month: str) -> str:
    return f"written {month}"
