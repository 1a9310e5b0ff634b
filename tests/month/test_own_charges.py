"""Charges of one's own through the real command line: billed once, taxed, credited, billed again, never in the wallet.

The seller is in NL at 21 %; acme and bruno have plan "standard". Amounts are net cents.
"""

from pathlib import Path

import pytest

from billing_job.core.errors import ConfigError
from billing_job.core.period import Period
from tests.support.desk import Desk
from tests.support.lives import (
    AT_COST,
    DECEMBER,
    MARKUP,
    NOVEMBER,
    OCTOBER,
    SEPTEMBER,
    TRUNK_A,
    TRUNK_B,
    Life,
    life,
    moved,
    plan,
)

pytestmark = pytest.mark.sqlite_file("the ledger's part of it is told by the statements of other tests")

november = Period.parse(NOVEMBER)
COLUMNS = (
    "charge_id,client_id,plan,description,category,quantity,unit,price,every,billed,valid_from,valid_to,prorate,count,"
    "number,trunk,cost"
)
PHONE = "phone,acme,,Desk phone,hardware,2,piece,89.50,once,,2026-09-15,,,,,,60"
CARE = "care,acme,,Support,support,1.5,hour,95,month,,2026-09-16,,days,,,,"
FLAT = "flat,,standard,Flat per number,rental,,month,0.75,month,,,,,numbers:NL,,,0.10"
HOST = "host,bruno,,Hosting,hosting,,month,12,quarter,advance,2026-10-01,,,,,,"
FIRST_YEAR = "first,acme,,First year,rebate,,,-5,month,,2026-09-01,2026-11-01,,,,,"
SEPTEMBER_OF_ACME = {
    "charge:phone:once": 17900,
    "charge:care:2026-09": 7125,  # 142.50 for 15 of 30 days
    "charge:flat:acme:2026-09": 75,
    "charge:first:2026-09": -500,
}


def own(here: Life, client_id: str = "acme") -> dict[str, int]:
    """What the client's documents hold of each charge, credit notes included."""
    found: dict[str, int] = {}
    for row in here.details(client_id):
        if row.transaction_id.startswith("charge:"):
            found[row.transaction_id] = found.get(row.transaction_id, 0) + row.net
    return found


def test_charges_are_billed_beside_the_use(tmp_path: Path) -> None:
    """Five kinds over three months, a credit note and what is billed anew; neither discount nor minimum sees them."""
    terms = plan(MARKUP, monthly_fee="10.00", minimum="20.00", discount_percent="10")
    with life(tmp_path, terms, billing=f'first_month = "{SEPTEMBER}"') as here:
        here.add(moved(1, -10000, "2026-09-10"), moved(2, -10000, "2026-09-10", trunk=TRUNK_B))
        here.file("charges.csv", COLUMNS, PHONE, CARE, FLAT, HOST, FIRST_YEAR)
        ran = here.run(SEPTEMBER)
        # Use 130.00 and fee 10.00 less 10 %, and the charges.
        assert here.new(ran) == [("acme", 12600 + sum(SEPTEMBER_OF_ACME.values())), ("bruno", 12600 + 1200)]
        assert own(here) == SEPTEMBER_OF_ACME
        assert own(here, "bruno") == {"charge:host:2026-Q4": 1200}
        assert ran.json["transactions"]["count"] == ran.json["attributed"]["count"] == 2
        assert ran.json["wallet"]["matches"]
        margin = (here.office.output / SEPTEMBER / "margin.csv").read_text("utf-8-sig").splitlines()
        assert "acme,INV-2026-00001,hardware,,,120.00,179.00,59.00,32.96" in margin
        lines = {line["description"]: line for line in here.stored("INV-2026-00001")["lines"] if line["description"]}
        care = lines["Support"]
        assert (care["quantity"], care["unit"], care["period_start"]) == ("1.5", "hour", "2026-09-16")
        xml = (here.office.output / SEPTEMBER / "invoices" / "INV-2026-00001.xml").read_text("utf-8")
        assert 'unitCode="HUR">1.5<' in xml
        assert 'unitCode="H87">2<' in xml
        assert 'unitCode="MON">1<' in xml

        told = here.office.type("why", "charge:care:2026-09", "--json").json
        assert (told["charge"]["source"], told["charge"]["net_cents"]) == ("config/charges.csv, row 3", 7125)
        assert [(each["document"], each["net_cents"]) for each in told["settlements"]] == [("INV-2026-00001", 7125)]
        out = here.office.type("why", "charge:host:2026-Q4").out
        assert "row 5: bruno pays 12.00 for each month, each quarter, in advance; here 1 for 2026-10-01 to" in out
        assert "asks a fee of 10.00 of the month" in here.office.type("why", "charge:monthly_fee:acme:2026-09").out
        assert here.office.type("why", "charge:none:2026-09").code == 2

        before = (here.office.output / SEPTEMBER / "manifest.json").read_bytes()
        assert here.new(here.run(SEPTEMBER)) == []
        assert (here.office.output / SEPTEMBER / "manifest.json").read_bytes() == before

        # Fee 10.00 less 10 %, topped up to 20.00 whatever the charges come to.
        october = {"charge:care:2026-10": 14250, "charge:flat:acme:2026-10": 75, "charge:first:2026-10": -500}
        assert here.new(here.run(OCTOBER)) == [("acme", 2000 + sum(october.values())), ("bruno", 2000)]
        here.credit("INV-2026-00001", rebill=True)
        here.run(NOVEMBER)
        assert own(here) == {
            **SEPTEMBER_OF_ACME, **october, "charge:care:2026-11": 14250, "charge:flat:acme:2026-11": 75
        }  # fmt: skip
        assert here.office.type("verify", "--deep").code == 0


def test_what_is_new_is_billed_late_and_what_was_issued_stays(tmp_path: Path) -> None:
    """Added after the month: the next run's. A dearer price in place, a removed row: told, and nothing changes."""
    with life(tmp_path, plan(AT_COST), billing=f'first_month = "{OCTOBER}"') as here:
        here.add(moved(1, -1000, "2026-10-10"))
        here.file("charges.csv", COLUMNS, "care,acme,,Care,,,,10,month,,,,,,,,")
        assert here.new(here.run(OCTOBER)) == [("acme", 2000)]
        here.file(
            "charges.csv",
            COLUMNS,
            "care,acme,,Care,,,,12,month,,,,,,,,",
            "late,acme,,Late,,,,7,month,,2026-09-01,,,,,,",
        )
        assert here.office.type("status", "--json").json["charges"]["late"] == {"count": 1, "cents": 700}
        ran = here.run(NOVEMBER)
        assert here.new(ran) == [("acme", 1200 + 2 * 700)]
        assert own(here) == {
            "charge:care:2026-10": 1000, "charge:care:2026-11": 1200, "charge:late:2026-10": 700,
            "charge:late:2026-11": 700,
        }  # fmt: skip
        listed = here.office.type("charges", "list", "--month", DECEMBER, "--json").json
        assert [(each["transaction_id"], each["net_cents"], each["state"]) for each in listed["charges"]] == [
            ("charge:care:2026-12", 1200, "open"), ("charge:late:2026-12", 700, "open")
        ]  # fmt: skip
        listed = here.office.type("charges", "list", "--month", OCTOBER, "--json").json
        assert {each["transaction_id"]: each["document"] for each in listed["charges"]} == {
            "charge:care:2026-10": "INV-2026-00001", "charge:late:2026-10": "INV-2026-00002"
        }  # fmt: skip
        listed = here.office.type("charges", "list", "--month", NOVEMBER, "--json").json
        assert {each["transaction_id"]: (each["due"], each["run"]) for each in listed["charges"]} == {
            "charge:care:2026-11": (NOVEMBER, NOVEMBER), "charge:late:2026-10": (OCTOBER, NOVEMBER),
            "charge:late:2026-11": (NOVEMBER, NOVEMBER),
        }  # fmt: skip
        (told,) = here.office.type("status", "--json").json["charges"]["contradictions"]
        assert "charge:care:2026-10 was billed at EUR 10.00 (2026-10, INV-2026-00001)" in told
        ran = here.office.type("preview", "--month", NOVEMBER, "--json")
        assert told in ran.json["anomalies"]
        assert [each["net_cents"] for each in ran.json["coming_charges"]] == [1200, 700]
        shown = here.office.type("preview", "--month", NOVEMBER).out
        assert "charge:late:2026-12  acme    Late          7.00" in shown
        # Credited as told, and not to be billed again: nothing is left to say of it.
        here.credit("INV-2026-00001")
        assert here.office.type("status", "--json").json["charges"]["contradictions"] == []
        here.file("charges.csv", COLUMNS, "care,bruno,,Other,,,,1,month,,,,,,,,")
        ran = here.run(DECEMBER, code=2)
        assert "charges.csv, row 2, column client_id: 'bruno'" in ran.err
        here.file("charges.csv", COLUMNS, "care,acme,,Care,,,,12,quarter,,,,,,,,")
        ran = here.run(DECEMBER, code=2)
        assert "charges.csv, row 2, column every: 'quarter'" in ran.err


def test_a_plan_charges_whom_it_has(tmp_path: Path) -> None:
    """A joiner pays its part; a renamed client pays no month twice; a change of plan touches nothing billed."""
    plans = plan(AT_COST, monthly_fee="10.00", monthly_fee_prorate="days") + plan(AT_COST, name="gold")
    with life(tmp_path, plans, billing=f'first_month = "{OCTOBER}"') as here:
        here.add(moved(1, -1000, "2026-10-10"), moved(2, -1000, "2026-10-20", trunk=TRUNK_B))
        here.trunks(f"{TRUNK_A},acme,,", f"{TRUNK_B},bruno,2026-10-17,")
        here.file(
            "charges.csv",
            COLUMNS,
            "care,,standard,Care,,,,31,month,,,,days,,,,",
            "golden,,gold,Care,,,,50,month,,2026-10-01,,,,,,",
            "setup,,standard,Setup,,,,99,once,,2026-10-01,,,,,,",
            "ahead,,standard,Ahead,,,,8,year,advance,2026-10-01,,,,,,",
        )
        assert here.new(here.run(OCTOBER)) == [
            ("acme", 1000 + 3100 + 9900 + 800 + 1000), ("bruno", 1000 + 1500 + 9900 + 800 + 484)
        ]  # fmt: skip
        here.clients("acme2,Acme B.V.,NL,,,,", "bruno,Bruno B.V.,NL,,gold,,")
        here.trunks(f"{TRUNK_A},acme2,,", f"{TRUNK_B},bruno,2026-10-17,")
        ran = here.run(NOVEMBER)
        assert here.new(ran) == [("acme2", 3100 + 1000), ("bruno", 5000)]


BAD = {
    "unknown client": ("x,nobody,,A,,,,1,,,2026-10-01,,,,,,", "client_id: 'nobody': there is no such client"),
    "unknown plan": ("x,,none,A,,,,1,,,2026-10-01,,,,,,", "plan: 'none': there is no such plan"),
    "both": ("x,acme,standard,A,,,,1,,,2026-10-01,,,,,,", "plan: 'standard': client_id and plan are both filled in"),
    "neither": ("x,,,A,,,,1,,,2026-10-01,,,,,,", "plan: '': neither client_id nor plan is filled in"),
    "period word": ("x,acme,,A,,,,1,weekly,,,,,,,,", "every: 'weekly': write one of once, month"),
    "five places": (
        "x,acme,,A,,,,1.00001,,,2026-10-01,,,,,,",
        "price: '1.00001': write the price of one with at most 4",
    ),
    "ends before": ("x,acme,,A,,,,1,month,,2026-10-02,2026-10-01,,,,,", "valid_to: '2026-10-01': it must be later"),
    "once without a day": ("x,acme,,A,,,,1,,,,,,,,,", "valid_from: '': what is owed once needs the day"),
    "counted ahead": ("x,acme,,A,,,,1,month,advance,,,,trunks,,,", "billed: 'advance': what is counted is not known"),
    "unit": ("x,acme,,A,,,barrel,1,month,,,,,,,,", "unit: 'barrel': write piece, hour"),
    "reserved": ("minimum,acme,,A,,,,1,month,,,,,,,,", "charge_id: 'minimum': is the plan's own charge"),
    "count of nothing": (
        "x,acme,,A,,,,1,month,,,,,numbers:mobil,,,",
        "count: 'numbers:mobil': mobil is neither a country",
    ),
    "another's trunk": (f"x,acme,,A,,,,1,month,,,,,trunks,,{TRUNK_B},", f"trunk: '{TRUNK_B}': trunks.csv gives it to"),
    "no quantity": ("x,acme,,A,,0,,1,month,,,,,,,,", "quantity: '0': write a number above zero"),
}


def test_every_bad_row_is_named(tmp_path: Path) -> None:
    """File, row, column and what is expected, all at once; nothing is issued."""
    with life(tmp_path, plan(AT_COST)) as here:
        here.add(moved(1, -1000, "2026-10-10"))
        doubles = (
            "y,acme,,A,,,,1,month,,,,,,,,",
            "y,acme,,A,,,,2,month,,2026-10-01,,,,,,",
            "z,acme,,A,,,,1,month,,,,,,,,",
        )
        here.file("charges.csv", COLUMNS, *(row for row, _ in BAD.values()), *doubles, "z,bruno,,A,,,,1,month,,,,,,,,")
        ran = here.run(OCTOBER, code=2)
        for place, (_, said) in enumerate(BAD.values(), 2):
            assert f"charges.csv, row {place}, column {said}" in ran.err
        row = len(BAD) + 3
        assert f"row {row}, column charge_id: 'y': stands in row {row - 1} for the same days" in ran.err
        assert f"row {row + 2}, column charge_id: 'z': is another charge in row {row + 1} (client_id)" in ran.err
        here.file("charges.csv", f"{COLUMNS},index", "x,acme,,A,,,,1,month,,2026-10-01,,,,,,,cpi")
        assert "row 2, column index: 'cpi': there is no such series" in here.run(OCTOBER, code=2).err
        here.file("indices.csv", "index,valid_from,value", "cpi,2025-07-01,125")
        assert "column index: 'cpi': indices.csv has no value for 2026" in here.run(OCTOBER, code=2).err
        (here.office.config / "numbers.csv").unlink()
        here.file("charges.csv", COLUMNS, "x,acme,,A,,,,1,month,,,,,numbers,,,")
        assert "row 2, column count: 'numbers': there is no numbers.csv" in here.run(OCTOBER, code=2).err


def test_who_joined_a_plan_before_the_first_month_owes_what_a_client_of_then_owes(tmp_path: Path) -> None:
    """Setup and year were billed elsewhere before November; of the quarter, billed in December, acme owes all of it.

    Bruno joins on November 10: its setup 99.00, its year, and 52 of 92 days of 92.00.
    """
    desk = Desk(tmp_path, f'first_month = "{NOVEMBER}"\n' + plan())
    desk.file("trunks.csv", "trunk,client_id,valid_from", "trk_a,acme,2026-02-01", "trk_b,bruno,2026-11-10")
    desk.file(
        "charges.csv",
        COLUMNS,
        "setup,,standard,Setup,,,,99,once,,2026-01-01,,,,,,",
        "year,,standard,Year,,,,8,year,advance,,,,,,,",
        "rest,,standard,Quarter,,,,92,quarter,,,,days,,,,",
    )
    found = [
        (document.client.client_id, str(document.period_start)[:7], document.net_cents)
        for month in (november, november.next)
        for document in desk.bill(month).new
    ]
    assert found == [
        ("bruno", "2026-11", 9900 + 800), ("acme", "2026-12", 9200 + 800), ("bruno", "2026-12", 5200 + 800)
    ]  # fmt: skip


def test_another_id_is_no_second_charge(tmp_path: Path) -> None:
    """What was billed as `care` is refused under another id, whoever the client is by now; credited, it is billed."""
    desk = Desk(tmp_path, f'first_month = "{OCTOBER}"\n')
    desk.file("charges.csv", COLUMNS, "care,acme,,Care,,,,10,month,,,,,,,,")
    (october,) = desk.bill().new
    desk.file("charges.csv", COLUMNS, "support,acme,,Care,,,,10,month,,,,,,,,")
    said = "row 2, column charge_id: 'support': it would bill acme once more what charge:care:2026-10 billed"
    with pytest.raises(ConfigError, match=said):
        desk.bill(november)
    desk.file("charges.csv", COLUMNS, "support,acme,,Care,,,,10,month,,2026-11-01,,,,,,")
    assert [document.net_cents for document in desk.bill(november, draft=True).new] == [1000]
    desk.file("charges.csv", COLUMNS, "support,acme,,Care,,,,10,month,,,,,,,,")
    desk.credit(october.number)
    assert [document.net_cents for document in desk.bill(november).new] == [2000]


def test_what_is_billed_late_is_told(tmp_path: Path) -> None:
    """A charge without valid_from holds always: months that are over are billed by the next run, which says so."""
    desk = Desk(tmp_path, f'first_month = "{SEPTEMBER}"\n')
    for month in (Period.parse(SEPTEMBER), Period.parse(OCTOBER)):
        desk.bill(month)
    desk.file("charges.csv", COLUMNS, "care,acme,,Care,,,,10,month,,,,,,,,")
    billed = desk.bill(november)
    assert [document.net_cents for document in billed.new] == [3000]
    (said,) = billed.notes
    assert said.startswith("charge care: 2 periods of runs before this one, from 2026-09 on, EUR 20.00 in all")
    assert desk.bill(november.next).notes == ()
