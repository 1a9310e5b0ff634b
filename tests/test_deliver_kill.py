"""Kills, and a machine that misbehaves while documents are sent: nothing is lost, nothing goes out twice."""

import shutil
import sqlite3
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kill_send import Kill, bench, trial
from mail_month import MONTH, mail_office, number
from mail_server import mail_server


def test_killed_runs_lose_and_double_nothing(tmp_path: Path) -> None:
    """SIGKILL at two moments of `run --send`, then one run to the end: the files of an undisturbed run, each once."""
    with bench(tmp_path) as made:
        moments = [Kill(made.seconds * 0.6), Kill(0.0, after_message=1)]
        result = trial(made, tmp_path / "trial", moments)
    assert result.problems == ()
    assert result.kills > 0


def test_a_clock_set_back_sends_nothing_twice(tmp_path: Path) -> None:
    """What was sent is known by the log's order and not by its clock."""
    with mail_server() as server:
        office = mail_office(tmp_path, server, 3)
        server.misbehave = lambda recipient: "4xx" if "client-001" in recipient else ""
        office.type("send", "--month", MONTH)
        office.clock.moment = datetime(2019, 1, 1, tzinfo=UTC)
        server.misbehave = lambda recipient: ""
        assert office.type("send", "--month", MONTH).code == 0
        assert office.type("send", "--month", MONTH, "--json").json["already_sent"] == 3
    assert Counter(server.numbers) == Counter(number(n) for n in range(3))


def test_a_full_disk_after_acceptance_is_a_doubt(tmp_path: Path, full_disk: Path) -> None:
    """The server took a message and the ledger cannot grow any more: the document is uncertain, never sent again."""
    filler = full_disk / "filler"
    with mail_server() as server:
        office = mail_office(full_disk, server, 4)

        def fill(_message: object) -> None:
            if len(server.taken) == 2:
                _fill(filler)

        server.on_taken = fill
        first = office.type("send", "--month", MONTH)
        assert first.code == 1
        assert "the disk is full" in first.err
        filler.unlink()
        second = office.type("send", "--month", MONTH, "--json")
    assert Counter(server.numbers).most_common(1)[0][1] == 1
    assert [entry["number"] for entry in second.json["uncertain"]] == [number(1)]
    assert sorted(server.numbers) == [number(n) for n in range(4)]


def test_a_locked_ledger_is_waited_for(tmp_path: Path) -> None:
    """While another program writes, sending waits for it and then goes on."""
    with mail_server() as server:
        office = mail_office(tmp_path, server, 2)
        with closing(sqlite3.connect(tmp_path / "billing.db", check_same_thread=False)) as other:
            other.execute("BEGIN IMMEDIATE")
            release = threading.Timer(0.3, other.rollback)
            release.start()
            assert office.type("send", "--month", MONTH).code == 0
            release.join()
    assert server.numbers == [number(0), number(1)]


def test_an_output_folder_that_vanishes_holds_documents_back(tmp_path: Path) -> None:
    """Files removed while documents are sent: those that are gone wait, with the way to get them back."""
    with mail_server() as server:
        office = mail_office(tmp_path, server, 4)
        server.on_taken = lambda message: shutil.rmtree(office.output, ignore_errors=True)
        first = office.type("send", "--month", MONTH, "--json")
        again = office.type("send", "--month", MONTH)
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
