"""The ledger on a PostgreSQL server: the same order of things as in one SQLite file, kept by advisory locks.

Every database transaction of ours begins with one lock that all of them share, so "read the last number, store the
next" is one step for all machines, and rows are numbered in the order they are stored. A run holds a second lock on a
connection of its own; the server frees it whatever way the run ends.
"""

import contextlib
import importlib
import os
import socket
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from billing_job.core.errors import ConfigError, LedgerError, LockHeld
from billing_job.ledger.arrow import ArrowErrors, answering

DRIVER = "postgresql+psycopg"
CONNECT_SECONDS = 10
BUSY_SECONDS = 30

# Any two numbers, as long as they never change: PostgreSQL's advisory locks have numbers for names.
_WRITING = 7_105_001
_RUNNING = 7_105_002


def open_postgres(database_url: str) -> Engine:
    """An engine for a postgresql+psycopg:// URL; ConfigError when its driver is not installed."""
    # Asked before each use: a firewall may have closed a connection while documents were rendered.
    engine = _engine(database_url, pool_pre_ping=True)
    event.listen(engine, "begin", _begin_alone)
    return engine


def _engine(database_url: str, **more: Any) -> Engine:
    name = f"process {os.getpid()} on {socket.gethostname()}"
    try:
        return create_engine(
            database_url, connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": name}, **more
        )
    except ImportError:
        raise ConfigError(
            f'storage.database_url = "{DRIVER}://…": the driver is missing; `pip install "billing-job[postgres]"`'
        ) from None


def _begin_alone(connection: Connection) -> None:
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITING})")


@contextlib.contextmanager
def postgres_lock(database_url: str) -> Iterator[None]:
    """Hold the ledger for one run; LockHeld when another has it, with the process and machine that does."""
    engine = _engine(database_url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        connection = engine.connect()
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        raise LedgerError(f"{engine.url.database}: {reason}; check storage.database_url") from None
    with contextlib.closing(connection):
        if not connection.execute(text(f"SELECT pg_try_advisory_lock({_RUNNING})")).scalar_one():
            holder = connection.execute(
                text(
                    "SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)"
                    " WHERE locktype = 'advisory' AND objid = :lock AND granted"
                ),
                {"lock": _RUNNING},
            ).scalar()
            raise LockHeld(
                f"{engine.url.database}: another run ({holder or 'unknown'}) is at work on this ledger; wait until it"
                " is done"
            )
        try:
            yield
        finally:
            # A busy server notices a little later that a connection has gone; the next run may be there before.
            with contextlib.suppress(DBAPIError):
                connection.execute(text(f"SELECT pg_advisory_unlock({_RUNNING})"))


@contextlib.contextmanager
def postgres_answer(url: URL, query: str) -> Iterator[pa.RecordBatchReader]:
    """The answer to a query as Arrow, without a Python object for each cell; LedgerError when it cannot be read."""
    try:
        adbc = importlib.import_module("adbc_driver_postgresql")
    except ImportError:
        raise ConfigError(
            f'storage.database_url = "{DRIVER}://…": the ADBC driver is missing; `pip install "billing-job[postgres]"`'
        ) from None
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with answering(adbc.connect(address), query) as reader:
            yield reader
    except ArrowErrors as error:
        raise LedgerError(f"{url.database}: cannot be read ({error})") from None
