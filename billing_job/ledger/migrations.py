"""The schema's versions, each a step forward from the one before; a ledger newer than this program is refused."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, create_mock_engine, delete, insert, inspect, select, update

from billing_job.core.errors import LedgerError
from billing_job.ledger import bank_tables, receivables_tables  # noqa: F401 - their tables are part of the metadata
from billing_job.ledger.billing_tables import client_months, credited_rows, releases, settlements
from billing_job.ledger.chain import record_anew
from billing_job.ledger.derived_tables import DERIVED, INDEXES, derive
from billing_job.ledger.facts_of_old_ledgers import (
    acceptances_have_a_settlement,
    add_columns,
    settlements_become_facts,
    terms_have_generations,
)
from billing_job.ledger.tables import facts, metadata, transactions
from billing_job.ledger.vat_tables import document_evidence, vat_closings, vies_answers
from billing_job.ledger.wallet_in_micros import wallet_in_micros


def _first_schema(connection: Connection) -> None:
    metadata.create_all(connection)


def _wallet_proves_the_reading(connection: Connection) -> None:
    """Micros, what rows tell beside their amount, and the readings that a wallet has proven: none in an older ledger.

    All rows are read anew, for nothing was known of status, units and forms before.
    """
    wallet_in_micros(connection)
    if add_columns(connection, transactions):
        connection.execute(update(facts).where(facts.c.name == "reading").values(value=""))
    metadata.create_all(connection)


def _facts_are_chained(connection: Connection) -> None:
    """Add the chain's table; `migrate` makes its first links."""
    metadata.create_all(connection)


def _payments(connection: Connection) -> None:
    """Add the bank's tables: statements, entries, decisions and payments."""
    metadata.create_all(connection)


def _tax_periods_close(connection: Connection) -> None:
    """Add the table of closed tax periods."""
    vat_closings.create(connection, checkfirst=True)


def _vies_is_evidence(connection: Connection) -> None:
    """Add what VIES said, and on which answer a document rests."""
    vies_answers.create(connection, checkfirst=True)
    document_evidence.create(connection, checkfirst=True)


def _reminders_and_collections(connection: Connection) -> None:
    """Add the tables of what clients were asked for."""
    metadata.create_all(connection)


COUNTED = (settlements, releases, credited_rows, client_months)
"""Tables whose keys do not tell in which order their rows came, though it is asked for."""


def rows_are_counted(connection: Connection) -> None:
    """Number the rows whose order nothing told but where they stood: as they stand.

    The names of that place are the databases' own; an UPDATE moves rows on PostgreSQL, but all numbers are taken first.
    """
    place = "rowid" if connection.dialect.name == "sqlite" else "ctid"
    for table in COUNTED:
        add_columns(connection, table)
        counted = f"SELECT {place} AS place, row_number() OVER (ORDER BY {place}) AS number FROM {table.name}"  # noqa: S608
        connection.exec_driver_sql(
            f"UPDATE {table.name} SET seq = counted.number FROM ({counted}) AS counted"  # noqa: S608
            f" WHERE {table.name}.{place} = counted.place"
        )


def _history_is_not_read_for_a_look(connection: Connection) -> None:
    """Add what is derived of the facts, and the indexes of the few rows that are looked up by kind."""
    for table in DERIVED:
        table.create(connection, checkfirst=True)
    derive(connection)
    for statement in INDEXES:
        connection.exec_driver_sql(statement)
    connection.execute(delete(facts).where(facts.c.name == "waiting"))  # what `status` kept of an answer before


def _no_triggers(connection: Connection) -> None:
    """Take out the triggers that kept what is derived row by row: they cost four times what storing a row does."""
    for table in ("transactions", "revisions", "settlements", "releases", "documents"):
        for event in ("insert", "delete", "update"):
            name = f"derive_{table}_{event}"
            is_file = connection.dialect.name == "sqlite"
            gone = f"TRIGGER IF EXISTS {name}" if is_file else f"FUNCTION IF EXISTS {name}() CASCADE"
            connection.exec_driver_sql(f"DROP {gone}")
    derive(connection)


Step = Callable[[Connection], None]

STEPS: tuple[Step, ...] = (
    _first_schema,
    settlements_become_facts,
    _wallet_proves_the_reading,
    _facts_are_chained,
    _payments,
    _tax_periods_close,
    _vies_is_evidence,
    _reminders_and_collections,
    rows_are_counted,
    _history_is_not_read_for_a_look,
    terms_have_generations,
    acceptances_have_a_settlement,
    _no_triggers,
)
"""STEPS[n] turns version n into version n + 1; a released step is never edited. A new ledger takes none of them."""


def migrate(connection: Connection, steps: Sequence[Step] = STEPS) -> None:
    """Bring the schema to the version that the steps lead to, inside the caller's database transaction."""
    database = connection.engine.url.database
    version = schema_version(connection)
    if version > len(steps):
        raise LedgerError(
            f"{database}: the ledger has schema version {version}, this program knows {len(steps)}: install a newer"
            " billing-job"
        )
    if version == 0 and inspect(connection).get_table_names():
        raise LedgerError(
            f"{database}: this database holds another program's tables and is not a billing-job ledger; correct"
            " storage.database_url"
        )
    if version == 0:
        for statement in _tables_of_today(f"{connection.dialect.name}+{connection.dialect.driver}"):
            connection.exec_driver_sql(statement)
        for statement in INDEXES:
            connection.exec_driver_sql(statement)
        connection.execute(insert(facts).values(name="schema_version", value=str(len(steps))))
    elif version < len(steps):
        for step in steps[version:]:
            step(connection)
        record_anew(connection)
        connection.execute(update(facts).where(facts.c.name == "schema_version").values(value=str(len(steps))))


@cache
def _tables_of_today(driver: str) -> tuple[str, ...]:
    """The statements that make a new ledger; the steps make the same of an empty one, as test_migrations.py shows."""
    statements: list[str] = []

    def note(statement: Any, _parameters: object) -> None:
        statements.append(str(statement.compile(dialect=engine.dialect)))

    engine = create_mock_engine(f"{driver}://", note)
    metadata.create_all(engine, checkfirst=False)
    return tuple(statements)


def schema_version(connection: Connection) -> int:
    """The version of an opened ledger; 0 when it is empty, or no ledger."""
    columns = inspect(connection).get_columns(facts.name) if inspect(connection).has_table(facts.name) else []
    if {column["name"] for column in columns} != set(facts.columns.keys()):
        return 0
    query = select(facts.c.value).where(facts.c.name == "schema_version")
    version = connection.execute(query).scalar_one_or_none() or "0"
    if not (version.isascii() and version.isdecimal()):
        raise LedgerError(
            f"{connection.engine.url.database}: its schema version is {version!r}, which no billing-job wrote: restore"
            " a backup (`billing-job restore`)"
        )
    return int(version)
