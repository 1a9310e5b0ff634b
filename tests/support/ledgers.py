"""Where the ledgers of tests are: files in the tests' folders or, with `pytest --ledger postgresql`, on a real server.

On the server each folder has a database of its own, which is dropped when the test is done.
"""

import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, inspect, make_url, select, table, text

from billing_job.ledger import chain
from billing_job.ledger.database import open_engine

SERVER = "BILLING_JOB_TEST_SERVER"
"""The variable that names the server; unset: each ledger is a file."""
BINARIES = max(
    Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/lib/postgresql"), key=lambda path: path.parts
)
MISSING = "PostgreSQL's server or its drivers are not installed here (apt-get install postgresql; make setup-dev)"
EMPTY = "empty"
_MADE: set[str] = set()


def ledger_url(folder: Path) -> str:
    """The ledger of a folder; on a server the database is made when it is asked for the first time."""
    server = os.environ.get(SERVER)
    if server is None:
        return f"sqlite:///{folder / 'billing.db'}"
    url = f"{server}/ledger_{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:20]}"
    if url not in _MADE:
        empty_ledger(url)
    return url


def on_server() -> bool:
    """Whether ledgers are on a server."""
    return SERVER in os.environ


def storage(folder: Path) -> str:
    """The lines of billing.toml that lead to the ledger of a folder; none for a file, whose name is the default."""
    return f'[storage]\ndatabase_url = "{ledger_url(folder)}"\n' if on_server() else ""


def empty_ledger(url: str) -> None:
    """Make a database with an empty ledger in it, also in place of one that is there."""
    empty = f"{url.rpartition('/')[0]}/{EMPTY}"
    if empty not in _MADE:
        _make(empty, "template1")
        open_engine(empty).dispose()
    _make(url, EMPTY)


def copy_ledger(original: str, copy: str) -> None:
    """Make a database of all that is in another, which nobody has open."""
    _make(copy, original.rpartition("/")[2])


def execute(url: str, *statements: str) -> list[Any]:
    """What somebody with a database tool could do; returns the rows of the last statement."""
    with _opened(url) as engine, engine.begin() as connection:
        for statement in statements:
            result = connection.exec_driver_sql(statement)
        return list(result) if result.returns_rows else []


def record_anew(url: str) -> None:
    """Let the chain say that the ledger is as it should be, after a test has made it what an older program left."""
    with _opened(url) as engine, engine.begin() as connection:
        chain.record_anew(connection)


def rows(url: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, in the order of its cells, which is the order in which numbered rows were stored."""
    path = make_url(url).database
    if url.startswith("sqlite") and not Path(str(path)).exists():
        return {}
    with _opened(url) as engine, engine.connect() as connection:
        return {
            name: sorted((dict(row._mapping) for row in connection.execute(_everything(name))), key=_order)
            for name in inspect(connection).get_table_names()
        }


def _everything(name: str) -> Any:
    return select(text("*")).select_from(table(name))


def _order(row: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(type(cell).__name__, cell) for cell in row.values() if cell is not None]


@contextlib.contextmanager
def other_writer(url: str) -> Iterator[Any]:
    """Another program that has begun to write: yields what ends its transaction, called from any thread."""
    with _opened(url) as engine, contextlib.closing(engine.raw_connection()) as connection:
        if engine.dialect.name == "sqlite":
            connection.isolation_level = None  # type: ignore[attr-defined]
            connection.cursor().execute("BEGIN IMMEDIATE")
        else:
            connection.cursor().execute("SELECT pg_advisory_xact_lock(7105001)")
        yield connection.rollback


@contextlib.contextmanager
def on(server: str | None) -> Iterator[None]:
    """Keep the ledgers that are made meanwhile on a server, or in files."""
    before = os.environ.pop(SERVER, None)
    if server is not None:
        os.environ[SERVER] = server
    try:
        yield
    finally:
        os.environ.pop(SERVER, None)
        if before is not None:
            os.environ[SERVER] = before


def made() -> frozenset[str]:
    """The databases that there are, the empty one apart, which all others begin as."""
    return frozenset(url for url in _MADE if not url.endswith(f"/{EMPTY}"))


def drop(urls: frozenset[str] | set[str]) -> None:
    """Drop databases, whoever still has them open."""
    for url in urls:
        server, _, name = url.rpartition("/")
        _at(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        _MADE.discard(url)


def _make(url: str, template: str) -> None:
    server, _, name = url.rpartition("/")
    _at(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name} TEMPLATE {template}")
    _MADE.add(url)


def _at(server: str, *statements: str) -> None:
    with _opened(f"{server}/postgres", isolation_level="AUTOCOMMIT") as engine, engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@contextlib.contextmanager
def _opened(url: str, **options: Any) -> Iterator[Engine]:
    engine = create_engine(url, **options)
    try:
        yield engine
    finally:
        engine.dispose()


def can_serve() -> bool:
    """Whether the server's programs are installed."""
    return (BINARIES / "initdb").exists()


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """A server of its own on loopback, without a disk's patience: nothing of it outlives the tests; yields its URL."""
    folder = Path(tempfile.mkdtemp(prefix="billing-postgres-"))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data = str(folder / "data")
    quiet: dict[str, Any] = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder}
    initdb = [str(BINARIES / "initdb"), "-D", data, "-A", "trust", "-U", "billing", "-E", "UTF8"]
    initdb += ["--locale-provider=icu", "--icu-locale=en", "--locale=C.UTF-8"]  # a server that sorts as people do
    subprocess.run(_as_server(*initdb), **quiet)
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=50"
    control = [str(BINARIES / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log")]
    try:
        subprocess.run(_as_server(*control, "-o", options, "start"), **quiet)
        yield f"postgresql+psycopg://billing@127.0.0.1:{port}"
    finally:
        subprocess.run(_as_server(*control, "-m", "immediate", "stop"), stdout=subprocess.DEVNULL, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _as_server(*command: str) -> list[str]:
    """PostgreSQL refuses to run as root; its Debian package brings a user for it."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else list(command)
