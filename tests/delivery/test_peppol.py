"""Documents through Peppol: each at most once, and what did not arrive in a queue, whatever the access point does."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from billing_job.delivery.peppol.asking import Asking
from billing_job.delivery.peppol.e_invoice_be import EInvoiceBe
from billing_job.delivery.peppol.phoss_ap import PhossAp
from billing_job.didfarm.listening import address_of, listener_on
from billing_job.didfarm.sandbox.loopback import HOST, LoopbackServer
from tests.support.fakes import Clock, Office
from tests.support.kill_peppol import trial
from tests.support.peppol_month import MONTH, access_point, participant, peppol_office

KINDS = ["phoss-ap", "e-invoice.be"]
NUMBER = "INV-2026-00001"


def send(here: Office, *options: str) -> Any:
    return here.type("send", "--month", MONTH, "--json", *options).json


def lists(sent: Any) -> dict[str, list[str]]:
    """The lists of `send --json` that hold anything, by document number."""
    names = ("sent", "refused", "deferred", "uncertain", "held_back", "waiting", "not_wanted")
    return {name: [entry["number"] for entry in sent[name]] for name in names if sent[name]}


@pytest.mark.parametrize("kind", KINDS)
def test_each_document_goes_once(tmp_path: Path, kind: str) -> None:
    """Three documents reach three participants, byte for byte; the next round sends nothing."""
    with access_point() as (url, state):
        here = peppol_office(tmp_path, url, 3, kind)
        first = here.type("send", "--month", MONTH, "--json")
        assert first.code == 0, first.err
        assert len(first.json["sent"]) == 3
        assert send(here)["already_sent"] == 3
        assert sorted(taken.receiver for taken in state.sent) == sorted(participant(n) for n in range(3))
        assert {taken.content.decode() for taken in state.sent} == {f"ubl of INV-2026-0000{n}\n" for n in (1, 2, 3)}
        assert [taken.sent for taken in state.sent] == [1, 1, 1]
        shown = here.type("show", NUMBER).out
        assert "Peppol delivered" in shown


# After the first round, and after one an hour later when the access point is well again.
FATES: dict[str, tuple[str, str]] = {
    "absent": ("refused", "sent"),
    "rejected": ("refused", "refused"),
    "undelivered": ("refused", "refused"),
    "late": ("sent", "already"),
    "lost": ("sent", "already"),
    "cut": ("uncertain", "sent"),
    "busy": ("deferred", "sent"),
    "down": ("uncertain", "sent"),
    "odd": ("sent", "already"),
    "duplicate": ("sent", "already"),
    "lookup_down": ("sent", "already"),
    "lookup_odd": ("sent", "already"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", sorted(FATES))
def test_at_most_once_under_every_fault(tmp_path: Path, fault: str, kind: str) -> None:
    """What was taken is never handed over again by itself; what was not taken goes with a later round."""
    if fault == "absent" and kind == "phoss-ap":
        fault, (first, then) = "rejected", FATES["rejected"]  # its directory need not list everybody
    else:
        first, then = FATES[fault]
    with access_point() as (url, state):
        here = peppol_office(tmp_path, url, 1, kind)
        state.faults[""] = fault
        assert lists(send(here)) == {first: [NUMBER]}
        before = [taken.sent for taken in state.sent]
        if then != "refused":
            state.faults.clear()
        here.clock.set(2026, 11, 5, 9, 30)
        again = send(here)
        assert lists(again) == ({} if then == "already" else {then: [NUMBER]})
        assert again["already_sent"] == (1 if then == "already" else 0)
        assert sum(taken.sent for taken in state.sent) <= 1
        if first == "sent":
            assert [taken.sent for taken in state.sent] == before == [1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_that_never_arrives_is_in_the_queue(tmp_path: Path, kind: str) -> None:
    """Taken, then never delivered: known after the next round, with its age and its euros, until it is sent again."""
    with access_point() as (url, state):
        here = peppol_office(tmp_path, url, 1, kind)
        state.faults[""] = "late"
        assert lists(send(here)) == {"sent": [NUMBER]}
        state.faults[""] = "undelivered"
        here.clock.set(2026, 11, 6, 8, 0)
        assert send(here)["queue"][0]["reason"] == "undelivered"
        here.clock.set(2026, 11, 9, 8, 0)
        queue = send(here)["queue"]
        assert [(stuck["number"], stuck["age_days"], stuck["gross_cents"]) for stuck in queue] == [(NUMBER, 3, 1210)]
        assert here.type("status", "--json").json["not_delivered"] == {"count": 1, "cents": 1210, "oldest_days": 3}
        state.faults.clear()
        assert lists(send(here, "--resend", NUMBER)) == {"sent": [NUMBER]}
        assert send(here)["queue"] == []


def test_a_belgian_business_without_a_participant_is_told(tmp_path: Path) -> None:
    """`auto` never falls back to e-mail where the law wants a structured invoice; abroad it does."""
    with access_point() as (url, state):
        here = peppol_office(tmp_path, url, 1, "e-invoice.be", channel="auto")
        state.faults[""] = "absent"
        told = here.type("send", "--month", MONTH)
        assert told.code == 3
        assert "no participant" in told.err
        assert NUMBER in told.err
        assert state.submissions == 0
        assert send(here)["queue"][0]["reason"] == "no_participant"


def test_channels(tmp_path: Path) -> None:
    """none sends nothing, peppol without [peppol] waits, and a wrong word is refused with row and column."""
    with access_point() as (url, state):
        here = peppol_office(tmp_path, url, 1, channel="none")
        assert lists(send(here)) == {"not_wanted": [NUMBER]}
        here.replace("clients.csv", ",none", ",email")
        assert lists(send(here)) == {"waiting": [NUMBER]}
        here.replace("clients.csv", ",email\n", ",fax\n")
        refused = here.type("send", "--month", MONTH)
        assert refused.code == 2
        assert "row 2, column channel" in refused.err
        assert state.submissions == 0


def test_the_key_stays_secret(tmp_path: Path) -> None:
    """A wrong key is an answer like any other: nothing is taken, and no key is printed."""
    with access_point() as (url, state):
        here = peppol_office(tmp_path, url, 1)
        here.environment["PEPPOL_KEY"] = "wrong-key-0815-secret"
        told = here.type("-vv", "send", "--month", MONTH)
        assert told.code == 3
        assert "wrong-key-0815-secret" not in told.err + told.out
        here.environment.clear()
        assert "PEPPOL_KEY" in here.type("send", "--month", MONTH).err
        assert state.taken == {}


RECEIVER, OTHERS = "0208:0428759497", "urn:oasis:names:specification:ubl:schema:xsd:Order-2::Order##order::2.1"
KIND = "busdox-docid-qns::urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##peppol::2.1"


def _entry(value: object, *kinds: str) -> dict[str, Any]:
    """A match of the Peppol Directory."""
    types = [dict(zip(("scheme", "value"), kind.split("::", 1), strict=True)) for kind in kinds]
    return {"participantID": {"scheme": "iso6523-actorid-upis", "value": value}, "docTypes": types}


def _said(valid: object, *kinds: str, **found: object) -> bytes:
    """An answer that both look-ups understand: the Directory's matches, and what e-invoice.be says of an id."""
    return json.dumps({"is_valid": valid, "supported_document_types": list(kinds), **found}).encode()


# Status, headers and body of an answer; what the Peppol Directory and e-invoice.be come to by it.
LOOK_UPS: dict[str, tuple[int, dict[str, str], bytes, str, str]] = {
    "yes": (200, {}, _said(True, KIND, matches=[_entry(RECEIVER, KIND)]), "reached", "reached"),
    "with a BOM": (
        200, {}, b"\xef\xbb\xbf" + _said(True, KIND, matches=[_entry(RECEIVER, KIND)]), "reached", "reached",
    ),
    "no": (200, {}, _said(False, matches=[]), "unlisted", "absent"),
    "orders alone": (
        200, {}, _said(True, f"busdox-docid-qns::{OTHERS}", matches=[_entry(RECEIVER, f"busdox-docid-qns::{OTHERS}")]),
        "unlisted", "absent",
    ),
    "another participant": (200, {}, _said("yes", matches=[_entry("0208:0999999999", KIND)]), "unlisted", "unknown"),
    "an entry of another shape": (200, {}, _said(1, matches=["x", {}, _entry(7, KIND)]), "unlisted", "unknown"),
    "500": (500, {}, _said(False, matches=[]), "unknown", "unknown"),
    "404": (404, {}, _said(False, matches=[]), "unknown", "unknown"),
    "a page": (200, {"Content-Type": "text/html"}, b"<html>Welcome</html>", "unknown", "unknown"),
    "nothing": (200, {}, b"", "unknown", "unknown"),
    "null": (200, {}, b"null", "unknown", "unknown"),
    "a list": (200, {}, b"[true]", "unknown", "unknown"),
    "half": (200, {}, b'{"is_valid": false, "matches": [', "unknown", "unknown"),
    "too deep": (200, {}, b'{"matches":' + b"[" * 100_000, "unknown", "unknown"),
    "a number without end": (200, {}, b'{"is_valid": false, "matches": [], "n": ' + b"9" * 10_000 + b"}", "unknown",
                             "unknown"),
    "no gzip": (200, {"Content-Encoding": "gzip"}, b"plain", "unknown", "unknown"),
    "too large": (200, {}, b" " * (4 * 1024 * 1024 + 1) + _said(False, matches=[]), "unknown", "unknown"),
    "elsewhere": (302, {"Location": "/elsewhere"}, _said(False, matches=[]), "unknown", "unknown"),
}  # fmt: skip


@contextmanager
def asked(*answers: tuple[int, dict[str, str], bytes]) -> Iterator[tuple[Asking, Clock]]:
    """Questions to a server that gives these answers one after the other, and the last one for ever."""
    left = list(answers)

    async def answer(request: Request) -> Response:
        status, headers, body = left.pop(0) if len(left) > 1 else left[0]
        return Response(body, status, headers)

    clock = Clock(datetime(2026, 11, 5, 8, 0, tzinfo=UTC))
    listener = listener_on(HOST, 0)
    url, server = address_of(listener), LoopbackServer(Starlette(routes=[Route("/{rest:path}", answer)]))
    thread = server.start(listener, "odd access point")
    asking = Asking(url, {}, 5, clock)
    try:
        yield asking, clock
    finally:
        asking.close()
        server.stop()
        thread.join()


@pytest.mark.parametrize("said", LOOK_UPS)
def test_a_look_up_says_no_only_without_a_doubt(said: str) -> None:
    """An outage, a page, a redirect or another shape is no answer: `auto` waits then, and mails nothing."""
    status, headers, body, listed, hosted = LOOK_UPS[said]
    with asked((status, headers, body)) as (asking, _):
        assert PhossAp(asking, asking).lookup(RECEIVER, KIND).reach.value == listed
        assert EInvoiceBe(asking).lookup(RECEIVER, KIND).reach.value == hosted


def test_an_answer_that_never_ends_is_none() -> None:
    """A byte now and then keeps no connection open for ever."""

    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.02)

    listener = listener_on(HOST, 0)
    server = LoopbackServer(Starlette(routes=[Route("/{rest:path}", lambda request: StreamingResponse(drip()))]))
    url, thread = address_of(listener), server.start(listener, "dripping access point")
    asking = Asking(url, {}, 0.2, Clock(datetime(2026, 11, 5, 8, 0, tzinfo=UTC)))
    try:
        found = EInvoiceBe(asking).lookup(RECEIVER, KIND)
        assert (found.reach.value, "no whole answer in 0.4 s" in found.detail) == ("unknown", True)
    finally:
        asking.close()
        server.stop()
        thread.join()


LATER = format_datetime(datetime(2026, 11, 5, 8, 0, 9, tzinfo=UTC), usegmt=True)


@pytest.mark.parametrize(
    ("retry_after", "waited"),
    [("7", 7), ("0", 0.5), ("", 0.5), ("soon", 0.5), ("-5", 0.5), ("1e3", 0.5), (LATER, 9), ("1793865610", 10),
     ("10.5", None), ("9" * 9, None), ("9" * 400, 0.5), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.5)],
)  # fmt: skip
def test_too_many_requests(retry_after: str, waited: float | None) -> None:
    """429 took nothing: it is asked again after what it asks for, and left to the next round where that is long."""
    headers = {"Retry-After": retry_after, "Date": "Thu, 05 Nov 2026 08:00:00 GMT"}
    with asked((429, headers, b""), (200, {}, b"{}")) as (asking, clock):
        assert asking.get("/").status == (429 if waited is None else 200)
        assert clock.seconds == (waited or 0)


def test_who_never_stops_saying_429_is_not_waited_for_by_every_document() -> None:
    """Three tries of the first request; then one each, until an answer is another one."""
    with asked(*[(429, {"Retry-After": "10"}, b"")] * 5, (200, {}, b"{}"), (429, {}, b""), (200, {}, b"")) as (
        asking,
        clock,
    ):
        assert [asking.get("/").status for _ in range(3)] == [429, 429, 429]
        assert clock.seconds == 20
        assert [asking.get("/").status for _ in range(2)] == [200, 200]
        assert clock.seconds == 20.5


@pytest.mark.parametrize("kind", KINDS)
def test_a_receipt_that_never_comes_is_in_the_queue(tmp_path: Path, kind: str) -> None:
    """Taken over and unconfirmed for three days: in the queue, asked again by any month's round, gone once settled."""
    with access_point() as (url, state):
        here = peppol_office(tmp_path, url, 2, kind)
        state.faults[""] = "late"
        assert lists(send(here)) == {"sent": [NUMBER, "INV-2026-00002"]}
        for each in state.taken.values():
            each.asked = -100
        here.clock.set(2026, 11, 7, 8, 0)
        assert send(here)["queue"] == []
        here.clock.set(2026, 11, 9, 8, 0)
        assert [(each["number"], each["reason"], each["age_days"]) for each in send(here)["queue"]] == [
            (NUMBER, "unconfirmed", 4), ("INV-2026-00002", "unconfirmed", 4)
        ]  # fmt: skip
        assert here.type("status", "--json").json["not_delivered"] == {"count": 2, "cents": 2421, "oldest_days": 4}
        assert [each["number"] for each in send(here, "--confirm", NUMBER)["queue"]] == ["INV-2026-00002"]
        state.faults[""] = "undelivered"
        assert [each["reason"] for each in send(here)["queue"]] == ["undelivered"]
        assert sum(taken.sent for taken in state.sent) == 2


@pytest.mark.sqlite_file("the protocol is the same on a server, and a kill of ours does not reach it")
def test_killed_at_any_moment_nothing_goes_twice(tmp_path: Path) -> None:
    """Kills and faults: each document at most once at the access point, every other one told."""
    struck, problems = trial(tmp_path, 15, 3, 7, "phoss-ap")
    assert problems == []
    assert struck >= 1
