"""`run --send` killed with SIGKILL at random moments: a sample for the suite, hundreds from the command line.

.venv/bin/python -m tests.support.kill_send 200
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

from tests.support.fakes import Office, office
from tests.support.mail_server import MailServer, mail_server

MONTH = "2026-10"
KILLS_A_FOLDER = 4
RUN = ("run", "--send", "--month", MONTH, "--workers", "1")
MAIL = """\
[mail]
host = "127.0.0.1"
port = {port}
security = "none"
from = "billing@noordzee.example"
per_minute = 1200
"""


@dataclass(slots=True)
class Bench:
    """One sandbox, one mail server, one configuration; and what a run that nobody disturbs writes."""

    template: Office
    server: MailServer
    seconds: float = 0.0
    files: dict[str, bytes] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Kill:
    """When to kill a run: so many seconds after its start, or after its n-th message was taken."""

    seconds: float
    after_message: int = 0


@dataclass(frozen=True, slots=True)
class Trial:
    """What kills and one last run came to."""

    kills: int
    uncertain: int
    problems: tuple[str, ...]


@contextlib.contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """Set up, and measure one undisturbed run."""
    with mail_server() as server, office(folder / "template") as (template, _):
        template.append("billing.toml", MAIL.format(port=server.port))
        made = Bench(template, server)
        fresh = made.template.fresh(folder / "undisturbed")
        began = time.monotonic()
        assert fresh.start(*RUN).wait(120) == 0
        made.seconds = time.monotonic() - began
        made.files = fresh.files()
        made.numbers = sorted(server.numbers)
        assert made.numbers
        yield made


def trial(bench: Bench, folder: Path, moments: list[Kill]) -> Trial:
    """Kill a run at each of the moments, run once more to the end, and look."""
    fresh = bench.template.fresh(folder)
    bench.server.taken.clear()
    kills = 0
    for moment in moments:
        enough = len(bench.server.taken) + moment.after_message
        process = fresh.start(*RUN)
        while moment.after_message and process.poll() is None and len(bench.server.taken) < enough:
            time.sleep(0.001)
        try:
            process.wait(moment.seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
    fresh.clock.moment = datetime.now(UTC)  # the killed processes had the real clock, and due dates follow it
    last = fresh.run("--send", "--month", MONTH)
    uncertain = {entry["number"] for entry in last.json["delivery"]["uncertain"]}
    taken = Counter(bench.server.numbers)
    problems = []
    files = fresh.files()
    different = sorted(name for name in files.keys() | bench.files.keys() if files.get(name) != bench.files.get(name))
    if different:
        problems.append(f"not as an undisturbed run writes them: {different}")
    if taken and max(taken.values()) > 1:
        problems.append(f"taken twice: {[number for number, count in taken.items() if count > 1]}")
    if set(taken) | uncertain != set(bench.numbers):
        problems.append(f"lost: {sorted(set(bench.numbers) - set(taken) - uncertain)}")
    if last.code != (3 if uncertain else 0):
        problems.append(f"exit code {last.code}")
    if (verified := fresh.type("verify", "--deep", "--json")).code != 0:
        problems.append(f"verify --deep: {verified.json['problems']}")
    return Trial(kills, len(uncertain), tuple(problems))


def main(wanted: int, seed: int) -> int:
    """Kill `wanted` runs; print what was seen; 1 when anything was lost, doubled or different."""
    chance = random.Random(seed)  # noqa: S311 - moments, no secrets
    kills = uncertain = folders = 0
    failures = []
    with tempfile.TemporaryDirectory() as name, bench(Path(name)) as made:
        print(f"undisturbed: {made.seconds:.1f} s, {len(made.numbers)} documents, {len(made.files)} files")
        while kills < wanted:
            folder = Path(name) / f"trial-{folders}"
            moments = [Kill(chance.uniform(0.2, made.seconds * 1.05)) for _ in range(KILLS_A_FOLDER)]
            moments[chance.randrange(KILLS_A_FOLDER)] = Kill(chance.uniform(0.0, 0.06), chance.randint(1, 2))
            result = trial(made, folder, moments)
            shutil.rmtree(folder)
            folders, kills, uncertain = folders + 1, kills + result.kills, uncertain + result.uncertain
            print(folders, kills, uncertain, *result.problems, flush=True)
            failures += [f"{moments}: {problem}" for problem in result.problems]
        print(
            f"{kills} kills in {folders} folders, {uncertain} documents uncertain and listed, {len(failures)} failures"
        )
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, int(sys.argv[2]) if len(sys.argv) > 2 else 1))
