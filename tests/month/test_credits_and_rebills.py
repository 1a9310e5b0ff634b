"""Credit notes by the commands: what they take along, what they free, and how that is billed again."""

from pathlib import Path

import pytest

from billing_job.billing.invoicing.credit_limits import NotCreditable
from tests.support.billed_lives import GRADUATED, HALF, MINIMUM, OTHER, TWO_NUMBERS, two_lines
from tests.support.lives import (
    AT_COST,
    DID,
    MARKUP,
    NOVEMBER,
    NUMBER,
    OCTOBER,
    ORDER,
    SEPTEMBER,
    TRUNK_B,
    Life,
    life,
    moved,
    plan,
    quiet_life,
    rule,
)

pytestmark = pytest.mark.sqlite_file("the lives of test_oracle_billing play on the server")


@pytest.mark.mixed
@pytest.mark.parametrize("line", [1, 2])
@pytest.mark.parametrize("discount", ["50", "25", "0"])
def test_crediting_a_line_takes_its_discount_along(tmp_path: Path, line: int, discount: str) -> None:
    """Of two lines of 10.00 less 50 % one is worth 5.00, when it is credited and when it is billed again."""
    worth = 1000 * (100 - int(discount)) // 100
    with quiet_life(tmp_path, plan(discount_percent=discount)) as here:
        two_lines(here)
        assert here.new(here.credit("INV-2026-00001", line)) == [("acme", -worth)]
        assert here.net() == worth


@pytest.mark.mixed
@pytest.mark.parametrize("when", ["next month", "supplementary"])
@pytest.mark.parametrize("discount", ["50", "25", "0"])
def test_a_line_credited_and_rebilled_comes_to_nothing(tmp_path: Path, discount: str, when: str) -> None:
    """Nothing has changed, so what was credited is billed again to the cent."""
    worth = 1000 * (100 - int(discount)) // 100
    with quiet_life(tmp_path, plan(discount_percent=discount)) as here:
        two_lines(here)
        assert here.new(here.credit("INV-2026-00001", 1, rebill=True)) == [("acme", -worth)]
        ran = here.run(OCTOBER) if when == "next month" else here.run(SEPTEMBER, "--supplementary")
        assert here.new(ran) == [("acme", worth)]
        assert (here.net(), here.vat()) == (2 * worth, 2 * worth * 21 // 100)


def test_crediting_line_by_line_is_crediting_the_whole(tmp_path: Path) -> None:
    """Both lines one after the other, each with its share of an odd discount, leave no cent, and no VAT."""
    with quiet_life(tmp_path, plan(MARKUP, discount_percent="33.3")) as here:
        here.add(moved(1, -1001, "2026-09-05", type_="renewal", number=DID), moved(2, -777, "2026-09-06"))
        here.run(SEPTEMBER)
        for category in ("number_rental", "call"):
            here.credit("INV-2026-00001", here.line_of("INV-2026-00001", category))
        assert (here.net(), here.vat()) == (0, 0)


@pytest.mark.mixed
@pytest.mark.parametrize(
    ("rules", "first", "second"),
    [
        (GRADUATED, 200, 100),
        (rule(category="message", model="package", included=1, price="0.10"), 10, 20),
        (rule(category="message", model="volume", tiers='[{up_to = 3, price = "1.00"}, {price = "0.50"}]'), 100, 100),
    ],
    ids=["graduated", "package", "volume"],
)
@pytest.mark.parametrize("which", ["first", "second"])
def test_a_rebilled_line_keeps_its_places(tmp_path: Path, rules: str, first: int, second: int, which: str) -> None:
    """Four messages on two numbers: the line credited and billed again has the places that it had."""
    with quiet_life(tmp_path, plan(rules + AT_COST)) as here:
        here.numbers(*TWO_NUMBERS)
        here.add(*(moved(n, -3, f"2026-09-0{n}", type_="sms", number=NUMBER if n < 3 else OTHER) for n in (1, 2, 3, 4)))
        here.run(SEPTEMBER)
        number, worth = (NUMBER, first) if which == "first" else (OTHER, second)
        place = here.line_of("INV-2026-00001", "message", number=number)
        assert here.new(here.credit("INV-2026-00001", place, rebill=True)) == [("acme", -worth)]
        assert here.new(here.run(SEPTEMBER, "--supplementary"))[-1] == ("acme", worth)
        assert here.net() == first + second


def test_a_rebilled_line_has_the_right_price(tmp_path: Path) -> None:
    """Billed at 100 % on top by mistake, credited with --rebill after the file was corrected: 13.00 less 50 %."""
    with quiet_life(tmp_path, plan(MARKUP.replace("30", "100"), **HALF)) as here:
        two_lines(here)
        here.settings(plan(MARKUP, **HALF))
        place = here.line_of("INV-2026-00001", "number_rental")
        assert here.new(here.credit("INV-2026-00001", place, rebill=True)) == [("acme", -1000)]
        assert here.new(here.run(SEPTEMBER, "--supplementary"))[-1] == ("acme", 650)


def test_a_freed_minimum_is_asked_again_beside_what_it_was_corrected_by(tmp_path: Path) -> None:
    """September's 20.00 are topped up by 80.00, 30.00 come late and take 30.00 back; freed, 80.00 are asked anew."""
    with quiet_life(tmp_path, plan(AT_COST, **MINIMUM)) as here:
        here.add(moved(1, -2000, "2026-09-05"))
        here.run(SEPTEMBER)
        here.add(moved(2, -3000, "2026-09-30"), moved(3, -20_000, "2026-10-05"))
        here.run(OCTOBER)
        here.credit("INV-2026-00001", here.line_of("INV-2026-00001", "minimum"), rebill=True)
        assert here.of_month(SEPTEMBER) == 2000
        here.add(moved(4, -20_000, "2026-11-05"))
        here.run(NOVEMBER)
        here.run(NOVEMBER, "--supplementary")
        assert here.of_month(SEPTEMBER) == 10_000
        told = here.office.type("simulate", "--plan", str(here.office.config / "billing.toml"), "--month", SEPTEMBER,
                                "--months", "3", "--json").json  # fmt: skip
        assert (told["notes"], told["total"]["difference_cents"]) == ([], 0)


@pytest.mark.parametrize(("asked", "now"), [("minimum", "100.00"), ("monthly_fee", "0")])
def test_what_was_freed_is_asked_once(tmp_path: Path, asked: str, now: str) -> None:
    """Late use reaches the minimum that was freed, or there is no fee any more: a higher one of later is not owed."""
    with quiet_life(tmp_path, plan(AT_COST, **{asked: "100.00"})) as here:
        here.add(moved(1, -2000, "2026-09-05"))
        here.run(SEPTEMBER)
        here.credit("INV-2026-00001", here.line_of("INV-2026-00001", asked), rebill=True)
        here.settings(plan(AT_COST, **{asked: now}))
        here.add(moved(2, -9000, "2026-09-30"), moved(3, -20_000, "2026-10-05"))
        here.run(OCTOBER)
        assert here.of_month(SEPTEMBER) == 11_000
        here.settings(plan(AT_COST, **{asked: "200.00"}))
        here.add(moved(4, -30_000, "2026-11-05"))
        here.run(NOVEMBER)
        assert here.of_month(SEPTEMBER) == 11_000
        (*_, last) = here.office.type("why", f"charge:{asked}:acme:{SEPTEMBER}", "--json").json["settlements"]
        assert (last["document"], last["net_cents"]) == ("", 0)


@pytest.mark.parametrize("when", ["next month", "supplementary"])
def test_a_rebilled_line_has_the_right_client(tmp_path: Path, when: str) -> None:
    """The number was bruno's all along: acme gets its 13.00 back, bruno is billed them under September."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        two_lines(here)
        here.numbers(f"{NUMBER},{DID},{ORDER},{TRUNK_B},,")
        here.credit("INV-2026-00001", here.line_of("INV-2026-00001", "number_rental"), rebill=True)
        here.run(*([OCTOBER] if when == "next month" else [SEPTEMBER, "--supplementary"]))
        assert (here.net("acme"), here.net("bruno")) == (1300, 1300)
        assert here.of_month(SEPTEMBER, "bruno") == 1300


def test_a_rebilled_line_keeps_its_tax_date(tmp_path: Path) -> None:
    """September's 10.00, billed again in October when the rate is 23 %, has September's 21 %."""
    with quiet_life(tmp_path, plan()) as here:
        here.rates("NL,S,21,2020-01-01", "NL,S,23,2026-10-01")
        two_lines(here)
        here.credit("INV-2026-00001", 1, rebill=True)
        here.run(OCTOBER)
        assert (here.net(), here.vat()) == (2000, 420)


def test_a_whole_document_credited_and_rebilled(tmp_path: Path) -> None:
    """Fee, minimum, discount and use come again as they were."""
    with quiet_life(tmp_path, plan(MARKUP, monthly_fee="5.00", **MINIMUM, **HALF)) as here:
        two_lines(here)
        assert here.net("acme") == 10_000
        assert here.new(here.credit("INV-2026-00001", rebill=True)) == [("acme", -10_000)]
        here.run(SEPTEMBER)
        assert (here.net("acme"), here.vat("acme")) == (10_000, 2100)


@pytest.mark.parametrize(
    ("terms", "september", "october"),
    [
        # Two lines of 10.00 and 30 %, and the fee, less half; October has no use and owes the fee, less half.
        ({"monthly_fee": "5.00", **HALF}, (2 * 1300 + 500) // 2, 250),
        ({"minimum": "100.00"}, 10_000, 10_000),
        ({"monthly_fee": "5.00", "minimum": "100.00", **HALF}, 10_000, 10_000),
    ],
)
def test_a_whole_document_is_rebilled_by_a_later_run(
    tmp_path: Path, terms: dict[str, str], september: int, october: int
) -> None:
    """The next month's invoice takes fee and minimum of the month up as well, and once."""
    with quiet_life(tmp_path, plan(MARKUP, **terms)) as here:
        two_lines(here)
        here.credit("INV-2026-00001", rebill=True)
        assert here.of_month(SEPTEMBER) == 0
        for month in (OCTOBER, NOVEMBER):
            here.run(month)
            assert (here.of_month(SEPTEMBER), here.of_month(OCTOBER)) == (september, october)


@pytest.mark.parametrize("month", [SEPTEMBER, OCTOBER])
def test_what_a_plan_adds_is_rebilled_with_the_right_vat(tmp_path: Path, month: str) -> None:
    """Billed at 21 % where the rate was 19: use 26.00, fee 5.00 and a top-up to 100.00 come again with 19.00 of VAT."""
    with quiet_life(tmp_path, plan(MARKUP, monthly_fee="5.00", minimum="100.00")) as here:
        two_lines(here)
        here.credit("INV-2026-00001", rebill=True)
        here.rates("NL,S,19,2020-01-01")
        assert (here.net(), here.vat()) == (0, 0)
        here.run(month)
        months = 1 if month == SEPTEMBER else 2
        assert (here.net(), here.vat()) == (10_000 * months, 1_900 * months)


def test_a_minimum_beside_a_charge_of_ones_own_is_rebilled_by_a_later_run(tmp_path: Path) -> None:
    """No use, a charge that counts for no minimum: both come again."""
    with quiet_life(tmp_path, plan(minimum="20.00"), billing=f'first_month = "{SEPTEMBER}"') as here:
        here.file(
            "charges.csv", "charge_id,client_id,description,price,valid_from", "phone,acme,Phone,89.50,2026-09-05"
        )
        here.run(SEPTEMBER)
        assert here.of_month(SEPTEMBER) == 8950 + 2000
        here.credit("INV-2026-00001", rebill=True)
        here.run(OCTOBER)
        assert (here.of_month(SEPTEMBER), here.of_month(OCTOBER)) == (8950 + 2000, 2000)


@pytest.mark.mixed
@pytest.mark.parametrize("when", ["next month", "supplementary"])
@pytest.mark.parametrize("how", ["whole", "line"])
def test_a_refund_of_what_was_credited_gives_nothing_more(tmp_path: Path, how: str, when: str) -> None:
    """Ten billed, credited by hand, then refunded by the supplier: ten are given back, once."""
    with quiet_life(tmp_path, plan()) as here:
        here.add(moved(1, -1000, "2026-09-05", type_="renewal", number=DID))
        here.run(SEPTEMBER)
        here.credit("INV-2026-00001", *([1] if how == "line" else []))
        here.add(moved(2, 1000, "2026-09-28", type_="refund", number=DID))
        here.run(*([OCTOBER] if when == "next month" else [SEPTEMBER, "--supplementary"]))
        assert (here.net(), here.vat(), here.waiting()) == (0, 0, {})


def test_a_refund_names_the_credit_note_that_came_before_it(tmp_path: Path) -> None:
    """attribution.csv says on which credit note the money went back already."""
    with life(tmp_path, plan()) as here:
        here.add(moved(1, -1000, "2026-09-05", type_="renewal", number=DID))
        here.run(SEPTEMBER)
        here.credit("INV-2026-00001")
        here.add(moved(2, 1000, "2026-10-08", type_="refund", number=DID))
        here.run(OCTOBER)
        lines = (here.office.month("2026-10") / "attribution.csv").read_text(encoding="utf-8").splitlines()
        (why,) = [line for line in lines if line.startswith("2,")]
        assert "refund of 1, billed on INV-2026-00001, given back by CN-2026-00001" in why


def test_a_refund_of_what_was_credited_in_part_gives_back_the_rest(tmp_path: Path) -> None:
    """Four of ten were credited by hand: the supplier's refund of ten gives back the six that are left."""
    with quiet_life(tmp_path, plan()) as here:
        here.add(moved(1, -1000, "2026-09-05", type_="renewal", number=DID))
        here.run(SEPTEMBER)
        here.hear(here.office.type("credit", "INV-2026-00001", "--amount", "4.00", "--reason", "x", "--json"))
        here.add(moved(2, 1000, "2026-10-08", type_="refund", number=DID))
        here.run(OCTOBER)
        assert (here.net(), here.of_row(2)) == (0, -600)


def credited_line(here: Life, *, rebill: bool) -> None:
    """Bill a call of 13.00 and one of 26.00 of a number, whose line is credited."""
    here.add(moved(1, -1000, "2026-09-05"), moved(2, -2000, "2026-09-06", number=DID))
    here.run(SEPTEMBER)
    here.credit("INV-2026-00001", here.line_of("INV-2026-00001", "call", number=NUMBER), rebill=rebill)


def test_a_correction_of_a_correction_knows_its_rows(tmp_path: Path) -> None:
    """26.00 less 10 % credited, charged again by crediting that, credited once more: a refund finds nothing to give."""
    with quiet_life(tmp_path, plan(MARKUP, discount_percent="10")) as here:
        credited_line(here, rebill=False)
        here.credit("CN-2026-00001")
        assert here.net() == 3510
        assert [line["net_cents"] for line in here.stored("INV-2026-00002")["lines"]] == [2600, -260]
        here.credit("INV-2026-00002")
        here.add(moved(3, 2000, "2026-10-05", type_="refund", number=DID))
        here.run(OCTOBER)
        assert here.net() == 1170


def test_what_a_refund_gave_back_is_not_credited_by_a_correction(tmp_path: Path) -> None:
    """26.00 credited and charged again, then refunded: nothing is left of the invoice that charged it again."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        credited_line(here, rebill=False)
        here.credit("CN-2026-00001")
        here.add(moved(3, 2000, "2026-10-05", type_="refund", number=DID))
        here.run(OCTOBER)
        assert here.net() == 1300
        with pytest.raises(NotCreditable, match="nothing is left"):
            here.credit("INV-2026-00002")


def test_corrections_bill_a_freed_row_once(tmp_path: Path) -> None:
    """Freed and billed again it is not charged by crediting its credit note; a correction of that can free it, too."""
    with quiet_life(tmp_path / "freed", plan(MARKUP)) as here:
        credited_line(here, rebill=True)
        here.run(SEPTEMBER, "--supplementary")
        with pytest.raises(NotCreditable, match="would bill it twice"):
            here.credit("CN-2026-00001")
        assert here.net() == 3900
    with quiet_life(tmp_path / "free", plan(MARKUP)) as here:
        credited_line(here, rebill=False)
        with pytest.raises(NotCreditable, match="is charged on"):
            here.credit("CN-2026-00001", rebill=True)
        here.credit("CN-2026-00001")
        here.credit("INV-2026-00002", rebill=True)
        here.run(SEPTEMBER, "--supplementary")
        assert here.net() == 3900


def test_a_rebilled_row_can_be_refunded(tmp_path: Path) -> None:
    """Credited, billed again at 13.00 instead of 20.00, then refunded: the 13.00 that stand come back."""
    with quiet_life(tmp_path, plan(MARKUP.replace("30", "100"))) as here:
        here.add(moved(1, -1000, "2026-09-05", type_="renewal", number=DID))
        here.run(SEPTEMBER)
        here.settings(plan(MARKUP))
        here.credit("INV-2026-00001", rebill=True)
        here.run(SEPTEMBER)
        assert here.net() == 1300
        here.add(moved(2, 1000, "2026-10-08", type_="refund", number=DID))
        here.run(OCTOBER)
        assert (here.net(), here.vat()) == (0, 0)
