"""Billed months under other plans: today's come to what was billed, others to what is worked out by hand; net cents."""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from billing_job.core.decision import Decision
from billing_job.core.period import Period
from billing_job.ledger.decisions import record_decision
from billing_job.month.other_terms import Instead
from billing_job.operations.simulate import simulated
from tests.support.desk import Desk, row
from tests.support.fakes import Office, Ran
from tests.support.lives import plan, rule
from tests.support.paths import FIXTURES

pytestmark = pytest.mark.sqlite_file("the lives of test_oracle_billing are simulated on the server, too")

SECONDS = '[api.transactions.fields]\nquantity = "seconds"\n'
TIERS = '[{up_to = 4, price = "0.0850"}, {price = "0.0450"}]'
FULL = (
    plan(
        rule(category="number_rental", model="markup", percent="33.3")
        + rule(category="message", model="graduated", tiers=TIERS)
        + rule(prefix="+3120", model="fixed", price="0")
        + rule(category="call", model="package", included=3, included_per="number", price="0.0437", per="quantity",
               round_up=60)
        + rule(model="markup", percent="12.5", fixed="0.0011"),
        monthly_fee="9.95", monthly_fee_prorate="days", minimum="30.00", discount_percent="7.5",
    )
    + plan('[plans.category_minimum]\ncall = "4.00"\nnumber_rental = "15.00"\n'
           + rule(category="message", model="volume", tiers=TIERS) + rule(model="markup", percent="30"), name="gold",
           minimum="25.00", discount_percent="3")
)  # fmt: skip
CHARGES = (
    "charge_id,client_id,plan,description,category,quantity,price,every,billed,valid_from,prorate,count,cost",
    "care,acme,,Care,care,1.5,19.99,month,,2026-01-12,days,,4",
    "flat,,standard,Flat,flat,1,0.75,month,,2026-02-01,days,numbers,0.10",
    "host,bruno,,Host,host,1,33,quarter,advance,2026-04-01,,,",
    "less,acme,,Less,rebate,1,-3,month,,2026-03-01,,,",
)
CLIENTS = (
    "client_id,name,country,vat_id,plan,detail",
    "acme,Acme,NL,,,",
    "bruno,Bruno,DE,DE136695976,gold,transaction",
)
MOVED = (
    "trunk,client_id,valid_from,valid_to",
    "trk_a,acme2,,2026-06-15",
    "trk_a,bruno,2026-06-15,2026-07-01",
    "trk_a,acme2,2026-07-01,",
    "trk_b,bruno,,",
)


def month(name: int) -> Period:
    return Period(2026, name)


def simulate(desk: Desk, *arguments: str) -> Ran:
    return Office(desk.config.parent, desk.clock).type("simulate", *arguments)


def nets(desk: Desk) -> dict[str, int]:
    """What each client's documents came to, credit notes taken off."""
    found: dict[str, int] = defaultdict(int)
    for document in desk.documents():
        found[document.client.client_id] += document.net_cents
    return found


def use(of: int, *, trunk: str = "trk_a", did: int = 42) -> list[Mapping[str, Any]]:
    """A month's use of a trunk and of a number, of amounts that leave parts of cents."""
    day, first = f"2026-{of:02d}", of * 100 + (50 if trunk == "trk_b" else 0)
    return [
        row(first + 1, -1049 - 7 * of, f"{day}-03", type_="renewal", number=did),
        *(row(first + n, -3 - n % 2, f"{day}-{n + 2:02d}", type_="sms", number=did) for n in range(2, 7)),
        row(first + 7, -37, f"{day}-09", trunk=trunk) | {"seconds": 61 + of},
        row(first + 8, -12, f"{day}-10", trunk=trunk) | {"seconds": 185},
        row(first + 9, -333 - of, f"{day}-11", number=did) | {"seconds": 30},
    ]


def twelve_months(desk: Desk) -> None:
    """Late rows, refunds, a moved trunk, a new id, runs of one client, and credit notes of all kinds."""
    desk.file("clients.csv", *CLIENTS)
    desk.file("charges.csv", *CHARGES)
    desk.file("prices.csv", "client_id,category,country,model,value,valid_from", "bruno,call,,markup,17.77,2026-05-01")
    more: dict[int, list[Mapping[str, Any]]] = {
        3: [row(350, 500, "2026-03-20", type_="refund", number=42)],  # a part, of the month's rental
        4: [
            row(450, 1070, "2026-04-02", type_="refund", number=43),  # March's, whole
            *(row(460 + n, -5, "2026-03-30", type_="sms", number=42) for n in range(3)),
        ],
    }
    credits: dict[int, list[tuple[int, dict[str, Any]]]] = {
        2: [(-1, {"rebill": True})],
        7: [(-2, {"lines": (1, 2), "rebill": True})],
        10: [(-1, {"lines": (2,)}), (-4, {})],
    }
    for of in range(1, 13):
        desk.add(*use(of), *use(of, trunk="trk_b", did=43), *more.get(of, ()))
        if of == 6:
            desk.file("trunks.csv", *(line.replace("acme2", "acme") for line in MOVED))
        if of == 8:
            desk.bill(month(8), only=["acme"])
        if of == 9:
            desk.file("clients.csv", CLIENTS[0], "acme2,Acme,NL,,,", CLIENTS[2])
            desk.file("trunks.csv", *MOVED)
            desk.file("charges.csv", *(line.replace(",acme,", ",acme2,") for line in CHARGES[:2]), *CHARGES[3:4])
        desk.bill(month(of))
        if of == 5:
            desk.add(row(590, -1234, "2026-05-28", trunk="trk_a"), row(591, -77, "2026-04-28", number=43))
            desk.bill(month(5), supplementary=True)
        numbers = [document.number for document in desk.documents() if document.kind.value == "invoice"]
        for place, asked in credits.get(of, ()):
            desk.credit(numbers[place], **asked)


def test_todays_plans_come_to_what_was_billed(tmp_path: Path) -> None:
    """Twelve months of all that happens: the documents' nets of every client; nothing is stored."""
    desk = Desk(tmp_path, SECONDS + FULL)
    twelve_months(desk)
    stored, was = (tmp_path / "billing.db").read_bytes(), nets(desk)
    billed = {"acme2": was["acme"] + was["acme2"], "bruno": was["bruno"]}
    asked = ("--plan", str(desk.config / "billing.toml"), "--month", "2026-01", "--months", "12", "--json")
    ran = simulate(desk, *asked)
    assert (ran.code, ran.err, ran.json["notes"]) == (0, "", [])
    assert {each["client_id"]: each["billed_cents"] for each in ran.json["clients"]} == billed
    months = [each for client in ran.json["clients"] for each in client["months"]]
    assert [each for each in (*months, *ran.json["clients"]) if each["difference_cents"]] == []
    assert (tmp_path / "billing.db").read_bytes() == stored
    assert {path.name for path in tmp_path.iterdir()} == {"billing.db", "billing.db.run-lock", "config"}


OTHER = plan(
    rule(category="call", model="markup", percent="50") + rule(model="pass_through"),
    monthly_fee="2.00", minimum="25.00", discount_percent="10",
)  # fmt: skip


def test_other_plans_come_to_what_they_ask(tmp_path: Path) -> None:
    """At 30 % acme paid 13.00 and 26.00; at 50 % with a fee, less 10 %, and a minimum of 25.00 it is 25.00 and 28.80.

    October: (15.00 + 2.00) less 10 % is 15.30, topped up to 25.00. November: (30.00 + 2.00) less 10 % is 28.80; of it a
    third was credited before: 26.00 was billed for the line, 13.00 of it undone, and half of 27.00 less 13.50 is left.
    """
    desk = Desk(tmp_path, plan(rule(model="markup", percent="30")) + plan(name="gold"))
    desk.file("clients.csv", *CLIENTS)
    desk.add(row(1, -1000), row(2, -2000, "2026-11-05"), row(3, -700, "2026-11-05", trunk="trk_b"))
    desk.bill(month(10))
    desk.bill(month(11))
    (tmp_path / "other.toml").write_text(OTHER)
    asked = ("--plan", str(tmp_path / "other.toml"), "--month", "2026-10", "--months", "2")
    acme, bruno = simulate(desk, *asked, "--json").json["clients"]
    assert [(each["billed_cents"], each["simulated_cents"]) for each in acme["months"]] == [(1300, 2500), (2600, 2880)]
    assert (acme["cost_cents"], acme["billed_margin_cents"], acme["margin_cents"]) == (3000, 900, 2380)
    assert (bruno["billed_cents"], bruno["difference_cents"]) == (700, 0)
    out = simulate(desk, *asked).out
    assert out.splitlines()[0] == "2026-10 to 2026-11, net EUR"
    assert out.splitlines()[3].split() == ["acme", "39.00", "53.80", "14.80", "30.00", "9.00", "23.80"]
    assert out.splitlines()[5].split() == ["all", "46.00", "60.80", "14.80", "37.00", "9.00", "23.80"]
    # A price list in place of prices.csv: 0.99 a row, without a plan.
    (tmp_path / "prices.csv").write_text("client_id,category,model,value,valid_from\n*,,fixed,0.99,2026-11-01\n")
    found = simulate(desk, "--prices", str(tmp_path / "prices.csv"), *asked[2:], "--json").json
    assert [each["simulated_cents"] for each in found["clients"]] == [1300 + 99, 99]
    # A credit note gives back the same part of what is left: half of the line, whatever it comes to.
    desk.credit("INV-2026-00002", amount_cents=1300, lines=(1,))
    acme, _ = simulate(desk, *asked, "--json").json["clients"]
    assert [(each["billed_cents"], each["simulated_cents"]) for each in acme["months"]] == [(1300, 2500), (1300, 1530)]


def test_what_was_decided_stays(tmp_path: Path) -> None:
    """A changed cost that was accepted and given back, and a month of a client that was taxed only later."""
    asks = plan(rule(model="markup", percent="12.7"), monthly_fee="3.33", minimum="9.99", discount_percent="7.7")
    desk = Desk(tmp_path, asks)
    desk.file("clients.csv", CLIENTS[0], "acme,Acme,NL,,,", "bruno,Bruno,DE,,,")
    desk.add(row(1, -1000), row(2, -500), row(3, -1000, trunk="trk_b"))
    desk.bill(month(10))
    desk.add(row(1, -800))
    with desk.job() as job:
        accepted = Decision("1", "", "the invoice stays", "2026-11-05T00:00:00Z", "me", None, True, -8_000_000)
        record_decision(job.engine, accepted)
    desk.file("clients.csv", *CLIENTS[:2], "bruno,Bruno,DE,DE136695976,,")
    desk.add(row(4, 800, "2026-11-05", type_="refund"), row(5, -100, "2026-11-05", trunk="trk_b"))
    desk.bill(month(11))
    # What the files say by now of months that are billed does not matter: only a plan that is asked for would.
    desk.settings(plan(rule(model="markup", percent="50"), monthly_fee="9.99"))
    (tmp_path / "then.toml").write_text(asks)
    for first in (10, 11):
        asked = (
            "--plan",
            str(tmp_path / "then.toml"),
            "--month",
            f"2026-{first}",
            "--months",
            str(12 - first),
            "--json",
        )
        found = simulate(desk, *asked).json
        assert found["notes"] == []
        assert [each["difference_cents"] for each in found["clients"]] == [0, 0]
    assert sum(each["billed_cents"] for each in found["clients"]) == sum(
        document.net_cents for document in desk.documents() if document.period == month(11)
    )


def test_a_ledger_of_an_older_program_is_billed_once_more(tmp_path: Path) -> None:
    """It tells its history in one piece, and its terms; its clients have left the files since."""
    desk = Desk(tmp_path)
    with sqlite3.connect(tmp_path / "billing.db") as ledger:
        ledger.executescript((FIXTURES / "ledger_v2.sql").read_text(encoding="utf-8"))
    ledger.close()
    with desk.job() as job:
        found = simulated(job, month(10), 1, Instead())
    assert found["notes"] == []
    assert {each["client_id"]: each["simulated_cents"] for each in found["clients"]} == nets(desk)


def test_clients_that_became_one_keep_what_each_was_billed(tmp_path: Path) -> None:
    """Two fees and two minimums of October stay two, though both trunks are one client's by November."""
    desk = Desk(tmp_path, plan(rule(model="markup", percent="10"), monthly_fee="5.00", minimum="20.00"))
    desk.add(row(1, -1000), row(2, -700, trunk="trk_b"))
    desk.bill(month(10))
    desk.file("clients.csv", CLIENTS[0], "both,Both,NL,,,")
    desk.file("trunks.csv", "trunk,client_id", "trk_a,both", "trk_b,both")
    desk.add(row(3, -300, "2026-10-30"), row(4, -3000, "2026-11-05"))
    desk.bill(month(11))
    asked = ("--plan", str(desk.config / "billing.toml"), "--month", "2026-10", "--months", "2", "--json")
    found = simulate(desk, *asked).json
    assert found["notes"] == []
    assert {each["client_id"]: each["billed_cents"] for each in found["clients"]} == nets(desk)
    assert [each["difference_cents"] for each in found["clients"]] == [0, 0, 0]


def test_a_credited_minimum_of_a_client_with_another_id_by_now(tmp_path: Path) -> None:
    """October's top-up of 10.00 was credited once acme was called zeta: 10.00 of use is left, whatever it was."""
    desk = Desk(tmp_path, plan(rule(model="pass_through"), minimum="20.00"))
    desk.add(row(1, -1000))
    desk.bill(month(10))
    desk.file("clients.csv", CLIENTS[0], "zeta,Acme,NL,,,")
    desk.file("trunks.csv", "trunk,client_id", "trk_a,zeta")
    desk.add(row(2, -2000, "2026-11-05"))
    desk.bill(month(11))
    desk.credit("INV-2026-00001", lines=(2,))
    for least in ("20.00", "50.00"):
        (tmp_path / "other.toml").write_text(plan(rule(model="pass_through"), minimum=least))
        asked = ("--plan", str(tmp_path / "other.toml"), "--month", "2026-10", "--months", "1", "--json")
        found = simulate(desk, *asked).json
        assert found["notes"] == []
        (zeta,) = (each for each in found["clients"] if each["client_id"] == "zeta")
        assert (zeta["billed_cents"], zeta["simulated_cents"]) == (1000, 1000)


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        (plan(), ("--month", "2026-11"), "2026-11 not billed yet"),
        (plan(), ("--month", "2026-09", "--months", "2"), "2026-09 not billed yet"),
        (plan(name="silver"), (), "plans.name: 'silver': no client was billed by a plan of that name"),
        (plan(monthly_fee="1,5"), (), "other.toml: plans.1.monthly_fee = '1,5':"),
        (plan(rule(category="x", model="absorb") + rule(model="pass_through")), (), "category 'x' is none of"),
        ("[[plan]]\nname = 1\n", (), "other.toml: plan: billing.toml knows no such key"),
        ("", (), "other.toml: plans: there is no plan"),
        ("[[plans", (), "other.toml: is not valid TOML"),
        (None, (), "other.toml: there is no such file"),
    ],
)  # fmt: skip
def test_what_cannot_be_simulated_is_said(
    tmp_path: Path, text: str | None, arguments: tuple[str, ...], said: str
) -> None:
    """File, key, value and what is expected; a month that is not billed by name. Exit code 2."""
    desk = Desk(tmp_path)
    desk.add(row(1, -1000))
    desk.bill(month(10))
    if text is not None:
        (tmp_path / "other.toml").write_text(text)
    ran = simulate(desk, "--plan", str(tmp_path / "other.toml"), *(arguments or ("--month", "2026-10")))
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_who_owed_nothing_owes_the_fee_of_another_plan(tmp_path: Path) -> None:
    """Bruno has a trunk and used nothing: 5.00 a month, beside the 5.00 that acme pays for its own."""
    desk = Desk(tmp_path, plan())
    desk.add(row(1, -1000), row(2, -1000, "2026-11-05"))
    for of in (10, 11):
        desk.bill(month(of))
    (tmp_path / "other.toml").write_text(plan(monthly_fee="5"))
    asked = ("--plan", str(tmp_path / "other.toml"), "--month", "2026-10", "--months", "2", "--json")
    found = {each["client_id"]: each for each in simulate(desk, *asked).json["clients"]}
    assert [month["simulated_cents"] for month in found["acme"]["months"]] == [1500, 1500]
    assert [month["simulated_cents"] for month in found["bruno"]["months"]] == [500, 500]
