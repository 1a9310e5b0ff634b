"""Opening the ledger: a SQLite file in WAL mode, readable by its owner alone, or PostgreSQL."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from billing_job.core.errors import ConfigError, LedgerError
from billing_job.ledger.migrations import migrate

BUSY_SECONDS = 30
_CACHE_KIB = 64 * 1024
"""What SQLite holds of the ledger at most; as much again where it sorts more than that."""
_SMALL_CACHE_KIB = 4 * 1024


class _Compiled(dict[tuple[Any, ...], Any]):
    """Statements in SQL, by what they say: compiled once a process, not once each time that a ledger is opened.

    SQLAlchemy's key begins with the dialect, of which each engine has its own; those of SQLite's files are all alike.
    """

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        if len(self) >= _MOST_COMPILED:
            self.clear()
        super().__setitem__(key[1:], compiled)


_MOST_COMPILED = 2_000
_COMPILED = _Compiled()


def database_path(database_url: str) -> Path:
    """The file behind a sqlite:/// URL; ConfigError for a ledger that is no file."""
    url = make_url(database_url)
    if not is_file(database_url):
        raise ConfigError(
            f"the ledger is the PostgreSQL database {url.database}, not a file: copy it with pg_dump, put a copy back"
            " with pg_restore"
        )
    return Path(str(url.database))


def is_file(database_url: str) -> bool:
    """Whether the ledger is a SQLite file, not a server."""
    return make_url(database_url).get_backend_name() == "sqlite"


def open_engine(database_url: str) -> Engine:
    """Open or make the ledger and bring its schema up to date; LedgerError says what is in the way."""
    engine = _open_file(database_url) if is_file(database_url) else _open_server(database_url)
    try:
        with transaction(engine) as connection:
            migrate(connection)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _open_server(database_url: str) -> Engine:
    # Who has a file does not wait for what a server is read by.
    from billing_job.ledger.postgres import open_postgres

    return open_postgres(database_url)


def _open_file(database_url: str) -> Engine:
    path = database_path(database_url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Made here first, so that it is never readable by others, not even for a moment.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise LedgerError(
            f"{path}: the ledger cannot be opened ({error.strerror}); check storage.database_url"
        ) from None
    engine = create_engine(
        database_url, connect_args={"timeout": BUSY_SECONDS}, execution_options={"compiled_cache": _COMPILED}
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _on_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions behind our back
    # Settlements are indexed by ids in another order than they come: with SQLite's own 2 MiB each of a million costs a
    # third more.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"cache_size=-{_CACHE_KIB}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    # Taking the write lock at once makes "read the last number, store the next" one step for all processes.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextlib.contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One database transaction: all of it is stored, or nothing; LedgerError instead of the driver's errors."""
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        raise LedgerError(f"{engine.url.database}: {_reason(error)}") from error
    except SQLAlchemyError as error:
        raise LedgerError(f"{engine.url.database}: {error}") from error


def forget_pages(engine: Engine) -> None:
    """Give back what was read of a ledger's file, and hold little from now on: large answers are sorted on disk."""
    if engine.dialect.name == "sqlite":
        with transaction(engine) as connection:
            connection.exec_driver_sql(f"PRAGMA cache_size=-{_SMALL_CACHE_KIB}")
            connection.exec_driver_sql("PRAGMA shrink_memory")


def _reason(error: DBAPIError) -> str:
    text = " ".join(str(error.orig).split())
    remedies = {
        "database is locked": f"another program has held the ledger for {BUSY_SECONDS} seconds; close it and run again",
        "database or disk is full": "the disk is full; make room and run again, nothing is lost",
        "attempt to write a readonly database": "the ledger may not be written; check its owner and permissions",
        "file is not a database": "this file is not a billing-job ledger; check storage.database_url",
        "lock timeout": f"another program has held the ledger for {BUSY_SECONDS} seconds; close it and run again",
        "could not extend file": "the server's disk is full; make room and run again, nothing is lost",
        "permission denied": "the ledger's user may not do this; grant it all rights on its own database",
        "connection failed": "the server cannot be reached; check storage.database_url and that it runs",
        "password authentication failed": "check the password: PGPASSWORD or ~/.pgpass",
        "disk I/O error": "the disk refuses to write or read; make room or check it, then run again",
    }
    return next((f"{text}: {remedy}" for start, remedy in remedies.items() if start in text), text)
