"""Questions to a large ledger: how long `status`, `list`, `show` and `why` take, each a process of its own."""

import compileall
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import billing_job
from billing_job.config.settings_file import load_settings
from billing_job.core.period import Period
from billing_job.month.job import open_job
from billing_job.month.pipeline import bill
from tests.bench.data import MONTH, make_folder, month
from tests.bench.report import Report, Row
from tests.support.fakes import Clock

QUESTIONS = (["status"], ["list"], ["show", "INV-2026-00001"], ["why", "1228"])


def run(report: Report, *, quick: bool) -> None:
    clients, transactions = (20, 2_000) if quick else (10_000, 1_000_000)
    compileall.compile_dir(Path(billing_job.__file__).parent, quiet=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_folder(folder, month(clients, transactions))
        settings = load_settings(folder / "config" / "billing.toml")
        job = open_job(settings, folder / "config", Clock(datetime(2026, 11, 5, tzinfo=UTC)))
        bill(job, Period.parse(MONTH))  # nothing is drawn
        job.close()
        command = [sys.executable, "-m", "billing_job", "--config", str(folder / "config" / "billing.toml"), "-q"]
        for question in QUESTIONS:
            what = f"{question[0]} of {transactions:,} transactions, {clients:,} documents"
            times = [seconds([*command, *question]) for _ in range(3)]
            report.add(Row(what, min(waited for waited, _ in times), "allowed", 1, "s", 1.0))
            report.add(Row(f"{what}, processor time", min(busy for _, busy in times), "allowed", 1, "s"))


def seconds(command: list[str]) -> tuple[float, float]:
    """How long a program takes, and what it takes of the processors: on two it can be busy for longer than it runs."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    waited, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return waited, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
