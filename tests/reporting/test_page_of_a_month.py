"""The month's page out of a ledger: the same figures as the documents, the margins and the wallet's proof."""

import json
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from billing_job.core.moments import microseconds
from billing_job.core.period import Period
from billing_job.ledger.database import open_engine
from billing_job.ledger.sums import document_costs, flows, movements
from billing_job.ledger.withdrawals import wallet_movements
from tests.support.fakes import Office, call, two_clients

ROWS = (
    call(1, -400, "2026-09-07"),
    call(2, -300, "2026-10-05"),
    call(3, -500, "2026-10-06", trunk=8),
    call(4, 9_000, "2026-10-07", type_="topup"),
    call(5, -70, "2026-10-08", trunk=9),
    call(6, -110, "2026-11-02"),
)
MONTH = Period(2026, 10)


def page_of(here: Office, month: str = "2026-10") -> str:
    return (here.month(month) / "report.html").read_text(encoding="utf-8")


def test_the_page_follows_the_ledger(tmp_path: Path) -> None:
    """Two months, a credit note that frees what it credits, a new bill: every month's figures stay what they were."""
    with two_clients(tmp_path, ROWS) as (here, _):
        here.run("--month", "2026-09")
        ran = here.run("--month", "2026-10")
        assert ran.code == 3
        number = next(d["number"] for d in ran.json["documents"] if d["client_id"] == "acme")
        engine = open_engine(here.database_url)
        before = flows(engine, "2026-09", "2026-10")
        assert [(flow.month, flow.client_id, flow.cost_micros, flow.charge_cents) for flow in before] == [
            ("2026-09", "acme", 4_000_000, 400),
            ("2026-10", "acme", 3_000_000, 300),
            ("2026-10", "bruno", 5_000_000, 500),
        ]
        assert document_costs(engine, "2026-10")[number] == 3_000_000

        here.type("credit", number, "--reason", "wrong trunk", "--rebill")
        here.clock.set(2026, 12, 1, 8, 0)
        later = here.run("--month", "2026-11")
        assert flows(engine, "2026-09", "2026-10") == before
        november = flows(engine, "2026-11", "2026-11")
        # The credit note takes back 300 of cost and charge, the invoice bills the freed 300 and November's own 110.
        assert [(flow.cost_micros, flow.charge_cents) for flow in november] == [(1_100_000, 110)]
        credit = next(d["number"] for d in later.json["documents"] if d["kind"] == "credit_note")
        assert document_costs(engine, "2026-11")[credit] == -3_000_000

        zone = ZoneInfo("Europe/Amsterdam")
        spans = movements(engine, microseconds(MONTH.starts(zone)), microseconds(MONTH.ends(zone)), set(), "EUR")
        wallet = sum(int(str(row["amount"])) for row in ROWS) * 10_000
        assert sum(each.micros for each in spans) == wallet_movements(engine, set(), "EUR") == wallet
        assert {(each.when, each.type): each.count for each in spans} == {
            ("before", "call"): 1,
            ("within", "call"): 3,
            ("within", "topup"): 1,
            ("after", "call"): 1,
        }
        engine.dispose()


def test_the_page_is_in_the_manifest_and_ages(tmp_path: Path) -> None:
    """The same day gives the same page; ten days on `report` writes what waits ten days longer, and all stays true."""
    with two_clients(tmp_path, ROWS) as (here, _):
        here.run("--month", "2026-10")
        first = page_of(here)
        assert "1 transaction waits, the oldest for 28 days" in first
        assert "report.html" in json.loads((here.month() / "manifest.json").read_text())["files"]
        assert here.type("report", "--month", "2026-10").code == 0
        assert page_of(here) == first

        here.clock.set(2026, 11, 15, 8, 0)
        ran = here.type("report", "--month", "2026-10")
        assert (ran.code, ran.out) == (0, "")
        assert "report.html" in ran.err
        assert "the oldest for 38 days" in page_of(here)
        assert here.type("verify", "--month", "2026-10").code == 0
        for target in set(re.findall(r'href="([^"#:]+)"', page_of(here))):
            assert (here.month() / target).is_file(), target


@pytest.mark.parametrize("command", ["report", "export --format csv"])
def test_a_month_that_was_never_billed(tmp_path: Path, command: str) -> None:
    """There is nothing to write again, and the message says what to run."""
    with two_clients(tmp_path) as (here, _):
        ran = here.type(*command.split(), "--month", "2026-08")
        assert ran.code == 2
        assert "month 2026-08 was never billed: run `billing-job run --month 2026-08` first" in ran.err
        assert not here.output.exists()
