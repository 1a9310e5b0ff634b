"""Copies of the ledger: whole while it is in use, put back in one step, and every tampering seen by `verify --deep`."""

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from billing_job.core.errors import ConfigError
from billing_job.ledger.database import database_path
from billing_job.ledger.run_lock import run_lock
from tests.support.fakes import Clock, Office, office
from tests.support.ledgers import execute
from tests.support.mail_month import MONTH, mail_office, number
from tests.support.mail_server import mail_server

of_a_file = pytest.mark.sqlite_file("a server is copied with pg_dump")


@pytest.fixture(scope="module")
def billed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office folder whose October is billed and written."""
    folder = tmp_path_factory.mktemp("billed")
    with office(folder) as (reseller, _):
        assert reseller.run().code == 0
    return folder


@pytest.fixture
def reseller(billed: Path, tmp_path: Path) -> Office:
    """A copy of it for one test."""
    return Office(billed, Clock(datetime(2026, 11, 5, 8, 0, tzinfo=UTC))).copied(tmp_path / "office")


def ledger(office: Office) -> Path:
    return office.folder / "billing.db"


@of_a_file
def test_a_copy_comes_back_as_it_was(reseller: Office) -> None:
    """backup, damage, restore: the ledger is as it was, the damaged one stays beside it, a re-run changes no file."""
    copy = reseller.folder / "copy.db"
    assert reseller.type("backup", str(copy)).code == 0
    assert copy.stat().st_mode & 0o777 == 0o600
    before = reseller.files()
    ledger(reseller).write_bytes(b"\0" * 4096)
    damaged = reseller.type("verify")
    assert damaged.code == 1
    assert "Traceback" not in damaged.err
    restored = reseller.type("restore", "--yes", str(copy))
    assert restored.code == 0
    kept = [path for path in reseller.folder.glob("billing.db.replaced-*") if not path.name.endswith(("-wal", "-shm"))]
    assert [path.read_bytes() for path in kept] == [b"\0" * 4096]
    assert ledger(reseller).stat().st_mode & 0o777 == 0o600
    assert reseller.type("verify", "--deep").code == 0
    assert reseller.type("run", "--offline", "--workers", "1").code == 0
    assert reseller.files() == before
    assert list(reseller.folder.glob(".*.tmp*")) == []


@of_a_file
def test_a_copy_is_whole_while_the_ledger_is_written(reseller: Office) -> None:
    """Copies made while another program writes are sound, each a state that the ledger really had."""
    stop = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        with closing(sqlite3.connect(ledger(reseller), timeout=30)) as connection:
            while not stop.is_set():
                with connection:
                    rows = [(f"{written}-{half}", half) for half in ("a", "b")]
                    connection.executemany("INSERT INTO exceptions_seen VALUES (?, ?)", rows)
                written += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        codes = [reseller.type("backup", str(reseller.folder / f"copy-{n}.db")).code for n in range(5)]
    finally:
        stop.set()
        writer.join()
    assert codes == [0] * 5
    assert written > 5
    for n in range(5):
        with closing(sqlite3.connect(reseller.folder / f"copy-{n}.db")) as connection:
            count = connection.execute(
                "SELECT COUNT(*) FROM exceptions_seen WHERE first_seen IN ('a', 'b')"
            ).fetchone()[0]
        assert count % 2 == 0


@of_a_file
def test_a_run_at_work_keeps_restore_away(reseller: Office) -> None:
    """restore ends with exit code 5 while a run holds the lock, and with words while another program is in."""
    copy = reseller.folder / "copy.db"
    reseller.type("backup", str(copy))
    with run_lock(f"sqlite:///{ledger(reseller)}"):
        assert reseller.type("restore", "--yes", str(copy)).code == 5
        assert reseller.type("backup", str(reseller.folder / "second.db")).code == 0
    before = ledger(reseller).read_bytes()
    with closing(sqlite3.connect(ledger(reseller))) as connection:
        connection.execute("BEGIN IMMEDIATE")
        refused = reseller.type("restore", "--yes", str(copy))
        connection.rollback()
    assert (refused.code, "another program has it open" in refused.err) == (1, True)
    assert ledger(reseller).read_bytes() == before
    with closing(sqlite3.connect(ledger(reseller))) as idle:
        idle.execute("SELECT * FROM facts").fetchall()
        assert "another program has it open" in reseller.type("restore", "--yes", str(copy)).err
    assert ledger(reseller).read_bytes() == before
    assert reseller.type("restore", "--yes", str(copy)).code == 0


@of_a_file
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE facts SET value = '99' WHERE name = 'schema_version'", "install a newer billing-job"),
        ("DROP TABLE documents", "not a billing-job ledger"),
        ("DELETE FROM documents WHERE number = 'INV-2026-00001'", "refer to rows that are not there"),
    ],
)
def test_a_copy_that_cannot_be_trusted_is_refused(statement: str, words: str, reseller: Office) -> None:
    """A newer, a foreign or a damaged copy: one sentence, and the ledger stays."""
    copy = reseller.folder / "copy.db"
    reseller.type("backup", str(copy))
    execute(f"sqlite:///{copy}", statement)
    before = ledger(reseller).read_bytes()
    refused = reseller.type("restore", "--yes", str(copy))
    assert (refused.code, words in refused.err) == (1, True)
    assert ledger(reseller).read_bytes() == before


@of_a_file
def test_no_copy_replaces_another_file(reseller: Office) -> None:
    """backup never overwrites; without a ledger, and onto a full disk, it says so and leaves nothing behind."""
    copy = reseller.folder / "copy.db"
    copy.write_text("precious")
    assert reseller.type("backup", str(copy)).code == 1
    assert copy.read_text() == "precious"
    full = reseller.type("backup", "/dev/full/copy.db")
    assert (full.code, "cannot be written" in full.err) == (1, True)
    ledger(reseller).unlink()
    assert "no ledger to copy" in reseller.type("backup", str(reseller.folder / "other.db")).err
    assert not ledger(reseller).exists()


def test_a_ledger_on_a_server_has_tools_of_its_own() -> None:
    """backup and restore name pg_dump and pg_restore instead of copying something that is no file."""
    with pytest.raises(ConfigError, match="pg_dump"):
        database_path("postgresql+psycopg://db.example/billing")


@of_a_file
def test_a_restored_ledger_doubts_what_it_may_not_know(tmp_path: Path) -> None:
    """Documents e-mailed after the copy was made are uncertain after a restore: nobody gets one twice in silence."""
    with mail_server() as server:
        office = mail_office(tmp_path, server, 3)
        server.misbehave = lambda recipient: "" if "client-000" in recipient else "4xx"
        office.type("send", "--month", MONTH)
        office.type("backup", str(tmp_path / "copy.db"))
        server.misbehave = lambda recipient: ""
        assert office.type("send", "--month", MONTH).code == 0
        assert office.type("restore", "--yes", str(tmp_path / "copy.db")).code == 0
        after = office.type("send", "--month", MONTH, "--json")
    assert after.code == 3
    assert sorted(entry["number"] for entry in after.json["uncertain"]) == [number(1), number(2)]
    assert len(server.taken) == 3


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE wallet_rows SET raw = replace(raw, 'EUR', 'USD') WHERE seq = 1", "wallet row 1"),
        ("UPDATE transactions SET micros = micros - 1 WHERE seq = 2", "(micros)"),
        ("UPDATE documents SET body = replace(body, 'acme', 'evil')", "was changed after it was issued"),
        ("UPDATE documents SET net_cents = net_cents + 1 WHERE number = 'INV-2026-00002'", "its columns"),
        ("UPDATE document_lines SET net_cents = 0 WHERE line = 1", "its lines"),
        ("UPDATE series SET last_number = 9", "invariant 4"),
        (
            "DELETE FROM settlements WHERE transaction_id ="
            " (SELECT min(transaction_id) FROM settlements WHERE line IS NOT NULL)",
            "invariant 2",
        ),
        ("UPDATE settlements SET charge_cents = charge_cents + 1 WHERE line = 1", "invariant 3"),
        ("UPDATE files SET sha256 = 'x' WHERE suffix = 'pdf'", "is not what the ledger says"),
        ("UPDATE balances SET micros = CAST(CAST(micros AS BIGINT) + 10000 AS TEXT)", "invariant 5"),
        (
            "INSERT INTO deliveries (document_number, attempt, event, message_id, recipient, moment, run_id, detail)"
            " VALUES ('INV-2026-00001', 2, 'accepted', '<x@y>', 'a@b', '', '', '')",
            "attempt",
        ),
    ],
)
def test_deep_verification_sees_every_tampering(statement: str, words: str, reseller: Office) -> None:
    """One changed cell anywhere in history, and `verify --deep` names it with exit code 1."""
    assert reseller.type("verify", "--deep").code == 0
    execute(reseller.database_url, statement)
    found = reseller.type("verify", "--deep", "--json")
    assert found.code == 1
    assert any(words in problem for problem in found.json["problems"]), found.json["problems"]


def test_deep_verification_sees_a_changed_file(reseller: Office) -> None:
    """A PDF changed together with its manifest still differs from what the ledger stored."""
    pdf = reseller.month() / "invoices" / "INV-2026-00001.pdf"
    pdf.write_bytes(pdf.read_bytes() + b"\n")
    (reseller.month() / "invoices" / "INV-2026-00002.xml").unlink()
    problems = "\n".join(reseller.type("verify", "--deep", "--json").json["problems"])
    assert "INV-2026-00001.pdf: is not what the ledger says was written" in problems
    assert "INV-2026-00002.xml: is missing" in problems
