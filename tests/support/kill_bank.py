"""`bank import` killed with SIGKILL at random moments, then given again: a sample for the suite, a hundred by hand.

.venv/bin/python -m tests.support.kill_bank 100
"""

import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.support.bank_files import Moved, camt
from tests.support.issued_documents import BankOffice, bank_office, document
from tests.support.ledgers import rows

OWN_TIME = {"imported", "recorded", "file_name", "sha256", "rows_sum"}
"""Columns that say when and where a process ran, and what is made of them."""
DOCUMENTS, PAID_TWICE = 120, 10


def statement() -> bytes:
    """A payment for each document, some of them twice, and as many that wait."""
    numbers = [f"INV-2026-{number:05d}" for number in (*range(1, DOCUMENTS + 1), *range(1, PAID_TWICE + 1))]
    paid = [Moved(1_000, number, reference=f"P{place}") for place, number in enumerate(numbers)]
    return camt(*paid, *(Moved(77, "?", reference=f"W{place}") for place in range(DOCUMENTS)))


def template(folder: Path) -> BankOffice:
    """An office with its documents and a statement that was not read yet."""
    documents = [document(f"INV-2026-{number:05d}", 1_000) for number in range(1, DOCUMENTS + 1)]
    with bank_office(folder, *documents) as made:
        (folder / "statement.xml").write_bytes(statement())
        assert made.office.type("bank", "list").code == 0  # a ledger that was used before knows how its rows are read
        return made


def import_in(folder: Path, kill_after: float | None = None) -> bool:
    """Import the statement in a process of its own; whether it was killed in time."""
    command = [sys.executable, "-m", "billing_job", "--config", str(folder / "config" / "billing.toml"), "-q"]
    process = subprocess.Popen([*command, "bank", "import", str(folder / "statement.xml")], stdout=subprocess.DEVNULL)
    try:
        code = process.wait(kill_after)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    assert code == 3, code
    return False


def contents(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row of the ledger without what belongs to the process that wrote it."""
    return {
        table: sorted(({name: cell for name, cell in row.items() if name not in OWN_TIME} for row in found), key=repr)
        for table, found in rows(f"sqlite:///{folder / 'billing.db'}").items()
    }


def trials(folder: Path, count: int, seed: int) -> tuple[int, list[str]]:
    """Kill so many imports, give each again; how many died in time, and what was not as if nothing had happened."""
    chance = random.Random(seed)  # noqa: S311 - picks moments, guards nothing
    template(folder / "template")
    undisturbed = folder / "undisturbed"
    shutil.copytree(folder / "template", undisturbed)
    before, began = contents(undisturbed), time.monotonic()
    import_in(undisturbed)
    took, after = time.monotonic() - began, contents(undisturbed)
    killed, problems = 0, []
    for place in range(count):
        own = folder / str(place)
        shutil.copytree(folder / "template", own)
        moment = took * chance.uniform(0.3, 1.0)
        killed += import_in(own, moment)
        if contents(own) not in (before, after):
            problems.append(f"trial {place}: half of the import is kept after {moment:.3f} seconds")
        import_in(own)
        if contents(own) != after:
            problems.append(f"trial {place}: the ledger is another one after {moment:.3f} seconds")
        shutil.rmtree(own)
    return killed, problems


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        print(trials(Path(scratch), int(sys.argv[1]), 11))
