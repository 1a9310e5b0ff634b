"""A full life through the command line: onboard, use, invoice, move, refund, credit note, offboard, over two months."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from billing_job.core.event import EVENTS, Event
from billing_job.core.money import half_away_from_zero
from billing_job.didfarm.sandbox.config_files import write_config
from billing_job.didfarm.sandbox.lines import Refusal
from billing_job.didfarm.sandbox.running import RunningSandbox
from billing_job.didfarm.webhook_server import RunningReceiver
from billing_job.didfarm.webhooks import read_event
from billing_job.ledger.database import open_engine
from billing_job.ledger.events import event_bodies, store_event
from tests.support.fakes import Clock, Office, settings_text
from tests.support.ledgers import ledger_url, storage
from tests.support.sandbox_on_loopback import KEY, PAGE_SIZE, small_world

SECRET = "whsec_life"


@contextmanager
def living_office(folder: Path) -> Iterator[tuple[Office, RunningSandbox]]:
    """An office whose ledger hears the sandbox's events."""
    clock = Clock(datetime(2026, 11, 5, 8, 0, tzinfo=UTC))
    engine = open_engine(ledger_url(folder))

    def store(event: Event) -> bool:
        return store_event(engine, event, clock.now())

    with (
        RunningReceiver(SECRET, store) as receiver,
        RunningSandbox(
            small_world(),
            KEY,
            clock,
            requests_per_minute=0,
            page_size=PAGE_SIZE,
            webhook_url=receiver.url,
            webhook_secret=SECRET,
        ) as sandbox,
    ):
        write_config(small_world(), folder / "config")
        settings = storage(folder) + settings_text(sandbox.base_url)
        (folder / "config" / "billing.toml").write_text(settings, encoding="utf-8")
        yield Office(folder, clock), sandbox
    engine.dispose()


def told(folder: Path) -> list[Event]:
    engine = open_engine(ledger_url(folder))
    found = [read_event(body) for body in event_bodies(engine)]
    engine.dispose()
    return found


def test_a_full_life(tmp_path: Path) -> None:
    """Two clients, two months: every charge on the right invoice, nothing waits, the wallet explained to the cent."""
    with living_office(tmp_path) as (reseller, sandbox):
        account = sandbox.account
        account.top_up(100_000)

        # November: a shop with a mobile number, and a hairdresser whose local number needs documents.
        shop = _done(reseller, "onboard", "fietswinkel", "--name", "Fietswinkel", "--country", "NL", "--type", "mobile")
        salon = _done(reseller, "onboard", "kapper", "--name", "Kapper", "--country", "NL", "--plan", "wholesale")
        mobile, local = shop["numbers"][0], salon["numbers"][0]
        assert salon["requires_regulatory"]
        empty, paper = tmp_path / "empty.pdf", tmp_path / "passport.pdf"
        empty.write_bytes(b"")
        paper.write_bytes(b"%PDF-1.7")
        for file in (empty, paper):
            submit = ("api", "regulatory", "submit", local["did_number_id"], "--file", f"passport={file}")
            assert reseller.type(*submit).code == 0
        reseller.clock.set(2026, 11, 10, 14)
        _done(reseller, "api", "sms", mobile["number"], "+31687654321", "Your bike is ready")
        account.call(salon["trunk_uuid"], 40, "Call to +31, 20 min")
        account.receive_message(mobile["number"], "+31687654321", "Thank you!")
        reseller.clock.set(2026, 11, 20, 9)
        for number in (mobile, local):
            account.renew(number["number"])

        reseller.clock.set(2026, 12, 1, 6)
        _wait_until_told(sandbox)
        november = reseller.run("--month", "2026-11")
        assert november.code == 0, november.err
        invoices = {document["client_id"]: document for document in november.json["documents"]}
        # Setup 2.50 and first month 4.50, a month at 4.50 plus 30 %, an SMS of 0.07; 1.50, 0.40 and 1.50 plus 7.5 %.
        assert invoices["fietswinkel"]["net_cents"] == 700 + 585 + 7
        assert invoices["kapper"]["net_cents"] == 161 + 43 + 161

        # December: a refund, the number changes hands at midnight, a credit note, and the shop leaves.
        reseller.clock.set(2026, 12, 8, 9)
        account.refund(_newest(sandbox, "sms"))
        reseller.clock.set(2026, 12, 9, 22)
        _done(reseller, "api", "sms", mobile["number"], "+31687654321", "One more")
        reseller.clock.set(2026, 12, 10, 9)
        moved = reseller.type("move", mobile["number"], "--to", "kapper", "--json").json
        assert moved["routed"]
        reseller.clock.set(2026, 12, 10, 10)
        _done(reseller, "api", "sms", mobile["number"], "+31687654321", "Cut at ten")
        credit = ("credit", invoices["fietswinkel"]["number"], "--line", "1", "--reason", "A courtesy", "--json")
        credited = reseller.type(*credit)
        assert credited.code == 0, credited.err
        left = reseller.type("offboard", "fietswinkel", "--at", "2026-12-15", "--yes", "--json").json
        assert (left["numbers"], left["trunks"]) == ([], [shop["trunk_uuid"]])
        reseller.clock.set(2026, 12, 20, 9)
        for number in (mobile, local):
            account.renew(number["number"])
        account.release(mobile["number"])
        _done(reseller, "api", "trunks", "regenerate", salon["trunk_uuid"])
        spent = sandbox.state.balance_cents
        account.call(salon["trunk_uuid"], spent, "A very long call")
        with pytest.raises(Refusal, match="too low"):
            account.renew(local["number"])
        account.top_up(5_000)

        reseller.clock.set(2027, 1, 2, 6)
        _wait_until_told(sandbox)
        december = reseller.run("--month", "2026-12")
        assert december.code == 0, december.err
        assert december.json["exceptions"] == []
        nets: dict[str, list[int]] = {}
        for document in december.json["documents"]:
            nets.setdefault(document["client_id"], []).append(document["net_cents"])
        # A message of 0.07, two rents of 4.50 and 1.50, a call: each line plus 7.5 %, rounded once.
        call = half_away_from_zero(spent * 1075, 1000)
        assert nets == {"fietswinkel": [7 - 7, -700], "kapper": [8 + 484 + 161 + call]}
        assert reseller.type("reconcile", "--json").json["wallet"]["matches"]

        page = (reseller.month("2026-12") / "report.html").read_text(encoding="utf-8")
        assert f"trunk {salon['trunk_uuid']} went offline once" in page
        assert f"{local['number']} is suspended since 2026-12-20 10:00" in page
        assert f"{mobile['number']} received 1 message" in (reseller.month("2026-11") / "report.html").read_text(
            encoding="utf-8"
        )

        events = [event.event for event in told(tmp_path)]
        assert set(events) == set(EVENTS)
        assert sandbox.deliveries.waiting == 0
        assert len(events) == len(sandbox.deliveries.sent)


def _done(reseller: Office, *arguments: str) -> Any:
    """Run a command that asks, with --yes, and give its JSON."""
    ran = reseller.type(*arguments, "--yes", "--json")
    assert ran.code == 0, ran.err
    return ran.json


def _wait_until_told(sandbox: RunningSandbox) -> None:
    """Events go out in a thread of their own: what a run is to know of them has come when none waits."""
    while sandbox.deliveries.waiting:
        time.sleep(0.01)


def _newest(sandbox: RunningSandbox, kind: str) -> int:
    return next(int(str(row["id"])) for row in sandbox.truth() if row["type"] == kind)


def test_json_of_events_is_what_was_signed(tmp_path: Path) -> None:
    """The ledger keeps the bytes that the sandbox signed."""
    with living_office(tmp_path) as (_, sandbox):
        sandbox.account.receive_message("+31612001237", "+31687654321", "\u00e9\u00e8 \u2713")
        _wait_until_told(sandbox)
        [event] = told(tmp_path)
        assert json.loads(event.body) == json.loads(sandbox.deliveries.sent[0])


def test_bought_routed_and_told_is_enough_to_be_billed(tmp_path: Path) -> None:
    """No row of numbers.csv: the purchase ties number and id, the event ties it to a trunk, and its rent is billed."""
    with living_office(tmp_path) as (reseller, sandbox):
        sandbox.account.top_up(10_000)
        number = _first_offer(reseller)
        bought = _done(reseller, "api", "numbers", "buy", number, "--type", "mobile")
        trunk, client_id = (reseller.config / "trunks.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[:2]
        assert reseller.type("api", "route", bought["numbers"][0]["did_number_id"], trunk).code == 0
        reseller.clock.set(2026, 11, 20, 9)
        sandbox.account.renew(number)
        reseller.clock.set(2026, 12, 1, 6)
        _wait_until_told(sandbox)
        november = reseller.run("--month", "2026-11")
        assert november.json["exceptions"] == []
        detail = "".join(
            (reseller.output / document["files"]["csv"]).read_text(encoding="utf-8")
            for document in november.json["documents"]
            if document["client_id"] == client_id
        )
        assert detail.count(number) >= 2


def _first_offer(reseller: Office) -> str:
    found = reseller.type("api", "numbers", "search", "--country", "NL", "--type", "mobile", "--json").json
    return str(found["offers"][0]["number"])
