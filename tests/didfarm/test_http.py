"""The request loop: what is repeated, after how long, and what ends a run."""

import gzip
import re
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_job.core.errors import Incomplete, RequestRefused, SupplierError, Unauthorized
from billing_job.didfarm.dotted_paths import UnexpectedShape
from billing_job.didfarm.http import Http
from billing_job.didfarm.retry import ATTEMPTS, Retryable, is_worth_retrying, seconds_asked_for, seconds_to_wait
from tests.support.sandbox_on_loopback import KEY, NOW, StillClock

Answer = httpx.Response | Exception


class Supplier(httpx.BaseTransport):
    """Gives the answers in turn, the last one for ever."""

    def __init__(self, *answers: Answer):
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def _fetched(
    supplier: Supplier, clock: StillClock | None = None, validate: Callable[[Any], Any] = lambda body: body
) -> Any:
    with Http("https://supplier.example/api/v1/", KEY, clock or StillClock(), transport=supplier) as http:
        return http.get("/wallet/balance", {}, validate)


OK = httpx.Response(200, json={"balance": "1.00"})


@pytest.mark.parametrize(
    "failure",
    [
        *(httpx.Response(status) for status in (408, 429, 500, 502, 503, 504)),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"error": {"code": "x", "message": "y"}}),
        httpx.Response(200, content=b'{"balance": "1.'),
        httpx.Response(204),
        httpx.ConnectError("refused"),
        httpx.ReadError("reset"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("closed early"),
    ],
    ids=str,
)
def test_what_may_pass_by_itself_is_asked_for_again(failure: Answer) -> None:
    """Connection, read and protocol errors, 408, 429, 5xx, and bodies that are not what they should be."""
    supplier = Supplier(failure, failure, OK)
    assert _fetched(supplier) == {"balance": "1.00"}
    assert len(supplier.requests) == 3


def test_an_answer_that_is_not_valid_is_asked_for_again() -> None:
    """The validation is inside the loop: what it refuses costs an attempt, not the run."""
    bodies = iter((False, True))

    def validate(body: Any) -> Any:
        if next(bodies):
            return body
        raise ValueError("wrong page")

    assert _fetched(Supplier(OK), validate=validate) == {"balance": "1.00"}


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, RequestRefused), (401, Unauthorized), (403, Unauthorized), (404, RequestRefused), (422, RequestRefused)],
)
def test_what_cannot_pass_by_itself_ends_the_run_at_once(status: int, error: type[Exception]) -> None:
    """One request, and an error that names it and the reason that the supplier gives."""
    body = {"error": {"code": "nope", "message": "Not this way.", "status": status}}
    supplier = Supplier(httpx.Response(status, json=body))
    with pytest.raises(error, match=r"^GET /wallet/balance at https://supplier\.example/api/v1: .*Not this way\."):
        _fetched(supplier)
    assert len(supplier.requests) == 1


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/x", "/api/v2/wallet/balance", "http://supplier.example/"]
)
def test_no_redirect_is_followed(target: str) -> None:
    """The key would go along; the address is named so that the setting can be corrected."""
    supplier = Supplier(httpx.Response(302, headers={"Location": target}))
    with pytest.raises(RequestRefused, match=f"redirected to '{target}'"):
        _fetched(supplier)
    assert len(supplier.requests) == 1


def test_the_budget_of_a_request_ends() -> None:
    """Eight attempts in about half a minute, each farther from the last, then incomplete."""
    supplier, clock = Supplier(httpx.Response(500)), StillClock()
    with pytest.raises(Incomplete, match="Everything read so far is kept"):
        _fetched(supplier, clock)
    assert len(supplier.requests) == ATTEMPTS == 8
    assert 31.5 <= clock.seconds <= 31.5 * 1.25


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("2", 2, 2.5),
        ("0", 0.5, 0.625),
        ("-1", 0.5, 0.625),
        ("1.5", 1.5, 1.875),
        ("soon", 0.5, 0.625),
        ("120", 120, 150),
    ],
)
def test_the_server_is_given_the_time_it_asks_for(header: str, least: float, most: float) -> None:
    """Retry-After in seconds, decimals too; what cannot be read is plain backoff; up to a quarter of jitter."""
    supplier, clock = Supplier(httpx.Response(429, headers={"Retry-After": header}), OK), StillClock()
    _fetched(supplier, clock)
    assert least <= clock.seconds <= most


def test_a_server_with_a_wrong_clock_is_given_its_time() -> None:
    """A date means what it is by the server's own Date, an hour ahead of ours."""
    server_now = NOW + timedelta(hours=1)
    headers = {
        "Date": format_datetime(server_now, usegmt=True),
        "Retry-After": format_datetime(server_now + timedelta(seconds=7), usegmt=True),
    }
    supplier, clock = Supplier(httpx.Response(503, headers=headers), OK), StillClock()
    _fetched(supplier, clock)
    assert 7 <= clock.seconds <= 7 * 1.25


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "3600"},
        {"Retry-After": str(int(NOW.timestamp()) + 3600)},
        {"X-RateLimit-Reset": "3600"},
        {"X-RateLimit-Reset": str(int(NOW.timestamp()) + 3600), "X-RateLimit-Remaining": "0"},
        {"X-RateLimit-Reset": str((int(NOW.timestamp()) + 3600) * 1000)},
        {"Retry-After": "soon", "X-RateLimit-Reset": format_datetime(NOW + timedelta(hours=1), usegmt=True)},
    ],
)
def test_too_much_patience_is_left_to_the_next_run(headers: dict[str, str]) -> None:
    """An hour, as seconds, moment or date: no second request, no wait; said at once, with the time to run again."""
    supplier, clock = Supplier(httpx.Response(429, headers=headers)), StillClock()
    with pytest.raises(
        Incomplete, match=r"asks to wait 3600 s, longer than the 120 s .* again after 2026-11-05 09:00 UTC"
    ):
        _fetched(supplier, clock)
    assert (len(supplier.requests), clock.seconds) == (1, 0)


def test_a_window_that_ends_soon_is_waited_for() -> None:
    """X-RateLimit-Reset without Retry-After, 20 s ahead by the server's own clock, an hour fast."""
    server_now = NOW + timedelta(hours=1)
    headers = {
        "Date": format_datetime(server_now, usegmt=True),
        "X-RateLimit-Reset": str(int(server_now.timestamp()) + 20),
    }
    clock = StillClock()
    _fetched(Supplier(httpx.Response(429, headers=headers), OK), clock)
    assert 20 <= clock.seconds <= 25


def test_each_retry_says_how_many_there_are_and_how_long_it_waits() -> None:
    """attempt 2 of 8, waiting 4 s; another shape has two attempts."""
    said: list[str] = []

    def shape(body: Any) -> None:
        raise UnexpectedShape("it is another")

    answers = (httpx.Response(429, headers={"Retry-After": "3.6"}), httpx.Response(503), OK)
    with Http(
        "https://supplier.example", KEY, StillClock(), transport=Supplier(*answers), on_retry=said.append
    ) as http:
        http.get("/x", {}, lambda body: body)
        with pytest.raises(Incomplete, match="it is another"):
            http.get("/y", {}, shape)
    assert re.fullmatch(r"GET /x: status 429; attempt 2 of 8, waiting 4 s", said[0])
    assert re.fullmatch(r"GET /x: status 503; attempt 3 of 8, waiting 1 s", said[1])
    assert re.fullmatch(r"GET /y: .*it is another; attempt 2 of 2, waiting 0\.[56] s", said[2])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"message": "The page is invalid.", "errors": {"page": ["Too large.", "No number."]}},
            "status 422: The page is invalid.; page: Too large.; page: No number.",
        ),
        ({"message": "Unauthenticated."}, "status 422: Unauthenticated."),
        ({"error": "no such page"}, "status 422: no such page"),
        ({"errors": [{"title": "Bad", "detail": "page is bad"}]}, "status 422: page is bad"),
        ({"message": "two\nlines\u202e and " + "x" * 400}, "two lines and xxx"),
        ({"message": ["x"], "errors": {"page": {"a": 1}}}, "status 422"),
        ([{"message": "x"}], "status 422"),
    ],
)
def test_what_a_laravel_supplier_says_is_passed_on(body: Any, words: str) -> None:
    """`message` and `errors` beside the guide's form, on one line, printable, and cut."""
    with pytest.raises(RequestRefused) as caught:
        _fetched(Supplier(httpx.Response(422, json=body)))
    assert words in str(caught.value)
    assert len(str(caught.value)) < 420
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("status", "headers", "page", "words", "requests"),
    [
        (200, {}, "<title>Just a moment...</title>", "a challenge page 'Just a moment...', as Cloudflare", 3),
        (403, {"cf-mitigated": "challenge"}, "<p>", "a challenge page, as Cloudflare", 3),
        (200, {}, "<!doctype html><title>Hotspot</title>", "a captive portal 'Hotspot'", 3),
        (200, {}, "\ufeff\n<html><title>A &amp; B</title>", "a web page 'A & B', not JSON: a proxy", 3),
        (502, {}, "<html><title>Bad Gateway</title>", "status 502: a web page 'Bad Gateway'", 8),
        (404, {}, "<html>", "status 404: a web page, not JSON", 1),
        (200, {}, f"<title>{KEY}</title>", "'[key]'", 3),
    ],
)
def test_a_web_page_is_called_one(status: int, headers: dict[str, str], page: str, words: str, requests: int) -> None:
    """Of a proxy, a challenge or a captive portal: by name and title, not as broken JSON."""
    supplier = Supplier(httpx.Response(status, headers=headers, content=page.encode()))
    with pytest.raises(SupplierError) as caught:
        _fetched(supplier)
    assert words in str(caught.value)
    assert len(supplier.requests) == requests


def test_a_key_replaced_in_the_middle_of_a_run_is_read_again() -> None:
    """401 after success: the new key goes along with the same request; an old one that is refused is said to be so."""
    keys = iter(["df_live_old_key", "df_live_new_key", "df_live_new_key"])
    refused = httpx.Response(401, json={"message": "Unauthenticated."})
    supplier = Supplier(OK, refused, OK, refused)
    with Http("https://supplier.example", lambda: next(keys), StillClock(), transport=supplier) as http:
        assert http.get("/a", {}, lambda body: body)
        assert http.post("/b", {}, lambda body: body)
        with pytest.raises(Unauthorized, match="was accepted before in this run and is not any more"):
            http.get("/c", {}, lambda body: body)
    used = [request.headers["Authorization"].removeprefix("Bearer df_live_") for request in supplier.requests]
    assert used == ["old_key", "old_key", "new_key", "new_key"]


def _packed(rounds: int, content: bytes) -> bytes:
    for _ in range(rounds):
        content = gzip.compress(content)
    return content


class Streaming(httpx.BaseTransport):
    """One answer, as bytes from a socket that nobody has unpacked."""

    def __init__(self, content: bytes, encoding: str):
        self.content, self.encoding, self.accepted = content, encoding, ""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.accepted = request.headers["Accept-Encoding"]
        return httpx.Response(200, headers={"Content-Encoding": self.encoding}, stream=httpx.ByteStream(self.content))


def _unpacked(content: bytes, encoding: str) -> Any:
    transport = Streaming(content, encoding)
    with Http("https://supplier.example", KEY, StillClock(), transport=transport) as http:
        answer = http.get("/x", {}, lambda body: body)
    assert transport.accepted == "gzip"
    return answer


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("", lambda text: text),
        ("identity", lambda text: text),
        ("gzip", lambda text: _packed(1, text)),
        ("GZIP, gzip", lambda text: _packed(2, text)),
        ("gzip", lambda text: gzip.compress(text[:5]) + gzip.compress(text[5:])),
        ("deflate", zlib.compress),
    ],
)
def test_packed_answers_are_unpacked(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    """gzip as asked for, twice, in members, deflate, or plain."""
    assert _unpacked(pack(b'{"balance": "1.00"}'), encoding) == {"balance": "1.00"}


@pytest.mark.parametrize(
    ("encoding", "pack", "words"),
    [
        ("gzip", lambda: _packed(1, b" " * 200_000_000), "larger than 64 MiB"),
        ("gzip, gzip", lambda: _packed(2, b" " * 200_000_000), "larger than 64 MiB"),
        ("br", lambda: b"\x00" * 3000, "packed as 'br', asked was gzip"),
        ("gzip, gzip, gzip", lambda: _packed(3, b"{}"), "packed as 'gzip, gzip, gzip'"),
        ("gzip", lambda: _packed(1, b"{}" * 100)[:-12], "ends too early"),
        ("gzip", lambda: b"{}", "no whole answer"),
    ],
    ids=["gzip bomb", "double bomb", "brotli", "three times", "cut short", "not packed"],
)
def test_a_bomb_is_not_unpacked(encoding: str, pack: Callable[[], bytes], words: str) -> None:
    """200 MB out of 200 kB, or of 1 kB packed twice: stopped at 64 MiB, in pieces; other packings are refused."""
    with pytest.raises(Incomplete, match=words):
        _unpacked(pack(), encoding)


@settings(max_examples=200, deadline=None)
@given(st.text(), st.text(), st.floats(0, 1, exclude_max=True), st.integers(1, ATTEMPTS))
def test_no_header_breaks_the_wait(retry_after: str, date: str, jitter: float, attempt: int) -> None:
    """Whatever the headers say: a wait that is there and is no less than what was understood."""
    seconds = seconds_asked_for({"retry-after": retry_after, "date": date}, datetime(2026, 1, 1, tzinfo=UTC))
    assert seconds is None or seconds >= 0
    assert seconds_to_wait(attempt, seconds, jitter) >= max(0.5, seconds or 0)


def test_only_passing_failures_are_worth_another_attempt() -> None:
    """The first of the three questions, alone."""
    assert is_worth_retrying(Retryable("503", retry_after=120))
    assert not is_worth_retrying(Retryable("503", retry_after=121))
    assert not is_worth_retrying(Unauthorized("401"))
    assert not is_worth_retrying(ValueError())


def test_the_key_is_in_the_header_alone() -> None:
    """Not in the URL, where proxies and servers would write it down."""
    supplier = Supplier(OK)
    _fetched(supplier)
    (request,) = supplier.requests
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in str(request.url)


@pytest.mark.parametrize("key", ["df_live_abcdefgh12345678", "df/live+abc=", "df live%key"])
def test_no_error_brings_the_key_back(key: str) -> None:
    """Plain, percent-encoded, with escaped slashes, or where the text is cut: an error's text never shows it."""
    plain = httpx.URL("https://elsewhere.example/", params={"api_key": key})
    answers: list[Answer] = [
        httpx.Response(302, headers={"Location": str(plain)}),
        httpx.Response(422, json={"error": {"code": key, "message": "x" * (300 - len(key) // 2) + key}}),
        httpx.Response(422, json={"error": {"code": "", "message": key.replace("/", "\\/")}}),
        httpx.Response(200, json={"meta": {"total": key}}),
        httpx.ReadError(f"GET https://supplier.example/?key={key}"),
    ]

    def validate(body: Any) -> None:
        raise ValueError(f"meta.total is {body['meta']['total']!r}")

    for answer in answers:
        with (
            Http("https://supplier.example", key, StillClock(), transport=Supplier(answer)) as http,
            pytest.raises((RequestRefused, Incomplete)) as caught,
        ):
            http.get("/x", {}, validate)
        text = f"{caught.value} {caught.value.code}"
        assert not any(part in text for part in (key, key[: len(key) // 2], plain.query.decode())), text


def test_a_giant_answer_is_not_swallowed() -> None:
    """More than 64 MiB is no page of any list."""
    with pytest.raises(Incomplete, match="larger than 64 MiB"):
        _fetched(Supplier(httpx.Response(200, content=b" " * (64 * 1024 * 1024 + 1))))
