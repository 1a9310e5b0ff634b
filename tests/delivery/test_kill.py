"""Kills, and a machine that misbehaves while documents are sent: nothing is lost, nothing goes out twice."""

import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from tests.support.fakes import office
from tests.support.kill_send import MAIL, Kill, bench, trial
from tests.support.ledgers import other_writer
from tests.support.mail_month import MONTH, mail_office, number
from tests.support.mail_server import mail_server
from tests.support.tried import times


def test_killed_runs_lose_and_double_nothing(tmp_path: Path) -> None:
    """SIGKILL in the middle of `run --send`, then one run to the end: the files of an undisturbed run, each once."""
    with bench(tmp_path) as made:
        # The undisturbed run may have been a slow one, of a busy machine: a third of its time comes in any run.
        moments = [*[Kill(made.seconds * 0.3)] * times(0, 1), Kill(0.0, after_message=1)]
        result = trial(made, tmp_path / "trial", moments)
    assert result.problems == ()
    assert result.kills > 0


def test_a_clock_set_back_sends_nothing_twice(tmp_path: Path) -> None:
    """What was sent is known by the log's order and not by its clock."""
    with mail_server() as server:
        reseller = mail_office(tmp_path, server, 3)
        server.misbehave = lambda recipient: "4xx" if "client-001" in recipient else ""
        reseller.type("send", "--month", MONTH)
        reseller.clock.moment = datetime(2019, 1, 1, tzinfo=UTC)
        server.misbehave = lambda recipient: ""
        assert reseller.type("send", "--month", MONTH).code == 0
        assert reseller.type("send", "--month", MONTH, "--json").json["already_sent"] == 3
    assert Counter(server.numbers) == Counter(number(n) for n in range(3))


@pytest.mark.sqlite_file("the disk is the file's")
def test_a_full_disk_after_acceptance_is_a_doubt(tmp_path: Path, full_disk: Path) -> None:
    """The server took a message and the ledger cannot grow any more: the document is uncertain, never sent again."""
    filler = full_disk / "filler"
    with mail_server() as server:
        reseller = mail_office(full_disk, server, 4)

        def fill(_message: object) -> None:
            if len(server.taken) == 2:
                _fill(filler)

        server.on_taken = fill
        first = reseller.type("send", "--month", MONTH)
        assert first.code == 1
        assert "the disk is full" in first.err
        filler.unlink()
        second = reseller.type("send", "--month", MONTH, "--json")
    assert Counter(server.numbers).most_common(1)[0][1] == 1
    assert [entry["number"] for entry in second.json["uncertain"]] == [number(1)]
    assert sorted(server.numbers) == [number(n) for n in range(4)]


def test_a_locked_ledger_is_waited_for(tmp_path: Path) -> None:
    """While another program writes, sending waits for it and then goes on."""
    with mail_server() as server:
        reseller = mail_office(tmp_path, server, 2)
        with other_writer(reseller.database_url) as end:
            release = threading.Timer(0.3, end)
            release.start()
            assert reseller.type("send", "--month", MONTH).code == 0
            release.join()
    assert server.numbers == [number(0), number(1)]


@contextmanager
def short_patience() -> Iterator[None]:
    """Let ledgers in files wait 0.2 seconds for another program instead of 30."""

    def shorten(connection: Any, *_: object) -> None:
        connection.execute("PRAGMA busy_timeout = 200")

    event.listen(Pool, "checkout", shorten)
    try:
        yield
    finally:
        event.remove(Pool, "checkout", shorten)


in_a_file = pytest.mark.sqlite_file("the wait is shortened in SQLite's own words")


@in_a_file
@pytest.mark.parametrize("after_message", [0, 1])
def test_a_ledger_held_for_too_long_ends_the_round(tmp_path: Path, after_message: int) -> None:
    """Before a message none leaves; after its acceptance it is a doubt, named at once; the next round does the rest."""
    with mail_server() as server, short_patience():
        reseller = mail_office(tmp_path, server, 3)
        with ExitStack() as other:

            def hold(_message: object = None) -> None:
                if len(server.taken) == after_message:
                    other.enter_context(other_writer(reseller.database_url))

            server.on_taken = hold
            hold()
            stopped = reseller.type("send", "--month", MONTH)
            assert len(server.taken) == after_message
        again = reseller.type("send", "--month", MONTH, "--json")
    assert (stopped.code, "another program has held the ledger" in stopped.err) == (1, True)
    assert "close it and run again" in stopped.err
    doubts = [number(0)] * after_message
    assert [entry["number"] for entry in again.json["uncertain"]] == doubts
    assert all(f"{doubt} was accepted (250 2.0.0 Taken)" in stopped.err for doubt in doubts)
    assert sorted(server.numbers) == [number(n) for n in range(3)]


@in_a_file
def test_a_run_whose_sending_is_cut_off_is_done_and_waits(tmp_path: Path) -> None:
    """`run --send` and a ledger that is held while it sends: issued and written, exit 3, and how to send the rest."""
    with mail_server() as server, office(tmp_path) as (here, _), short_patience(), ExitStack() as other:
        here.append("billing.toml", MAIL.format(port=server.port))
        server.on_taken = lambda message: other.enter_context(other_writer(here.database_url))
        ran = here.run("--month", MONTH, "--send")
    assert (ran.code, len(ran.json["documents"]), len(server.taken)) == (3, 3, 1)
    assert "close it and run again" in ran.json["delivery"]["error"]
    assert f"`billing-job send --month {MONTH}` sends what is not sent yet" in ran.err
    assert (here.month() / "manifest.json").exists()


def test_an_output_folder_that_vanishes_holds_documents_back(tmp_path: Path) -> None:
    """Files removed while documents are sent: those that are gone wait, with the way to get them back."""
    with mail_server() as server:
        reseller = mail_office(tmp_path, server, 4)
        server.on_taken = lambda message: shutil.rmtree(reseller.output, ignore_errors=True)
        first = reseller.type("send", "--month", MONTH, "--json")
        again = reseller.type("send", "--month", MONTH)
    assert first.code == 3
    assert [entry["number"] for entry in first.json["held_back"]] == [number(1), number(2), number(3)]
    assert "billing-job render" in first.json["held_back"][0]["detail"]
    assert (again.code, "run the month before sending" in again.err) == (1, True)
    assert server.numbers == [number(0)]


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, small enough to be filled."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 10, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
