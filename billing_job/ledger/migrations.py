"""The schema's versions, each a step forward from the one before; a ledger newer than this program is refused."""

from collections.abc import Callable

from sqlalchemy import Connection, insert, inspect, select, update

from billing_job.errors import LedgerError
from billing_job.ledger.tables import facts, metadata


def _first_schema(connection: Connection) -> None:
    metadata.create_all(connection)


STEPS: tuple[Callable[[Connection], None], ...] = (_first_schema,)
"""STEPS[n] turns version n into version n + 1; a released step is never edited."""


def migrate(connection: Connection) -> None:
    """Bring the schema to this program's version inside the caller's database transaction."""
    version = schema_version(connection)
    if version > len(STEPS):
        raise LedgerError(
            f"the ledger has schema version {version}, this program knows {len(STEPS)}: install a newer billing-job"
        )
    for step in STEPS[version:]:
        step(connection)
    if version == 0:
        connection.execute(insert(facts).values(name="schema_version", value=str(len(STEPS))))
    elif version < len(STEPS):
        connection.execute(update(facts).where(facts.c.name == "schema_version").values(value=str(len(STEPS))))


def schema_version(connection: Connection) -> int:
    """The version of an opened ledger; 0 when it is empty."""
    if not inspect(connection).has_table(facts.name):
        return 0
    return int(connection.execute(select(facts.c.value).where(facts.c.name == "schema_version")).scalar_one())
