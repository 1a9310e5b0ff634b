"""Reading a page-numbered list of transactions exactly once, and proving that it was read whole.

While rows are only added, the rank of a row (how many rows are older than it) never changes, whatever page it is found
on. So a pass over the pages is whole when its rows have distinct ranks that cover [0, total). Rows that arrive
meanwhile only push older ones deeper: duplicates, never gaps. A rank that changes, or a total that falls, means that
the supplier deleted, back-dated or reordered rows: that is said, and the pass is made again.

A later pass stops at the first *sealed* row: one that a whole pass has seen. Stopping at any stored row would lose
what a crash left unread below it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from billing_job.didfarm.http import Http
from billing_job.didfarm.wire import Json, Reading, read_transaction
from billing_job.errors import Incomplete
from billing_job.wallet import Learned, Order, Saved, Sealed, Transaction

PASSES = 4
"""Passes over the list before a run gives up as incomplete."""
QUIET_ROUNDS = 5
"""How often the newest page is read again in the hope that balance and list stand still together."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page as answered: its number, how many rows the whole list has, and its rows in the list's order."""

    number: int
    total: int
    rows: tuple[Transaction, ...]


class Mirror(Protocol):
    """Where rows are kept; each call is one database transaction."""

    def save(self, rows: Sequence[Transaction]) -> Saved: ...
    def sealed(self, ids: Iterable[str]) -> set[str]: ...
    def present(self) -> int:
        """Rows stored and not known to have vanished."""
        ...

    def present_ids(self) -> set[str]: ...
    def learned(self) -> Learned | None: ...
    def seal(self, sealed: Sealed) -> None: ...


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


def page_reader(http: Http, reading: Reading) -> "ReadPage":
    """Read one page of /wallet/transactions; `size` is the page size once it is known (guide: Billing per Client)."""

    def read(number: int, size: int | None) -> Page:
        def validate(body: Json) -> Page:
            return validated_page(body, number, size, reading)

        return http.get("/wallet/transactions", {"page": number}, validate)

    return read


ReadPage = Callable[[int, int | None], Page]


def validated_page(body: Json, number: int, size: int | None, reading: Reading) -> Page:
    """Check a page against what it says of itself; ValueError when it must be asked for again."""
    if not isinstance(body, dict) or not isinstance(body.get("data"), list):
        raise ValueError("it has no list `data`")
    meta = body.get("meta")
    total = meta.get("total") if isinstance(meta, dict) else None
    if not isinstance(meta, dict) or not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise ValueError(f"meta.total is {total!r}, not a count")
    if "page" in meta and meta["page"] != number:
        raise ValueError(f"meta.page is {meta['page']!r}, asked was page {number}")
    rows = tuple(read_transaction(row, reading) for row in body["data"])
    ids = {row.transaction_id for row in rows}
    if len(ids) != len(rows):
        raise ValueError("one id stands twice on the page")
    if size is not None:
        expected = min(size, max(0, total - (number - 1) * size))
        if len(rows) != expected:
            raise ValueError(f"it has {len(rows)} rows where {expected} are due (total {total}, {size} a page)")
    elif len(rows) > total or (not rows and total > 0):
        raise ValueError(f"it has {len(rows)} rows of a total of {total}")
    return Page(number, total, rows)


def walk(read: ReadPage, mirror: Mirror, *, full: bool, before_newest: Callable[[], None]) -> WalkReport:
    """Read the list until it is provably whole, storing page by page; `before_newest` runs before each last look.

    Raises Incomplete when answers stay unusable or contradict each other through all passes; what was read is kept.
    """
    tally = _Tally()
    learned = mirror.learned()
    seen: set[str] = set()
    incremental = learned is not None and not full
    for _ in range(PASSES):
        found = _one_pass(read, mirror, tally, learned if incremental else None, before_newest)
        if found.shrank:
            seen.clear()  # ids that are gone must not stand in for rows that were not seen
        seen |= found.rank_of.keys()
        if incremental:
            whole = not found.anomaly and mirror.present() == found.total
            if not whole:
                tally.note(found.anomaly or f"{mirror.present()} rows are stored, the supplier counts {found.total}")
        else:
            # Rows with one sort key may change places on every request; then ids seen in several passes must do.
            whole = found.covers_all or (not found.shrank and len(seen) == found.total)
            tally.note(found.anomaly)
        if whole:
            absent = () if incremental else tuple(sorted(mirror.present_ids() - seen))
            mirror.seal(Sealed(not incremental, found.total, Learned(found.order, max(found.size, 1)), absent))
            return WalkReport(
                full=not incremental,
                total=found.total,
                new=tally.new,
                changed=tuple(tally.changed),
                absent=absent,
                anomalies=tuple(tally.anomalies),
                quiet=found.quiet,
            )
        incremental = False
    raise Incomplete(
        f"GET /wallet/transactions: {PASSES} passes over the list contradict each other ({tally.anomalies[-1]})."
        " Everything read so far is kept; run again when the supplier's list has come to rest"
    )


@dataclass(slots=True)
class _Tally:
    """What all passes of a walk changed in the mirror and noticed."""

    new: int = 0
    changed: list[str] = field(default_factory=list)
    anomalies: list[str] = field(default_factory=list)

    def saved(self, saved: Saved) -> None:
        self.new += saved.new
        self.changed += saved.changed

    def note(self, anomaly: str) -> None:
        if anomaly and anomaly not in self.anomalies:
            self.anomalies.append(anomaly)


@dataclass(slots=True)
class _Pass:
    """The state of one pass: which row stands at which rank, and whether the list stood still."""

    order: Order = "newest_first"
    size: int = 0
    total: int = 0
    rank_of: dict[str, int] = field(default_factory=dict)
    at_rank: dict[int, str] = field(default_factory=dict)
    anomaly: str = ""
    shrank: bool = False
    quiet: bool = False

    def take(self, page: Page) -> int:
        """Place a page's rows by rank; returns how many of them this pass had not seen before."""
        if page.total < self.total:
            self.shrank = True
            self.anomaly = f"the list shrank from {self.total} to {page.total} rows: the supplier deleted some"
        self.total = page.total
        before = len(self.rank_of)
        for position, row in enumerate(page.rows, (page.number - 1) * self.size):
            rank = position if self.order == "oldest_first" else page.total - 1 - position
            known = self.rank_of.setdefault(row.transaction_id, rank)
            occupant = self.at_rank.setdefault(rank, row.transaction_id)
            if known != rank or occupant != row.transaction_id:
                self.anomaly = self.anomaly or (
                    f"transaction {row.transaction_id} changed its place in the list:"
                    " the supplier deleted, back-dated or reordered rows"
                )
        return len(self.rank_of) - before

    def is_last(self, page: Page) -> bool:
        return page.number * self.size >= page.total

    @property
    def newest_page(self) -> int:
        return 1 if self.order == "newest_first" else max(1, -(-self.total // max(self.size, 1)))

    @property
    def covers_all(self) -> bool:
        return not self.anomaly and len(self.rank_of) == len(self.at_rank) == self.total


def _one_pass(
    read: ReadPage, mirror: Mirror, tally: _Tally, learned: Learned | None, before_newest: Callable[[], None]
) -> _Pass:
    """Read forward to the end, or with `learned` to a sealed row; then read the newest page until nothing is new."""
    found = _Pass()
    number = 1
    if learned is not None and learned.order == "oldest_first":
        number = max(1, -(-mirror.present() // learned.page_size))
    page = read(number, None)
    found.size = learned.page_size if learned is not None and number > 1 else len(page.rows)
    found.total = page.total
    order = order_of(page.rows)
    if order is None and not found.is_last(page) and learned is None:
        order = order_of((*page.rows[:1], *read(-(-page.total // found.size), found.size).rows[-1:]))
    found.order = order or (learned.order if learned else "newest_first")
    if learned is not None and (found.order != learned.order or _size_changed(page, found.size)):
        found.anomaly = "the supplier changed the order of the list or the size of its pages"
        tally.saved(mirror.save(page.rows))
        return found

    while True:
        at_sealed_row = (
            learned is not None
            and found.order == "newest_first"
            and bool(mirror.sealed(row.transaction_id for row in page.rows))
        )
        tally.saved(mirror.save(page.rows))
        found.take(page)
        if at_sealed_row or found.is_last(page):
            break
        page = read(page.number + 1, found.size)

    for _ in range(QUIET_ROUNDS):
        before_newest()
        if not _read_news(read, mirror, tally, found):
            found.quiet = True
            break
    return found


def _read_news(read: ReadPage, mirror: Mirror, tally: _Tally, found: _Pass) -> int:
    """Read the newest page, and on while pages hold nothing but news; returns how many rows were new to the pass."""
    news = 0
    number = found.newest_page
    while True:
        page = read(number, found.size or None)
        found.size = found.size or len(page.rows)
        tally.saved(mirror.save(page.rows))
        fresh = found.take(page)
        news += fresh
        more = fresh == len(page.rows) if found.order == "newest_first" else True
        if not more or found.is_last(page):
            return news
        number += 1


def _size_changed(page: Page, size: int) -> bool:
    return len(page.rows) != min(size, max(0, page.total - (page.number - 1) * size))


def order_of(rows: Sequence[Transaction]) -> Order | None:
    """The order that the rows' moments, or else their numeric ids, show; None when they show none."""
    moments = [row.created_at for row in rows if row.created_at is not None]
    if len(moments) > 1 and moments[0] != moments[-1]:
        return "newest_first" if moments[0] > moments[-1] else "oldest_first"
    ids = [int(row.transaction_id) for row in rows if row.transaction_id.isdecimal()]
    if len(ids) > 1 and ids[0] != ids[-1]:
        return "newest_first" if ids[0] > ids[-1] else "oldest_first"
    return None
