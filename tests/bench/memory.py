"""`python -m tests.bench.memory CLIENTS TRANSACTIONS FOLDER`: a month for real, and its memory over time as a picture.

A ledger of that month is made in FOLDER (once), billed with all of its files, and looked at every second. What was seen
stands in FOLDER/memory.csv, its picture in FOLDER/memory.svg.
"""

import csv
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from billing_job.core.errors import ExitCode
from tests.bench.data import MONTH, make_folder, month

STAGES = {
    "write_month": "lists and drawing",
    "issue": "priced and stored",
    "bill": "whose it is",
    "check_facts": "rows checked",
}
"""Function of the run → what it does, in words; the innermost first. Before the first one, files are read."""
BEFORE = "files"
REACH_MIB = 614
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 920, 380, 58, 20, 62, 44
_NARROWEST = 40
"""Pixels of what has room for its name."""
_LINE = '<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}"{}/>'
_TEXT = '<text x="{}" y="{}" text-anchor="{}" fill="{}" font-size="{}">{}</text>'
_INK, _PALE, _RUN, _WORKER, _GOAL = "#1f2933", "#d9dee3", "#1f6f8b", "#d97706", "#b91c1c"


class Sample(NamedTuple):
    """What was seen at one time: MiB of the run itself and of its largest worker, and where the run was."""

    seconds: float
    run_mib: float
    worker_mib: float
    stage: str


def main() -> None:
    clients, transactions, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    if not (folder / "billing.db").exists():
        make_folder(folder, month(clients, transactions))
    seen = folder / "memory.csv"
    if len(sys.argv) == 4:  # in a process of its own, which holds nothing of the data that was made
        run = [sys.executable, "-m", "tests.bench.memory", *sys.argv[1:], "run"]
        # Of so many refunds some wait, for what they refund was never charged.
        if (code := subprocess.run(run, check=False).returncode) not in (ExitCode.DONE, ExitCode.EXCEPTIONS_WAIT):
            sys.exit(code)
        samples = list(_read(seen))
        title = f"{transactions:,} transactions of {clients:,} clients"
        (folder / "memory.svg").write_text(picture(samples, title), encoding="utf-8")
        return
    _watched_run(folder, seen)


def _watched_run(folder: Path, seen: Path) -> None:
    from billing_job.cli import main as billing_job

    config = str(folder / "config" / "billing.toml")
    sys.argv = ["billing-job", "--config", config, "-q", "run", "--month", MONTH, "--offline"]
    threading.Thread(target=_watch, args=(seen, threading.main_thread().ident), daemon=True).start()
    began = time.perf_counter()
    try:
        billing_job()
    finally:
        own, workers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        print(
            f"{time.perf_counter() - began:,.0f} s; processor: {own.ru_utime + own.ru_stime:,.0f} s of the run,"
            f" {workers.ru_utime + workers.ru_stime:,.0f} s of its workers; peak: {own.ru_maxrss / 1024:,.0f} MiB of"
            f" the run, {workers.ru_maxrss / 1024:,.0f} MiB of the largest worker",
            file=sys.stderr,
        )


def _watch(seen: Path, thread: int | None) -> None:
    began = time.perf_counter()
    with seen.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        while thread is not None:
            workers = max((_resident(pid) for pid in _descendants("self")), default=0.0)
            writer.writerow([f"{time.perf_counter() - began:.1f}", _resident("self"), workers, _stage(thread)])
            file.flush()
            time.sleep(1)


def _stage(thread: int) -> str:
    frame, inside = sys._current_frames().get(thread), set[str]()
    while frame:
        inside.add(frame.f_code.co_name)
        frame = frame.f_back
    return next((words for name, words in STAGES.items() if name in inside), BEFORE)


def _resident(pid: str) -> float:
    """MiB that a process holds."""
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024
    return 0.0


def _descendants(pid: str) -> Iterator[str]:
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield child
                yield from _descendants(child)


def _read(seen: Path) -> Iterator[Sample]:
    with seen.open(newline="", encoding="utf-8") as file:
        for seconds, run, worker, stage in csv.reader(file):
            yield Sample(float(seconds), float(run), float(worker), stage)


def picture(samples: Sequence[Sample], title: str) -> str:
    """The run's memory and that of its largest worker over time, with what the run did, as SVG."""
    ends = samples[-1].seconds
    most = max(max(sample.run_mib, sample.worker_mib, REACH_MIB) for sample in samples)
    ceiling = 256 * (int(most) // 256 + 1)

    def x(seconds: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * seconds / ends, 1)

    def y(mib: float) -> float:
        return round(_HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * mib / ceiling, 1)

    parts = [_TEXT.format(_LEFT, 20, "start", _INK, 15, f"Memory of a month of {title}")]
    starts = [sample for place, sample in enumerate(samples) if not place or samples[place - 1].stage != sample.stage]
    for sample, stops in zip(starts, [*(one.seconds for one in starts[1:]), ends], strict=True):
        if x(stops) - x(sample.seconds) < _NARROWEST:
            continue
        parts.append(_LINE.format(x(sample.seconds), _TOP - 16, x(sample.seconds), y(0), _PALE, ""))
        parts.append(_TEXT.format(x(sample.seconds) + 4, _TOP - 6, "start", _INK, 11, sample.stage))
    step = 256 if ceiling <= 1536 else 512
    for mib in range(0, ceiling + 1, step):
        parts.append(_LINE.format(_LEFT, y(mib), _WIDTH - _RIGHT, y(mib), _PALE, ""))
        parts.append(_TEXT.format(_LEFT - 6, y(mib) + 4, "end", _INK, 11, f"{mib:,}"))
    parts.append(_TEXT.format(_LEFT - 6, _TOP - 22, "end", _INK, 11, "MiB"))
    every = next(minutes for minutes in (1, 2, 5, 10, 20, 60) if ends / 60 / minutes <= 12)
    for minutes in range(0, int(ends // 60) + 1, every):
        parts.append(_TEXT.format(x(minutes * 60), _HEIGHT - _BOTTOM + 18, "middle", _INK, 11, minutes))
    parts.append(_TEXT.format(_WIDTH - _RIGHT, _HEIGHT - 8, "end", _INK, 11, "minutes"))
    dashes = ' stroke-dasharray="5 4"'
    parts.append(_LINE.format(_LEFT, y(REACH_MIB), _WIDTH - _RIGHT, y(REACH_MIB), _GOAL, dashes))
    for name, colour, column in (("the run itself", _RUN, "run_mib"), ("its largest worker", _WORKER, "worker_mib")):
        points = " ".join(f"{x(sample.seconds)},{y(getattr(sample, column))}" for sample in _thinned(samples))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        place = _LEFT if column == "run_mib" else _LEFT + 130
        parts.append(_TEXT.format(place, _HEIGHT - 8, "start", colour, 12, name))
    parts.append(_TEXT.format(_LEFT + 290, _HEIGHT - 8, "start", _GOAL, 12, f"{REACH_MIB} MiB, what it should take"))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="#fff"/>', *parts, "</svg>\n"])


def _thinned(samples: Sequence[Sample], most: int = 600) -> Iterable[Sample]:
    """About so many of them, each the largest of those that it stands for."""
    each = -(-len(samples) // most)
    for start in range(0, len(samples), each):
        yield max(samples[start : start + each], key=lambda sample: (sample.run_mib, sample.worker_mib))


if __name__ == "__main__":
    main()
