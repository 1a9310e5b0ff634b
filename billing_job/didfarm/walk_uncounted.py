"""Reading a list that does not say how many rows it has, or whose pages are found by links, and proving it whole.

Without a count no row has a rank, so a row that slips to an earlier page, when another is deleted, leaves no trace in
one pass. What proves a pass is the wallet: all rows explain its balance to the cent. Where they do not, as before the
opening balance is right, the list is read again, and is whole when both passes list the same rows but for new ones at
its newest end.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from billing_job.core.errors import Incomplete, RequestRefused
from billing_job.core.wallet import ListShape, Order
from billing_job.didfarm.mirroring import (
    BEHIND_THE_END,
    PASSES,
    QUIET_ROUNDS,
    Explained,
    Mirror,
    Tally,
    WalkReport,
    contradicted,
    sealed,
)
from billing_job.didfarm.page import PATH, Bounded, Page, ReadPage, order_of

MOST_BARREN_PAGES = 2
"""Pages in a row without any new row, after which a list that is asked for by number has ended."""


@dataclass(slots=True)
class _Pass:
    """What one pass saw: its rows in the order of the list, and those that arrived at its newest end meanwhile."""

    order: Order = "newest_first"
    sequence: dict[str, None] = field(default_factory=dict)
    news: set[str] = field(default_factory=set)
    size: int = 0
    last_page: int = 1
    total: int | None = None
    stopped_on_first_page: bool = False
    quiet: bool = False

    @property
    def listed(self) -> set[str]:
        """All rows that the pass saw."""
        return self.sequence.keys() | self.news

    def agrees_with(self, earlier: "_Pass") -> bool:
        """Whether both list the same rows, but for new ones at the newest end."""
        if earlier.listed - self.listed:
            return False
        known = earlier.listed
        forward = list(self.sequence) if self.order == "newest_first" else list(self.sequence)[::-1]
        begun = False
        for id_ in forward:
            begun = begun or id_ in known
            if begun and id_ not in known:
                return False
        return True


def walk_uncounted(
    read: ReadPage,
    mirror: Mirror,
    *,
    by_links: bool,
    full: bool,
    before_newest: Callable[[], None],
    explained: Explained,
) -> WalkReport:
    """Read the list until it is proven whole, storing page by page; `before_newest` runs before each last look.

    Where neither a count nor a balance is known, a row that is put in below the newest page would never show, so each
    sync reads all. Raises Incomplete as `walk` does.
    """
    tally = Tally()
    learned = None if full else mirror.learned()
    if learned is not None and learned.order == "newest_first":
        found = _one_pass(read, mirror, tally, learned, before_newest, by_links=by_links)
        counted, told = found.total in (None, mirror.present()), explained()
        would_show = found.total is not None or told is not None
        if counted and (told or (found.stopped_on_first_page and would_show)):
            return _sealed(mirror, tally, found, is_full=False)
        tally.note("the new rows alone prove nothing, so everything was read again")
    # What an earlier sync was sure of is as good as a pass.
    earlier = None if learned is None else _Pass(news=mirror.present_ids())
    for _ in range(PASSES):
        found = _one_pass(read, mirror, tally, None, before_newest, by_links=by_links)
        proven = not mirror.present_ids() - found.listed and bool(explained())
        agreed = earlier is not None and found.agrees_with(earlier)
        if found.total not in (None, len(found.listed)):
            tally.note(f"{len(found.listed)} rows are listed, the supplier counts {found.total}")
        elif proven or agreed:
            return _sealed(mirror, tally, found, is_full=True)
        elif earlier is not None:
            tally.note("two passes list different rows")
        earlier = found
    raise contradicted(tally)


def _sealed(mirror: Mirror, tally: Tally, found: _Pass, *, is_full: bool) -> WalkReport:
    listed = found.listed if is_full else None
    total = mirror.present() if listed is None else len(listed)
    return sealed(mirror, tally, listed, total, ListShape(found.order, found.size), quiet=found.quiet)


def _one_pass(
    read: ReadPage,
    mirror: Mirror,
    tally: Tally,
    learned: ListShape | None,
    before_newest: Callable[[], None],
    *,
    by_links: bool,
) -> _Pass:
    """Read forward to the end, or with `learned` to a sealed row; then read the newest page until nothing is new."""
    read = Bounded(read, counted=False)
    found = _Pass() if learned is None else _Pass(order=learned.order)
    barren = 0
    number = 1
    while (page := _page(read, number)) is not None:
        at_sealed_row = learned is not None and bool(mirror.sealed(row.transaction_id for row in page.rows))
        tally.saved(mirror.save(page.rows))
        fresh = [row.transaction_id for row in page.rows if row.transaction_id not in found.sequence]
        found.sequence.update(dict.fromkeys(fresh))
        found.total = page.total
        if number == 1:
            found.size = len(page.rows)
            found.order = found.order if learned is not None else order_of(page.rows) or found.order
        if fresh:
            found.last_page = number
        barren = 0 if fresh else barren + 1
        if at_sealed_row:
            found.stopped_on_first_page = number == 1
            break
        if by_links and not page.next:
            break
        if not by_links and (not page.rows or barren == MOST_BARREN_PAGES):
            _end_by_number(page, found)
            break
        number += 1
    for _ in range(QUIET_ROUNDS):
        before_newest()
        if not _read_news(read, mirror, tally, found, by_links=by_links):
            found.quiet = True
            break
    return found


def _page(read: ReadPage, number: int) -> Page | None:
    """The page, or None where the server refuses one behind the end."""
    try:
        return read(number, None)
    except RequestRefused as error:
        if number == 1 or error.status not in BEHIND_THE_END:
            raise
        return None


def _end_by_number(page: Page, found: _Pass) -> None:
    """A list that shows page 1 for ever, and names another way to go on, is not read by numbers."""
    if page.rows and page.next and found.last_page == 1:
        raise Incomplete(
            f"GET {PATH}: pages {page.number - 1} and {page.number} are page 1 again, which names a next page: set"
            ' api.transactions.paging = "next". Everything read so far is kept'
        )


def _read_news(read: ReadPage, mirror: Mirror, tally: Tally, found: _Pass, *, by_links: bool) -> int:
    """Read the newest page, and on while pages bring news; returns how many rows were new to the pass."""
    news = 0
    number = 1 if found.order == "newest_first" else found.last_page
    while (page := _page(read, number)) is not None:
        tally.saved(mirror.save(page.rows))
        fresh = [row.transaction_id for row in page.rows if row.transaction_id not in found.listed]
        found.news.update(fresh)
        found.total = page.total
        news += len(fresh)
        is_newest = found.order == "newest_first"
        more = len(fresh) == len(page.rows) if is_newest else bool(fresh)
        if not page.rows or not more or (by_links and not page.next):
            return news
        number += 1
    return news
