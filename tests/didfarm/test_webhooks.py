"""Webhooks over a real socket, and what their events come to: stored once, whole, before the answer; files win."""

import hashlib
import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_job.billing.attribution.assignments import assignments
from billing_job.billing.attribution.event_facts import disagreements, number_facts, suspensions
from billing_job.core.errors import LedgerError
from billing_job.core.event import EVENTS, Event
from billing_job.core.moments import microseconds
from billing_job.core.period import Period
from billing_job.core.register import NumberAssignment, Register
from billing_job.didfarm.webhook_server import MAX_BODY_BYTES, RunningReceiver
from billing_job.didfarm.webhooks import PATH, SIGNATURE_HEADER, is_genuine, read_event, signature_of
from billing_job.ledger.database import open_engine
from billing_job.ledger.events import event_bodies, store_event
from billing_job.reporting.event_notes import event_notes
from tests.support.fakes import office
from tests.support.ledgers import ledger_url

SECRET = "whsec_5d1b0d0c"
RECEIVED = datetime(2026, 11, 5, 8, 0, tzinfo=UTC)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NUMBER = "+31201234567"


def body_of(event: str = "number.activated", timestamp: str = "2026-04-05T14:30:00Z", **data: object) -> bytes:
    """A delivery's body; the guide's own example by default."""
    example = {
        "number": NUMBER,
        "country": "NL",
        "type": "local",
        "trunk_uuid": "trk_a1b2c3d4",
        "order_id": 1042,
    }
    return json.dumps({"event": event, "timestamp": timestamp, "data": example | data}).encode()


def event_of(event: str, timestamp: str, **data: object) -> Event:
    return read_event(body_of(event, timestamp, **data))


class Store:
    """A ledger in a folder, and a receiver in front of it."""

    def __init__(self, folder: Path) -> None:
        self.database_url = ledger_url(folder)
        self.engine = open_engine(self.database_url)

    def bodies(self) -> list[bytes]:
        return event_bodies(self.engine)

    @contextmanager
    def receiver(self) -> Iterator[httpx.Client]:
        def store(event: Event) -> bool:
            return store_event(self.engine, event, RECEIVED)

        with RunningReceiver(SECRET, store) as running, _client(running.url) as client:
            yield client


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.engine.dispose()


def deliver(client: httpx.Client, body: bytes, signature: str | None = None) -> httpx.Response:
    return client.post(PATH, content=body, headers={SIGNATURE_HEADER: signature or signature_of(body, SECRET)})


def test_the_eight_events_are_stored_as_they_came(ledger: Store) -> None:
    """Every event of the guide, and one that it does not know yet, is kept byte for byte."""
    bodies = [body_of(event) for event in (*EVENTS, "number.ported")]
    with ledger.receiver() as client:
        answers = [deliver(client, body) for body in bodies]
    assert {answer.status_code for answer in answers} == {200}
    assert len(EVENTS) == 8
    assert ledger.bodies() == bodies


def test_a_forged_delivery_is_refused_and_changes_nothing(ledger: Store) -> None:
    """No signature, another secret's, another body's, or not even ASCII: 401, and the store stays empty."""
    body = body_of()
    forgeries = ["none", signature_of(body, "guess"), signature_of(body_of(order_id=1), SECRET), "\u00e9"]
    with ledger.receiver() as client:
        statuses = [
            client.post(PATH, content=body, headers=[(SIGNATURE_HEADER.encode(), forgery.encode())]).status_code
            for forgery in forgeries
        ]
        assert client.post(PATH, content=body).status_code == 401
    assert statuses == [401] * 4
    assert ledger.bodies() == []


def test_the_signature_may_carry_its_algorithm() -> None:
    """Bare hex and "sha256=" before it mean the same; without a secret nothing is genuine."""
    body = body_of()
    assert is_genuine(body, signature_of(body, SECRET), SECRET)
    assert is_genuine(body, f"sha256={signature_of(body, SECRET).upper()}", SECRET)
    assert not is_genuine(body, signature_of(body, ""), "")


def test_a_replay_is_answered_and_stored_once(ledger: Store) -> None:
    """DIDfarm repeats a delivery whose answer it missed; the second one is welcome and changes nothing."""
    with ledger.receiver() as client:
        answers = [deliver(client, body_of()).json() for _ in range(3)]
    assert answers == [{"status": "stored"}, {"status": "known"}, {"status": "known"}]
    assert len(ledger.bodies()) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"[1]",
        b'{"event": "number.activated"}',
        b'{"event": 7, "timestamp": "2026-04-05T14:30:00Z", "data": {}}',
        b'{"event": "number.activated", "timestamp": "yesterday", "data": {}}',
        b'{"event": "number.activated", "timestamp": "2026-04-05T14:30:00Z", "data": []}',
        b"[" * 100_000,
    ],
)
def test_a_signed_body_that_is_no_event_is_a_bad_request(ledger: Store, body: bytes) -> None:
    """Whatever bytes are signed: 400, nothing stored, and the receiver goes on."""
    with ledger.receiver() as client:
        assert deliver(client, body).status_code == 400
        assert deliver(client, body_of()).status_code == 200
    assert len(ledger.bodies()) == 1


@pytest.mark.parametrize("chunked", [False, True])
def test_two_megabytes_are_too_large(ledger: Store, chunked: bool) -> None:
    """A body above 1 MiB is answered with 413, announced or not; one of exactly 1 MiB passes."""
    large = body_of(filler="x" * 2 * MAX_BODY_BYTES)
    fitting = body_of(filler="")
    fitting = body_of(filler="x" * (MAX_BODY_BYTES - len(fitting)))

    def pieces(body: bytes) -> Iterator[bytes]:
        yield from (body[start : start + 65_536] for start in range(0, len(body), 65_536))

    with ledger.receiver() as client:
        headers = {SIGNATURE_HEADER: signature_of(large, SECRET)}
        answer = client.post(PATH, content=pieces(large) if chunked else large, headers=headers)
        assert answer.status_code == 413
        assert deliver(client, fitting).status_code == 200
    assert ledger.bodies() == [fitting]


def test_other_paths_and_methods_are_no_receiver(ledger: Store) -> None:
    """Only POST /webhooks/didfarm receives."""
    with ledger.receiver() as client:
        assert client.get(PATH).status_code == 405
        assert client.post("/").status_code == 404


def test_what_could_not_be_stored_is_not_answered_with_200() -> None:
    """A ledger that refuses gives 503, so that DIDfarm delivers again."""

    def refuse(event: Event) -> bool:
        raise LedgerError("the disk is full")

    with RunningReceiver(SECRET, refuse) as running, _client(running.url) as client:
        assert deliver(client, body_of()).status_code == 503


def test_a_kill_between_store_and_answer_loses_nothing(tmp_path: Path) -> None:
    """The process dies with the event stored and no answer sent; the repeated delivery finds it known."""
    program = (
        "import os, sys\n"
        "from datetime import UTC, datetime\n"
        "from billing_job.didfarm.webhook_server import serve\n"
        "from billing_job.ledger.database import open_engine\n"
        "from billing_job.ledger.events import store_event\n"
        "engine = open_engine(sys.argv[1])\n"
        "def store(event):\n"
        "    store_event(engine, event, datetime(2026, 11, 5, tzinfo=UTC))\n"
        "    os.kill(os.getpid(), 9)\n"
        "serve(sys.argv[2], store, '127.0.0.1', 0, on_ready=lambda url: print(url, flush=True))\n"
    )
    url = ledger_url(tmp_path)
    with subprocess.Popen([sys.executable, "-c", program, url, SECRET], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = urlsplit(process.stdout.readline().strip())
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
        connection.request("POST", PATH, body_of(), {SIGNATURE_HEADER: signature_of(body_of(), SECRET)})
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            connection.getresponse()
        connection.close()
    store = Store(tmp_path)
    assert store.bodies() == [body_of()]
    with store.receiver() as client:
        assert deliver(client, body_of()).json() == {"status": "known"}
    store.engine.dispose()


def test_the_command_receives_until_a_signal(tmp_path: Path) -> None:
    """`webhook serve` takes its secret from the environment, says where it listens, stores, and stops on SIGINT."""
    with office(tmp_path) as (reseller, _):
        refused = reseller.type("webhook", "serve", "--port", "0")
        assert refused.code == 2
        assert "DIDFARM_WEBHOOK_SECRET is not set" in refused.err
        config = str(reseller.config / "billing.toml")
        with subprocess.Popen(
            [sys.executable, "-m", "billing_job", "--config", config, "webhook", "serve", "--port", "0"],
            env=os.environ | {"DIDFARM_WEBHOOK_SECRET": SECRET},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("Receiving "), process.communicate(timeout=10)[1]
            url = line.removeprefix("Receiving ").strip()
            with _client(url) as client:
                assert deliver(client, body_of()).json() == {"status": "stored"}
                assert deliver(client, body_of(), "forged").status_code == 401
            process.send_signal(2)
            _, err = process.communicate(timeout=10)
        assert process.returncode == 130
        assert SECRET not in err
        assert "number.activated stored" in err


def test_facts_follow_the_timestamps_and_not_the_order_of_arrival() -> None:
    """Activated, moved, suspended, live again, released: each stretch to the moment, in whatever order events come."""
    told = [
        event_of("number.released", "2026-06-01T10:00:00Z"),
        event_of("number.activated", "2026-05-03T09:00:00Z", trunk_uuid="trk_b"),
        event_of("number.activated", "2026-05-01T12:00:00Z", trunk_uuid="trk_b"),
        event_of("number.suspended", "2026-05-02T09:00:00Z", trunk_uuid="trk_b"),
        event_of("number.activated", "2026-04-05T14:30:00Z", trunk_uuid="trk_a"),
    ]
    facts = number_facts(told, AMSTERDAM)
    moments = [_micro("2026-04-05T14:30:00Z"), _micro("2026-05-01T12:00:00Z"), _micro("2026-06-01T10:00:00Z")]
    assert [(fact.trunk, fact.starts, fact.ends) for fact in facts] == [
        ("trk_a", moments[0], moments[1]),
        ("trk_b", moments[1], moments[2]),
    ]
    assert number_facts(told[::-1], AMSTERDAM) == facts
    [suspended] = suspensions(told)
    assert (suspended.since, suspended.until) == (_micro("2026-05-02T09:00:00Z"), _micro("2026-05-03T09:00:00Z"))


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 20_000),
            st.sampled_from(["number.activated", "number.activated", "number.suspended", "number.released"]),
            st.sampled_from(["trk_a", "trk_b", None]),
            st.sampled_from([1, 2]),
        ),
        max_size=8,
        unique_by=lambda told: told[0],
    ),
    st.lists(st.integers(-10, 20_010), min_size=1, max_size=20),
)
def test_facts_are_what_a_replay_of_the_events_gives(
    told: list[tuple[int, str, str | None, int]], minutes: list[int]
) -> None:
    """Told in whatever order: at every moment the last activation before it holds, unless it was released."""
    start = datetime(2026, 10, 20, tzinfo=UTC)

    def moment(minute: int) -> datetime:
        return start + timedelta(minutes=minute)

    events = [
        event_of(event, moment(minute).isoformat(), trunk_uuid=trunk, order_id=order)
        for minute, event, trunk, order in told
    ]
    facts = number_facts(events, AMSTERDAM)
    for minute in [*minutes, *(minute for minute, *_ in told)]:
        trunk = None
        for event in sorted(events, key=lambda event: event.timestamp):
            if event.timestamp <= microseconds(moment(minute)) and event.event != "number.suspended":
                trunk = (event.trunk_uuid or None) if event.event == "number.activated" else None
        at = microseconds(moment(minute))
        held = [fact.trunk for fact in facts if (fact.starts or 0) <= at and (fact.ends is None or at < fact.ends)]
        assert held == ([] if trunk is None else [trunk])


def test_a_fact_reaches_back_to_when_its_order_was_paid() -> None:
    """A purchase comes before the number goes live; it is the same client's, but never before the last owner's end."""
    told = [event_of("number.activated", "2026-04-05T14:30:00Z")]
    paid = _micro("2026-04-03T08:00:00Z")
    [fact] = number_facts(told, AMSTERDAM, {"1042": paid})
    assert (fact.starts, fact.valid_from) == (paid, date(2026, 4, 3))
    earlier = [
        event_of("number.activated", "2026-03-01T00:00:00Z", trunk_uuid="trk_old", order_id=900),
        event_of("number.released", "2026-04-04T00:00:00Z"),
    ]
    assert number_facts([*earlier, *told], AMSTERDAM, {"1042": paid})[1].starts == _micro("2026-04-04T00:00:00Z")


def test_files_win_and_events_fill_in() -> None:
    """At moments of which a row speaks, the row holds; before and after it, what the event told."""
    row = _row("trk_file", date(2026, 5, 1), date(2026, 6, 1))
    told = number_facts([event_of("number.activated", "2026-04-05T14:30:00Z")], AMSTERDAM)
    facts = assignments(Register((), (), (row,), ()), (), AMSTERDAM, told)

    def trunk_at(moment: str) -> str | None:
        found = int(facts.numbers.at(pa.array([NUMBER]), np.array([_micro(moment)]))[0])
        return None if found < 0 else facts.number_facts[found].trunk

    assert trunk_at("2026-04-05T14:29:59Z") is None
    assert trunk_at("2026-04-05T14:30:00Z") == "trk_a1b2c3d4"
    assert trunk_at("2026-04-30T21:59:59Z") == "trk_a1b2c3d4"
    assert trunk_at("2026-04-30T22:00:00Z") == "trk_file"
    assert trunk_at("2026-05-31T21:59:59Z") == "trk_file"
    assert trunk_at("2026-05-31T22:00:00Z") == "trk_a1b2c3d4"
    assert facts.keys_of_order == {"1042": (f"order 1042 {NUMBER}",)}


@pytest.mark.parametrize("told", ["31201234567", 31201234567, "0031 20 1234567", "+31 (0)20 1234567", "020 1234567"])
def test_a_number_told_in_another_way_is_the_files_number(told: object) -> None:
    """It was a number beside it, and billed the event's client though the file has another one."""
    row = _row("trk_file", date(2026, 4, 1), None)
    events = [event_of("number.activated", "2026-04-05T14:30:00Z", number=told)]
    facts = assignments(Register((), (), (row,), ()), (), AMSTERDAM, number_facts(events, AMSTERDAM))
    assert {fact.trunk for fact in facts.number_facts} == {"trk_file"}
    (said,) = disagreements([row], events, {}, AMSTERDAM)
    assert said.startswith("numbers.csv, row 2: +31201234567 is on trunk trk_file")


@pytest.mark.parametrize(("country", "expected"), [("gb", "GB"), ("UK", "GB"), ("GBR", "GB"), ("", "GB"), ("FR", "FR")])
def test_a_country_that_is_no_code_is_the_numbers_own(country: str, expected: str) -> None:
    """A price for GB passed over a number that the event called one of the UK."""
    event = event_of("number.activated", "2026-04-05T14:30:00Z", number="+442071234567", country=country)
    assert [fact.country for fact in number_facts([event], AMSTERDAM)] == [expected]


def test_a_moment_without_offset_is_in_the_suppliers_zone() -> None:
    """As in a row of the wallet: a call of half past midnight went to the client that had the number before."""
    body = body_of(timestamp="2026-04-05T00:15:00")
    assert read_event(body).timestamp == _micro("2026-04-05T00:15:00Z")
    assert read_event(body, "Europe/Amsterdam").timestamp == _micro("2026-04-04T22:15:00Z")
    twice = body_of(timestamp="2026-10-25T02:30:00")
    assert read_event(twice, "Europe/Amsterdam").timestamp == _micro("2026-10-25T02:30:00Z")


def test_disagreements_are_named_with_file_and_row() -> None:
    """Another trunk, another order, and a release that the file does not know; a later move in the file is none."""
    row = _row("7", date(2026, 4, 1), None, order_id="1")
    told = [event_of("number.activated", "2026-04-05T14:30:00Z"), event_of("number.released", "2026-06-01T10:00:00Z")]
    found = disagreements([row], told, {"7": "trk_other"}, AMSTERDAM)
    assert len(found) == 3
    assert all(problem.startswith("numbers.csv, row 2: +31201234567") for problem in found)
    assert "valid_to = 2026-06-02" in found[2]
    agreeing = [_row("7", date(2026, 4, 1), date(2026, 5, 1)), _row("trk_later", date(2026, 5, 1), None)]
    assert disagreements(agreeing, told[:1], {"7": "trk_a1b2c3d4"}, AMSTERDAM) == []


def test_a_number_that_only_webhooks_know_is_billed(tmp_path: Path) -> None:
    """numbers.csv loses a number; its charges wait; the events are imported; they are billed as before, to the cent."""
    with office(tmp_path) as (reseller, _):
        before = reseller.run("--draft").json
        path = reseller.config / "numbers.csv"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        once = next(line for line in lines[1:] if line.endswith(",\n") and _held_once(line, lines))
        number, did_number_id, order_id, country, number_type, trunk, valid_from, _ = once.strip().split(",")
        path.write_text("".join(line for line in lines if not line.startswith(number)), encoding="utf-8")
        waiting = reseller.run("--draft").json
        assert before["exceptions"] == []
        assert waiting["exceptions"] != []

        told = body_of(
            timestamp=f"{valid_from}T22:59:00Z",
            number=number,
            country=country,
            type=number_type,
            trunk_uuid=trunk,
            order_id=int(order_id),
            did_number_id=int(did_number_id),
        )
        file = tmp_path / "events.jsonl"
        file.write_bytes(told + b"\n\n" + told + b"\n")
        imported = reseller.type("webhook", "import", str(file), "--json")
        assert (imported.json["events"], imported.json["new"]) == (2, 1)
        after = reseller.run("--draft").json
        assert after["exceptions"] == []
        assert after["documents"] == before["documents"]


def test_a_months_page_tells_what_events_told() -> None:
    """Trunks that went offline, suspensions that reach into it, rejected documents, messages; no other month's."""
    told = [
        event_of("number.suspended", "2026-09-20T10:00:00Z"),
        event_of("number.activated", "2026-10-02T10:00:00Z"),
        event_of("trunk.registered", "2026-10-03T10:00:00Z", trunk_uuid="trk_a"),
        event_of("trunk.offline", "2026-10-03T11:00:00Z", trunk_uuid="trk_a"),
        event_of("trunk.offline", "2026-10-31T22:59:59Z", trunk_uuid="trk_a"),
        event_of("trunk.offline", "2026-10-31T23:00:00Z", trunk_uuid="trk_b"),
        event_of("trunk.offline", "2026-10-05T10:00:00Z", trunk_uuid="trk_c"),
        event_of("trunk.registered", "2026-10-05T10:01:00Z", trunk_uuid="trk_c"),
        event_of("regulatory.rejected", "2026-10-06T10:00:00Z"),
        event_of("message.received", "2026-10-07T10:00:00Z", id=1),
        event_of("message.received", "2026-10-07T10:00:00Z", id=2),
    ]
    assert event_notes(told, Period(2026, 10), AMSTERDAM) == [
        "trunk trk_a went offline 2 times, last on 2026-10-31 23:59 and has not registered since",
        "trunk trk_c went offline once, last on 2026-10-05 12:00",
        f"{NUMBER} was suspended from 2026-09-20 12:00 to 2026-10-02 12:00",
        f"the documents of {NUMBER} were rejected on 2026-10-06 12:00",
        f"{NUMBER} received 2 messages",
    ]
    assert event_notes(told[::-1], Period(2026, 10), AMSTERDAM) == event_notes(told, Period(2026, 10), AMSTERDAM)


def test_doctor_lists_where_files_and_events_disagree(tmp_path: Path) -> None:
    """An event that puts a number on another trunk than its row is a warning with file and row; the file wins."""
    with office(tmp_path) as (reseller, _):
        assert reseller.type("sync").code == 0
        lines = (reseller.config / "numbers.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        line = next(line for line in lines[1:] if line.endswith(",\n") and _held_once(line, lines))
        number, row = line.partition(",")[0], lines.index(line) + 1
        file = tmp_path / "events.jsonl"
        file.write_bytes(body_of(timestamp="2026-10-20T12:00:00Z", number=number))
        before = reseller.run("--draft").json["documents"]
        assert reseller.type("webhook", "import", str(file)).code == 0
        said = reseller.type("doctor", "--offline").out
        assert f"numbers.csv, row {row}: {number} is on trunk" in said
        assert "DIDfarm activated it on trk_a1b2c3d4" in said
        assert reseller.run("--draft").json["documents"] == before


def test_a_file_with_a_bad_line_is_not_imported(tmp_path: Path) -> None:
    """Every bad line is named, and nothing of the file is stored."""
    with office(tmp_path) as (reseller, _):
        file = tmp_path / "events.jsonl"
        file.write_bytes(body_of() + b"\n{}\nnonsense\n")
        refused = reseller.type("webhook", "import", str(file))
        assert refused.code == 2
        assert "line 2: event is None" in refused.err
        assert "line 3: " in refused.err
        file.write_bytes(body_of())
        assert reseller.type("webhook", "import", str(file), "--json").json["new"] == 1


def test_the_event_id_is_the_bodys_hash() -> None:
    """What tells two events apart is what was signed."""
    assert read_event(body_of()).event_id == hashlib.sha256(body_of()).hexdigest()


def _micro(text: str) -> int:
    return microseconds(datetime.fromisoformat(text))


def _row(trunk: str, valid_from: date, valid_to: date | None, order_id: str = "1042") -> NumberAssignment:
    return NumberAssignment(valid_from, valid_to, "numbers.csv, row 2", NUMBER, "42", order_id, "NL", "local", trunk)


def _held_once(line: str, lines: list[str]) -> bool:
    number = line.partition(",")[0]
    return sum(other.startswith(number) for other in lines) == 1


def _client(url: str) -> httpx.Client:
    return httpx.Client(base_url=url.removesuffix(PATH), timeout=10)


def test_silent_connections_keep_no_delivery_out(tmp_path: Path) -> None:
    """Hundreds of connections that say nothing, or stop within a request: a signed delivery is answered at once."""
    body = body_of()
    stored: dict[str, Event] = {}
    with (
        RunningReceiver(SECRET, lambda event: bool(stored.setdefault(event.event_id, event))) as running,
        ExitStack() as silent,
    ):
        address = urlsplit(running.url)
        for number in range(250):
            connection = silent.enter_context(socket.create_connection((address.hostname, address.port)))
            if number % 3 == 1:
                connection.sendall(b"POST /webhooks/didfarm HTTP/1.1\r\nHost: x\r\n")
            if number % 3 == 2:
                connection.sendall(b"POST /webhooks/didfarm HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        answer = httpx.post(running.url, content=body, headers={SIGNATURE_HEADER: signature_of(body, SECRET)})
    assert (answer.status_code, len(stored)) == (200, 1)


@pytest.mark.parametrize("sent", [b"", b"POST / HTTP/1.1\r\nHos", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_an_idle_connection_is_dropped(sent: bytes) -> None:
    """Before a request, within one, and after one: who says no more is hung up on."""
    with RunningReceiver(SECRET, lambda _: True, idle_seconds=0.1) as running:
        address = urlsplit(running.url)
        with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
            connection.sendall(sent)
            with suppress(ConnectionResetError):
                while connection.recv(4096):
                    pass
