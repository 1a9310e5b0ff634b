"""Commands about money killed at random moments, then given again: a sample for the suite, hundreds by hand.

.venv/bin/python -m tests.support.kill_bank import 100   # or remind, or collect
"""

import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from billing_job.core.parties import Client
from tests.support.bank_files import Moved, camt
from tests.support.booked_payments import statement_of
from tests.support.fakes import Clock, Office
from tests.support.issued_documents import ACME, bank_office, document
from tests.support.ledgers import rows

OWN_TIME = {"imported", "recorded", "file_name", "sha256", "rows_sum", "moment", "run_id"}
"""Columns that say when and where a process ran, and what is made of them."""
DOCUMENTS, PAID_TWICE, REMINDED = 120, 10, 4
LEVELS = '[receivables]\nsince = 2026-01-01\n[[reminders.levels]]\nafter_days = 7\nchannel = "letter"\n'
TODAY = datetime(2026, 12, 1, 9, tzinfo=UTC)
AT_A_MOMENT = f"""
import sys
from datetime import datetime
from billing_job.cli import main
from tests.support.fakes import Clock
main(sys.argv[1:], Clock(datetime.fromisoformat("{TODAY.isoformat()}")))
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """A command that is killed: what makes an office for it, its words, and its exit code when nobody kills it."""

    template: Callable[[Path], None]
    words: Callable[[Path], tuple[str, ...]]
    code: int
    at_once: bool
    """Whether a kill leaves all of it or nothing."""


def statement() -> bytes:
    """A payment for each document, some of them twice, and as many that wait."""
    numbers = [f"INV-2026-{number:05d}" for number in (*range(1, DOCUMENTS + 1), *range(1, PAID_TWICE + 1))]
    paid = [Moved(1_000, number, reference=f"P{place}") for place, number in enumerate(numbers)]
    return camt(*paid, *(Moved(77, "?", reference=f"W{place}") for place in range(DOCUMENTS)))


def unread(folder: Path) -> None:
    """An office with its documents and a statement that was not read yet."""
    documents = [document(f"INV-2026-{number:05d}", 1_000) for number in range(1, DOCUMENTS + 1)]
    with bank_office(folder, *documents) as made:
        (folder / "statement.xml").write_bytes(statement())
        assert made.office.type("bank", "list").code == 0  # a ledger that was used before knows how its rows are read


def overdue(folder: Path) -> None:
    """An office with overdue documents of some clients, each of which is written a letter."""
    clients = [Client(f"c{number}", f"Client {number}", "NL") for number in range(1, REMINDED + 1)]
    documents = [document(f"INV-2026-{place:05d}", 1_000, client) for place, client in enumerate(clients, 1)]
    with bank_office(folder, *documents, settings=LEVELS) as made:
        rows_of = [f"{client.client_id},{client.name},NL\n" for client in clients]
        (made.office.config / "clients.csv").write_text("client_id,name,country\n" + "".join(rows_of))
        statement_of(made.office, date(2026, 12, 1))
        assert made.office.type("open").code == 0


def collectable(folder: Path) -> None:
    """An office whose overdue documents are collected by direct debit."""
    debited = replace(ACME, mandate_id="M-1")
    documents = [document(f"INV-2026-{place:05d}", 1_000, debited) for place in range(1, REMINDED + 1)]
    with bank_office(folder, *documents, settings=LEVELS) as made:
        config = made.office.config
        made.office.replace("billing.toml", 'country = "NL"\n', 'country = "NL"\ncreditor_id = "NL79ZZZ999999990000"\n')
        (config / "clients.csv").write_text("client_id,name,country,payment\nacme,Acme B.V.,NL,direct_debit\n")
        (config / "mandates.csv").write_text(
            "client_id,mandate_id,signed_on,iban\nacme,M-1,2026-01-02,DE89370400440532013000\n"
        )
        statement_of(made.office, date(2026, 12, 1))
        assert made.office.type("open").code == 0


SUBJECTS = {
    "collect": Subject(collectable, lambda folder: ("collect", "--due", "2026-12-04"), 0, at_once=False),
    "import": Subject(unread, lambda folder: ("bank", "import", str(folder / "statement.xml")), 3, at_once=True),
    "remind": Subject(overdue, lambda folder: ("remind",), 0, at_once=False),
}


def run_in(folder: Path, subject: Subject, kill_after: float | None = None) -> bool:
    """Run the command in a process of its own; whether it was killed in time."""
    command = [sys.executable, "-c", AT_A_MOMENT, "--config", str(folder / "config" / "billing.toml"), "-q"]
    process = subprocess.Popen([*command, *subject.words(folder)], stdout=subprocess.DEVNULL)
    try:
        code = process.wait(kill_after)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    assert code == subject.code, code
    return False


def contents(folder: Path) -> tuple[dict[str, list[dict[str, Any]]], dict[str, bytes]]:
    """Every row of the ledger without what belongs to the process that wrote it, and every file of the output."""
    found = {
        table: sorted(({name: cell for name, cell in row.items() if name not in OWN_TIME} for row in each), key=repr)
        for table, each in rows(f"sqlite:///{folder / 'billing.db'}").items()
    }
    files = [path for kind in ("*.pdf", "*.xml") for path in (folder / "output").rglob(kind)]
    return found, {str(path.relative_to(folder)): path.read_bytes() for path in files}


def trials(folder: Path, subject: Subject, count: int, seed: int) -> tuple[int, list[str]]:
    """Kill so many times, run again each time; how many died in time, and what was not as if nothing had happened."""
    chance = random.Random(seed)  # noqa: S311 - picks moments, guards nothing
    subject.template(folder / "template")
    undisturbed = folder / "undisturbed"
    shutil.copytree(folder / "template", undisturbed)
    before, began = contents(undisturbed), time.monotonic()
    run_in(undisturbed, subject)
    took, after = time.monotonic() - began, contents(undisturbed)
    killed, problems = 0, []
    for place in range(count):
        own = folder / str(place)
        shutil.copytree(folder / "template", own)
        moment = took * chance.uniform(0.3, 1.0)
        killed += run_in(own, subject, moment)
        if subject.at_once and contents(own) not in (before, after):
            problems.append(f"trial {place}: half of it is kept after {moment:.3f} seconds")
        again = Office(own, Clock(TODAY)).type("-q", *subject.words(own))
        assert again.code == subject.code, again.err
        if contents(own) != after:
            problems.append(f"trial {place}: not what an undisturbed run leaves, after {moment:.3f} seconds")
        shutil.rmtree(own)
    return killed, problems


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch, suppress(KeyboardInterrupt):
        print(trials(Path(scratch), SUBJECTS[sys.argv[1]], int(sys.argv[2]), 11))
