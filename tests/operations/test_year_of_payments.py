"""From the invoice to the money: it comes late, in parts, twice or not at all, by transfer and by direct debit."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from lxml import etree

from tests.support.bank_files import Moved, camt
from tests.support.fakes import Office, two_clients

SETTINGS = """
[receivables]
since = 2026-01-01
[[reminders.levels]]
after_days = 7
channel = "letter"
[[reminders.levels]]
after_days = 21
channel = "letter"
text = "final"
interest = true
costs = true
"""
MANDATES = "client_id,mandate_id,signed_on,iban\nbruno,M-1,2026-01-02,DE89370400440532013000\n"
RATES = "country,rate,valid_from,source\nNL,10.15,2026-07-01,made up\n"
ACME, BRUNO = "INV-2026-00001", "INV-2026-00002"


def said(here: Office, *words: str, code: int = 0) -> Any:
    ran = here.type(*words, "--json")
    assert ran.code == code, ran.err
    return ran.json


def on(here: Office, day: str, *moved: Moved, code: int = 0) -> Any:
    """Go to a day and import its statement; the bank's account does not stand still without a movement, either."""
    here.clock.moment = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).replace(hour=9)
    file = here.folder / f"{day}.xml"
    file.write_bytes(
        camt(*moved, name=day, opening=None if moved else 0, closing=None if moved else 0, first=day, last=day)
    )
    return said(here, "bank", "import", str(file), code=code)


def owed(here: Office) -> dict[str, int]:
    told = said(here, "open")
    return {item["number"]: item["open_cents"] for item in told["items"]} | {"": told["total_open_cents"]}


def test_a_year_of_payments(tmp_path: Path) -> None:
    """acme pays in part, is reminded, pays the rest twice; bruno's debits come back until it is reminded, too."""
    with two_clients(tmp_path) as (here, _):
        here.append("billing.toml", SETTINGS)
        here.replace("billing.toml", 'country = "NL"\n', 'country = "NL"\ncreditor_id = "NL79ZZZ999999990000"\n')
        (here.config / "mandates.csv").write_text(MANDATES)
        (here.config / "interest_rates.csv").write_text(RATES)
        header, *rows = (here.config / "clients.csv").read_text().splitlines()
        paid_by = {"acme": "transfer", "bruno": "direct_debit"}
        rows = [f"{row},{paid_by[row.partition(',')[0]]}" for row in rows]
        (here.config / "clients.csv").write_text("\n".join([f"{header},payment", *rows]) + "\n")
        issued = {each["number"]: each for each in said(here, "run", "--month", "2026-10")["documents"]}
        owes = {number: each["gross_cents"] for number, each in issued.items()}
        due = {each["due_date"] for each in issued.values()}
        assert due == {"2026-11-19"}
        means = {
            number: etree.fromstring((here.month() / "invoices" / f"{number}.xml").read_bytes()).findtext(
                "{*}PaymentMeans/{*}PaymentMeansCode"
            )
            for number in owes
        }
        assert means == {ACME: "58", BRUNO: "59"}

        on(here, "2026-11-25", Moved(100, f"part of {ACME}", "2026-11-25", "A1"))
        assert owed(here)[ACME] == owes[ACME] - 100
        on(here, "2026-12-01")
        first = said(here, "remind")
        assert [(each["client_id"], each["open_cents"]) for each in first["reminders"]] == [("acme", owes[ACME] - 100)]
        assert [each["document"] for each in first["left_out"]] == [BRUNO]

        (debit,) = said(here, "collect", "--due", "2026-12-03")["collected"]
        assert (debit["end_to_end_id"], debit["cents"], debit["sequence"]) == (BRUNO, owes[BRUNO], "FRST")
        on(here, "2026-12-03", Moved(owes[BRUNO], "", "2026-12-03", "B1", end_to_end=BRUNO))
        assert BRUNO not in owed(here)
        on(here, "2026-12-08", Moved(-owes[BRUNO], "", "2026-12-08", "B2", end_to_end=BRUNO, returned="AC04"))
        assert owed(here)[BRUNO] == owes[BRUNO]
        assert said(here, "collect", "--due", "2026-12-10")["files"][0]["new"]
        on(here, "2026-12-10", Moved(owes[BRUNO], "", "2026-12-10", "B3", end_to_end=BRUNO))
        on(here, "2026-12-15", Moved(-owes[BRUNO], "", "2026-12-15", "B4", end_to_end=BRUNO, returned="AC04"))
        told = said(here, "collect", "--due", "2026-12-17", code=3)
        assert "ask for a transfer" in told["waiting"][0]["reason"]

        second = {each["client_id"]: each for each in said(here, "remind")["reminders"]}
        assert (second["acme"]["level"], second["bruno"]["level"]) == (2, 1)
        # acme: 26 days on what was open, the first six of them on 1.00 more; 40 euros.
        exact = ((owes[ACME] - 100) * 26 + 100 * 6) * 1015
        assert second["acme"]["interest_cents"] == (exact + 1_825_000) // 3_650_000
        assert second["acme"]["costs_cents"] == 4_000

        rest = owes[ACME] - 100
        claimed = second["acme"]["interest_cents"] + 4_000
        on(here, "2026-12-18", Moved(rest, ACME, "2026-12-18", "A2"))
        assert said(here, "open")["claimed"][0]["costs_cents"] == 4_000
        on(here, "2026-12-19", Moved(claimed + rest, f"{ACME} again", "2026-12-19", "A3"))
        on(here, "2027-01-10")
        assert owed(here) == {BRUNO: owes[BRUNO], "": owes[BRUNO] - rest}
        assert [each["client_id"] for each in said(here, "remind")["reminders"]] == ["bruno"]
        accounts = {each["client_id"]: each for each in said(here, "statement")["statements"]}
        assert (accounts["acme"]["closing_cents"], accounts["bruno"]["closing_cents"]) == (-rest, owes[BRUNO])
        assert accounts["acme"]["claimed"] == {}
        csv = (here.output / accounts["bruno"]["files"]["csv"]).read_text()
        assert csv.count(",return,") == 2
        assert here.type("verify", "--deep").code == 0
