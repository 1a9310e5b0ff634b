"""Each fault of the sandbox, as a client sees it on the wire."""

import socket
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import httpx
import pytest

from billing_job.core.errors import ConfigError
from billing_job.didfarm.sandbox.faults import FAULTS, Fault, parse_fault, usage
from billing_job.didfarm.sandbox.holdings import WireRow
from billing_job.didfarm.sandbox.page_faults import PAGE_FAULTS
from billing_job.didfarm.sandbox.portal import POST_FAULTS
from billing_job.didfarm.sandbox.response_faults import ANSWER_FAULTS, GATE_FAULTS
from billing_job.didfarm.sandbox.running import RunningSandbox
from billing_job.didfarm.sandbox.wallet_faults import WALLET_FAULTS
from billing_job.didfarm.sandbox.wire_faults import WIRE_FAULTS
from tests.support.paths import DOCS
from tests.support.sandbox_on_loopback import KEY, NOW, PAGE_SIZE, sandbox

LIST = "/wallet/transactions"


def _get(client: httpx.Client, page: int) -> httpx.Response:
    return client.get(LIST, params={"page": page})


def _rows(client: httpx.Client, page: int) -> list[WireRow]:
    rows: list[WireRow] = _get(client, page).json()["data"]
    return rows


def _raw(running: RunningSandbox, page: int) -> tuple[bytes, str]:
    """All bytes of an answer to one request, and how the connection ended: closed, reset or still open."""
    host, port = running.base_url.removeprefix("http://").split("/")[0].split(":")
    with socket.create_connection((host, int(port)), timeout=0.3) as connection:
        request = f"GET /api/v1{LIST}?page={page} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {KEY}\r\n\r\n"
        connection.sendall(request.encode())
        received = b""
        while True:
            try:
                part = connection.recv(65536)
            except ConnectionResetError:
                return received, "reset"
            except TimeoutError:
                return received, "open"
            if not part:
                return received, "closed"
            received += part


# The wallet changes between two requests.


@pytest.mark.parametrize(("fault", "count"), [("prepend_rows:4", 4), ("prepend_page", PAGE_SIZE)])
def test_rows_are_prepended_between_two_pages(fault: str, count: int) -> None:
    """Before the second request new rows arrive on top: page 2 repeats as many rows of page 1, and only once."""
    with sandbox(fault) as (running, client):
        first, second = _rows(client, 1), _rows(client, 2)
        assert second[:count] == first[-count:]
        assert len(running.truth()) == 85 + count
        assert _rows(client, 1)[count:] == first[: PAGE_SIZE - count]
        assert len(running.truth()) == 85 + count


def test_inflow_comes_with_every_request_and_then_ends() -> None:
    """One row before each of ten requests, starting with the second, so that a patient client gets to an end."""
    with sandbox("inflow") as (_, client):
        totals = [_get(client, 1).json()["meta"]["total"] for _ in range(13)]
    assert totals == [85, *range(86, 96), 95, 95]


def test_a_deleted_row_pulls_the_rest_up() -> None:
    """The first row vanishes after page 1 was read: the row after page 1 is on no page any more."""
    with sandbox("delete_row") as (running, client):
        truth = running.truth()
        first, second = _rows(client, 1), _rows(client, 2)
        assert first == truth[:PAGE_SIZE]
        assert second == truth[PAGE_SIZE + 1 : 2 * PAGE_SIZE + 1]
        assert running.truth() == truth[1:]


def test_a_backdated_row_appears_deep_in_the_list() -> None:
    """The newest id has a moment 40 days ago, and a reference that was somebody's then."""
    with sandbox("backdate_row:40") as (running, client):
        before = running.truth()
        _rows(client, 1)
        _rows(client, 2)
        (new,) = [row for row in running.truth() if row not in before]
        assert new["id"] == running.state.highest_id()
        assert running.truth().index(new) > PAGE_SIZE
        older = before[running.truth().index(new)]
        assert str(older["created_at"]) <= str(new["created_at"])


def test_ties_change_places_while_pages_are_read() -> None:
    """Rows of one moment are shown in another order at the next request, the rest of the list stays."""
    with sandbox("reshuffle_ties") as (running, client):
        newest = running.state.newest()
        running.state.add(*(newest | {"id": 10_000_000 + more} for more in range(3)))
        first, again, third = (_rows(client, 1) for _ in range(3))
    assert [row["id"] for row in again[:4]] == [row["id"] for row in first[:4]][::-1]
    assert again[4:] == first[4:]
    assert third == first


def test_an_amount_changes_under_its_id() -> None:
    """The first row costs a cent more at the second request; nothing else is different."""
    with sandbox("change_amount") as (_, client):
        before, after = _rows(client, 1), _rows(client, 1)
    assert after[0] == before[0] | {"amount": int(str(before[0]["amount"])) - 1}
    assert after[1:] == before[1:]


def test_fields_and_amounts_nobody_expects() -> None:
    """An unknown field on every row, a row without its amount, a row of 20 digits, all at once and for good."""
    with sandbox("unknown_field", "missing_field:amount,2", "huge_amount:3") as (running, client):
        rows = _rows(client, 1)
        assert all("carrier_note" in row for row in rows)
        assert [position for position, row in enumerate(rows) if "amount" not in row] == [2]
        assert '"amount":-12345678901234567890,' in _get(client, 1).text
        others = sum(int(str(row.get("amount", 0))) for row in running.truth())
        assert client.get("/wallet/balance").json()["balance"] == f"-{-others // 100}.{-others % 100:02d}"


# A page, or the whole answer, is another one: it is once, and then the answer is right.


def _twice(first: list[WireRow], second: list[WireRow]) -> bool:
    return second == [first[0], first[0], *first[2:]]


Body = dict[str, object]
_WRONG: dict[str, Callable[[Body, Body], bool]] = {
    "duplicate_id:2": lambda right, wrong: _twice(right["data"], wrong["data"]),  # type: ignore[arg-type]
    "short_page:2": lambda right, wrong: wrong == right | {"data": right["data"][:5]},  # type: ignore[index]
    "empty_page:2": lambda right, wrong: wrong == right | {"data": []},
    "null_data:2": lambda right, wrong: wrong == right | {"data": None},
    "stale_total:3": lambda right, wrong: wrong == right | {"meta": {"total": 82, "page": 2}},
    "bad_total:missing": lambda right, wrong: wrong == right | {"meta": {"page": 2}},
    "bad_total:null": lambda right, wrong: wrong == right | {"meta": {"total": None, "page": 2}},
    "bad_total:string": lambda right, wrong: wrong == right | {"meta": {"total": "85", "page": 2}},
    "bad_total:negative": lambda right, wrong: wrong == right | {"meta": {"total": -85, "page": 2}},
    "wrong_page:2": lambda right, wrong: wrong == right | {"meta": {"total": 85, "page": 3}},
    "page_size:4": lambda right, wrong: len(wrong["data"]) == 4,  # type: ignore[arg-type]
    "error_200:2": lambda right, wrong: wrong["error"]["status"] == 500,  # type: ignore[index]
}


@pytest.mark.parametrize("fault", _WRONG)
def test_a_page_is_wrong_once(fault: str) -> None:
    """Page 1 is right, page 2 is wrong in the fault's own way with status 200, and right when it is asked for again."""
    with sandbox() as (_, client):
        right = _get(client, 2).json()
    with sandbox(fault) as (running, client):
        assert _rows(client, 1) == running.truth()[:PAGE_SIZE]
        answer = _get(client, 2)
        assert answer.status_code == 200
        assert _WRONG[fault](right, answer.json())
        assert _get(client, 2).json() == right


def test_a_page_past_the_end_is_the_last_one() -> None:
    """Page 12 of nine is answered like page nine, page number included."""
    with sandbox("clamp_page") as (_, client):
        assert _get(client, 12).json() == _get(client, 9).json()
        assert _get(client, 9).json()["meta"]["page"] == 9


def test_html_where_json_should_be() -> None:
    """Status 200 and a maintenance page."""
    with sandbox("html_200:2") as (_, client):
        answer = _get(client, 2)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert answer.text.startswith("<!doctype html>")
        assert _get(client, 2).json()["data"]


@pytest.mark.parametrize(
    ("fault", "retry_after"),
    [
        ("rate_limit:2", "2"),
        ("retry_after:0", "0"),
        ("retry_after:-1", "-1"),
        ("retry_after:1.5", "1.5"),
        ("retry_after:garbage", "garbage"),
        ("retry_after:3600", "3600"),
        ("rate_limit_bare", None),
    ],
)
def test_429_with_every_kind_of_retry_after(fault: str, retry_after: str | None) -> None:
    """One 429 in the guide's shape, with the header as asked for, then the page."""
    with sandbox(fault) as (_, client):
        answer = _get(client, 2)
        assert (answer.status_code, answer.headers.get("Retry-After")) == (429, retry_after)
        assert answer.json()["error"]["code"] == "rate_limited"
        assert _get(client, 2).status_code == 200


def test_429_with_a_date_by_a_clock_that_is_an_hour_off() -> None:
    """Retry-After is two seconds after the answer's own Date, which is an hour ahead of the world."""
    with sandbox("retry_after_date:2") as (_, client):
        headers = _get(client, 2).headers
    date, until = (parsedate_to_datetime(headers[name]) for name in ("Date", "Retry-After"))
    assert (until - date).total_seconds() == 2
    assert (date - NOW).total_seconds() == 3600


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        ("rate_limit_storm:4", [429] * 4 + [200]),
        ("server_error:502,2", [502, 502, 200]),
        ("server_error", [503] * 3 + [200]),
        ("server_error_forever:500", [500] * 5),
        ("rate_limit:1,forever", [429] * 5),
        ("unauthorized", [401] * 3),
        ("unauthorized:403", [403] * 3),
    ],
)
def test_statuses_come_as_often_as_asked(fault: str, statuses: list[int]) -> None:
    """So many answers in a row to page 2 have the status, each with the guide's body."""
    with sandbox(fault) as (_, client):
        answers = [_get(client, 2) for _ in statuses]
    assert [answer.status_code for answer in answers] == statuses
    assert all(answer.json()["error"]["status"] == answer.status_code for answer in answers if answer.is_error)


def test_a_refused_key_is_refused_everywhere() -> None:
    """401 for the balance and the trunks too."""
    with sandbox("unauthorized") as (_, client):
        assert [client.get(path).status_code for path in ("/wallet/balance", "/portal/sip-trunks")] == [401, 401]


def test_the_key_comes_back_in_an_error_and_in_a_redirect() -> None:
    """Both must not reach a log of ours: the bait is really there."""
    with sandbox("key_in_error", "redirect:https://elsewhere.example/x") as (_, client):
        error, redirect = _get(client, 2), _get(client, 2)
    assert (error.status_code, redirect.status_code) == (500, 302)
    assert error.text.count(KEY) == 2
    assert redirect.headers["Location"] == f"https://elsewhere.example/x?api_key={KEY}"


# The bytes on the wire are wrong.


def test_a_body_shorter_than_its_content_length() -> None:
    """Half of the promised bytes, then the connection is closed: httpx cannot read it whole."""
    with sandbox("truncated_length:2,times=2") as (running, client):
        received, end = _raw(running, 2)
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        assert (end, len(body)) == ("closed", length // 2)
        with pytest.raises(httpx.RemoteProtocolError):
            _get(client, 2)
        assert _get(client, 2).status_code == 200


def test_a_chunked_body_without_its_end() -> None:
    """No Content-Length to compare with: only the missing last chunk tells."""
    with sandbox("truncated_chunked:2,times=2") as (running, client):
        received, end = _raw(running, 2)
        head, _, body = received.partition(b"\r\n\r\n")
        assert b"transfer-encoding: chunked" in head.lower()
        assert b"content-length" not in head.lower()
        assert end == "closed"
        assert not body.endswith(b"0\r\n\r\n")
        with pytest.raises(httpx.RemoteProtocolError):
            _get(client, 2)
        assert _get(client, 2).status_code == 200


def test_the_connection_is_reset() -> None:
    """A TCP reset, no byte of an answer, and the request is on record without a status."""
    with sandbox("reset:times=2") as (running, client):
        assert _raw(running, 2) == (b"", "reset")
        with pytest.raises(httpx.ReadError):
            _get(client, 2)
        assert running.requests == [("GET", f"/api/v1{LIST}?page=2", 0)] * 2
        assert _get(client, 2).status_code == 200


def test_no_answer_comes() -> None:
    """The connection stays open in silence; the client's read timeout ends it, and the next request is answered."""
    with sandbox("hang:times=2") as (running, client):
        assert _raw(running, 2) == (b"", "open")
        with pytest.raises(httpx.ReadTimeout):
            client.get(LIST, params={"page": 2}, timeout=0.1)
        assert _get(client, 2).status_code == 200


def test_the_body_drips() -> None:
    """Bytes keep coming, so that no read timeout helps, and the whole would take minutes."""
    with sandbox("slow_drip:20") as (running, client):
        started, parts = time.monotonic(), []
        with client.stream("GET", LIST, params={"page": 2}, timeout=0.2) as answer:
            for part in answer.iter_raw():
                parts.append(part)
                if time.monotonic() - started > 0.3:
                    break
        assert 5 <= len(b"".join(parts)) <= 16
        assert int(answer.headers["Content-Length"]) > 1000
        assert _get(client, 2).status_code == 200
    with sandbox("slow_drip:1,page=9") as (running, client):
        assert _rows(client, 9) == running.truth()[8 * PAGE_SIZE :]


# Names, arguments, and faults together.


def test_every_fault_has_its_play() -> None:
    """The names that are listed are the ones that are played, each exactly once."""
    played = [*WALLET_FAULTS, *PAGE_FAULTS, *ANSWER_FAULTS, *GATE_FAULTS, *WIRE_FAULTS, *POST_FAULTS]
    assert sorted(played) == sorted(FAULTS)
    for name in FAULTS:
        assert parse_fault(usage(name)) == parse_fault(name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "not known; the sandbox can play: prepend_rows, .*, slow_drip"),
        ("short_page:0", "'0' is not a page; for example short_page:2"),
        ("server_error:404", "'404' is not a status; for example server_error:503,3"),
        ("bad_total:odd", "'odd' is not a how"),
        ("rate_limit:2,3", "too many arguments; written in full it is rate_limit:2"),
        ("rate_limit:2,times=all", "only page can be all"),
    ],
)
def test_a_wrong_fault_says_what_is_right(text: str, message: str) -> None:
    """The error names the faults, or the argument and how the fault is written."""
    with pytest.raises(ConfigError, match=message):
        parse_fault(text)


def test_arguments_are_read() -> None:
    """Own arguments by position, the common ones by name, for ever as a word."""
    assert parse_fault("server_error:502,4,page=all") == Fault("server_error", (502,), page=None, times=4)
    assert parse_fault("delete_row:3,at=5") == Fault("delete_row", (3,), at=5)
    assert parse_fault("empty_page:7,forever") == Fault("empty_page", (), page=7, times=None)


def test_a_fault_can_wait_for_a_later_request() -> None:
    """`at` counts requests for the list: the page size changes, and the key is revoked, in the middle of a walk."""
    with sandbox("page_size:4,page=all,at=3,forever", "unauthorized:at=5") as (_, client):
        answers = [_get(client, page) for page in (1, 2, 3, 4, 5)]
    assert [len(answer.json()["data"]) for answer in answers[:4]] == [10, 10, 4, 4]
    assert answers[4].status_code == 401


def test_faults_add_up_and_can_be_armed_later() -> None:
    """Faults on one page strike in turn or together; ones armed later count from then; cleared ones strike no more."""
    with sandbox("server_error:500,1", "short_page:2", "stale_total:1") as (running, client):
        assert _get(client, 2).status_code == 500
        page = _get(client, 2).json()
        assert (len(page["data"]), page["meta"]["total"]) == (5, 84)
        assert len(_rows(client, 2)) == PAGE_SIZE
        running.faults.add(parse_fault("prepend_rows:1,at=1"), parse_fault("empty_page:1,forever"))
        assert _get(client, 1).json() == {"data": [], "meta": {"total": 86, "page": 1}}
        running.faults.clear()
        assert len(_rows(client, 1)) == PAGE_SIZE


def test_the_documentation_lists_every_fault() -> None:
    """docs/sandbox.md shows how each fault is written and what it does, in the program's own words."""
    text = (DOCS / "sandbox.md").read_text(encoding="utf-8")
    for name, what in FAULTS.items():
        assert f"| `{usage(name)}` | {what} |" in text
