"""The sandbox as a server: the guide's authentication, errors, paging, limit and balance, over a real socket."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from decimal import Decimal

import httpx
import pytest

from billing_job.core.errors import ConfigError
from billing_job.didfarm.sandbox.running import RunningSandbox
from tests.support.paths import ROOT
from tests.support.sandbox_on_loopback import KEY, PAGE_SIZE, StillClock, sandbox, small_world

LIST = "/wallet/transactions"


@pytest.mark.parametrize("key", [None, "df_live_wrong", f"{KEY}x"])
def test_without_the_key_everything_is_refused(key: str | None) -> None:
    """A missing or wrong key gets 401 in the guide's error shape, whatever is asked for."""
    with sandbox(key=key or "none") as (_, client):
        if key is None:
            del client.headers["Authorization"]
        for path in (LIST, "/wallet/balance", "/portal/sip-trunks", "/nothing"):
            answer = client.get(path)
            assert answer.status_code == 401
            assert answer.json()["error"] == {
                "code": "unauthenticated",
                "message": "The API key is missing or wrong.",
                "status": 401,
            }


def test_errors_have_the_guides_shape() -> None:
    """An unknown path, a wrong method and a page that is no positive integer: status and body agree."""
    with sandbox() as (_, client):
        answers = [
            client.get("/nothing"),
            client.post(LIST),
            *(client.get(LIST, params={"page": p}) for p in (0, -1, "x")),
        ]
        assert [answer.status_code for answer in answers] == [404, 405, 422, 422, 422]
        for answer in answers:
            error = answer.json()["error"]
            assert set(error) == {"code", "message", "status"}
            assert error["status"] == answer.status_code


@pytest.mark.parametrize("order", ["desc", "asc"])
def test_pages_show_every_row_once_in_order(order: str) -> None:
    """All pages together are the world's wallet, newest first or oldest first, and past the end there is nothing."""
    with sandbox(order=order) as (running, client):  # type: ignore[arg-type]
        pages = [client.get(LIST, params={"page": number}).json() for number in range(1, 11)]
        truth = running.truth()
    rows = [row for page in pages for row in page["data"]]
    ascending = list(small_world().transactions)
    assert rows == truth == (ascending if order == "asc" else ascending[::-1])
    assert [len(page["data"]) for page in pages] == [PAGE_SIZE] * 8 + [5, 0]
    assert [page["meta"] for page in pages] == [{"total": 85, "page": number} for number in range(1, 11)]


def test_without_a_page_number_it_is_page_one() -> None:
    """The guide's parameter may be left out."""
    with sandbox() as (_, client):
        assert client.get(LIST).json() == client.get(LIST, params={"page": 1}).json()


def test_the_balance_is_the_sum_of_what_the_list_shows() -> None:
    """The balance is a decimal string, and follows when a row is added, changed or removed."""
    with sandbox() as (running, client):

        def balance_cents() -> int:
            answer = client.get("/wallet/balance").json()
            assert answer["currency"] == "EUR"
            whole, cents = answer["balance"].split(".")
            return int(whole) * 100 + int(cents)

        assert balance_cents() == sum(int(str(row["amount"])) for row in small_world().transactions)
        before, newest = balance_cents(), running.state.newest()
        running.state.change(running.truth()[3]["id"], amount=-1)  # type: ignore[arg-type]
        running.state.add(newest | {"id": 99_999_999, "amount": 250})
        running.state.remove(newest["id"])  # type: ignore[arg-type]
        assert balance_cents() == sum(int(str(row["amount"])) for row in running.truth())
        assert balance_cents() != before


def test_trunks_tie_the_numeric_id_to_the_uuid() -> None:
    """The list of trunks shows what transactions refer to beside what the mapping is written with."""
    with sandbox() as (_, client):
        data = client.get("/portal/sip-trunks").json()["data"]
    assert [(trunk["id"], trunk["uuid"], trunk["name"]) for trunk in data] == [
        (trunk.trunk_id, trunk.uuid, trunk.name) for trunk in small_world().trunks
    ]
    assert set(data[0]) == {"id", "uuid", "name", "sip_server", "username", "status"}


def test_the_limit_is_a_strict_sliding_window() -> None:
    """In no 60 seconds are more requests answered than allowed; refused ones do not count; Retry-After is enough."""
    clock = StillClock()
    with sandbox(limit=3, clock=clock) as (_, client):

        def status_at(seconds: float) -> int:
            clock.seconds = seconds
            return client.get("/wallet/balance").status_code

        assert [status_at(moment) for moment in (0, 20, 40, 59.9)] == [200, 200, 200, 429]
        refused = client.get("/wallet/balance")
        assert refused.json()["error"]["code"] == "rate_limited"
        assert refused.headers["Retry-After"] == "1"
        assert [status_at(moment) for moment in (60, 60, 79.9, 80, 99.9, 100)] == [200, 429, 429, 200, 429, 200]


def test_requests_are_recorded_with_their_status() -> None:
    """A test can count what a client asked for."""
    with sandbox() as (running, client):
        client.get(LIST, params={"page": 2})
        client.get("/nothing")
        assert running.requests == [("GET", f"/api/v1{LIST}?page=2", 200), ("GET", "/api/v1/nothing", 404)]


def test_it_starts_and_stops_quickly_with_a_request_hanging() -> None:
    """A test pays well under a second for a sandbox, even when a client still waits for an answer."""
    started = time.monotonic()
    with sandbox("hang:page=1") as (running, _):
        port = int(running.base_url.split(":")[2].split("/")[0])
        waiting = socket.create_connection(("127.0.0.1", port))
        waiting.sendall(f"GET /api/v1{LIST} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode())
        while not running.requests:
            time.sleep(0.001)
    with waiting:
        assert waiting.recv(1) == b""
    assert time.monotonic() - started < 1


def test_a_taken_port_is_a_clear_error() -> None:
    """Two sandboxes on one port: the second says which port and what to do."""
    with sandbox() as (running, _):
        port = int(running.base_url.split(":")[2].split("/")[0])
        with (
            pytest.raises(ConfigError, match=f"port {port} .* Choose another one"),
            RunningSandbox(small_world(), KEY, StillClock(), port=port),
        ):
            pass


def test_in_the_foreground_it_serves_until_a_signal() -> None:
    """`serve` reports its address once it listens, answers, and ends on SIGINT without a word from the server."""
    program = (
        "from tests.support.sandbox_on_loopback import *\n"
        "from billing_job.didfarm.sandbox.running import serve\n"
        "from billing_job.didfarm.sandbox.server import Sandbox\n"
        "try:\n"
        "    serve(Sandbox(small_world(), KEY, StillClock()), 0, on_ready=lambda url: print(url, flush=True))\n"
        "except KeyboardInterrupt:\n"
        "    print('stopped')\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert (out, err, process.returncode) == ("stopped\n", "", 0)


def test_a_shape_is_served_over_http() -> None:
    """The same wallet in other words: 15 a page or as many as asked for, exact numbers, its own balance."""
    running = RunningSandbox(small_world(), KEY, StillClock(), requests_per_minute=0, shape="number")
    with running, httpx.Client(base_url=running.base_url, headers={"Authorization": f"Bearer {KEY}"}) as client:
        first = client.get("/wallet/transactions")
        larger = client.get("/wallet/transactions?per_page=100")
        balance = client.get("/wallet/balance").json()
    assert [len(answer.json()["data"]) for answer in (first, larger)] == [15, 85]
    amounts = json.loads(larger.text, parse_float=Decimal)["data"]
    cents = [row["amount"] for row in running.truth()]
    assert [row["amount"] * 100 for row in amounts] == cents
    assert Decimal(balance["balance"]) * 100 == running.state.balance_cents
