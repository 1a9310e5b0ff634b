"""Looking at a supplier: where its list stands, how its pages follow each other and grow, its rows and its balance."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from billing_job.core.errors import BillingJobError, Incomplete, RequestRefused, Unauthorized
from billing_job.didfarm.http import Http
from billing_job.didfarm.next_page import request_of
from billing_job.didfarm.proposal.layout import Layout, layout_of
from billing_job.didfarm.proposal.propose import NotReadable
from billing_job.didfarm.wire_json import Json, canonical_json, parse_json

PATH = "/wallet/transactions"
LARGER = ("per_page", "limit", "page_size", "perPage", "pageSize")
"""Parameters by which a larger page is asked for, the usual one first."""
WANTED = "100"
FULL_PAGES = (5, 10, 12, 15, 20, 24, 25, 30, 40, 50, 60, 75, 100, 200, 250, 500, 1000)
"""Sizes that pages usually have."""
MOST_PAGES = 50
"""Pages of a list that is read whole: with all else that is asked, what one minute's requests allow by default."""
FIRST_PAGES = 3
"""Pages of a longer one."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What was seen: the first answer, how the list is read, its rows, and the balance's answer."""

    first: Json
    layout: Layout
    query: Mapping[str, str]
    paging: str
    usual_size: int
    """Rows on a page when nothing larger is asked for."""
    size: int
    total: int | None
    rows: tuple[Json, ...]
    is_whole: bool
    is_mirrored: bool
    """Whether rows beyond the first pages are the ledger's copy."""
    balance: Json
    """None when there is none."""
    no_balance: str
    """Why there is none; empty when there is one."""

    @property
    def pages(self) -> int | None:
        """Pages of the whole list; None where nothing counts it."""
        return None if self.total is None else max(1, -(-self.total // max(self.size, 1)))


def survey(http: Http, mirrored: Callable[[], Sequence[str]]) -> Survey:
    """Read a few pages, or the whole list where it is short; `mirrored` gives the ledger's rows where it is long.

    NotReadable when the answer holds no list of objects; otherwise the errors of Http.
    """
    first = http.get(PATH, {"page": 1}, _as_it_is)
    layout = layout_of(first)
    if layout is None:
        raise NotReadable("the answer of /wallet/transactions holds no list of transactions")
    usual = layout.rows_of(first)
    if layout.total_of(first) == len(usual) and _goes_on(http, layout, first):
        layout = replace(layout, total="")
    query, first = _larger(http, layout, first)
    rows, total = layout.rows_of(first), layout.total_of(first)
    second, paging = _second(http, layout, query, first)
    pages = None if total is None else -(-total // max(len(rows), 1))
    if pages is not None and pages > MOST_PAGES and paging == "page" and not _has_page(http, layout, query, pages):
        layout, total, pages = replace(layout, total=""), None, None
    bound = MOST_PAGES if pages is None or pages <= MOST_PAGES else FIRST_PAGES
    read, ended = _pages(http, layout, query, paging, first, second, bound)
    if ended and total is not None and len(read) != total:
        # Whatever it counts, these rows it does not: the walk finds the end by itself.
        layout, total = replace(layout, total=""), None
    is_whole, is_mirrored = ended, False
    if not is_whole:
        seen = {canonical_json(each) for each in read}
        stored = {raw: parse_json(raw) for raw in mirrored()}
        older = [row for raw, row in stored.items() if raw not in seen]
        is_mirrored = is_whole = len(seen) + len(older) == total if total is not None else bool(seen & stored.keys())
        read = [*read, *older] if is_mirrored else read
    balance, no_balance = _balance(http)
    return Survey(
        first=first,
        layout=layout,
        query=query,
        paging=paging,
        usual_size=len(usual),
        size=len(rows),
        total=total,
        rows=tuple(read),
        is_whole=is_whole,
        is_mirrored=is_mirrored,
        balance=balance,
        no_balance=no_balance,
    )


def _as_it_is(body: Json) -> Json:
    return body


def _larger(http: Http, layout: Layout, first: Json) -> tuple[dict[str, str], Json]:
    """The parameter that makes pages larger and the first page under it; without one, the page as it was."""
    rows, total = layout.rows_of(first), layout.total_of(first)
    ends_here = total is not None and len(rows) >= total
    if not rows or ends_here or len(rows) >= int(WANTED):
        return {}, first
    for name in LARGER:
        body = _tried(http, {"page": 1, name: WANTED})
        found = layout.rows_of(body)
        if len(found) > len(rows) and found[: len(rows)] == rows:
            return {name: WANTED}, body
    return {}, first


def _goes_on(http: Http, layout: Layout, first: Json) -> bool:
    """Whether rows follow a first page that has as many as are counted: then the count is of the page alone."""
    rows = layout.rows_of(first)
    if layout.next_of(first):
        return True
    if len(rows) not in FULL_PAGES:
        return False
    second = layout.rows_of(_tried(http, {"page": 2}))
    return any(row not in rows for row in second)


def _has_page(http: Http, layout: Layout, query: Mapping[str, str], number: int) -> bool:
    """Whether the last page of a long list is there, or what was taken for its count is something else."""
    return bool(layout.rows_of(_tried(http, {**query, "page": number})))


def _tried(http: Http, params: Mapping[str, str | int]) -> Json:
    """What comes back to a request that may well be refused; None when it was."""
    try:
        return http.get(PATH, params, _as_it_is)
    except (RequestRefused, Incomplete, Unauthorized):
        return None


def _second(http: Http, layout: Layout, query: Mapping[str, str], first: Json) -> tuple[Json, str]:
    """The page behind the first, None when there is none, and whether it is found by its number or by a link."""
    rows, total = layout.rows_of(first), layout.total_of(first)
    if total is not None and len(rows) >= total:
        return None, "page"
    if total is None and layout.next:
        return None, "next"
    body = _tried(http, {**query, "page": 2})
    found = layout.rows_of(body)
    if not found or found == rows:
        return None, "next" if layout.next and layout.next_of(first) else "page"
    return body, "page"


def _pages(
    http: Http, layout: Layout, query: Mapping[str, str], paging: str, first: Json, second: Json, bound: int
) -> tuple[list[Json], bool]:
    """The rows of the first pages, each once, and whether the list ended with them."""
    rows: dict[str, Json] = {canonical_json(row): row for row in layout.rows_of(first)}
    body, number = first, 1
    while number < bound:
        if paging == "next":
            link = layout.next_of(body)
            if not link:
                return list(rows.values()), True
            path, params = request_of(link, http.base_url, PATH, query)
            body = http.get(path, params, _as_it_is)
        elif number == 1:
            body = second
        else:
            body = _tried(http, {**query, "page": number + 1})
        fresh = {canonical_json(row): row for row in layout.rows_of(body)}
        if not fresh.keys() - rows.keys():
            return list(rows.values()), True
        rows |= fresh
        number += 1
        if len(rows) == layout.total_of(body):
            return list(rows.values()), True
    return list(rows.values()), False


def _balance(http: Http) -> tuple[Json, str]:
    """The answer of /wallet/balance, or why there is none."""
    try:
        return http.get("/wallet/balance", {}, _as_it_is), ""
    except BillingJobError as error:
        return None, str(error)
