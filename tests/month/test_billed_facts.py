"""What was billed decides what comes after: on documents, over plain months, and wherever the contract is read closely.

The seller is in NL at 21 %; amounts are net cents unless said otherwise.
"""

from pathlib import Path

import pytest

from tests.support.billed_lives import HALF, MINIMUM, OTHER, PACKAGE, filler, two_lines
from tests.support.ledgers import execute, record_anew
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
    TRUNK_C,
    Life,
    life,
    moved,
    plan,
    quiet_life,
)

pytestmark = pytest.mark.sqlite_file("the lives of test_oracle_billing play on the server")


# Documents


@pytest.mark.parametrize("terms", ["", "payment_terms_days = 3"])
def test_dates_of_a_series_never_go_back(tmp_path: Path, terms: str) -> None:
    """October was run before August: August's invoice is dated no earlier, and neither is due before today."""
    with quiet_life(tmp_path, plan(), billing=f'issue_date = "period_end"\n{terms}') as here:
        here.add(moved(1, -300, "2026-10-05"), moved(2, -500, "2026-08-05"))
        here.run(OCTOBER, at="2026-12-20")
        here.run("2026-08", at="2026-12-21")
        first, second = (here.told[f"INV-2026-0000{n}"] for n in (1, 2))
        assert (first["issue_date"], second["issue_date"]) == ("2026-10-31", "2026-10-31")
        days = 3 if terms else 14
        assert first["due_date"] == (f"2026-12-{20 + days}" if days == 3 else "2027-01-03")
        assert second["due_date"] == (f"2026-12-{21 + days}" if days == 3 else "2027-01-04")


def test_credit_notes_have_a_series_of_their_own_dates(tmp_path: Path) -> None:
    """A credit note of today does not move the date of the next invoice: a series is kind and year."""
    with quiet_life(tmp_path, plan(), billing='issue_date = "period_end"') as here:
        here.add(moved(1, -300, "2026-09-05"), moved(2, -500, "2026-10-05"))
        here.run(SEPTEMBER)
        here.on("2026-11-05")
        here.credit("INV-2026-00001")
        here.run(OCTOBER)
        dates = {number: each["issue_date"] for number, each in here.told.items()}
        assert dates == {"INV-2026-00001": "2026-09-30", "CN-2026-00001": "2026-11-05", "INV-2026-00002": "2026-10-31"}


@pytest.mark.parametrize("when", ["next month", "supplementary"])
def test_a_credit_note_from_a_refund_names_its_invoice(tmp_path: Path, when: str) -> None:
    """The document that only gives September's rental back refers to September's invoice, in ledger and XML."""
    with life(tmp_path, plan()) as here:
        here.add(moved(1, -1000, "2026-09-05", type_="renewal", number=DID))
        here.run(SEPTEMBER)
        here.add(moved(2, 1000, "2026-09-28", type_="refund", number=DID))
        ran = here.run(*([OCTOBER] if when == "next month" else [SEPTEMBER, "--supplementary"]))
        note = here.told["CN-2026-00001"]
        stored = here.stored("CN-2026-00001")
        dated = here.told["INV-2026-00001"]["issue_date"]
        assert stored["preceding"] == [{"number": "INV-2026-00001", "issue_date": dated}]
        assert "INV-2026-00001" in (here.office.output / note["files"]["ubl"]).read_text(encoding="utf-8")
        assert note in ran.json["documents"]


def test_a_credit_note_from_refunds_of_two_invoices_names_both(tmp_path: Path) -> None:
    """Rentals of September and October given back in November: the XML refers to both invoices."""
    with life(tmp_path, plan()) as here:
        # reading: DESIGN.md's "names every invoice it corrects" holds, not the "the period when several".
        here.add(moved(1, -1000, "2026-09-05", type_="renewal", number=DID))
        here.run(SEPTEMBER)
        here.add(moved(2, -1100, "2026-10-05", type_="renewal", number=DID))
        here.run(OCTOBER)
        here.add(
            moved(3, 1000, "2026-11-10", type_="refund", number=DID),
            moved(4, 1100, "2026-11-11", type_="refund", number=DID),
        )
        here.run(NOVEMBER)
        xml = (here.office.output / here.told["CN-2026-00001"]["files"]["ubl"]).read_text(encoding="utf-8")
        assert all(number in xml for number in ("INV-2026-00001", "INV-2026-00002"))
        assert here.net() == 0


# What never depended on the past


def test_a_plain_month_a_late_row_and_a_credit(tmp_path: Path) -> None:
    """Use and fee of a month, a late row on the next invoice, and a whole credit note add up."""
    with quiet_life(tmp_path, plan(MARKUP, monthly_fee="7.00")) as here:
        two_lines(here)
        assert (here.net("acme"), here.net("bruno"), here.vat("acme")) == (3300, 700, 693)
        here.add(moved(3, -1000, "2026-09-28"), moved(4, -100, "2026-10-28"))
        here.run(OCTOBER)
        assert (here.of_month(SEPTEMBER), here.of_month(OCTOBER)) == (3300 + 1300, 130 + 700)
        here.credit("INV-2026-00001")
        assert (here.net("acme"), here.vat("acme")) == (1300 + 130 + 700, 273 + 27 + 147)
        assert here.new(here.run(SEPTEMBER)) == here.new(here.run(OCTOBER, "--supplementary")) == []


def test_discount_fee_and_minimum_of_one_month(tmp_path: Path) -> None:
    """Use 20.00 and fee 7.00 less 50 % are 13.50, topped up to 100.00."""
    with quiet_life(tmp_path, plan(monthly_fee="7.00", **HALF, **MINIMUM)) as here:
        two_lines(here)
        found = {(each.category, each.net) for each in here.details()}
        assert found == {
            ("number_rental", 1000),
            ("call", 1000),
            ("monthly_fee", 700),
            ("discount", -1350),
            ("minimum", 8650),
        }


# Found by reading the code against the contract

TWO_PRICES = ("number,did_number_id,order_id,trunk,price", f"{NUMBER},42,1042,{TRUNK_A},6.00")


def with_carol(here: Life) -> None:
    """Put a third client into the files, on a trunk of its own."""
    here.clients(*(f"{name},{name},NL,,,," for name in ("acme", "bruno", "carol")))
    here.trunks(f"{TRUNK_A},acme,,", f"{TRUNK_B},bruno,,", f"{TRUNK_C},carol,,")


@pytest.mark.parametrize("again", [(), ("--supplementary",)])
def test_running_a_closed_month_again_makes_nobody_owe_it(tmp_path: Path, again: tuple[str, ...]) -> None:
    """Carol comes after September was closed: no further run of September bills her fee or minimum."""
    with quiet_life(tmp_path, plan(monthly_fee="5.00", **MINIMUM)) as here:
        here.run(SEPTEMBER)
        with_carol(here)
        assert here.new(here.run(SEPTEMBER)) == []
        assert here.new(here.run(SEPTEMBER, *again)) == []


def test_a_late_row_of_a_newcomer_brings_no_minimum(tmp_path: Path) -> None:
    """A late call of 2.00 in a month closed before she came is 2.00, now and in every later run."""
    with quiet_life(tmp_path, plan(monthly_fee="5.00", **MINIMUM)) as here:
        here.run(SEPTEMBER)
        with_carol(here)
        here.add(moved(1, -200, "2026-09-20", trunk=TRUNK_C))
        here.run(SEPTEMBER)
        here.run(SEPTEMBER, "--supplementary")
        here.run(OCTOBER)
        assert here.of_month(SEPTEMBER, "carol") == 200


def test_a_renamed_client_has_one_minimum(tmp_path: Path) -> None:
    """Billed as acme, late use as acme2 and a refund of acme's in one run: September stays at its 100.00."""
    with quiet_life(tmp_path, plan(**MINIMUM)) as here:
        here.add(moved(1, -2000, "2026-09-05"))
        here.run(SEPTEMBER)
        here.clients("acme2,Acme B.V.,NL,,,,", "bruno,Bruno B.V.,NL,,,,")
        here.trunks(f"{TRUNK_A},acme2,,", f"{TRUNK_B},bruno,,")
        here.numbers(f"{NUMBER},{DID},{ORDER},{TRUNK_A},,")
        here.add(moved(2, -3000, "2026-09-30"), moved(3, 2000, "2026-10-06", type_="refund"))
        here.run(OCTOBER)
        assert here.of_month(SEPTEMBER) + here.of_month(SEPTEMBER, "acme2") == 10_000


def test_a_client_that_gets_its_old_id_back_has_one_month(tmp_path: Path) -> None:
    """September as acme, as acme2 and as acme again: one minimum of 100.00, and one package of two messages.

    Calls of 20.00, 30.00 and 60.00 come to 110.00: nothing of the minimum is left. Of three messages one is paid.
    """
    with quiet_life(tmp_path, plan(PACKAGE + AT_COST, **MINIMUM)) as here:
        for row_id, name, cents, month in (
            (1, "acme", 2000, SEPTEMBER),
            (2, "acme2", 3000, OCTOBER),
            (3, "acme", 6000, NOVEMBER),
        ):
            named(here, name)
            here.add(moved(row_id, -cents, "2026-09-30"), moved(10 + row_id, -1, "2026-09-30", type_="sms"))
            here.run(month)
        assert here.of_month(SEPTEMBER) + here.of_month(SEPTEMBER, "acme2") == 11_010


def named(here: Life, name: str) -> None:
    """Acme is called so from now on; its trunk stays."""
    here.clients(f"{name},Acme B.V.,NL,,,,", "bruno,Bruno B.V.,NL,,,,")
    here.trunks(f"{TRUNK_A},{name},,", f"{TRUNK_B},bruno,,")


def test_a_freed_fee_of_a_client_with_another_id_is_billed_again(tmp_path: Path) -> None:
    """The fee of acme's September, credited with --rebill, is owed by acme2, once and with its VAT."""
    with quiet_life(tmp_path, plan(monthly_fee="5.00")) as here:
        here.add(moved(1, -1000, "2026-09-05"))
        here.run(SEPTEMBER)
        here.credit("INV-2026-00001", here.line_of("INV-2026-00001", "monthly_fee"), rebill=True)
        named(here, "acme2")
        here.run(SEPTEMBER, "--supplementary")
        assert (here.net(), here.net("acme2"), here.vat("acme2")) == (1000, 500, 105)


def test_a_freed_row_and_its_refund_share_one_discount(tmp_path: Path) -> None:
    """2.00 less 10 % are freed and half comes back before they are billed again, beside no other use: 0.90 is left."""
    with quiet_life(tmp_path, plan(discount_percent="10")) as here:
        here.add(moved(1, -200, "2026-09-05"))
        here.run(SEPTEMBER)
        here.credit("INV-2026-00001", 1, rebill=True)
        here.add(moved(2, 100, "2026-09-06", type_="refund"))
        here.run(SEPTEMBER, "--supplementary")
        assert here.net() == 90


def test_a_minimum_billed_alone_under_another_id_is_known(tmp_path: Path) -> None:
    """September undone whole and billed anew to 100.00 as acme2, without any use: late use as acme is within it."""
    with quiet_life(tmp_path, plan(**MINIMUM)) as here:
        here.run(SEPTEMBER)
        (number,) = [each["number"] for each in here.told.values() if each["client_id"] == "acme"]
        here.credit(number, rebill=True)
        named(here, "acme2")
        here.run(SEPTEMBER, "--supplementary")
        named(here, "acme")
        here.add(moved(1, -3000, "2026-09-30"))
        here.run(OCTOBER)
        assert here.of_month(SEPTEMBER) + here.of_month(SEPTEMBER, "acme2") == 10_000


def test_a_refund_of_an_id_that_is_gone_keeps_the_minimum_of_its_month(tmp_path: Path) -> None:
    """Billed to 100.00 as acme, late use of 30.00 as acme2, which acme gives back alone: September stays at 100.00."""
    with quiet_life(tmp_path, plan(**MINIMUM)) as here:
        here.add(moved(1, -2000, "2026-09-05"))
        here.run(SEPTEMBER)
        named(here, "acme2")
        here.add(moved(2, -3000, "2026-09-30"))
        here.run(OCTOBER)
        named(here, "acme")
        here.add(moved(3, 3000, "2026-11-06", type_="refund"))
        here.run(NOVEMBER)
        assert here.of_month(SEPTEMBER) + here.of_month(SEPTEMBER, "acme2") == 10_000
        assert here.of_month(SEPTEMBER, "acme2") == 0


@pytest.mark.parametrize("undone", ["", "INV-2026-00001", "INV-2026-00002"])
def test_two_clients_that_became_one_owe_a_billed_month_no_second_time(tmp_path: Path, undone: str) -> None:
    """100.00 each in September; both are carol by now: late use, and a document billed again, change nothing."""
    with quiet_life(tmp_path, plan(monthly_fee="5.00", **MINIMUM)) as here:
        here.add(moved(1, -2000, "2026-09-05"), moved(2, -3000, "2026-09-06", trunk=TRUNK_B))
        here.run(SEPTEMBER)
        here.clients("carol,Carol B.V.,NL,,,,")
        here.trunks(f"{TRUNK_A},carol,,", f"{TRUNK_B},carol,,")
        here.add(moved(3, -700, "2026-09-30", trunk=TRUNK_B), moved(4, -900, "2026-10-06"))
        if undone:
            here.credit(undone, rebill=True)
        here.run(OCTOBER)
        assert sum(here.of_month(SEPTEMBER, name) for name in ("acme", "bruno", "carol")) == 20_000
        assert here.of_month(OCTOBER, "carol") == 10_000


@pytest.mark.parametrize("how", ["withdrawn", "changed"])
def test_a_shared_order_that_changes_waits(tmp_path: Path, how: str) -> None:
    """An order of two clients is billed in parts; withdrawn or changed, it waits like any other."""
    with quiet_life(tmp_path, plan()) as here:
        here.file("numbers.csv", *TWO_PRICES, f"{OTHER},43,1042,{TRUNK_B},4.00")
        here.add(moved(1, -1000, "2026-09-05", type_="purchase", order=1042), moved(9, -5000, "2026-09-01"))
        here.run(SEPTEMBER)
        assert here.net("bruno") == 400
        if how == "withdrawn":
            here.withdraw(1)
        else:
            here.change(1, amount=-700)
        here.run(SEPTEMBER, code=3)
        assert "1" in here.waiting()


def test_what_was_accepted_is_what_refunds_are_held_against(tmp_path: Path) -> None:
    """Billed at 13.00 for 10.00, accepted at 7.00: when the 7.00 come back, so does all that was charged."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        here.add(moved(1, -1000, "2026-09-05"), moved(9, -5000, "2026-09-01", trunk=TRUNK_B))
        here.run(SEPTEMBER)
        here.change(1, amount=-700)
        here.run(SEPTEMBER, code=3)
        here.resolve(1, "--accept")
        here.add(moved(2, 700, "2026-10-05", type_="refund"))
        here.run(OCTOBER)
        assert here.net() == 0


def test_what_was_accepted_of_a_refund_came_back(tmp_path: Path) -> None:
    """A refund of 4.00 gave back 5.20 and was accepted at 6.00: with the other 4.00 all of the 13.00 are back."""
    with life(tmp_path, plan(MARKUP)) as here:
        here.add(moved(1, -1000, "2026-09-05"), filler(9, "2026-09-01"))
        here.run(SEPTEMBER)
        here.add(moved(2, 400, "2026-09-06", type_="refund"))
        here.run(SEPTEMBER, "--supplementary")
        assert here.net() == 1300 - 520
        here.change(2, amount=600)
        here.run(SEPTEMBER, code=3)
        here.resolve(2, "--accept")
        here.add(moved(3, 400, "2026-09-07", type_="refund"))
        here.run(SEPTEMBER, "--supplementary")
        assert here.net() == 0


def test_a_refund_of_more_than_its_original_is_told(tmp_path: Path) -> None:
    """2.00 for a call of 1.00 gives back its 1.30, and the run says that 1.00 more came back."""
    with life(tmp_path, plan(MARKUP)) as here:
        here.add(moved(1, -100, "2026-09-05"))
        here.run(SEPTEMBER)
        here.add(moved(3, 200, "2026-10-05", type_="refund"))
        ran = here.run(OCTOBER)
        assert here.net() == 0
        assert "more came back than was paid, EUR 1.00 in all: refund 3 of transaction 1 (EUR 1.00)" in ran.err


def test_a_ledger_without_recorded_months_keeps_its_top_up(tmp_path: Path) -> None:
    """A migrated month has no recorded trunks: who has its document bore it, and a late row is under the minimum."""
    with quiet_life(tmp_path, plan(**MINIMUM)) as here:
        here.add(moved(1, -2000, "2026-09-05"))
        here.run(SEPTEMBER)
        execute(here.office.database_url, "DELETE FROM client_months", "DELETE FROM trunk_months")
        migrated = "INSERT INTO trunk_months (trunk, since, month, client_id) VALUES ('', 'acme', '2026-09', 'acme')"
        execute(here.office.database_url, migrated)
        record_anew(here.office.database_url)
        here.add(moved(2, -3000, "2026-09-30"))
        here.run(SEPTEMBER, "--supplementary")
        assert here.net() == 10_000


def rental_given_back_and_a_call(here: Life) -> None:
    """A rental of 10.00 that comes back in its own month, beside a call of 20.00."""
    here.add(moved(1, -1000, "2026-09-05", type_="renewal", number=DID))
    here.add(moved(2, 1000, "2026-09-20", type_="refund", number=DID), moved(3, -2000, "2026-09-21"))


@pytest.mark.parametrize(("discount", "net"), [("50", 1000), ("25", 1500), ("100", 0)])
def test_a_whole_document_with_a_refund_in_it_is_rebilled(tmp_path: Path, discount: str, net: int) -> None:
    """The refund that stands beside its original takes the same discount as it, when both are billed again."""
    with quiet_life(tmp_path, plan(**HALF)) as here:
        rental_given_back_and_a_call(here)
        here.run(SEPTEMBER)
        assert here.net() == 1000
        here.settings(plan(discount_percent=discount))
        here.credit("INV-2026-00001", rebill=True)
        here.run(SEPTEMBER)
        assert here.net() == net


def test_a_refunded_line_is_rebilled_with_its_refund_only(tmp_path: Path) -> None:
    """Freed alone, the original would be billed at a new price of which the refund gives back the old one."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        rental_given_back_and_a_call(here)
        here.run(SEPTEMBER)
        rental = here.line_of("INV-2026-00001", "number_rental", is_refund=False)
        ran = here.office.type(
            "credit", "INV-2026-00001", "--line", str(rental), "--rebill", "--reason", "It was wrong"
        )
        assert ran.code == 2
        assert "gives transaction 1 back: free it along" in ran.err
        assert here.net() == 2600
