"""Trunks and balance fail by themselves: billing goes on with what the ledger has; no old balance proves anything."""

from typing import Any

import httpx
import pytest

from billing_job.core.errors import Unauthorized
from billing_job.core.wallet import Balance, Trunk
from tests.support.list_shapes import Supplier, fetched, made_rows, new_ledger
from tests.support.sandbox_on_loopback import KEY

TRUNK = {"id": 7, "uuid": "trk_a", "name": "Acme"}
HTML = httpx.Response(200, html="<!doctype html><title>Sign in</title>")


def _list(query: dict[str, str]) -> Any:
    return {"data": made_rows(3), "meta": {"total": 3}} if query["page"] == "1" else {"data": [], "meta": {"total": 3}}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(403, json={"message": "This action is unauthorized."}), "This action is unauthorized."),
        (httpx.Response(404, json={"message": "Not found."}), "status 404: Not found."),
        (httpx.Response(204), "the body is empty"),
        (httpx.Response(500), "status 500"),
        (HTML, "a web page 'Sign in', not JSON"),
        ({"data": {"id": 7}}, "no list `data`; it is an object of data (an object of id)"),
        ({"data": [7]}, "no list `data`"),
    ],
    ids=["403", "404", "204", "500", "HTML", "an object", "numbers"],
)
def test_trunks_that_cannot_be_read_stop_nobody(answer: Any, words: str) -> None:
    """A warning that says why, the list is read, and the ledger's trunks stay."""
    ledger = new_ledger()
    ledger.trunks = [Trunk("7", "trk_a", "Acme")]
    done = fetched(Supplier(_list, trunks=lambda query: answer), ledger)
    assert done.report.total == 3
    assert ledger.trunks == [Trunk("7", "trk_a", "Acme")]
    [warning] = [text for text in done.said if "trunks cannot be read" in text]
    assert words in warning


@pytest.mark.parametrize(
    ("body", "kept", "words"),
    [
        ([TRUNK], [Trunk("7", "trk_a", "Acme")], ""),
        ({"data": [{"id": 7, "name": "Acme"}]}, [], "1 of 1 trunks that the supplier lists have no uuid"),
        ({"data": [{"uuid": "trk_a"}]}, [Trunk("", "trk_a", "")], "have no id, by which routing"),
        ({"data": [{"name": "Nobody"}]}, [], ""),
    ],
    ids=["a bare list", "no uuid", "no id", "neither"],
)
def test_odd_trunks_are_kept_as_far_as_they_go(body: Any, kept: list[Trunk], words: str) -> None:
    """What an id or a uuid is there for is said."""
    ledger = new_ledger()
    done = fetched(Supplier(_list, trunks=lambda query: body), ledger)
    assert ledger.trunks == kept
    assert words in "".join(done.said)


@pytest.mark.parametrize("meta", [{}, {"meta": {"total": 2}}, {"meta": {"last_page": 1, "total": 5}}])
@pytest.mark.parametrize("by_links", [False, True])
def test_all_pages_of_trunks_are_read_whatever_meta_says(meta: dict[str, Any], by_links: bool) -> None:
    """Five trunks, two a page: all of them, with a count of the page, of all, or none, by numbers or links."""
    every = [{"id": number, "uuid": f"trk_{number}"} for number in range(5)]

    def trunks(query: dict[str, str]) -> Any:
        start = int(query["cursor"][1:]) if "cursor" in query else 2 * (int(query.get("page", 1)) - 1)
        following = {"next_cursor": f"c{start + 2}" if start + 2 < 5 else None} if by_links else {}
        return {"data": every[start : start + 2], **meta, **following}

    ledger = new_ledger()
    fetched(Supplier(_list, trunks=trunks), ledger)
    assert [trunk.trunk_id for trunk in ledger.trunks] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    "answer", [httpx.Response(404), httpx.Response(204), HTML, {"credit": 3}, [], {"balance": None}], ids=str
)
def test_an_unreadable_balance_is_not_known(answer: Any) -> None:
    """The sync ends well, and the ledger knows no balance of this moment, not even the one before."""
    ledger = new_ledger()
    ledger.balances = [Balance(100, "EUR")]
    done = fetched(Supplier(_list, balance=lambda: answer), ledger)
    assert done.report.total == 3
    assert ledger.balances[-1] is None
    assert any("the wallet's balance cannot be read, so nothing proves the wallet" in text for text in done.said)


@pytest.mark.parametrize("which", ["trunks", "balance"])
def test_a_refused_key_stops_everything(which: str) -> None:
    """401 is the key's, wherever it comes."""
    refused = httpx.Response(401, json={"message": "Unauthenticated."})
    supplier = Supplier(_list)
    if which == "trunks":
        supplier.trunks = lambda query: refused
    else:
        supplier.balance = lambda: refused
    with pytest.raises(Unauthorized, match="Unauthenticated"):
        fetched(supplier)


def test_an_echoed_key_is_in_no_row() -> None:
    """In a description, a name, a list, or a field's name, as it is, escaped or percent-encoded: read and raw."""
    key = "df/live+" + KEY
    row = made_rows(1)[0] | {
        "description": f"Charged to {key}",
        "note": ["df%2Flive%2B" + KEY, {"k": f"x{key}y"}],
        f"by {key}": 1,
    }
    ledger = new_ledger()
    supplier = Supplier(
        lambda query: httpx.Response(
            200, headers={"X-Debug": f"Bearer {key}"}, json={"data": [row], "meta": {"total": 1, "by": key}}
        ),
        trunks=lambda query: {"data": [TRUNK | {"name": key}]},
    )
    done = fetched(supplier, ledger, key=key)
    [kept] = ledger.versions
    assert kept.description == "Charged to [key]"
    assert KEY not in f"{kept}{ledger.trunks}{done.said}{done.report}"
    assert kept.raw.count("[key]") == 4
