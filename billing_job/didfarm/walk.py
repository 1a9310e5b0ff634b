"""Reading a page-numbered list of transactions exactly once, and proving that it was read whole.

While rows are only added, the rank of a row (how many rows are older than it) never changes, whatever page it is found
on. So a pass over the pages is whole when its rows have distinct ranks that cover [0, total). Rows that arrive
meanwhile only push older ones deeper: duplicates, never gaps. A rank that changes, or a total that falls, means that
the supplier deleted, back-dated or reordered rows: that is said, and where it may have hidden a row, all is read again.

A later pass stops at the first *sealed* row: one that a whole pass has seen. Stopping at any stored row would lose
what a crash left unread below it.
"""

from collections.abc import Callable

from billing_job.core.errors import Incomplete, RequestRefused
from billing_job.core.wallet import ListShape
from billing_job.didfarm.mirroring import (
    BEHIND_THE_END,
    PASSES,
    QUIET_ROUNDS,
    Mirror,
    Tally,
    WalkReport,
    contradicted,
    sealed,
)
from billing_job.didfarm.page import Bounded, Page, ReadPage, order_of
from billing_job.didfarm.walk_pass import Pass


def walk(read: ReadPage, mirror: Mirror, *, full: bool, before_newest: Callable[[], None]) -> WalkReport:
    """Read the list until it is provably whole, storing page by page; `before_newest` runs before each last look.

    Raises Incomplete when answers stay unusable or contradict each other through all passes; what was read is kept.
    """
    tally = Tally()
    learned = None if full else mirror.learned()
    earlier: Pass | None = None
    for _ in range(PASSES):
        try:
            found = _one_pass(Bounded(read, counted=True), mirror, tally, learned, before_newest)
        except Incomplete as error:
            # Answered, but never as long as the pages of earlier runs: only that may be right after all.
            if learned is None or error.status is None or error.status >= 300:
                raise
            found = Pass(anomaly="the supplier changed the size of its pages", doubtful=True)
        tally.note(found.anomaly)
        if learned is not None:
            present = mirror.present()
            whole = found.is_sound and present == found.total
            if present != found.total:
                tally.note(f"{present} rows are stored, the supplier counts {found.total}")
            listed = None
        else:
            # Rows of one moment may change places with every request; then passes that agree in all else do together.
            found.join(earlier)
            earlier = found
            whole = found.is_sound and found.covers_all
            listed = found.listed
        if whole:
            return sealed(mirror, tally, listed, found.total, ListShape(found.order, found.size), quiet=found.quiet)
        learned = None
    raise contradicted(tally)


def _one_pass(
    read: ReadPage, mirror: Mirror, tally: Tally, learned: ListShape | None, before_newest: Callable[[], None]
) -> Pass:
    """Read forward to the end, or with `learned` to a sealed row; then read the newest page until nothing is new."""
    found = Pass()
    page = _first_page(read, mirror, found, learned)
    while page is not None:
        at_sealed_row = (
            learned is not None
            and found.order == "newest_first"
            and bool(mirror.sealed(row.transaction_id for row in page.rows))
        )
        tally.saved(mirror.save(page.rows))
        found.take(page)
        if at_sealed_row or found.shrank:
            break
        if not found.is_last(page):
            page = read(page.number + 1, found.size or None)
        elif found.is_all_on_one_page or (learned is None and found.fills_its_last_page):
            page = _past_the_end(read, mirror, tally, found, page.number + 1)
        else:
            break
    for _ in range(QUIET_ROUNDS):
        if not found.is_sound:
            break
        before_newest()
        if not _read_news(read, mirror, tally, found):
            found.quiet = True
            break
    return found


def _first_page(read: ReadPage, mirror: Mirror, found: Pass, learned: ListShape | None) -> Page | None:
    """The page a pass begins with, and what it says of order and page size; None when that is not as `learned`."""
    if learned is None:
        page = read(1, None)
        found.learn_size(page)
        order = order_of(page.rows)
        if order is None and not found.is_last(page):
            order = order_of((*page.rows[:1], *read(-(-page.count // found.size), found.size).rows[-1:]))
        found.order = order or "newest_first"
        return page
    found.order, found.size = learned.order, learned.page_size
    present = mirror.present()
    number = max(1, -(-present // found.size)) if found.size and found.order == "oldest_first" else 1
    page = read(number, found.size or None)
    found.learn_size(page)
    if page.count < present:
        found.doubt(f"{present} rows are stored, the supplier counts {page.count}")
        return None
    if order_of(page.rows) not in (None, found.order):
        found.doubt("the supplier changed the order of the list")
        return None
    return page


def _past_the_end(read: ReadPage, mirror: Mirror, tally: Tally, found: Pass, number: int) -> Page | None:
    """Look behind a last page that may be full: a count that is stale, or that of a page, may end there.

    Returns a page that rows have reached meanwhile.
    """
    try:
        page = read(number, found.size)
    except RequestRefused as error:
        if error.status not in BEHIND_THE_END:
            raise
        return None
    if found.size and page.count > (number - 1) * found.size:
        return page
    # Some servers answer with the last page again: its rows are known.
    if any(row.transaction_id not in found.rank_of for row in page.rows):
        tally.saved(mirror.save(page.rows))
        if page.count > found.total:
            found.doubt("the list grew beyond its only page while it was read")
        else:
            found.doubt(
                f"there are more rows than the {page.count} that the supplier counts; if that is what one page holds,"
                ' correct api.transactions.total, or set it to ""'
            )
    return None


def _read_news(read: ReadPage, mirror: Mirror, tally: Tally, found: Pass) -> int:
    """Read the newest page, and on while pages hold nothing but news; returns how many rows were new to the pass."""
    news = 0
    number = found.newest_page
    while True:
        page = read(number, found.size or None)
        found.learn_size(page)
        tally.saved(mirror.save(page.rows))
        fresh = found.take(page)
        news += fresh
        more = fresh == len(page.rows) if found.order == "newest_first" else True
        if not more or found.shrank or found.is_last(page):
            return news
        number += 1
