"""A year in the sandbox's world, whose clients pay on time, late, in parts, twice, after a reminder, and not at all."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billing_job.core.period import Period
from billing_job.didfarm.sandbox.bank import Habit, habits
from billing_job.didfarm.sandbox.world import make_world
from tests.support.accounting_judges import hledger_month_ends
from tests.support.fakes import Office, office

SETTINGS = """
[receivables]
since = 2026-08-01
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
RATES = "country,rate,valid_from,source\nNL,10.15,2026-07-01,made up\nNL,10.15,2027-01-01,made up\n"
BILLED = ("2026-08", "2026-09", "2026-10", "2026-11", "2026-12")
"""The wallet has moved in the first three; the charge alone is billed in the other two."""
DAY = timedelta(days=1)


def said(here: Office, *words: str, codes: tuple[int, ...] = (0, 3)) -> Any:
    ran = here.type(*words, "--json")
    assert ran.code in codes, ran.err
    return ran.json


def paid_by(habit: Habit, document: dict[str, Any], day: date, month_ends: Sequence[date]) -> int:
    """What the client has paid of a document by the end of a day, from its habit alone; cents."""
    gross, half = document["gross_cents"], document["gross_cents"] // 2
    due = date.fromisoformat(document["due_date"])
    # The second letter is the first that claims something: 35 days after the due date, at the end of a month.
    asked = next(end for end in (*month_ends, date.max - 5 * DAY) if (end - due).days >= 35)
    planned = {
        Habit.ON_TIME: [(due - 2 * DAY, gross)],
        Habit.LATE: [(due + 12 * DAY, gross)],
        Habit.IN_PARTS: [(due, half), (due + 30 * DAY, gross - half)],
        Habit.TWICE: [(due - 2 * DAY, gross), (due + 3 * DAY, gross)],
        Habit.AFTER_REMINDER: [(asked + 5 * DAY, gross)],
        Habit.NEVER: [],  # or collected, and given back within the month
    }
    return sum(cents for on, cents in planned[habit] if on <= day)


def test_a_year_in_the_sandbox(tmp_path: Path) -> None:
    """Five months are billed, paid, reminded of, collected and given back; each month's end follows from the habits."""
    world = make_world(3, len(Habit), 120, Period(2026, 10), ZoneInfo("Europe/Amsterdam"))
    month_ends = [Period.parse(month).next.next.first_day - DAY for month in BILLED] + [date(2027, 2, 28)]
    with office(tmp_path, world) as (here, _):
        here.append("billing.toml", SETTINGS)
        here.replace("billing.toml", 'country = "NL"\n', 'country = "NL"\ncreditor_id = "NL79ZZZ999999990000"\n')
        (here.config / "interest_rates.csv").write_text(RATES)
        header, *rows = (here.config / "clients.csv").read_text().splitlines()
        habit_of = habits(sorted(row.split(",")[0] for row in rows))
        charges = [f"care-{client},{client},Care,25.00,month,2026-08-01" for client in habit_of]
        charges.insert(0, "charge_id,client_id,description,price,every,valid_from")
        (here.config / "charges.csv").write_text("\n".join(charges))
        client_of = {habit: client for client, habit in habit_of.items()}
        never = client_of[Habit.NEVER]
        how = ["direct_debit" if row.startswith(f"{never},") else "transfer" for row in rows]
        table = [f"{header},payment", *(f"{row},{each}" for row, each in zip(rows, how, strict=True))]
        (here.config / "clients.csv").write_text("\n".join(table) + "\n")
        (here.config / "mandates.csv").write_text(
            f"client_id,mandate_id,signed_on,iban,holder\n{never},M-1,2026-01-02,DE89370400440532013000,X\n"
        )

        def on(day: date) -> None:
            here.clock.moment = datetime.combine(day, datetime.min.time(), UTC).replace(hour=9)

        def import_statement(day: date) -> None:
            on(day)
            bank = str(tmp_path / f"{day}.xml")
            assert here.type("sandbox", "--bank", bank).code == 0
            assert said(here, "bank", "import", bank, codes=(0,))["waiting"] == []

        issued: list[dict[str, Any]] = []
        collected: list[list[str]] = []
        for place, end in enumerate(month_ends):
            if place < len(BILLED):
                on(end.replace(day=5))
                ran = said(here, "run", "--month", BILLED[place], "--workers", "1")["documents"]
                assert {habit_of[each["client_id"]] for each in ran} == set(Habit)
                issued += ran
            import_statement(end.replace(day=17))
            debits = said(here, "collect", "--due", f"{end:%Y-%m}-23")["collected"] if place < 4 else []
            collected.append([each["document"] for each in debits])
            import_statement(end)
            said(here, "remind")
            told = said(here, "open")
            left = {
                each["number"]: each["gross_cents"] - paid_by(habit_of[each["client_id"]], each, end, month_ends)
                for each in issued
            }
            assert {item["number"]: item["open_cents"] for item in told["items"]} == {
                number: cents for number, cents in left.items() if cents > 0
            }
            assert sum(each["cents"] for each in told["credit_balances"]) == -sum(c for c in left.values() if c < 0)
            assert told["total_open_cents"] == sum(left.values())
        own = [each["number"] for each in issued if each["client_id"] == never]
        # It has 30 days to pay. October's debit came back, and both of November: then a transfer is asked for.
        assert collected == [[], own[:1], own[:2], [], [], []]
        # Invoices are dated at the end of their month: as of that day they count, though they were issued on the 5th.
        by_end = [
            sum(
                each["gross_cents"] - paid_by(habit_of[each["client_id"]], each, end, month_ends)
                for each in issued
                if each["issue_date"] <= str(end)
            )
            for end in month_ends
        ]
        assert [said(here, "open", "--as-of", str(end))["total_open_cents"] for end in month_ends] == by_end
        for month in (*BILLED, "2027-01", "2027-02"):
            assert (
                here.type("export", "--month", month, "--format", "hledger", "--output", str(tmp_path / month)).code
                == 0
            )
        journals = sorted(tmp_path.glob("20*/**/*.journal"))
        assert hledger_month_ends(journals, "assets:receivable", month_ends) == by_end
        # Who paid after its reminder paid what it claimed, too; who never pays still owes it, beside the document.
        slow = next(each["number"] for each in issued if habit_of[each["client_id"]] is Habit.AFTER_REMINDER)
        assert {step["what"] for step in said(here, "show", slow)["history"]} >= {"receipt", "costs", "interest"}
        assert {each["document"] for each in told["claimed"]} >= set(own[:4])
        for habit, sign in ((Habit.NEVER, 1), (Habit.TWICE, -1)):
            (written,) = said(here, "statement", "--client", client_of[habit])["statements"]
            cents = sum(each["gross_cents"] for each in issued if habit_of[each["client_id"]] is habit)
            assert written["closing_cents"] == sign * cents
        assert here.type("verify", "--deep").code == 0


@pytest.mark.parametrize("url", ["https://didfarm.com/api/v1", "http://10.0.0.1/api/v1"])
def test_invented_payments_stay_out_of_real_books(tmp_path: Path, url: str) -> None:
    """Only a ledger that bills a sandbox on this machine gets them."""
    with office(tmp_path) as (here, sandbox):
        here.replace("billing.toml", sandbox.base_url, url)
        refused = here.type("sandbox", "--bank", str(tmp_path / "bank.xml"))
        assert (refused.code, "no sandbox on this machine" in refused.err) == (2, True)
        assert not (tmp_path / "bank.xml").exists()
