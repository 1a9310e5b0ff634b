"""Bad surroundings: a full disk, a ledger that cannot grow, files and documents that somebody changed."""

import errno
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.fakes import Clock, two_clients
from tests.support.ledgers import execute


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[None]:
    """A file system of a few kilobytes at the folder; skips the test where mounting is not allowed."""
    folder.mkdir(parents=True)
    options = ["-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(["mount", *options], capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_costs_a_second_run_and_nothing_else(tmp_path: Path) -> None:
    """Files that do not fit: exit 1, no half file and no manifest; with room again the same bytes as undisturbed."""
    with two_clients(tmp_path / "roomy") as (roomy, _):
        assert roomy.run("--month", "2026-10").code == 0
    with two_clients(tmp_path / "office") as (here, _), small_disk(here.output, 64):
        full = here.run("--month", "2026-10")
        assert full.code == 1
        assert "No space left on device" in full.err
        assert "Make room" in full.err
        left = here.files()
        assert all(roomy.files()[name] == content for name, content in left.items())
        assert "2026-10/manifest.json" not in left
        subprocess.run(["mount", "-o", "remount,size=4m", str(here.output)], check=True)
        assert here.run("--month", "2026-10").code == 0
        invoices = {name for name in roomy.files() if "/invoices/" in name}
        assert {name: here.files()[name] for name in invoices} == {name: roomy.files()[name] for name in invoices}


@pytest.mark.sqlite_file("the limit is on files of the process")
@pytest.mark.parametrize("limit", [pytest.param(60_000, marks=pytest.mark.at_length), 300_000])
def test_a_ledger_that_cannot_grow(tmp_path: Path, limit: int) -> None:
    """A ledger that hits a size limit at any moment: exit 1 and a remedy; with room again the run goes through."""
    with two_clients(tmp_path) as (here, _):
        arguments = ["--config", str(here.config / "billing.toml"), "run", "--month", "2026-10", "--json"]
        ended = subprocess.run(
            [sys.executable, "-m", "billing_job", *arguments],
            env=os.environ | here.environment,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ended.returncode, "make room" in ended.stderr) in ((1, True), (0, False)), ended.stderr
        assert "Traceback" not in ended.stderr
        assert [d["net_cents"] for d in here.run("--month", "2026-10").json["documents"]] == [300, 500]


def test_commands_that_look_back_say_what_is_missing(tmp_path: Path) -> None:
    """render, verify and reconcile before any run: a sentence each, no traceback."""
    with two_clients(tmp_path) as (here, _):
        render = here.type("render", "--month", "2026-10", "--number", "INV-2026-00001")
        assert (render.code, "no such document was issued" in render.err) == (2, True)
        verify = here.type("verify", "--month", "2026-10")
        assert (verify.code, "run the month again" in verify.err) == (1, True)
        reconcile = here.type("reconcile")
        assert (reconcile.code, "unknown" in reconcile.out) == (3, True)


def test_files_that_were_changed_are_found_and_restored(tmp_path: Path) -> None:
    """verify names a changed and a missing file; render writes both again, byte for byte."""
    with two_clients(tmp_path) as (here, _):
        assert here.run("--month", "2026-10").code == 0
        before = here.files()
        (here.month() / "invoices" / "INV-2026-00001.csv").write_text("changed")
        (here.month() / "invoices" / "INV-2026-00002.pdf").unlink()
        verify = here.type("verify")
        assert verify.code == 1
        assert "INV-2026-00001.csv: was changed" in verify.err
        assert "INV-2026-00002.pdf: is missing" in verify.err
        assert here.type("render", "--month", "2026-10").code == 0
        assert here.files() == before


def test_a_document_changed_in_the_ledger_is_refused(tmp_path: Path) -> None:
    """An issued document is a snapshot: with one cent changed in the ledger every command that reads it stops."""
    with two_clients(tmp_path) as (here, _):
        assert here.run("--month", "2026-10").code == 0
        change = "UPDATE documents SET body = replace(body, '\"gross_cents\":500', '\"gross_cents\":501')"
        execute(here.database_url, change)
        for arguments in (["verify"], ["render", "--month", "2026-10"], ["run", "--month", "2026-10"]):
            ran = here.type(*arguments)
            assert (ran.code, "INV-2026-00002 was changed in the ledger" in ran.err) == (1, True)


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (MemoryError(), "too little memory … --workers 1"),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), "/x: No space left on device … run again"),
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files … run again"),
    ],
)
def test_trouble_of_the_machine_is_no_defect(tmp_path: Path, trouble: Exception, told: str) -> None:
    """Wherever it strikes: exit 1, what it is and what to do, and not a word of a defect."""

    class Broken(Clock):
        def now(self) -> datetime:
            raise trouble

    with two_clients(tmp_path) as (here, _):
        here.clock = Broken(here.clock.moment)
        ran = here.type("run", "--month", "2026-10")
    assert ran.code == 1
    assert [part for part in told.split(" … ") if part not in ran.err] == []


def test_a_clock_that_is_set_back_and_forward(tmp_path: Path) -> None:
    """Set back a day after the run, forward a month, and an hour within it: nothing is issued twice."""
    with two_clients(tmp_path) as (here, _):
        first = here.run("--month", "2026-10")
        for moment in ((2026, 11, 4, 8, 0), (2026, 12, 5, 8, 0), (2026, 11, 1, 0, 30)):
            here.clock.set(*moment)
            again = here.run("--month", "2026-10")
            assert [(d["number"], d["new"]) for d in again.json["documents"]] == [
                (d["number"], False) for d in first.json["documents"]
            ]


def test_a_clock_that_jumps_within_a_run(tmp_path: Path) -> None:
    """What waits and what ends in time goes by seconds that never go back, so a jump of a day holds nothing up."""

    class Jumping(Clock):
        jumps = 0

        def now(self) -> datetime:
            self.jumps += 1
            return self.moment + timedelta(hours=(-1 if self.jumps % 2 else 1))

    with two_clients(tmp_path) as (here, _):
        here.clock = Jumping(here.clock.moment)
        began = time.monotonic()
        numbers = {d["number"] for d in here.run("--month", "2026-10").json["documents"]}
        again = here.run("--month", "2026-10")
        assert {d["number"] for d in again.json["documents"] if not d["new"]} == numbers
        assert here.clock.seconds < 60
        assert time.monotonic() - began < 60
