"""`restore` and `adopt` killed with SIGKILL at random moments: a sample for the suite, hundreds from the command line.

.venv/bin/python -m tests.support.kill_recovery 200
"""

import contextlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.fakes import Office
from tests.support.ledgers import rows
from tests.support.lives import OCTOBER, SEPTEMBER, TRUNK_B, life, moved

COPY = "copy.db"
COMMANDS = {"restore": ("restore", "--yes", COPY), "adopt": ("adopt",)}
FACTS = ("documents", "document_lines", "settlements", "releases", "credited_lines", "credited_rows", "series", "terms",
         "client_months", "trunk_months")  # fmt: skip


@dataclass(slots=True)
class Loss:
    """An office with a copy of its ledger that is a month and a credit note behind, and what its own ledger knows."""

    template: Office
    known: dict[str, list[Any]]
    seconds: dict[str, float] = field(default_factory=dict)
    """How long an undisturbed command takes."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One kill: of which command, whether it was in time, and what was wrong in the end."""

    command: str
    killed: bool
    problems: tuple[str, ...]


@contextlib.contextmanager
def loss(folder: Path) -> Iterator[Loss]:
    """Set up, and measure the commands undisturbed."""
    with life(folder / "template") as here:
        here.add(moved(1, -1000, "2026-09-05"), moved(2, -500, "2026-09-06", trunk=TRUNK_B))
        here.run(SEPTEMBER)
        assert here.office.type("backup", str(here.office.folder / COPY)).code == 0
        here.credit("INV-2026-00001", 1, rebill=True)
        here.add(moved(3, -700, "2026-10-05"), moved(4, -800, "2026-10-06", trunk=TRUNK_B))
        here.run(OCTOBER)
        made = Loss(here.office, _facts(here.office))
        undisturbed = here.office.copied(folder / "undisturbed")
        for command in COMMANDS:
            began = time.monotonic()
            assert undisturbed.start(*COMMANDS[command]).wait(120) == 0
            made.seconds[command] = time.monotonic() - began
        yield made


def trial(made: Loss, folder: Path, command: str, share: float) -> Trial:
    """Kill the command after that share of its time, go on as the documentation says, and look."""
    here = made.template.copied(folder)
    if command == "adopt":
        assert here.type("restore", "--yes", str(here.folder / COPY)).code == 0
    behind = len(rows(f"sqlite:///{here.folder / COPY}")["documents"])
    process = here.start(*COMMANDS[command])
    killed = False
    try:
        process.wait(share * made.seconds[command])
    except subprocess.TimeoutExpired:
        killed = True
        process.kill()
        process.wait()
    problems = []
    if (held := len(rows(here.database_url)["documents"])) not in (behind, len(made.known["documents"])):
        problems.append(f"{held} documents: neither the copy nor all")
    again = [("restore", "--yes", str(here.folder / COPY))] if command == "restore" else []
    for arguments in (*again, ("adopt",), ("verify", "--deep")):
        if (ran := here.type(*arguments)).code != 0:
            problems.append(f"{arguments[0]} after it: {ran.err}")
    found = _facts(here)
    problems += [f"table {name}" for name in FACTS if found[name] != made.known[name]]
    return Trial(command, killed, tuple(problems))


def _facts(here: Office) -> dict[str, list[Any]]:
    """The tables of what was issued, with the numbers that count their rows."""
    found = rows(here.database_url)
    return {name: sorted(found[name], key=str) for name in FACTS}


def main(wanted: int, seed: int) -> int:
    """Kill until `wanted` commands have died, and print the figures."""
    chance = random.Random(seed)  # noqa: S311 - moments, no secrets
    killed = dict.fromkeys(COMMANDS, 0)
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as name, loss(Path(name)) as made:
        tried = 0
        while sum(killed.values()) < wanted:
            command = sorted(COMMANDS)[tried % 2]
            share = chance.uniform(0.4, 1.02)
            done = trial(made, Path(name) / str(tried), command, share)
            shutil.rmtree(Path(name) / str(tried))
            tried += 1
            killed[command] += done.killed
            failures += [f"{command} killed after {share:.2f} of its time: {problem}" for problem in done.problems]
            print(tried, killed, *done.problems, flush=True)
    print(f"seed {seed}: {killed} killed in {tried} trials, {len(failures)} failures", *failures, sep="\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, int(sys.argv[2]) if len(sys.argv) > 2 else 1))
