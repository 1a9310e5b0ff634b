"""The typed client against the sandbox: every endpoint, every error of the guide, and no purchase made twice."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from billing_job.core.errors import (
    Incomplete,
    InsufficientBalance,
    Invalid,
    LedgerError,
    MayHaveHappened,
    NotFound,
    Unauthorized,
)
from billing_job.core.event import Event
from billing_job.core.moments import microseconds
from billing_job.didfarm import Client
from billing_job.didfarm.http import Http
from billing_job.didfarm.models import Item, NewTrunk, Paper
from billing_job.didfarm.sandbox.deliveries import Deliveries
from billing_job.didfarm.sandbox.running import RunningSandbox
from billing_job.didfarm.sandbox.wallet import Order
from billing_job.didfarm.webhook_server import RunningReceiver
from tests.support.sandbox_on_loopback import KEY, StillClock, sandbox, small_world


@contextmanager
def connected(*faults: str, key: str = KEY, order: Order = "desc") -> Iterator[tuple[RunningSandbox, Client]]:
    """A sandbox with a full wallet, and a client of it."""
    with sandbox(*faults, order=order) as (running, _):
        running.account.top_up(100_000)
        with Client.connect(key, StillClock(), base_url=running.base_url, timeout_seconds=2) as client:
            yield running, client


def an_item(client: Client, number_type: str = "mobile") -> Item:
    offer = client.search_numbers("NL", number_type).offers[0]
    return Item(offer.number, offer.country, offer.number_type)


def test_a_life_through_the_client() -> None:
    """Search, checkout, trunk, routing, message, credentials, balance: each answer leads to the next call."""
    with connected() as (running, client):
        found = client.search_numbers("NL", "local", "amsterdam")
        assert (found.total, found.page) == (16, 1)
        assert {offer.city for offer in found.offers} == {"Amsterdam"}
        assert client.search_numbers("NL", "local", page=2).offers[0] not in client.search_numbers("NL", "local").offers
        offer = client.search_numbers("NL", "mobile").offers[0]
        before = client.balance()
        purchase = client.checkout([Item(offer.number, offer.country, offer.number_type)])
        assert before.micros - client.balance().micros == offer.first_cents * 10_000
        made = client.create_trunk("Acme Corp")
        assert made.credentials.password not in repr(made)
        client.route(purchase.numbers[0].did_number_id, made.trunk.trunk_id)
        assert client.send_message(offer.number, "+31687654321", "x" * 161).status == "queued"
        [trunk] = [trunk for trunk in client.trunks() if trunk.uuid == made.trunk.uuid]
        assert (trunk.status, trunk.username) == ("active", made.credentials.username)
        assert client.regenerate_credentials(trunk.uuid).password != made.credentials.password
        newest = client.transactions().rows[0]
        assert (newest.type, newest.reference_id) == ("sms", purchase.numbers[0].did_number_id)
        assert newest.micros == -2 * 70_000
        events = [json.loads(body)["event"] for body in running.deliveries.sent]
        assert events == ["trunk.registered", "number.activated", "trunk.offline"]


def test_documents_go_beside_v1_and_bring_the_number_to_life() -> None:
    """A regulated number is live only after its documents; an empty one is rejected; all of it as events."""
    with connected() as (running, client):
        purchase = client.checkout([an_item(client, "local")])
        assert purchase.requires_regulatory
        did_number_id = purchase.numbers[0].did_number_id
        client.route(did_number_id, "7")
        client.submit_regulatory(did_number_id, [Paper("passport", "p.pdf", b"", "application/pdf")])
        said = client.submit_regulatory(
            did_number_id,
            [Paper("passport", "p\u00e4ss.pdf", b"%PDF\r\n--x", "application/pdf"), Paper("address", "a.png", b"\0")],
            {"company": "Acme"},
        )
        assert said.status == "pending_review"
        assert running.requests[-1] == ("POST", "/api/regulatory/submit", 201)
        events = [json.loads(body)["event"] for body in running.deliveries.sent]
        assert events == ["regulatory.rejected", "regulatory.approved", "number.activated"]
        with pytest.raises(NotFound):
            client.submit_regulatory("999", [Paper("passport", "p.pdf", b"x")])


def test_the_guides_errors_are_exceptions() -> None:
    """401, 404, 422 and insufficient_balance: each its own class, with status and code, and none is repeated."""
    with connected() as (running, client):
        item = an_item(client)
        client.checkout([item])
        before = len(running.requests)
        with pytest.raises(Invalid, match="not available") as taken:
            client.checkout([item])
        with pytest.raises(NotFound):
            client.route("999999", "7")
        running.account.call(str(running.account.trunks()[0]["uuid"]), running.state.balance_cents, "all of it")
        with pytest.raises(InsufficientBalance) as poor:
            client.checkout([Item("+31612001237", "NL", "mobile"), an_item(client)][1:])
        assert (taken.value.code, taken.value.status) == ("number_unavailable", 422)
        assert (poor.value.code, poor.value.status) == ("insufficient_balance", 422)
        assert [status for *_, status in running.requests[before:]] == [422, 404, 200, 422]
    with connected(key="df_wrong") as (_, client), pytest.raises(Unauthorized):
        client.checkout([item])


def test_a_lost_checkout_is_told_and_not_repeated() -> None:
    """The connection breaks after the purchase: one order, one debit, an error that says so, and it can be found."""
    for order in ("desc", "asc"):
        with connected("lost_checkout", order=order) as (running, client):
            item = an_item(client)
            asked = microseconds(StillClock().now())
            with pytest.raises(MayHaveHappened, match=r"POST /wallet/checkout .* It may have been carried out"):
                client.checkout([item])
            checkouts = [path for _, path, _ in running.requests if path.endswith("/checkout")]
            assert len(checkouts) == 1
            [row] = client.orders_since(asked)
            assert item.number in row.description
            assert row.micros == -7_000_000
            assert client.orders_since(asked + 1) == ()


def test_a_lost_trunk_and_a_lost_routing_are_told() -> None:
    """Whatever changes something is sent once; what it came to is to be seen."""
    with connected("lost_trunk", "lost_routing") as (running, client):
        known = client.trunks()
        with pytest.raises(MayHaveHappened):
            client.create_trunk("Acme Corp")
        [made] = [trunk for trunk in client.trunks() if trunk not in known]
        purchase = client.checkout([an_item(client)])
        with pytest.raises(MayHaveHappened):
            client.route(purchase.numbers[0].did_number_id, made.trunk_id)
        client.route(purchase.numbers[0].did_number_id, made.trunk_id)
        assert [path.rpartition("/")[2] for method, path, _ in running.requests if method == "POST"] == [
            "sip-trunks",
            "checkout",
            "did-routing",
            "did-routing",
        ]


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, "{}"), (503, ""), (200, "not json"), (201, '{"data": {}}'), (200, '{"error": {"code": "oops"}}')],
)
def test_an_answer_that_says_nothing_may_have_happened(status: int, body: str) -> None:
    """A server's failure, or an answer that names no order: the purchase may stand, so it is sent once."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(status, text=body)

    http = Http("http://test/api/v1", KEY, StillClock(), transport=httpx.MockTransport(answer))
    with Client(http) as client, pytest.raises(MayHaveHappened) as lost:
        client.checkout([Item("+31612001237", "NL", "mobile")])
    assert asked == ["/api/v1/wallet/checkout"]
    assert KEY not in str(lost.value)


def test_what_never_left_is_sent_again() -> None:
    """No connection, or 429: nothing was done, so a purchase goes on by itself, and is made once."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if len(asked) == 1:
            raise httpx.ConnectError("refused")
        if len(asked) == 2:
            return httpx.Response(429, headers={"Retry-After": "3"}, json={"error": {"code": "rate_limited"}})
        data = {"order_id": 1, "items": [{"number": "+31612001237", "did_number_id": 5}]}
        return httpx.Response(201, json={"data": data})

    clock = StillClock()
    http = Http("http://test/api/v1", KEY, clock, transport=httpx.MockTransport(answer))
    with Client(http) as client:
        assert client.checkout([Item("+31612001237", "NL", "mobile")]).order_id == "1"
    assert len(asked) == 3
    assert clock.seconds >= 3


def test_a_supplier_that_cannot_be_reached_says_that_nothing_was_done() -> None:
    """All attempts end before they are sent: Incomplete, and the user knows that no money moved."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    http = Http("http://test/api/v1", KEY, StillClock(), transport=httpx.MockTransport(answer))
    with Client(http) as client, pytest.raises(Incomplete, match="Nothing was done"):
        client.create_trunk("Acme Corp")


def test_one_limit_holds_for_all_calls() -> None:
    """Reads and writes share the 60 a minute: the fourth request of any kind waits when three are allowed."""
    clock = StillClock()
    with (
        sandbox(limit=3, clock=clock) as (running, _),
        Client.connect(KEY, clock, base_url=running.base_url, requests_per_minute=3) as client,
    ):
        client.balance()
        client.create_trunk("One")
        client.trunks()
        assert clock.seconds == 0
        client.create_trunk("Two")
        assert clock.seconds >= 60
        assert client.requests == 4
        assert {status for *_, status in running.requests} == {200, 201}


def test_events_are_delivered_signed_and_again_until_taken() -> None:
    """A receiver that is down at first: the event comes again after 10 and 20 seconds, whole and signed."""
    taken: list[Event] = []
    refusals = [False, False, True]

    def store(event: Event) -> bool:
        if not refusals.pop(0):
            raise LedgerError("down")
        taken.append(event)
        return True

    clock = StillClock()
    with (
        RunningReceiver("whsec", store) as receiver,
        RunningSandbox(small_world(), KEY, clock, webhook_url=receiver.url, webhook_secret="whsec") as running,
    ):
        running.account.receive_message("+31612345678", "+31687654321", "Hello \u2713")
        _until(lambda: running.deliveries.next_due == 10)
        clock.seconds = 9
        time.sleep(0.06)
        assert len(refusals) == 2
        clock.seconds = 10
        _until(lambda: running.deliveries.next_due == 30)
        clock.seconds = 30
        _until(lambda: running.deliveries.waiting == 0)
    assert [event.event for event in taken] == ["message.received"]
    assert "Hello \u2713" in taken[0].body


def test_an_event_that_nobody_takes_is_dropped_after_a_day() -> None:
    """24 hours of exponential backoff against a closed port, then the event is gone (guide: FAQ)."""
    clock = StillClock()
    deliveries = Deliveries("http://127.0.0.1:9/webhooks/didfarm", "whsec", clock)
    deliveries.emit("trunk.offline", {})
    attempts = []
    while (due := deliveries.next_due) is not None:
        clock.seconds = due
        attempts.append(due)
        deliveries.deliver_due()
    assert attempts[:5] == [0, 10, 30, 70, 150]
    assert 23 * 3600 < attempts[-1] <= 24 * 3600
    assert len(deliveries.dropped) == 1


def test_the_library_is_typed_and_its_import_is_quick() -> None:
    """All that a user of the library needs comes from the package, which alone loads no HTTP library."""
    program = (
        "import sys, billing_job.didfarm; from billing_job.didfarm import SystemClock, errors;"
        " print('httpx' in sys.modules, SystemClock().now().tzinfo, errors.MayHaveHappened.__name__);"
        " from billing_job.didfarm import Client; print('httpx' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False UTC MayHaveHappened\nTrue\n"
    assert NewTrunk.__annotations__["credentials"]


def _until(holds: Callable[[], bool]) -> None:
    """Wait until it holds, for at most five seconds."""
    for _ in range(500):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it never came true")
