"""One page of the list of transactions: asked for, and checked against what it says of itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from billing_job.core.wallet import Order, Transaction
from billing_job.didfarm.http import Http
from billing_job.didfarm.wire import Json, read_transaction
from billing_job.didfarm.wire_reading import Reading


@dataclass(frozen=True, slots=True)
class Page:
    """One page as answered: its number, how many rows the whole list has, and its rows in the list's order."""

    number: int
    total: int
    rows: tuple[Transaction, ...]


ReadPage = Callable[[int, int | None], Page]
"""Reads the page of a number, from 1; the page size once it is known lets a short page be told from the end."""


def page_reader(http: Http, reading: Reading) -> ReadPage:
    """Read pages of /wallet/transactions (guide: Billing per Client). Errors: those of Http."""

    def read(number: int, size: int | None) -> Page:
        def validate(body: Json) -> Page:
            return validated_page(body, number, size, reading)

        return http.get("/wallet/transactions", {"page": number}, validate)

    return read


def validated_page(body: Json, number: int, size: int | None, reading: Reading) -> Page:
    """Check a page against what it says of itself; ValueError when it must be asked for again.

    Past the end a page is empty or, with some servers, the last page once more: there the walk judges the rows.
    """
    if not isinstance(body, dict) or not isinstance(body.get("data"), list):
        raise ValueError("it has no list `data`")
    meta = body.get("meta")
    total = meta.get("total") if isinstance(meta, dict) else None
    if not isinstance(meta, dict) or not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise ValueError(f"meta.total is {total!r}, not a count")
    rows = tuple(read_transaction(row, reading) for row in body["data"])
    if len({row.transaction_id for row in rows}) != len(rows):
        raise ValueError("one id stands twice on the page")
    due = None if size is None else min(size, max(0, total - (number - 1) * size))
    if due == 0:
        return Page(number, total, rows)
    if "page" in meta and meta["page"] != number:
        raise ValueError(f"meta.page is {meta['page']!r}, asked was page {number}")
    if due is None and (len(rows) > total or (not rows and total > 0)):
        raise ValueError(f"it has {len(rows)} rows of a total of {total}")
    if due is not None and len(rows) != due:
        raise ValueError(f"it has {len(rows)} rows where {due} are due (total {total}, {size} a page)")
    return Page(number, total, rows)


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
