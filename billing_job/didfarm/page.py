"""One page of the list of transactions: asked for, and checked against what it says of itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from billing_job.core.errors import Incomplete
from billing_job.core.wallet import Order, Transaction
from billing_job.didfarm.dotted_paths import MISSING, UnexpectedShape, described, value_at
from billing_job.didfarm.http import Http
from billing_job.didfarm.next_page import next_page, request_of
from billing_job.didfarm.wire import read_transaction
from billing_job.didfarm.wire_json import Json
from billing_job.didfarm.wire_reading import Reading

PATH = "/wallet/transactions"
PROPOSE = "`billing-job doctor --propose` finds the reading that fits"


class ListReading(Reading, Protocol):
    """`[api.transactions]`: where the list stands in an answer and how its pages follow each other."""

    @property
    def rows(self) -> str:
        """Dotted path of the list; empty: the answer is the list."""

    @property
    def total(self) -> str:
        """Dotted path of the count of all rows; empty: the supplier tells none."""

    @property
    def query(self) -> Mapping[str, str]:
        """What every request of the list asks for besides the page."""

    @property
    def paging(self) -> str:
        """Either "page", which asks for page=1, 2, …, or "next", which follows the link or cursor of each page."""

    @property
    def next(self) -> str:
        """Dotted path of that link or cursor; empty: where Laravel's paginators have it."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page as answered: its number, how many rows the whole list has, and its rows in the list's order."""

    number: int
    total: int | None
    """None where the supplier tells none."""
    rows: tuple[Transaction, ...]
    next: str = ""
    """Link or cursor of the page after it, as far as the page names one; of a list that counts itself always empty."""

    @property
    def count(self) -> int:
        """The total of a list that counts itself; its pages were refused without one."""
        if self.total is None:
            raise ValueError("the list does not count itself")
        return self.total


ReadPage = Callable[[int, int | None], Page]
"""Reads the page of a number, from 1; the page size once it is known lets a short page be told from the end.

The size 0 is for a look behind the end, where nothing is due.
"""


MOST_PAGES = 10_000
"""Of a list that does not say how long it is, in one pass: almost three hours at 60 requests a minute."""
MOST_COUNTED_PAGES = 100_000
"""Of one that does."""
MOST_GROWTH = 1_000
"""Pages by which a list may grow while it is read."""


class Bounded:
    """A pass's reader: a list that has no end, or grows faster than it is read, ends it with Incomplete."""

    def __init__(self, read: ReadPage, *, counted: bool):
        self._read = read
        self._counted = counted
        self._left = MOST_PAGES
        self._bound = f"{MOST_PAGES:,} pages, as many as one pass reads of a list that does not count itself,"
        self._first = True

    def __call__(self, number: int, size: int | None) -> Page:
        """Read a page; the first one of a list that counts itself says how many may follow."""
        if self._left <= 0:
            raise Incomplete(
                f"GET {PATH}: {self._bound} were read and the list goes on. Everything read so far is kept;"
                " larger pages may help (api.transactions.query, such as per_page), or `billing-job doctor --propose`"
                " finds how the pages follow each other"
            )
        page = self._read(number, size)
        self._left -= 1
        if self._first and self._counted:
            self._first = False
            pages = -(-(page.total or 0) // max(len(page.rows), size or 1))
            if pages > MOST_COUNTED_PAGES:
                raise Incomplete(
                    f"GET {PATH}: the supplier counts {page.total} rows, {pages:,} pages of {len(page.rows)}; the bound"
                    f" is {MOST_COUNTED_PAGES:,} pages. Ask for larger ones with api.transactions.query, such as"
                    ' { per_page = "100" }, or correct api.transactions.total'
                )
            self._left = pages + MOST_GROWTH
            self._bound = f"{self._left:,} pages, {MOST_GROWTH:,} more than the {page.total} rows at its beginning,"
        return page


def counts_itself(reading: ListReading) -> bool:
    """Whether any page can be asked for by its number, and each says how many rows there are in all."""
    return reading.paging == "page" and bool(reading.total)


def page_reader(http: Http, reading: ListReading) -> ReadPage:
    """Read pages of /wallet/transactions (guide: Billing per Client). Errors: those of Http."""
    if reading.paging == "next":
        return _Links(http, reading).read

    def read(number: int, size: int | None) -> Page:
        def validate(body: Json) -> Page:
            return validated_page(body, number, size, reading)

        return http.get(PATH, {**reading.query, "page": number}, validate)

    return read


class _Links:
    """Pages that are found by the link or cursor of the page before; their numbers are our own."""

    def __init__(self, http: Http, reading: ListReading):
        self._http, self._reading = http, reading
        self._links = [""]
        """The link to each page from 1 on, as far as pages were read; page 1 needs none."""
        self._page_of: dict[str, int] = {}

    def read(self, number: int, size: int | None) -> Page:
        """The page of a number, whose predecessor was read before; page 1 begins anew."""
        if number == 1:
            self._page_of.clear()
        path, params = request_of(self._links[number - 1], self._http.base_url, PATH, self._reading.query)

        def validate(body: Json) -> Page:
            return validated_page(body, number, None, self._reading)

        page = self._http.get(path, params, validate)
        if page.next and self._page_of.setdefault(page.next, number) != number:
            raise Incomplete(
                f"GET {PATH}: page {number} names as its next page what page {self._page_of[page.next]} named: the list"
                " goes round in a circle and has no end. Everything read so far is kept; `billing-job doctor --propose`"
                " finds how the pages follow each other"
            )
        self._links[number:] = [page.next]
        return page


def validated_page(body: Json, number: int, size: int | None, reading: ListReading) -> Page:
    """Check a page against what it says of itself; ValueError when it must be asked for again.

    UnexpectedShape where it is no page under this reading. Past the end a page is empty or, with some servers, the last
    page once more: there the walk judges the rows.
    """
    raw = rows_of(body, reading)
    total = total_of(body, reading)
    rows = tuple(read_transaction(row, reading) for row in raw)
    if len({row.transaction_id for row in rows}) != len(rows):
        raise ValueError("one id stands twice on the page")
    if not counts_itself(reading):
        if reading.paging == "page":
            return Page(number, total, rows, _next_page_if_any(body))
        following = next_page(body, reading.next)
        if following is None and number == 1 and total != len(rows):
            places = reading.next or "next_page_url, links.next, next_cursor or meta.next_cursor"
            raise UnexpectedShape(f"it names no next page at {places}: it is {described(body)}. {PROPOSE}")
        return Page(number, total, rows, following or "")
    if total is None:
        raise UnexpectedShape(f"{_total_missing(body, reading)}")
    due = None if size is None else min(size, max(0, total - (number - 1) * size))
    if due == 0:  # always, for size 0
        return Page(number, total, rows)
    for path in ("meta.page", "meta.current_page", "current_page"):
        said = value_at(body, path)
        if said is not MISSING and str(said) != str(number):
            raise ValueError(f"{path} is {said!r}, asked was page {number}")
    if due is None and number == 1 and (len(rows) > total or (not rows and total > 0)):
        raise ValueError(f"it has {len(rows)} rows of a total of {total}")
    if due is not None and len(rows) != due:
        raise ValueError(f"it has {len(rows)} rows where {due} are due (total {total}, {size} a page)")
    return Page(number, total, rows)


def _next_page_if_any(body: Json) -> str:
    """What a page that is asked for by number says of the next one: a hint, no more."""
    try:
        return next_page(body, "") or ""
    except UnexpectedShape:
        return ""


def rows_of(body: Json, reading: ListReading) -> list[Json]:
    """The list of an answer, as it came; UnexpectedShape says what stands there instead."""
    rows = value_at(body, reading.rows)
    if isinstance(rows, list):
        return rows
    wanted = f"no list `{reading.rows}`" if reading.rows else "no list"
    there = "" if rows is MISSING else f" (there it is {described(rows)})"
    said = body.get("message") if isinstance(body, dict) else None
    words = f", and says {said[:200]!r}" if isinstance(said, str) else ""
    raise UnexpectedShape(f"it has {wanted}{there}: it is {described(body)}{words}. {PROPOSE}")


def total_of(body: Json, reading: ListReading) -> int | None:
    """The count of all rows, a number or its digits; None where none is told. UnexpectedShape for anything else."""
    if not reading.total:
        return None
    total = value_at(body, reading.total)
    if total is MISSING or total is None:
        return None
    if isinstance(total, str) and total.isascii() and total.isdigit() and len(total) < 16:
        return int(total)
    if isinstance(total, int) and not isinstance(total, bool) and total >= 0:
        return total
    raise UnexpectedShape(f"{reading.total} is {str(total)[:40]!r}, not a count: it is {described(body)}. {PROPOSE}")


def _total_missing(body: Json, reading: ListReading) -> str:
    found = value_at(body, reading.total)
    what = "is null" if found is None else "is not there"
    return (
        f"{reading.total}, the count of all rows, {what}: it is {described(body)}. {PROPOSE};"
        ' a list without a count is read with api.transactions.total = ""'
    )


def order_of(rows: Sequence[Transaction]) -> Order | None:
    """The order that most neighbours' moments, or else their numeric ids, show; None when they show none.

    Most, because a list sorted by id may hold a back-dated row.
    """
    moments = [row.created_at for row in rows if row.created_at is not None]
    ids = [int(row.transaction_id) for row in rows if row.transaction_id.isascii() and row.transaction_id.isdigit()]
    for keys in (moments, ids):
        falls = sum(first > second for first, second in pairwise(keys))
        rises = sum(first < second for first, second in pairwise(keys))
        if falls != rises:
            return "newest_first" if falls > rises else "oldest_first"
    return None
