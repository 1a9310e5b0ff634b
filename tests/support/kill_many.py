"""`sync` and `run` killed with SIGKILL at random moments: a sample for the suite, a hundred from the command line.

.venv/bin/python -m tests.support.kill_many 100
"""

import contextlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.support.fakes import Office, office
from tests.support.ledgers import on_server, rows

MONTH = "2026-10"
CHARGES = """\
charge_id,client_id,description,quantity,unit,price,every,billed,valid_from,prorate
phone,acme,Phone,2,piece,89.50,once,,2026-10-05,
care,acme,Support,1.5,hour,95,month,,2026-10-16,days
host,acme,Hosting,1,month,36,quarter,advance,2027-01-01,
line,acme,Line,1,month,12,month,advance,2026-11-01,
"""
"""Of these October's run bills all but the quarter, whose turn is December's."""
OWN_TIME = {"first_seen", "fetched", "finished", "started", "noticed", "closed", "proven", "run_id"}
"""Columns that say when a process ran, which a kill may change."""
ROW_NUMBERS = {"seq", "old_seq", "new_seq", "sealed_seq", "walk_id"}
"""On a server a transaction that was cut off has used up its row numbers: only their order is the same."""
A_RUNS_OWN = {"runs", "walks", "balances", "chain"}
"""Tables that count processes: a killed run and the one after it stand there both."""


COMMANDS = {"sync": ("sync",), "run": ("run", "--month", MONTH, "--workers", "1")}


@dataclass(slots=True)
class Workshop:
    """One sandbox, one configuration, and what an undisturbed run leaves."""

    template: Office
    seconds: dict[str, float] = field(default_factory=dict)
    """How long an undisturbed `sync` and `run` take."""
    rows: dict[str, list[Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trial:
    """One kill: of which command, whether it was in time, what the ledger held then, and what was wrong in the end."""

    command: str
    killed: bool
    rows_stored: int
    problems: tuple[str, ...]


@contextlib.contextmanager
def workshop(folder: Path) -> Iterator[Workshop]:
    """Set up, and measure an undisturbed `sync` and `run`."""
    with office(folder / "template") as (template, _):
        (template.config / "charges.csv").write_text(CHARGES, encoding="utf-8")
        made = Workshop(template)
        for command in ("sync", "run"):
            undisturbed = made.template.fresh(folder / f"undisturbed-{command}")
            began = time.monotonic()
            assert undisturbed.start(*COMMANDS[command]).wait(120) == 0
            made.seconds[command] = time.monotonic() - began
        made.rows, made.files = ledger_rows(undisturbed), undisturbed.files()
        assert made.rows["documents"]
        assert sum("charge:" in str(row) for row in made.rows["settlements"]) == 3
        assert made.files
        yield made


def trial(made: Workshop, folder: Path, command: str, moment: float) -> Trial:
    """Kill the command after so many seconds, then run the month to the end, and compare all there is."""
    fresh = made.template.fresh(folder)
    began = time.monotonic()
    process = fresh.start(*COMMANDS[command])
    killed = False
    try:
        process.wait(moment)
        made.seconds[command] = time.monotonic() - began  # the machine is less busy than it was
    except subprocess.TimeoutExpired:
        killed = True
        process.kill()
        process.wait()
    stored = len(ledger_rows(fresh).get("wallet_rows", []))
    problems = []
    fresh.clock.moment = datetime.now(UTC)  # the killed process had the real clock, and due dates follow it
    if (after := fresh.run("--month", MONTH)).code != 0:
        problems.append(f"the run after it: exit code {after.code}")
    rows, files = ledger_rows(fresh), fresh.files()
    problems += [f"table {name}" for name in rows.keys() | made.rows.keys() if rows.get(name) != made.rows.get(name)]
    problems += [f"file {name}" for name in files.keys() | made.files.keys() if files.get(name) != made.files.get(name)]
    return Trial(command, killed, stored, tuple(problems))


def ledger_rows(here: Office) -> dict[str, list[Any]]:
    """Every row of every table, without what says when a process ran."""
    left_out = OWN_TIME | (ROW_NUMBERS if on_server() else set())
    return {
        table: [[cell for column, cell in row.items() if column not in left_out] for row in found]
        for table, found in rows(here.database_url).items()
        if table not in A_RUNS_OWN
    }


def moments(made: Workshop, count: int, rng: random.Random) -> list[tuple[str, float]]:
    """Commands in turn, each with a random moment from its start to a little after its end."""
    commands = [("sync", "run")[position % 2] for position in range(count)]
    return [(command, rng.uniform(0.3, 1.05) * made.seconds[command]) for command in commands]


def main(wanted: int, seed: int) -> int:
    """Kill until `wanted` commands have died, and print the figures."""
    rng = random.Random(seed)  # noqa: S311 - picks moments, guards nothing
    count: Counter[str] = Counter()
    stored: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, workshop(Path(folder)) as made:
        everything = len(made.rows["wallet_rows"])
        while count["killed"] < wanted:
            (command, moment), *_ = moments(made, 2, rng)[count["tried"] % 2 :]
            done = trial(made, Path(folder) / str(count["tried"]), command, moment)
            shutil.rmtree(Path(folder) / str(count["tried"]))
            count["tried"] += 1
            count["killed"] += done.killed
            if done.killed:
                count[f"killed {command}"] += 1
                stored["nothing" if not done.rows_stored else "all" if done.rows_stored == everything else "some"] += 1
            print(count["tried"], count["killed"], flush=True)
            for problem in done.problems:
                count["different"] += 1
                print(f"{command} killed after {moment:.2f} s: {problem}")
    print(
        f"seed {seed}: {count['killed']} kills ({count['killed sync']} of sync, {count['killed run']} of run), when"
        f" {stored['nothing']} times no row, {stored['some']} times some and {stored['all']} times all were stored;"
        f" differences from an undisturbed run: {count['different']}"
    )
    return 1 if count["different"] else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
