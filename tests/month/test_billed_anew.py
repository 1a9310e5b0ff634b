"""What a credit note freed is billed by the files as they are by now, and so is what comes later for it."""

from pathlib import Path

import pytest

from billing_job.core.period import Period
from tests.support.desk import CLIENTS, OCTOBER, TRUNKS, Desk, row
from tests.support.fakes import Office
from tests.support.lives import AT_COST, plan, rule

pytestmark = pytest.mark.sqlite_file("the lives of test_oracle_billing play on the server")

FIRST, NOVEMBER = "INV-2026-00001", OCTOBER.next
ACME_ALONE = (*TRUNKS[:2], "trk_b,bruno,,2026-08-01")
CALLS_AT_LEAST = '[[plans]]\nname = "standard"\n[plans.category_minimum]\ncall = "{}"\n' + AT_COST


def at(price: str) -> str:
    return rule(model="fixed", price=price)


def of_month(desk: Desk, month: Period, client_id: str = "acme") -> int:
    """The net of all lines that carry that month, whichever document they stand on."""
    lines = (line for each in desk.documents() if each.client.client_id == client_id for line in each.lines)
    return sum(line.net_cents for line in lines if line.period_start == month.first_day)


@pytest.mark.mixed
@pytest.mark.parametrize("month", [OCTOBER, NOVEMBER], ids=str)
@pytest.mark.parametrize(
    ("then", "now", "billed", "anew", "with_more"),
    [
        # A call of 10.00, later one of 2.00.
        (plan(minimum="15"), plan(minimum="20"), 1500, 2000, 2000),
        (plan(minimum="15"), plan(), 1500, 1000, 1200),
        (plan(minimum="5"), plan(minimum="20"), 1000, 2000, 2000),
        (CALLS_AT_LEAST.format(15), CALLS_AT_LEAST.format(20), 1500, 2000, 2000),
        (CALLS_AT_LEAST.format(15), plan(), 1500, 1000, 1200),
        # (10.00 + 7.00) / 2 = 8.50, topped up to 9.00; (10.00 + 2.00 + 7.00) / 2 = 9.50.
        (plan(discount_percent="10"), plan(monthly_fee="7", minimum="9", discount_percent="50"), 900, 900, 950),
        # Each call at 10.00 and a fee of 5.00; then at 12.00 and a fee of 7.00, at least 30.00.
        (plan(at("10"), monthly_fee="5"), plan(at("12"), monthly_fee="7", minimum="30"), 1500, 3000, 3100),
    ],
)
def test_a_month_undone_whole_is_billed_by_other_terms(
    tmp_path: Path, month: Period, then: str, now: str, billed: int, anew: int, with_more: int
) -> None:
    """By its own run or the next one, once, and a late call after it by the same terms; `simulate` says the same."""
    desk = Desk(tmp_path, then)
    desk.file("trunks.csv", *ACME_ALONE)
    desk.add(row(1, -1000, "2026-10-05"))
    desk.bill()
    assert of_month(desk, OCTOBER) == billed
    desk.settings(now)
    desk.credit(FIRST, rebill=True)
    desk.bill(month)
    assert of_month(desk, OCTOBER) == anew
    desk.add(row(2, -200, "2026-10-06"))
    desk.bill(month, supplementary=True)
    assert of_month(desk, OCTOBER) == with_more
    asked = ("--plan", str(desk.config / "billing.toml"), "--month", "2026-10", "--months", str(month.month - 9))
    again = Office(desk.config.parent, desk.clock).type("simulate", *asked, "--json").json
    assert again["notes"] == []


@pytest.mark.parametrize("freed", ["monthly_fee", "minimum"])
def test_a_fee_or_a_minimum_alone_is_billed_by_other_terms(tmp_path: Path, freed: str) -> None:
    """Fee 5.00 and at least 20.00, with a call of 10.00; then 7.00 and at least 30.00: only what was freed changes."""
    desk = Desk(tmp_path, plan(monthly_fee="5", minimum="20"))
    desk.file("trunks.csv", *ACME_ALONE)
    desk.add(row(1, -1000, "2026-10-05"))
    (document,) = desk.bill().new
    desk.settings(plan(monthly_fee="7", minimum="30"))
    (line,) = (each.line for each in document.lines if each.category == freed)
    desk.credit(FIRST, lines=(line,), rebill=True)
    # The fee of 7.00 takes 2.00 of the top-up back; or the top-up is 15.00. A late call takes as much of it back.
    expected = 2000 if freed == "monthly_fee" else 3000
    desk.bill(supplementary=True)
    assert of_month(desk, OCTOBER) == expected
    desk.add(row(2, -200, "2026-10-06"))
    desk.bill(supplementary=True)
    assert of_month(desk, OCTOBER) == expected


def test_a_month_undone_whole_owes_the_charges_of_another_plan(tmp_path: Path) -> None:
    """Acme was billed by the wrong plan, 31.00 a month: it owes the 50.00 of its own."""
    desk = Desk(tmp_path, plan() + plan(name="gold"))
    columns = "charge_id,plan,description,price,every,valid_from"
    desk.file("charges.csv", columns, "p,standard,Flat,31,month,2026-10-01", "g,gold,Flat,50,month,2026-10-01")
    desk.add(row(1, -1000, "2026-10-05"))
    desk.bill()
    desk.file("clients.csv", CLIENTS[0], "acme,Acme,NL,,gold,", CLIENTS[2])
    desk.credit(FIRST, rebill=True)
    desk.bill()
    assert (of_month(desk, OCTOBER), of_month(desk, OCTOBER, "bruno")) == (6000, 3100)
    desk.bill(NOVEMBER)
    assert (of_month(desk, NOVEMBER), of_month(desk, NOVEMBER, "bruno")) == (5000, 3100)


def test_who_had_no_trunk_owes_nothing_for_a_month_undone_whole(tmp_path: Path) -> None:
    """The trunk was bruno's from September on: acme's fee and minimum come back, the call is bruno's."""
    desk = Desk(tmp_path, plan(monthly_fee="5", minimum="20"))
    desk.add(row(1, -1000, "2026-10-05"))
    desk.bill()
    desk.file("trunks.csv", TRUNKS[0], "trk_a,acme,,2026-09-01", "trk_a,bruno,2026-09-01,", TRUNKS[2])
    desk.credit(FIRST, rebill=True)
    for month in (OCTOBER, NOVEMBER):
        desk.bill(month)
    # Bruno's fee was billed, topped up to 20.00; the call of 10.00 takes as much of it back.
    assert [of_month(desk, OCTOBER, client_id) for client_id in ("acme", "bruno")] == [0, 2000]
    assert of_month(desk, NOVEMBER) == 0


def test_the_discount_of_a_month_undone_whole_is_rounded_once(tmp_path: Path) -> None:
    """Half of 0.01 and 0.02 was 0.02; at 0.03 for the message half of 0.04 is 0.02, and not 0.01 more half of 0.03."""
    desk = Desk(tmp_path, plan(discount_percent="50"))
    desk.add(row(1, -1, "2026-10-05"), row(2, -2, "2026-10-05", type_="sms", trunk="trk_a"))
    desk.bill()
    assert of_month(desk, OCTOBER) == 1
    desk.settings(plan(rule(category="message", model="markup", percent="50") + AT_COST, discount_percent="50"))
    desk.credit(FIRST, rebill=True)
    desk.bill()
    assert of_month(desk, OCTOBER) == 2
