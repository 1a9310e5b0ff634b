"""What was billed later than its month, or came back in other units: fees, places in tiers, units, the VAT of parts."""

import csv
from pathlib import Path

import pytest

from billing_job.core.money import cents_from_decimal
from billing_job.core.period import Period
from tests.support.bank_files import Moved, camt
from tests.support.billed_lives import GRADUATED
from tests.support.desk import Desk, row
from tests.support.lives import (
    AT_COST,
    DID,
    MARKUP,
    NOVEMBER,
    NUMBER,
    OCTOBER,
    ORDER,
    SEPTEMBER,
    TRUNK_A,
    TRUNK_B,
    life,
    moved,
    plan,
    quiet_life,
)

pytestmark = pytest.mark.sqlite_file("the lives of test_oracle_billing play on the server")

SEGMENTS = '[api.transactions.fields]\nquantity = "segments"\n'


def test_a_month_closed_while_its_client_could_not_be_taxed_is_taken_up(tmp_path: Path) -> None:
    """A German consumer waits in September; with a VAT id, October's invoice has both fees and September's top-up."""
    with quiet_life(tmp_path, plan(monthly_fee="5.00", minimum="20.00")) as here:
        here.clients("acme,Acme GmbH,DE,,,,", "bruno,Bruno B.V.,NL,,,,")
        here.add(moved(1, -1000, "2026-09-05"), moved(9, -100_000, "2026-09-05", trunk=TRUNK_B))
        here.run(SEPTEMBER, code=3)
        here.clients("acme,Acme GmbH,DE,DE136695976,,,", "bruno,Bruno B.V.,NL,,,,")
        here.run(OCTOBER)
        # September: 10.00 of use, 5.00 fee, 5.00 to the minimum; October: 5.00 fee, 15.00 to the minimum.
        assert (here.of_month(SEPTEMBER), here.of_month(OCTOBER)) == (2000, 2000)
        assert here.new(here.run(SEPTEMBER)) == []
        assert here.net() == 4000


@pytest.mark.parametrize("billed_before", [True, False])
def test_freed_rows_of_another_client_are_counted_with_its_own(tmp_path: Path, billed_before: bool) -> None:
    """Two messages were acme's by mistake: with bruno's own they take places one after the other, in no place twice."""
    with quiet_life(tmp_path, plan(GRADUATED + AT_COST)) as here:
        here.numbers(f"{NUMBER},{DID},{ORDER},{TRUNK_A},,")
        here.add(*(moved(n, -3, f"2026-09-{day}", type_="sms", number=DID) for n, day in ((1, "05"), (2, "15"))))
        here.add(moved(3, -3, "2026-09-10", type_="sms", trunk=TRUNK_B))
        here.run(SEPTEMBER, *([] if billed_before else ["--client", "acme"]))
        here.numbers(f"{NUMBER},{DID},{ORDER},{TRUNK_B},,")
        here.credit("INV-2026-00001", 1, rebill=True)
        here.add(moved(4, -3, "2026-09-20", type_="sms", trunk=TRUNK_B))
        here.run(SEPTEMBER, "--supplementary")
        # Four of bruno's: two at 1.00, two at 0.50. Settled first is the 10th's, or all four in the order of time.
        assert (here.net("acme"), here.net("bruno")) == (0, 300)
        own = {n: here.of_row(n, "bruno") for n in (1, 2, 3, 4)}
        assert own == ({1: 50, 2: 50, 3: 100, 4: 100} if billed_before else {1: 100, 2: 50, 3: 100, 4: 50})


@pytest.mark.parametrize(
    ("parts", "units", "given"),
    [((9,), ["-3"], [-250]), ((3, 6), ["-1", "-2"], [-83, -167]), ((4, 5), ["-1", "-2"], [-111, -139])],
)
def test_a_refund_gives_back_the_units_that_were_charged(
    tmp_path: Path, parts: tuple[int, ...], units: list[str], given: list[int]
) -> None:
    """A message of three segments is 1.00 + 1.00 + 0.50; its refunds bring units back as they bring its cost back."""
    rules = GRADUATED.replace('model = "graduated"', 'model = "graduated"\nper = "quantity"')
    with quiet_life(tmp_path, SEGMENTS + plan(rules + AT_COST)) as here:
        here.clients("acme,Acme B.V.,NL,,,transaction,", "bruno,Bruno B.V.,NL,,,,")
        here.add({**moved(1, -9, "2026-09-05", type_="sms"), "segments": 3})
        here.run(SEPTEMBER)
        here.add(*(moved(2 + n, cents, f"2026-09-{10 + n}", type_="refund") for n, cents in enumerate(parts)))
        here.run(SEPTEMBER, "--supplementary")
        shown = [each for each in here.details() if each.transaction_id != "1"]
        assert ([each.quantity for each in shown], [each.net for each in shown]) == (units, given)


def test_the_vat_of_a_document_is_of_its_own_net(tmp_path: Path) -> None:
    """Two halves of 13.00 on two documents: each has the VAT of its 6.50 (BR-CO-17), together a cent above 2.73."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        here.add(moved(1, -1000, "2026-09-05", type_="renewal", number=DID))
        here.run(SEPTEMBER)
        for row_id in (2, 3):
            here.add(moved(row_id, 500, "2026-09-20", type_="refund", number=DID))
            here.run(SEPTEMBER, "--supplementary")
        assert [(told["net_cents"], told["vat_cents"]) for told in here.told.values()] == [
            (1300, 273),
            (-650, -137),
            (-650, -137),
        ]


@pytest.mark.parametrize("runs", [("10",), ("10", "11"), ("10", "11", "12")])
def test_an_order_of_two_clients_comes_back_whole(tmp_path: Path, runs: tuple[str, ...]) -> None:
    """Of 5.00 for two numbers of 2.50 one comes back by its number and the rest by the order: each has its 2.50 again.

    All in one run, both refunds in the next one, or a run each and the last refund billed to one client first.
    """
    desk = Desk(tmp_path, plan())
    columns = "number,did_number_id,order_id,trunk,valid_from,valid_to,price"
    desk.file("numbers.csv", columns, "+31201110001,42,1042,trk_a,,,2.50", "+31201110002,43,1042,trk_b,,,2.50")
    first, last = f"2026-{runs[len(runs) // 2]}", f"2026-{runs[-1]}"
    # With a top-up, or the movements come to nothing and prove nothing.
    desk.add(row(1, -500, "2026-10-05", order=1042, type_="purchase"), row(9, 5000, "2026-10-01", type_="topup"))
    desk.add(row(2, 250, f"{first}-06", number=43, type_="refund"))
    desk.add(row(3, 250, f"{last}-07", order=1042, type_="refund"))
    for month in runs:
        if month == "12":
            desk.bill(Period(2026, 12), only=["acme"])
        assert desk.bill(Period(2026, int(month))).notes == ()
    nets = dict.fromkeys(("acme", "bruno"), 0)
    for document in desk.documents():
        nets[document.client.client_id] += document.net_cents
    assert nets == {"acme": 0, "bruno": 0}
    assert desk.waiting(Period(2026, 12)) == []


def test_books_that_change_after_their_month_was_run_are_named(tmp_path: Path) -> None:
    """A payment of 30 October, told on 20 November, and a call of October that comes with November's run.

    All journals together leave on the receivable account what is open only with October's as it is by now.
    """
    with life(tmp_path, plan()) as here:
        here.add(moved(1, -1000, "2026-09-10"))
        assert "was run before" not in here.run(SEPTEMBER).err
        here.add(moved(2, -1000, "2026-10-10"))
        assert "was run before" not in here.run(OCTOBER).err
        statement = tmp_path / "statement.xml"
        statement.write_bytes(camt(Moved(1210, "INV-2026-00001", day="2026-10-30", reference="1")))
        here.on("2026-11-20")
        assert here.office.type("bank", "import", str(statement), "--json").json["books"] == [OCTOBER]
        here.add(moved(3, -1000, "2026-11-10"), moved(4, -77, "2026-10-11"))
        assert f"{OCTOBER} was run before" in here.run(NOVEMBER).err
        assert "was run before" not in here.run(OCTOBER).err
        receivable = 0
        for month in (SEPTEMBER, OCTOBER, NOVEMBER):
            text = (here.office.output / month / "accounting" / "journal.csv").read_text(encoding="utf-8")
            rows = csv.DictReader(text.splitlines())
            receivable += sum(cents_from_decimal(each["amount"]) for each in rows if each["account"] == "1300")
        assert receivable == here.office.type("open", "--json").json["total_open_cents"]
