"""Questions to a large ledger: the processor time of `status`, `list`, `show` and `why`, each a process of its own."""

import compileall
import resource
import subprocess
import sys
import tempfile
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
            what = f"{question[0]} of {transactions:,} transactions, {clients:,} documents, processor time"
            report.add(Row(what, min(processor([*command, *question]) for _ in range(3)), "allowed", 1, "s", 1.0))


def processor(command: list[str]) -> float:
    """Seconds of the processor that a program takes, the system's included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
