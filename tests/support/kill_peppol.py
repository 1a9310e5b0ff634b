"""`send` by Peppol killed with SIGKILL at random moments, with faults: a sample for the suite, hundreds by hand.

.venv/bin/python -m tests.support.kill_peppol 500 60
"""

import random
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from billing_job.delivery.peppol.stand_in import FAULTS, StandIn
from tests.support.fakes import Office
from tests.support.peppol_month import MONTH, access_point, participant, peppol_office


def trial(folder: Path, documents: int, kills: int, seed: int, kind: str) -> tuple[int, list[str]]:
    """Send documents through a faulty access point, killed so many times; how many kills struck, and what is wrong."""
    chance = random.Random(seed)  # noqa: S311 - no secret hangs on it
    with access_point() as (url, state):
        here = peppol_office(folder, url, documents, kind)
        for index in chance.sample(range(documents), documents // 3):
            state.faults[participant(index)] = chance.choice(sorted(FAULTS))
        struck = sum(_killed(here, state, chance) for _ in range(kills))
        _send(here)
        state.faults.clear()
        return struck, _problems(state, _send(here), documents)


def _problems(state: StandIn, told: Any, documents: int) -> list[str]:
    sent: Counter[str] = Counter()
    for taken in state.sent:
        sent[taken.content.decode()] += taken.sent
    found = [f"sent {count} times: {content}" for content, count in sent.items() if count > 1]
    arrived = {content.split()[-1] for content in sent}
    open_ = {entry["number"] for name in ("uncertain", "queue") for entry in told[name]}
    wanted = {f"INV-2026-{index + 1:05d}" for index in range(documents)}
    if lost := wanted - arrived - open_:
        found.append(f"neither sent nor told: {sorted(lost)}")
    return found


def _killed(here: Office, state: StandIn, chance: random.Random) -> bool:
    """Start a round, and kill it after some submission; False when it ended before."""
    enough = state.submissions + chance.randint(1, 9)
    process = here.start("send", "--month", MONTH, "--json")
    while process.poll() is None and state.submissions < enough:
        time.sleep(0.001)
    time.sleep(chance.random() / 100)
    alive = process.poll() is None
    process.kill()
    process.communicate()
    return alive


def _send(here: Office) -> Any:
    here.clock.moment = datetime.now(UTC)  # the killed processes had the real clock
    return here.type("-q", "send", "--month", MONTH, "--json").json


if __name__ == "__main__":
    for number, kind in enumerate(("phoss-ap", "e-invoice.be")):
        with tempfile.TemporaryDirectory() as folder:
            struck, problems = trial(Path(folder), int(sys.argv[1]), int(sys.argv[2]), number, kind)
        print(f"{kind}: {sys.argv[1]} documents, {struck} kills, {len(problems)} problems", *problems, sep="\n  ")
