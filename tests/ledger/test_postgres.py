"""The ledger on a real PostgreSQL 15: the same tests as on SQLite, and two runs at once on either."""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from billing_job.config.settings_file import load_settings
from billing_job.core.document import Kind
from billing_job.core.errors import ConfigError, LedgerError, LockHeld
from billing_job.ledger.database import database_path, open_engine, transaction
from billing_job.ledger.documents import issued_numbers
from billing_job.ledger.issuing import numbered
from billing_job.ledger.run_lock import run_lock
from tests.support import ledgers
from tests.support.fakes import Office, call, office, two_clients
from tests.support.sample_documents import document, line

FORMATS = {Kind.INVOICE: "INV-{year}-{number:05d}"}


@pytest.fixture
def on_postgres(server: str) -> Iterator[str]:
    """Offices of this test keep their ledger on the server."""
    with ledgers.on(server):
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest) -> Iterator[None]:
    """Offices of this test keep their ledger in a file, and once more on the server."""
    with ledgers.on(request.getfixturevalue("server") if request.param == "postgres" else None):
        yield


def two_at_once(here: Office) -> list[int]:
    """The exit codes of two runs that start together."""
    command = [sys.executable, "-m", "billing_job", "--config", str(here.config / "billing.toml"), "run", "--offline"]
    command += ["--month", "2026-10", "--workers", "1"]
    with ThreadPoolExecutor(2) as threads:
        running = [threads.submit(subprocess.run, command, capture_output=True, check=False) for _ in range(2)]
        return sorted(each.result().returncode for each in running)


@pytest.mark.usefixtures("either")
def test_two_runs_at_once_issue_everything_once(tmp_path: Path) -> None:
    """One of them does the work, the other waits its turn outside or finds it done: no gap, no document twice."""
    rows = [call(number, -100 - number, "2026-10-05", trunk=7 + number % 2) for number in range(1, 21)]
    with two_clients(tmp_path, rows) as (here, _):
        assert here.type("sync").code == 0
        assert set(two_at_once(here)) <= {0, 5}
        assert here.run("--month", "2026-10", "--offline").code == 0
        engine = open_engine(here.database_url)
        assert sorted(issued_numbers(engine)) == [("invoice", 2026, 1), ("invoice", 2026, 2)]
        engine.dispose()
        assert here.type("verify").code == 0


def number_once(url: str, times: int) -> list[str]:
    """Take numbers of one series, as issuing does, without the lock of a run."""
    engine = open_engine(url)
    taken = []
    for _ in range(times):
        with transaction(engine) as connection:
            taken.append(
                numbered(connection, document([line(1, "call", 100)], number=""), FORMATS, date(2026, 11, 5)).number
            )
    engine.dispose()
    return taken


@pytest.mark.usefixtures("either")
def test_numbers_have_no_gap_even_without_the_runs_lock(tmp_path: Path) -> None:
    """Four writers at once take a hundred numbers: each number once, none left out."""
    with two_clients(tmp_path) as (here, _), ThreadPoolExecutor(4) as threads:
        open_engine(here.database_url).dispose()
        writers = [threads.submit(number_once, here.database_url, 25) for _ in range(4)]
        taken = [number for writer in writers for number in writer.result()]
    assert sorted(taken) == [f"INV-2026-{number:05d}" for number in range(1, 101)]


def test_a_lock_ends_with_its_holder_and_names_it(on_postgres: str, tmp_path: Path) -> None:
    """A second run is told which process of which machine is at work; a killed holder frees the ledger by itself."""
    with two_clients(tmp_path) as (here, _):
        url = here.database_url
        hold = "import sys, time; from billing_job.ledger.run_lock import run_lock\n"
        hold += "with run_lock(sys.argv[1]): print('held', flush=True); time.sleep(60)"
        with subprocess.Popen([sys.executable, "-c", hold, url], stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(LockHeld, match=rf"process {holder.pid} on {socket.gethostname()}"), run_lock(url):
                pass
            holder.kill()
        for _ in range(100):
            with contextlib.suppress(LockHeld), run_lock(url):
                return
            time.sleep(0.1)
        pytest.fail("the lock outlived its holder")


def test_a_server_that_is_not_there_is_named() -> None:
    """The error says what to check, and neither the program nor the driver waits for ever."""
    pytest.importorskip("psycopg")
    with pytest.raises(LedgerError, match=r"billing: .*database_url"):
        open_engine("postgresql+psycopg://billing@127.0.0.1:9/billing")


def test_a_copy_is_the_servers_business() -> None:
    """`backup` copies SQLite files; for a server it names the tool that does it."""
    with pytest.raises(ConfigError, match="pg_dump"):
        database_path("postgresql+psycopg://billing@db.example/billing")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql+psycopg://billing:secret@db/billing", "a password has no place in this file"),
        ("mysql://db/billing", r"sqlite:///FILE and postgresql\+psycopg://HOST/DATABASE"),
    ],
)
def test_an_address_is_refused_with_what_is_expected(url: str, expected: str, tmp_path: Path) -> None:
    """A password in the settings and a database that we do not know are refused before anything is opened."""
    with ledgers.on(None), office(tmp_path) as (here, _):
        here.append("billing.toml", "[storage]", f'database_url = "{url}"')
        with pytest.raises(ConfigError, match=expected):
            load_settings(here.config / "billing.toml")
