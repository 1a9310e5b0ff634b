"""Lists as suppliers page them: read whole by configuration, or refused in words; never a part taken for the whole."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from billing_job.core.errors import Incomplete, RequestRefused, SupplierError
from billing_job.didfarm.page import MOST_PAGES, Bounded, Page
from tests.support.list_shapes import BASE, Params, Supplier, fetched, made_rows, new_ledger, page_of

Shape = Callable[[list[dict[str, Any]], Params], Any]
SIZE = 10


def _number(query: Params) -> int:
    return int(query.get("page", 1))


def _link(rows: list[Any], query: Params, address: str = f"{BASE}/wallet/transactions") -> str | None:
    number = _number(query)
    return f"{address}?page={number + 1}" if number * SIZE < len(rows) else None


def _cursor(rows: list[Any], query: Params) -> str | None:
    start = int(query.get("cursor", "at-0").removeprefix("at-")) + SIZE
    return f"at-{start}" if start < len(rows) else None


def _by_id(rows: list[Any], query: Params, written: Callable[[int], object]) -> Any:
    """A page whose cursor is the id of its last row, as it is written."""
    ids = [str(written(row["id"])) for row in rows]
    start = ids.index(query["cursor"]) + 1 if "cursor" in query else 0
    part = rows[start : start + SIZE]
    return {"data": part, "next_cursor": written(part[-1]["id"]) if start + SIZE < len(rows) else None}


SHAPES: dict[str, tuple[dict[str, Any], Shape]] = {
    "as the guide": ({}, lambda r, q: {"data": page_of(r, q), "meta": {"total": len(r), "page": _number(q)}}),
    "a total of digits": ({}, lambda r, q: {"data": page_of(r, q), "meta": {"total": str(len(r))}}),
    "LengthAwarePaginator": (
        {"total": "total"},
        lambda r, q: {"current_page": _number(q), "data": page_of(r, q), "per_page": SIZE, "total": len(r)},
    ),
    "LengthAwarePaginator by its links": (
        {"total": "total", "paging": "next"},
        lambda r, q: {"data": page_of(r, q), "total": len(r), "next_page_url": _link(r, q)},
    ),
    "the same with a resource": (
        {"paging": "next"},
        lambda r, q: {"data": page_of(r, q), "links": {"next": _link(r, q)}, "meta": {"total": len(r)}},
    ),
    "simplePaginate": ({"paging": "next"}, lambda r, q: {"data": page_of(r, q), "next_page_url": _link(r, q)}),
    "simplePaginate by numbers": ({"total": ""}, lambda r, q: {"data": page_of(r, q), "next_page_url": _link(r, q)}),
    "cursorPaginate": ({"paging": "next"}, lambda r, q: {"data": page_of(r, q), "next_cursor": _cursor(r, q)}),
    "cursors that are ids": ({"paging": "next"}, lambda r, q: _by_id(r, q, int)),
    "cursors of base64": ({"paging": "next"}, lambda r, q: _by_id(r, q, "/Ab+{}==".format)),
    "cursorPaginate with a resource": (
        {"paging": "next"},
        lambda r, q: {"data": page_of(r, q), "meta": {"next_cursor": _cursor(r, q)}},
    ),
    "a cursor elsewhere": (
        {"paging": "next", "next": "page.after", "rows": "result.items"},
        lambda r, q: {"result": {"items": page_of(r, q)}, "page": {"after": _cursor(r, q)}},
    ),
    "links of an application behind a proxy": (
        {"paging": "next"},
        lambda r, q: {
            "data": page_of(r, q),
            "links": {"next": _link(r, q, "http://supplier.example/api/v1/wallet/transactions")},
        },
    ),
    "relative links": ({"paging": "next"}, lambda r, q: {"data": page_of(r, q), "next": _link(r, q, "")}),
    "a bare list in pages": ({"rows": "", "total": ""}, lambda r, q: page_of(r, q)),
    "a bare list whose last page comes again": (
        {"rows": "", "total": ""},
        lambda r, q: page_of(r, q) or page_of(r, {"page": str(-(-len(r) // SIZE))}),
    ),
    "a bare list in one": ({"rows": "", "total": ""}, lambda r, q: r),
    "no page behind the end": (
        {"total": ""},
        lambda r, q: {"data": page_of(r, q)} if page_of(r, q) else httpx.Response(404, json={"message": "Not found."}),
    ),
}


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("count", [1, 10, 25, 30])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_read_whole_and_goes_on_from_there(shape: str, count: int, newest_first: bool) -> None:
    """First all rows, then, with three more, exactly those; whatever counts, links or cursors a list has."""
    reading, answer = SHAPES[shape]
    rows = made_rows(count, newest_first=newest_first)
    supplier, ledger = Supplier(lambda query: answer(rows, query)), new_ledger()
    assert fetched(supplier, ledger, **reading).report.total == count
    assert ledger.ids == list(range(1, count + 1))
    rows[:] = made_rows(count + 3, newest_first=newest_first)
    assert fetched(supplier, ledger, **reading).report.new == 3
    assert ledger.ids == list(range(1, count + 4))


def test_every_request_of_the_list_carries_the_query() -> None:
    """api.transactions.query goes along with numbers and links, though Laravel's links leave it out."""
    for shape in ("LengthAwarePaginator", "simplePaginate", "cursorPaginate"):
        reading, answer = SHAPES[shape]
        rows = made_rows(25)
        supplier = Supplier(lambda query: answer(rows, query))  # noqa: B023 - used within the round
        fetched(supplier, query={"per_page": "10", "sort": "desc"}, **reading)
        assert {(query["per_page"], query["sort"]) for query in supplier.asked} == {("10", "desc")}


@pytest.mark.parametrize("shape", ["a bare list in pages", "simplePaginate"])
def test_a_row_that_slips_while_another_is_deleted_is_found(shape: str) -> None:
    """Without a count one pass cannot show it: the passes differ, and the list is read until two agree."""
    reading, answer = SHAPES[shape]
    rows = made_rows(35)
    requests = 0

    def moving(query: Params) -> Any:
        nonlocal requests
        requests += 1
        if requests == 2:
            del rows[3]  # the 11th row slips onto page 1, which was read
        return answer(rows, query)

    ledger = new_ledger()
    report = fetched(Supplier(moving), ledger, **reading).report
    assert report.absent == ("32",)
    assert ledger.ids == sorted(row["id"] for row in rows)
    assert len(rows) == 34


@pytest.mark.parametrize("odd", ["short", "empty"])
def test_a_page_that_is_short_once_loses_nothing(odd: str) -> None:
    """Page 2 comes short or empty once, in the middle of a list without a count."""
    rows = made_rows(35)
    struck = False

    def once(query: Params) -> Any:
        nonlocal struck
        page = page_of(rows, query)
        if query.get("page") == "2" and not struck:
            struck = True
            return page[:4] if odd == "short" else []
        return page

    ledger = new_ledger()
    fetched(Supplier(once), ledger, rows="", total="")
    assert ledger.ids == list(range(1, 36))


def test_the_wallet_proves_a_list_that_does_not_count_itself() -> None:
    """Explained to the cent, one pass is enough: 4 pages with the empty one, and the newest once more."""
    supplier = Supplier(lambda query: page_of(made_rows(30), query))
    fetched(supplier, explained=lambda: True, rows="", total="")
    assert [query.get("page") for query in supplier.asked] == ["1", "2", "3", "4", "1"]


@pytest.mark.parametrize("shape", ["a bare list in pages", "cursorPaginate"])
def test_without_count_and_balance_each_sync_reads_all(shape: str) -> None:
    """A row that is put in below the newest page shows in nothing else, and was never read: charged to nobody."""
    reading, answer = SHAPES[shape]
    rows = made_rows(35)
    supplier, ledger = Supplier(lambda query: answer(rows, query)), new_ledger()
    fetched(supplier, ledger, explained=lambda: None, **reading)
    rows.insert(20, {**rows[20], "id": 99})
    rows.insert(0, {**rows[0], "id": 100})
    fetched(supplier, ledger, explained=lambda: None, **reading)
    assert ledger.ids == [*range(1, 36), 99, 100]
    before = len(supplier.asked)
    rows.insert(0, {**rows[0], "id": 101})
    fetched(supplier, ledger, explained=lambda: None, **reading)
    assert ledger.ids[-1] == 101
    assert len(supplier.asked) - before <= 2 + 6 + 1  # one pass is enough where it lists what was known


def test_a_count_that_is_the_pages_own_is_found_out() -> None:
    """total = 10 on a page of 10, and page 2 has more: never whole, and the setting is named."""
    rows = made_rows(25)
    supplier = Supplier(lambda query: {"data": page_of(rows, query), "meta": {"total": len(page_of(rows, query))}})
    with pytest.raises(Incomplete, match=r"more rows than .* correct api\.transactions\.total"):
        fetched(supplier)
    small = Supplier(lambda query: {"data": page_of(made_rows(7), query), "meta": {"total": 7}})
    assert fetched(small).report.total == 7
    assert [query["page"] for query in small.asked] == ["1", "2", "1"]


def _endless(query: Params) -> list[dict[str, Any]]:
    number = int(query.get("page", query.get("cursor", "at-1").removeprefix("at-")))
    return [row | {"id": number} for row in made_rows(1)]


@pytest.mark.parametrize(
    ("reading", "answer", "words"),
    [
        (
            {},
            lambda q: {"data": _endless(q), "meta": {"total": _endless(q)[0]["id"] + 1}},
            "1,002 pages, 1,000 more than the 2 rows at its beginning",
        ),
        ({}, lambda q: {"data": _endless(q), "meta": {"total": 10**12}}, "counts 1000000000000 rows"),
        ({"paging": "next"}, lambda q: {"data": _endless(q), "next": "at-7"}, "goes round in a circle"),
    ],
    ids=["a count that grows", "a giant count", "a circle"],
)
def test_a_list_without_an_end_ends_at_a_bound(
    reading: dict[str, Any], answer: Callable[[Params], Any], words: str
) -> None:
    """Exit 4, and the words name the bound, for what counts itself and what goes by links."""
    with pytest.raises(Incomplete, match=words):
        fetched(Supplier(answer), **reading)


def test_a_list_that_does_not_count_itself_is_read_to_a_bound() -> None:
    """10,000 pages in a pass, then Incomplete, whether they go by numbers or cursors."""
    read = Bounded(lambda number, size: Page(number, None, ()), counted=False)
    for number in range(1, MOST_PAGES + 1):
        read(number, None)
    with pytest.raises(Incomplete, match="10,000 pages, as many as one pass reads"):
        read(MOST_PAGES + 1, None)


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example/api/v1/wallet/transactions?page=2",
        "https://supplier.example:8443/api/v1/wallet/transactions?page=2",
        "https://supplier.example/api/v2/wallet/transactions?page=2",
        "https://supplier.example/api/v1/../../admin?page=2",
        "https://supplier.example/api/v1/%2e%2E/admin?page=2",
        "//elsewhere.example/api/v1/wallet/transactions?page=2",
        "https://supplier.example@elsewhere.example/api/v1/wallet/transactions",
        "ftp://supplier.example/api/v1/wallet/transactions",
    ],
)
def test_the_key_goes_nowhere_else(link: str) -> None:
    """A link out of base_url is refused by name; no request is sent there."""
    supplier = Supplier(lambda query: {"data": made_rows(1), "next_page_url": link})
    with pytest.raises(RequestRefused, match=r"not below https://supplier\.example/api/v1"):
        fetched(supplier, paging="next")
    assert len(supplier.asked) == 1


@pytest.mark.parametrize(
    ("reading", "body", "words"),
    [
        ({}, made_rows(2), "no list `data`: it is a list of 2, each with id, type, amount"),
        ({}, {"items": made_rows(1), "count": 1}, "it is an object of items (a list of 1, each with id"),
        ({}, {"data": made_rows(1)}, "meta.total, the count of all rows, is not there"),
        ({}, {"data": made_rows(1), "meta": {"total": "many"}}, "meta.total is 'many', not a count"),
        ({}, {"data": {"rows": made_rows(1)}}, "no list `data` (there it is an object of rows"),
        ({}, {"message": "Server \u202eError"}, "and says 'Server"),
        ({"paging": "next"}, {"data": made_rows(1)}, "it names no next page at next_page_url, links.next"),
        ({"paging": "next"}, {"data": made_rows(1), "next": [1]}, "neither a link nor a cursor"),
    ],
)
def test_another_shape_is_named_after_two_tries(reading: dict[str, Any], body: Any, words: str) -> None:
    """What was found, what kind of values, and the command that finds the reading; no eight tries, no waiting."""
    supplier = Supplier(lambda query: body)
    with pytest.raises(Incomplete) as caught:
        fetched(supplier, **reading)
    assert words in str(caught.value)
    assert "doctor --propose" in str(caught.value) or "api.transactions.next" in str(caught.value)
    assert "\u202e" not in str(caught.value)
    assert len(supplier.asked) == 2


def test_pages_by_number_that_are_page_1_for_ever_are_found_out() -> None:
    """The supplier pages by cursor and ignores `page`: not one page taken for all."""
    supplier = Supplier(lambda query: {"data": page_of(made_rows(30), {}), "next_cursor": "at-10"})
    with pytest.raises(SupplierError, match=r'set api\.transactions\.paging = "next"'):
        fetched(supplier, total="")
