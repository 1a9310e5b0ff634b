"""What every way to read the list shares: where rows are kept, what was noticed, and the report."""

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from typing import Protocol

from billing_job.core.errors import Incomplete
from billing_job.core.wallet import CompletedWalk, ListShape, Saved, Transaction
from billing_job.didfarm.page import PATH

PASSES = 4
"""Passes over the list before a run gives up as incomplete."""
QUIET_ROUNDS = 5
"""How often the newest page is read again in the hope that balance and list stand still together."""

BEHIND_THE_END = (400, 404, 410, 416, 422)
"""Statuses with which servers refuse a page that the list does not have."""


Explained = Callable[[], bool | None]
"""Whether all stored rows explain the stored balance; None where none is known that could tell."""


class Mirror(Protocol):
    """Where rows are kept; each call is one database transaction."""

    def save(self, rows: Sequence[Transaction]) -> Saved:
        """Keep a page's rows; says which are new and which changed their content."""

    def sealed(self, ids: Iterable[str]) -> set[str]:
        """Those of the ids that a whole pass has seen: below them nothing can be missing."""

    def present(self) -> int:
        """Rows stored and not known to have vanished."""
        ...

    def present_ids(self) -> set[str]:
        """The ids of those rows."""

    def learned(self) -> ListShape | None:
        """The order and the page size that the latest whole pass found; None before the first."""

    def seal(self, sealed: CompletedWalk) -> None:
        """Record a whole pass, after which all rows kept so far count as sealed."""


@dataclass(frozen=True, slots=True)
class WalkReport:
    """What a sync read and what it noticed."""

    full: bool
    total: int
    new: int
    changed: tuple[str, ...]
    absent: tuple[str, ...]
    anomalies: tuple[str, ...]
    quiet: bool
    """True when nothing arrived between reading the balance and reading the newest page after it."""


@dataclass(slots=True)
class Tally:
    """What all passes of a walk changed in the mirror and noticed."""

    new: int = 0
    changed: list[str] = field(default_factory=list)
    anomalies: list[str] = field(default_factory=list)

    def saved(self, saved: Saved) -> None:
        """Count what storing a page changed."""
        self.new += saved.new
        self.changed += saved.changed

    def note(self, anomaly: str) -> None:
        """Remember something odd, once."""
        if anomaly and anomaly not in self.anomalies:
            self.anomalies.append(anomaly)


def sealed(
    mirror: Mirror, tally: Tally, listed: Set[str] | None, total: int, shape: ListShape, *, quiet: bool
) -> WalkReport:
    """Seal a walk that is proven whole; `listed` are all rows of the list, None where only the new ones were read."""
    absent = () if listed is None else tuple(sorted(mirror.present_ids() - listed))
    mirror.seal(CompletedWalk(listed is not None, total, shape, absent))
    return WalkReport(
        full=listed is not None,
        total=total,
        new=tally.new,
        changed=tuple(tally.changed),
        absent=absent,
        anomalies=tuple(tally.anomalies),
        quiet=quiet,
    )


def contradicted(tally: Tally) -> Incomplete:
    """What ends a walk of which no pass agrees with another."""
    why = f" ({tally.anomalies[-1]})" if tally.anomalies else ""
    return Incomplete(
        f"GET {PATH}: {PASSES} passes over the list contradict each other{why}."
        " Everything read so far is kept; run again when the supplier's list has come to rest"
    )
