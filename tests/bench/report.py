"""What a benchmark found: rows of a table, each with its rival and what was to be reached."""

import contextlib
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside that of a rival; `reach` is the largest ratio that counts as reached."""

    what: str
    ours: float
    rival: str
    theirs: float
    unit: str = "s"
    reach: float | None = None

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs if self.theirs else float("nan")


@dataclass(slots=True)
class Report:
    """All rows, and what could not be measured here."""

    rows: list[Row] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def add(self, row: Row) -> None:
        self.rows.append(row)
        print(f"  {line(row)}", flush=True)

    def skip(self, what: str, why: str) -> None:
        self.missing.append(f"{what}: {why}")
        print(f"  {what}: left out, {why}", flush=True)

    def table(self) -> str:
        """The whole as Markdown."""
        head = ["| what | ours | rival | theirs | ratio | reach |", "|---|---|---|---|---|---|"]
        rows = [f"| {' | '.join(cells(row))} |" for row in self.rows]
        return "\n".join([machine(), "", *head, *rows, *[f"\nLeft out: {text}" for text in self.missing]])


def cells(row: Row) -> list[str]:
    reach = "" if row.reach is None else f"≤ {row.reach:g}{'' if row.ratio <= row.reach else ' (missed)'}"
    return [
        row.what,
        f"{row.ours:.3g} {row.unit}",
        row.rival,
        f"{row.theirs:.3g} {row.unit}",
        f"{row.ratio:.2f}",
        reach,
    ]


def line(row: Row) -> str:
    what, ours, rival, theirs, ratio, reach = cells(row)
    return f"{what}: {ours}, {rival}: {theirs}, ratio {ratio} {reach}"


def machine() -> str:
    """Where and under which load this ran."""
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}; load {load}"


def taken(work: Callable[[], object], rounds: int = 3) -> float:
    """The best wall time of some rounds, in seconds: what the machine can do when others leave it alone."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def family_of(root: int) -> set[int]:
    """A process and all of its descendants."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def processor_seconds(root: int) -> float:
    """What a process and its living descendants have used of the processors so far."""
    ticks = 0
    for pid in family_of(root):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
