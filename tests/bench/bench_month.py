"""A whole month from ledger to manifest, the same again, and the start of the program; each in its own process."""

import compileall
import contextlib
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import billing_job
from tests.bench.data import MONTH, make_folder, month
from tests.bench.report import Report, Row, family_of, taken

NAIVE = Path(__file__).with_name("naive_month.py")


def run(report: Report, *, quick: bool) -> None:
    clients, transactions = (20, 2_000) if quick else (1_000, 100_000)
    # As installed: pip compiles what it installs, a checkout where Python writes no bytecode is compiled at each start.
    compileall.compile_dir(Path(billing_job.__file__).parent, quiet=1)
    what = f"month of {clients:,} clients, {transactions:,} transactions"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_folder(folder, month(clients, transactions))
        command = [sys.executable, "-m", "billing_job", "--config", str(folder / "config" / "billing.toml"), "-q"]
        command += ["run", "--month", MONTH, "--offline"]
        seconds, peak = watched(command)
        naive, _ = watched([sys.executable, str(NAIVE), str(folder)])
        report.add(Row(what, seconds, "naive script", naive))
        again, _ = watched(command)
        if not quick:
            report.add(Row(what, seconds, "allowed", 60, "s", 1.0))
            report.add(Row(f"{what}, peak of any process", peak / 1024, "allowed", 1, "GiB", 1.0))
            report.add(Row(f"{what}, the same again", again, "allowed", 3, "s", 1.0))
        _one_large_client(report, folder, quick=quick)
    start = [sys.executable, "-m", "billing_job", "--help"]
    helped = taken(lambda: subprocess.run(start, check=True, stdout=subprocess.DEVNULL), 5)
    report.add(Row("billing-job --help", helped, "allowed", 0.3, "s", 1.0))


def _one_large_client(report: Report, folder: Path, *, quick: bool) -> None:
    size = 2_000 if quick else 100_000
    large = folder / "large"
    make_folder(large, month(2, size + 100, one_has=size))
    command = [sys.executable, "-m", "billing_job", "--config", str(large / "config" / "billing.toml"), "-q"]
    seconds, peak = watched([*command, "run", "--month", MONTH, "--offline"])
    report.add(Row(f"one client with {size:,} transactions", seconds, "allowed", 60, "s", 1.0))
    report.add(Row("the same, peak of any process", peak / 1024, "allowed", 1, "GiB", 1.0))


def watched(command: list[str]) -> tuple[float, float]:
    """Wall seconds of a program, and the most MiB that it or a descendant held at one time."""
    began = time.perf_counter()
    peaks: dict[int, int] = {}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        stop = threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, peaks, stop))
        watcher.start()
        _, error = process.communicate()
        stop.set()
        watcher.join()
    if process.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {error[-2000:]}")
    return time.perf_counter() - began, max(peaks.values(), default=0) / 1024


def _watch(root: int, peaks: dict[int, int], stop: threading.Event) -> None:
    while not stop.wait(0.1):
        for pid in family_of(root):
            with contextlib.suppress(OSError, IndexError):
                status = Path(f"/proc/{pid}/status").read_text()
                peaks[pid] = int(status.split("VmHWM:")[1].split()[0])
