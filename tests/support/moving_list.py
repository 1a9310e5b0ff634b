"""A supplier's list in memory that moves, lies and breaks while it is read, and a mirror that can crash."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from billing_job.config.reading import TransactionsReading
from billing_job.core.errors import Incomplete
from billing_job.core.wallet import CompletedWalk, ListShape, Saved, Transaction
from billing_job.didfarm.page import Page, validated_page

READING = TransactionsReading()
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
ATTEMPTS = 3
MOST_ROWS = 80
"""Beyond which no more rows come, so that a reader of small pages gets to an end."""


def dice(seed: int) -> Random:
    """Chance that can be repeated."""
    return Random(seed)  # noqa: S311 - decides tests, guards nothing


class Crash(Exception):
    """The process ends here; what was stored stays."""


@dataclass
class Odds:
    """How often things happen before a request (0 to 1), and which answers go wrong."""

    arrival: float = 0.0
    backdated: float = 0.0
    deletion: float = 0.0
    edit: float = 0.0
    reshuffle: float = 0.0
    resize: float = 0.0
    wrong_page: float = 0.0
    stale_total: float = 0.0
    outage: float = 0.0
    crash: float = 0.0
    at_once: bool = False
    """Whether rows may vanish and appear between the same two requests."""


class MovingList:
    """GET /wallet/transactions of a list whose rows tie often; every row moves the wallet by its own amount."""

    def __init__(self, rng: Random, odds: Odds, *, rows: int, page_size: int, newest_first: bool):
        self.rng, self.odds, self.page_size, self.newest_first = rng, odds, page_size, newest_first
        self.rows: list[dict[str, Any]] = []
        self.added = self.deleted = False  # since the last usable answer
        self.next_id, self.clock, self.requests, self.ties_flipped = 1, 1_000, 0, False
        for _ in range(rows):
            self.arrive()

    def arrive(self, back: int = 0) -> None:
        """A new row, `back` seconds ago."""
        self.clock += self.rng.choice((0, 0, 1))
        moment = self.clock - back
        row = {
            "id": self.next_id,
            "type": "sms",
            "amount": self.rng.randrange(-(10**9), 10**9),
            "currency": "EUR",
            "created_at": (OCTOBER + timedelta(seconds=moment)).isoformat(),
        }
        self.next_id += 1
        self.rows.append(row)
        self.sort()

    def sort(self) -> None:
        self.rows.sort(key=lambda row: row["id"], reverse=self.newest_first is not self.ties_flipped)
        self.rows.sort(key=lambda row: row["created_at"], reverse=self.newest_first)

    def happen(self) -> None:
        """What goes on at the supplier before a request is answered."""
        rng, odds = self.rng, self.odds
        may_add = len(self.rows) < MOST_ROWS and (odds.at_once or not self.deleted)
        if may_add and rng.random() < odds.arrival:
            self.added = True
            for _ in range(rng.choice((1, 1, 2, self.page_size, self.page_size + 1))):
                self.arrive()
        if may_add and rng.random() < odds.backdated:
            self.added = True
            self.arrive(rng.randrange(1, 30))
        if (odds.at_once or not self.added) and rng.random() < odds.deletion:
            self.deleted = True
            for _ in range(rng.choice((1, 1, 2, self.page_size))):
                if self.rows:
                    self.rows.pop(rng.randrange(len(self.rows)))
        if self.rows and rng.random() < odds.edit:
            rng.choice(self.rows)["amount"] -= 1
        if rng.random() < odds.reshuffle:
            self.ties_flipped = not self.ties_flipped
            self.sort()
        if rng.random() < odds.resize:
            self.page_size = rng.randrange(1, 12)

    def answer(self, number: int) -> Any:
        """The body for a page, right or wrong."""
        size, rng, odds = self.page_size, self.rng, self.odds
        data: Any = [dict(row) for row in self.rows[(number - 1) * size : number * size]]
        total: Any = len(self.rows)
        if rng.random() < odds.stale_total:
            total = max(0, total - rng.randrange(1, 4))
        if rng.random() < odds.wrong_page:
            wrong = rng.randrange(5)
            if wrong == 0:
                data = data[: len(data) // 2]
            elif wrong == 1:
                data = []
            elif wrong == 2:
                data = [*data[:1], *data[:1], *data[2:]]
            elif wrong == 3:
                number += 1
            else:
                total = None
        return {"data": data, "meta": {"total": total, "page": number}}

    def read(self, number: int, size: int | None) -> Page:
        """A page as the HTTP client returns it: asked for again while it is not usable, then Incomplete."""
        for _ in range(ATTEMPTS):
            self.requests += 1
            self.happen()
            if self.rng.random() < self.odds.outage:
                raise Incomplete("status 503", status=503)
            if self.rng.random() < self.odds.crash:
                raise Crash
            try:
                page = validated_page(self.answer(number), number, size, READING)
            except ValueError:
                continue
            self.added = self.deleted = False
            return page
        raise Incomplete("unusable", status=200)

    @property
    def balance(self) -> int:
        return sum(row["amount"] for row in self.rows)

    def calm(self) -> None:
        """From now on nothing happens any more."""
        self.odds = Odds()


@dataclass
class MemoryMirror:
    """The mirror's contract in lists; it may crash before or after each step."""

    rng: Random
    crash: float = 0.0
    versions: list[Transaction] = field(default_factory=list)
    current: dict[str, Transaction] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    sealed_versions: int = 0
    known: ListShape | None = None

    def maybe_crash(self) -> None:
        if self.rng.random() < self.crash:
            raise Crash

    def save(self, rows: Sequence[Transaction]) -> Saved:
        self.maybe_crash()
        known = self.current
        new = [row for row in rows if row.transaction_id not in known]
        edited = [row for row in rows if row.transaction_id in known and known[row.transaction_id].raw != row.raw]
        self.versions += [*new, *edited]
        self.current.update({row.transaction_id: row for row in (*new, *edited)})
        self.gone -= {row.transaction_id for row in rows}
        self.maybe_crash()
        return Saved(len(new), tuple(row.transaction_id for row in edited))

    def sealed(self, ids: Iterable[str]) -> set[str]:
        return set(ids) & {row.transaction_id for row in self.versions[: self.sealed_versions]}

    def present(self) -> int:
        return len(self.present_ids())

    def present_ids(self) -> set[str]:
        return self.current.keys() - self.gone

    def learned(self) -> ListShape | None:
        return self.known

    def seal(self, sealed: CompletedWalk) -> None:
        self.maybe_crash()
        self.sealed_versions, self.known = len(self.versions), sealed.learned
        self.gone |= set(sealed.absent)
        self.maybe_crash()

    @property
    def movements(self) -> int:
        return sum((row.micros or 0) // 10_000 for id_, row in self.current.items() if id_ not in self.gone)
