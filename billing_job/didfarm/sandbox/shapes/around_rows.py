"""The shapes that differ around the rows: lists and paging, page sizes, order, balance and trunks."""

from collections.abc import Iterator

from billing_job.didfarm.sandbox.shapes.envelopes import (
    bare_list,
    counted_results,
    cursor,
    cursor_only,
    cursor_resource,
    data_and_meta,
    keyed,
    length_aware,
    length_aware_resource,
    linked,
    simple,
    simple_resource,
)
from billing_job.didfarm.sandbox.shapes.replies import (
    balance,
    bare_trunks,
    guides_balance,
    guides_trunks,
    no_balance,
    no_trunks,
    trunks_without,
)
from billing_job.didfarm.sandbox.shapes.rows import CURRENCY, after, decimals, integers, number
from billing_job.didfarm.sandbox.shapes.shape import BalanceReply, Edit, Envelope, Json, Shape, TrunksReply

CENTS = integers(10_000)


def shape(
    name: str,
    sentence: str,
    *edits: Edit,
    envelope: Envelope = data_and_meta,
    balance: BalanceReply | None = None,
    trunks: TrunksReply = guides_trunks,
    page_size: int = 15,
    size_key: str = "per_page",
    is_strict: bool = False,
    by_cursor: bool = False,
    oldest_first: bool = False,
    fraction: int = 0,
    places: int = 2,
    idle: str = "",
) -> Shape:
    """A shape that is plain but for what is said; Laravel's page of 15 rows, and up to 100 on request."""
    return Shape(
        name=name,
        sentence=sentence,
        edits=edits,
        envelope=envelope,
        balance=balance
        or (guides_balance if places == 2 and not fraction else _decimal_balance(places if places > 2 else 6)),
        trunks=trunks,
        page_size=page_size,
        size_key=size_key,
        is_strict=is_strict,
        by_cursor=by_cursor,
        oldest_first=oldest_first,
        fraction=fraction,
        idle_status=idle,
    )


def _decimal_balance(places: int) -> BalanceReply:
    return balance(_guides, decimals(places))


def _guides(value: Json) -> Json:
    return {"balance": value, "currency": CURRENCY}


def _lists() -> Iterator[Shape]:
    yield shape("bare-list", "The answer is the list, page by page.", envelope=bare_list)
    yield shape("length-aware", "Laravel's paginate(): the total beside data.", envelope=length_aware)
    yield shape("length-aware-resource", "The same in a resource: links and meta.", envelope=length_aware_resource)
    yield shape("simple", "Laravel's simplePaginate(): no total.", envelope=simple)
    yield shape("simple-resource", "The same in a resource.", envelope=simple_resource)
    yield shape("cursor", "Laravel's cursorPaginate(): no page numbers.", envelope=cursor, by_cursor=True)
    yield shape("cursor-resource", "The same in a resource.", envelope=cursor_resource, by_cursor=True)
    yield shape("cursor-only", "A cursor in paging.next, and no link.", envelope=cursor_only, by_cursor=True)
    yield shape("items", "items and total.", envelope=keyed("items", "total"))
    yield shape("results", "count, next and results, as Django has them.", envelope=counted_results)
    yield shape(
        "transactions", "transactions, and pagination.total.", envelope=keyed("transactions", "pagination.total")
    )
    yield shape("nested-rows", "result.rows and result.count.", envelope=keyed("result.rows", "result.count"))
    yield shape(
        "data-in-data",
        "success, and data.data with data.total.",
        envelope=keyed("data.data", "data.total", success=True),
    )
    yield shape("linked", "links.next, and no word of totals.", envelope=linked)
    yield shape("no-total", "data, and nothing else.", envelope=keyed("data"))


def _pages_and_order() -> Iterator[Shape]:
    yield shape("limit", "A page may be made larger by limit.", size_key="limit")
    yield shape("page_size", "A page may be made larger by page_size.", size_key="page_size")
    yield shape("fixed-pages", "Always 15 a page.", size_key="")
    yield shape("strict", "Parameters that it does not know are refused with 422.", size_key="", is_strict=True)
    yield shape("one-page", "All rows on one page.", page_size=10_000, size_key="")
    yield shape("oldest-first", "The oldest row comes first.", oldest_first=True)
    yield shape(
        "oldest-first-after", "The oldest row comes first, with balance_after.", after(decimals(2)), oldest_first=True
    )
    yield shape("oldest-first-simple", "simplePaginate(), the oldest row first.", envelope=simple, oldest_first=True)


def _balances() -> Iterator[Shape]:
    yield shape("balance-number", "The balance is a JSON number: 142.5.", balance=balance(_guides, number))
    yield shape("balance-cents", "The balance is in cents.", balance=balance(_guides, CENTS))
    yield shape(
        "balance-named-cents",
        "The balance is called balance_cents.",
        balance=balance(lambda value: {"balance_cents": value, "currency": CURRENCY}, CENTS),
    )
    yield shape(
        "balance-object",
        "The balance is an object with amount and currency.",
        balance=balance(lambda value: {"balance": {"amount": value, "currency": CURRENCY}}),
    )
    yield shape(
        "balance-nested",
        "The balance stands in data.wallet.",
        balance=balance(lambda value: {"data": {"wallet": {"balance": value, "currency": CURRENCY}}}),
    )
    yield shape("balance-alone", "The balance names no currency.", balance=balance(lambda value: {"balance": value}))
    yield shape(
        "balance-available",
        "available and reserved in place of balance.",
        balance=balance(lambda value: {"available": value, "reserved": "0.00", "currency": CURRENCY}),
    )
    yield shape("balance-missing", "No balance: 404.", balance=no_balance)
    yield shape("balance-missing-after", "No balance, but balance_after.", after(decimals(2)), balance=no_balance)


def _trunks() -> Iterator[Shape]:
    yield from (
        shape(f"trunks-{status}", f"The list of trunks answers {status}.", trunks=no_trunks(status))
        for status in (403, 404, 204)
    )
    yield shape("trunks-bare", "The trunks are a list with nothing around it.", trunks=bare_trunks)
    yield shape("trunks-no-uuid", "Trunks have no uuid.", trunks=trunks_without("uuid"))
    yield shape("trunks-no-id", "Trunks have no id.", trunks=trunks_without("id"))


SHAPES_AROUND_ROWS = (*_lists(), *_pages_and_order(), *_balances(), *_trunks())
