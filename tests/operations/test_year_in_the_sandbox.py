"""A year in the sandbox's world, whose clients pay on time, late, in parts, twice, after a reminder, and not at all."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billing_job.core.period import Period
from billing_job.didfarm.sandbox.bank import Habit, habits
from billing_job.didfarm.sandbox.world import make_world
from tests.support.fakes import Office, office

SETTINGS = """
[receivables]
since = 2026-01-01
[[reminders.levels]]
after_days = 7
channel = "letter"
[[reminders.levels]]
after_days = 35
channel = "letter"
text = "final"
interest = true
costs = true
"""
RATES = """\
country,rate,valid_from,source
NL,10.15,2026-07-01,made up
NL,10.15,2027-01-01,made up
NL,10.15,2027-07-01,made up
"""


def said(here: Office, *words: str, codes: tuple[int, ...] = (0, 3)) -> Any:
    ran = here.type(*words, "--json")
    assert ran.code in codes, ran.err
    return ran.json


def test_a_year_in_the_sandbox(tmp_path: Path) -> None:
    """From the invoice to the money, the reminder, the debit and its return; what is left follows from the habits."""
    world = make_world(3, len(Habit), 120, Period(2026, 10), ZoneInfo("Europe/Amsterdam"))
    with office(tmp_path, world) as (here, _):
        here.append("billing.toml", SETTINGS)
        here.replace("billing.toml", 'country = "NL"\n', 'country = "NL"\ncreditor_id = "NL79ZZZ999999990000"\n')
        (here.config / "interest_rates.csv").write_text(RATES)
        issued = said(here, "run", "--month", "2026-10", "--workers", "1")["documents"]
        habit_of = habits(each["client_id"] for each in issued)
        by_habit = {habit_of[each["client_id"]]: each for each in issued}
        assert set(by_habit) == set(Habit)
        gross = {habit: each["gross_cents"] for habit, each in by_habit.items()}
        never = by_habit[Habit.NEVER]
        header, *rows = (here.config / "clients.csv").read_text().splitlines()
        paid = ["direct_debit" if row.startswith(f"{never['client_id']},") else "transfer" for row in rows]
        table = [f"{header},payment", *(f"{row},{how}" for row, how in zip(rows, paid, strict=True))]
        (here.config / "clients.csv").write_text("\n".join(table) + "\n")
        (here.config / "mandates.csv").write_text(
            f"client_id,mandate_id,signed_on,iban,holder\n{never['client_id']},M-1,2026-01-02,DE89370400440532013000,X\n"
        )
        asked: dict[str, dict[str, Any]] = {}
        collected, left_by_day = [], {}
        for day, debit_on in (
            ("2026-12-07", "2026-12-09"), ("2026-12-17", "2026-12-21"), ("2026-12-28", ""), ("2027-01-20", ""),
            ("2027-02-25", ""), ("2027-10-25", ""),
        ):  # fmt: skip
            here.clock.moment = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).replace(hour=9)
            bank = str(tmp_path / f"{day}.xml")
            assert here.type("sandbox", "--bank", bank).code == 0
            assert said(here, "bank", "import", bank, codes=(0,))["waiting"] == []
            asked |= {each["client_id"]: each for each in said(here, "remind")["reminders"]}
            if debit_on:
                collected += said(here, "collect", "--due", debit_on)["collected"]
            left_by_day[day] = said(here, "open")["total_open_cents"]
        # A debit of each collection, both given back; then its client was asked like the others, twice.
        assert [each["document"] for each in collected] == [never["number"]] * 2
        assert asked[never["client_id"]]["level"] == 2
        told = said(here, "open")
        assert {item["number"]: item["open_cents"] for item in told["items"]} == {never["number"]: gross[Habit.NEVER]}
        assert told["credit_balances"] == [
            {"client_id": by_habit[Habit.TWICE]["client_id"], "cents": gross[Habit.TWICE]}
        ]
        assert left_by_day["2027-10-25"] == gross[Habit.NEVER] - gross[Habit.TWICE]
        # Who paid after its reminder paid what it claimed, too; who never pays still owes it, beside the document.
        slow = asked[by_habit[Habit.AFTER_REMINDER]["client_id"]]
        history = said(here, "show", by_habit[Habit.AFTER_REMINDER]["number"])["history"]
        assert slow["interest_cents"] + slow["costs_cents"] > 0
        assert {step["what"] for step in history} >= {"receipt", "costs"}
        assert [each["document"] for each in told["claimed"]] == [never["number"]]
        closing = {each["client_id"]: each["closing_cents"] for each in said(here, "statement")["statements"]}
        assert closing[never["client_id"]] == gross[Habit.NEVER]
        assert closing[by_habit[Habit.TWICE]["client_id"]] == -gross[Habit.TWICE]
        assert here.type("verify", "--deep").code == 0


@pytest.mark.parametrize("url", ["https://didfarm.com/api/v1", "http://10.0.0.1/api/v1"])
def test_invented_payments_stay_out_of_real_books(tmp_path: Path, url: str) -> None:
    """Only a ledger that bills a sandbox on this machine gets them."""
    with office(tmp_path) as (here, sandbox):
        here.replace("billing.toml", sandbox.base_url, url)
        refused = here.type("sandbox", "--bank", str(tmp_path / "bank.xml"))
        assert (refused.code, "no sandbox on this machine" in refused.err) == (2, True)
        assert not (tmp_path / "bank.xml").exists()
