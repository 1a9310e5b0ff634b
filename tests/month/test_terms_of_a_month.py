"""A month's own terms, whenever it is billed: places in tiers, minimum, fee, VAT."""

from pathlib import Path

import pytest

from tests.support.billed_lives import GRADUATED, HALF, MINIMUM, PACKAGE, back, message, play, two_lines, use
from tests.support.lives import (
    AT_COST,
    DID,
    MARKUP,
    NOVEMBER,
    OCTOBER,
    SEPTEMBER,
    TRUNK_A,
    TRUNK_B,
    TRUNK_C,
    moved,
    plan,
    quiet_life,
)

pytestmark = pytest.mark.sqlite_file("the lives of test_oracle_billing play on the server")


# Places in tiers and packages


@pytest.mark.parametrize(
    ("rules", "when", "left"),
    [
        pytest.param(PACKAGE, "same month", 0, id="package-same month"),
        pytest.param(PACKAGE, "next month", 10, id="package-next month"),
        pytest.param(PACKAGE, "supplementary", 10, id="package-supplementary"),
        pytest.param(GRADUATED, "same month", 200, id="tier-same month"),
        pytest.param(GRADUATED, "next month", 150, id="tier-next month"),
        pytest.param(GRADUATED, "supplementary", 150, id="tier-supplementary"),
    ],
)
def test_the_first_of_three_units_is_refunded(tmp_path: Path, rules: str, when: str, left: int) -> None:
    """Together with them it frees its place, and the third moves up; afterwards what the others cost stays.

    Of a package of two the first gives back nothing by then, of tiers at 1.00, 1.00 and 0.50 its own price.
    """
    with quiet_life(tmp_path, plan(rules + AT_COST)) as here:
        play(
            here,
            when,
            [moved(1, -3, "2026-09-05", type_="sms", number=DID), message(2), message(3)],
            [moved(4, 3, "2026-09-20", type_="refund", number=DID)],
        )
        assert here.net() == left


def test_late_units_go_on_at_the_months_own_tiers(tmp_path: Path) -> None:
    """A third message of September has September's third place at September's price, though tiers have changed."""
    with quiet_life(tmp_path, plan(GRADUATED + AT_COST)) as here:
        here.add(*(moved(n, -3, "2026-09-05", type_="sms") for n in (1, 2)))
        here.run(SEPTEMBER)
        here.settings(plan(GRADUATED.replace("0.50", "9.00") + AT_COST))
        here.add(moved(3, -3, "2026-09-06", type_="sms"), moved(4, -3, "2026-10-06", type_="sms"))
        here.run(OCTOBER)
        assert (here.of_row(3), here.of_row(4)) == (50, 100)


# Minimum and fee


@pytest.mark.parametrize(
    ("september", "october", "later", "total"),
    [
        ([use(1, 30_000, "2026-09-05")], [back(2, 10_000)], [], 30_000),
        ([use(1, 2000, "2026-09-05")], [use(2, 8000, "2026-10-05"), use(3, 3000, "2026-09-30")], [], 20_000),
        ([use(1, 5000, "2026-09-05")], [back(2, 5000), use(3, 15_000, "2026-10-06")], [], 25_000),
        ([use(1, 2000, "2026-09-05")], [use(3, 9000, "2026-09-30")], [], 21_000),
        ([use(1, 12_000, "2026-09-05")], [back(2, 6000)], [], 20_000),
        ([use(1, 12_000, "2026-09-05")], [back(2, 6000)], [use(3, 6000, "2026-09-29")], 32_000),
    ],
    ids=["refund only", "late use", "all refunded", "late above", "falls below", "falls below and back"],
)
def test_the_minimum_of_a_month_is_worked_out_anew(
    tmp_path: Path,
    september: list[dict[str, object]],
    october: list[dict[str, object]],
    later: list[dict[str, object]],
    total: int,
) -> None:
    """Minimum 100.00: each month owes it on its own use after refunds, whichever invoice they stand on."""
    with quiet_life(tmp_path, plan(**MINIMUM)) as here:
        here.add(*september)
        here.run(SEPTEMBER)
        here.add(*october)
        here.run(OCTOBER)
        if later:
            here.add(*later)
            here.run(NOVEMBER)
        assert here.net() == total


def test_the_difference_is_a_line_of_the_topped_up_month(tmp_path: Path) -> None:
    """Use of 20 topped up by 80; late use of 30 brings a line of +30 and one of −30, both of September."""
    with quiet_life(tmp_path, plan(**MINIMUM)) as here:
        here.add(moved(1, -2000, "2026-09-05"))
        here.run(SEPTEMBER)
        here.add(moved(2, -3000, "2026-09-30"), moved(3, -10_000, "2026-10-02"))
        ran = here.run(OCTOBER)
        (number,) = [each["number"] for each in ran.json["documents"] if each["client_id"] == "acme"]
        stored = here.stored(number)["lines"]
        lines = {(line["category"], line["period_start"][:7]): line["net_cents"] for line in stored}
        assert lines == {("call", SEPTEMBER): 3000, ("minimum", SEPTEMBER): -3000, ("call", OCTOBER): 10_000}
        assert (here.of_month(SEPTEMBER), here.of_month(OCTOBER)) == (10_000, 10_000)


def test_a_supplementary_run_takes_the_top_up_back(tmp_path: Path) -> None:
    """Late use of 30 of a month topped up by 80, billed at once, costs nothing more; 70 more cost 20."""
    with quiet_life(tmp_path, plan(**MINIMUM)) as here:
        here.add(moved(1, -2000, "2026-09-05"))
        here.run(SEPTEMBER)
        here.add(moved(2, -3000, "2026-09-30"))
        here.run(SEPTEMBER, "--supplementary")
        assert here.net() == 10_000
        here.add(moved(3, -7000, "2026-09-30"))
        here.run(SEPTEMBER, "--supplementary")
        assert here.net() == 12_000


def test_what_was_credited_by_hand_counts_as_use(tmp_path: Path) -> None:
    """Use of 60 topped up by 40, the 60 credited: late use of 30 takes 30 of the top-up back, 10 stay."""
    with quiet_life(tmp_path, plan(**MINIMUM)) as here:
        here.add(moved(1, -6000, "2026-09-05"))
        here.run(SEPTEMBER)
        here.credit("INV-2026-00001", here.line_of("INV-2026-00001", "call"))
        assert here.net() == 4000
        here.add(moved(2, -3000, "2026-09-30"))
        here.run(SEPTEMBER, "--supplementary")
        assert here.net() == 4000


def test_a_minimum_is_of_the_recorded_terms(tmp_path: Path) -> None:
    """The plan asks 200.00 since October: September's refund is topped up to September's 100.00."""
    with quiet_life(tmp_path, plan(**MINIMUM)) as here:
        here.add(moved(1, -12_000, "2026-09-05", number=DID))
        here.run(SEPTEMBER)
        here.settings(plan(minimum="200.00"))
        here.add(moved(2, 12_000, "2026-10-05", type_="refund", number=DID))
        here.run(OCTOBER)
        assert (here.of_month(SEPTEMBER), here.of_month(OCTOBER)) == (10_000, 20_000)


@pytest.mark.parametrize("options", [(), ("--supplementary",)])
def test_a_renamed_client_owes_a_billed_month_no_second_time(tmp_path: Path, options: tuple[str, ...]) -> None:
    """September was billed to acme; under the name acme2 a run of September bills neither fee nor minimum again."""
    with quiet_life(tmp_path, plan(monthly_fee="5.00", **MINIMUM)) as here:
        here.add(moved(1, -2000, "2026-09-05"))
        here.run(SEPTEMBER)
        here.clients("acme2,Acme B.V.,NL,,,,", "bruno,Bruno B.V.,NL,,,,")
        here.trunks(f"{TRUNK_A},acme2,,", f"{TRUNK_B},bruno,,")
        assert here.new(here.run(SEPTEMBER, *options)) == []
        here.run(OCTOBER)
        assert (here.net("acme"), here.net("acme2")) == (10_000, 10_000)


@pytest.mark.parametrize("options", [(), ("--supplementary",)])
def test_who_comes_after_the_month_was_closed_owes_nothing_for_it(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Carol enters the files in October with an open date: nothing for September, fee and minimum from October on."""
    with quiet_life(tmp_path, plan(monthly_fee="5.00", **MINIMUM)) as here:
        here.run(SEPTEMBER)
        here.clients(*(f"{name},{name},NL,,,," for name in ("acme", "bruno", "carol")))
        here.trunks(f"{TRUNK_A},acme,,", f"{TRUNK_B},bruno,,", f"{TRUNK_C},carol,,")
        assert here.new(here.run(SEPTEMBER, *options)) == []
        here.run(OCTOBER)
        assert (here.net("carol"), here.net("acme")) == (10_000, 20_000)


def test_fee_and_minimum_are_owed_once_however_many_trunks(tmp_path: Path) -> None:
    """Two trunks of acme's, one of them given to bruno in mid-month: each client owes once."""
    with quiet_life(tmp_path, plan(monthly_fee="5.00")) as here:
        here.trunks(
            f"{TRUNK_A},acme,,", f"{TRUNK_C},acme,,2026-09-15", f"{TRUNK_C},bruno,2026-09-15,", f"{TRUNK_B},bruno,,"
        )
        here.run(SEPTEMBER)
        assert (here.net("acme"), here.net("bruno")) == (500, 500)


# VAT of its own month

BECAME = ["acme,Acme,DE,DE136695976,,,", "acme,Acme,NL,,,,", "acme,Acme,DE,,,,E"]


@pytest.mark.parametrize("october", ["2026-10-15", "2026-10-02"])
def test_each_month_has_its_own_rate_on_one_invoice(tmp_path: Path, october: str) -> None:
    """21 % until September, 23 % since: late call 50.00, refund of 100.00, October's rental 200.00 have 35.50 VAT."""
    with quiet_life(tmp_path, plan()) as here:
        # reading: a refund goes to the original of exactly its amount before it goes to a later one of another amount.
        here.rates("NL,S,21,2020-01-01", "NL,S,23,2026-10-01")
        here.add(moved(1, -10_000, "2026-09-05", type_="renewal", number=DID))
        here.run(SEPTEMBER)
        here.add(
            moved(2, -5000, "2026-09-29"),
            moved(3, 10_000, "2026-10-10", type_="refund", number=DID),
            moved(4, -20_000, october, type_="renewal", number=DID),
        )
        ran = here.run(OCTOBER)
        (made,) = [each for each in ran.json["documents"] if each["client_id"] == "acme"]
        assert (made["net_cents"], made["vat_cents"]) == (15_000, 3550)
        assert {each.transaction_id: each.vat_rate for each in here.details()} == {
            "1": "21", "2": "21", "3": "21", "4": "23",
        }  # fmt: skip


def test_a_supplementary_document_has_the_months_own_rate(tmp_path: Path) -> None:
    """Late call of 50.00 and refund of 100.00 of September, billed in October at once: a credit note at 21 %."""
    with quiet_life(tmp_path, plan()) as here:
        here.rates("NL,S,21,2020-01-01", "NL,S,23,2026-10-01")
        here.add(moved(1, -10_000, "2026-09-05", type_="renewal", number=DID))
        here.run(SEPTEMBER)
        here.add(moved(2, -5000, "2026-09-29"), moved(3, 10_000, "2026-09-30", type_="refund", number=DID))
        here.run(SEPTEMBER, "--supplementary")
        note = here.told["CN-2026-00001"]
        assert (note["net_cents"], note["vat_cents"]) == (-5000, -1050)


@pytest.mark.mixed
@pytest.mark.parametrize(
    "became",
    BECAME,
    ids=["business", "moved", "exempt"],
)
@pytest.mark.parametrize("own_use", [False, True])
def test_a_refund_is_taxed_as_it_was_billed(tmp_path: Path, became: str, own_use: bool) -> None:
    """A consumer under OSS at 19 % that has a VAT id, moved or is exempt since: the 19.00 of September come back."""
    with quiet_life(tmp_path, plan(), tax="oss = true") as here:
        here.clients("acme,Acme,DE,,,,", "bruno,Bruno,NL,,,,")
        here.add(moved(1, -10_000, "2026-09-05", type_="renewal", number=DID))
        here.run(SEPTEMBER)
        assert (here.net(), here.vat()) == (10_000, 1900)
        here.clients(became, "bruno,Bruno,NL,,,,")
        here.add(moved(2, 10_000, "2026-10-10", type_="refund", number=DID))
        here.add(*([moved(3, -3000, "2026-10-11")] if own_use else []))
        here.run(OCTOBER)
        october = 630 if own_use and ",NL," in became else 0
        assert (here.net(), here.vat()) == (3000 if own_use else 0, october)


def test_category_o_stands_on_a_document_of_its_own(tmp_path: Path) -> None:
    """A client that left the EU in October: its use is outside scope, September's refund on another document."""
    with quiet_life(tmp_path, plan()) as here:
        here.add(moved(1, -10_000, "2026-09-05", type_="renewal", number=DID))
        here.run(SEPTEMBER)
        here.clients("acme,Acme,CH,,,,", "bruno,Bruno,NL,,,,")
        here.add(moved(2, 10_000, "2026-10-10", type_="refund", number=DID), moved(3, -3000, "2026-10-11"))
        ran = here.run(OCTOBER)
        assert sorted((each["net_cents"], each["vat_cents"]) for each in ran.json["documents"]) == [
            (-10_000, -2100),
            (3000, 0),
        ]


# Terms of a month


@pytest.mark.parametrize("when", ["next month", "supplementary"])
def test_a_late_row_has_its_months_recorded_terms(tmp_path: Path, when: str) -> None:
    """Price, discount and rate of September hold for September's late row; October has its own."""
    with quiet_life(tmp_path, plan(MARKUP, **HALF)) as here:
        here.rates("NL,S,21,2020-01-01", "NL,S,23,2026-10-01")
        here.add(moved(1, -1000, "2026-09-05"))
        here.run(SEPTEMBER)
        here.settings(plan(MARKUP.replace("30", "100"), discount_percent="10"))
        here.add(moved(2, -1000, "2026-09-28"))
        here.run(*([OCTOBER] if when == "next month" else [SEPTEMBER, "--supplementary"]))
        assert (here.net(), here.vat()) == (1300, 137 + 137)
        assert {each.vat_rate for each in here.details()} == {"21"}


@pytest.mark.parametrize("when", ["next month", "supplementary"])
def test_the_discount_of_a_late_row_is_a_line_of_its_month(tmp_path: Path, when: str) -> None:
    """Fee and use of September less 50 %, a late row less 50 % beside them, October's fee less 50 % in October."""
    with quiet_life(tmp_path, plan(MARKUP, monthly_fee="7.00", **HALF)) as here:
        two_lines(here)
        assert here.of_month(SEPTEMBER) == 1650
        here.add(moved(3, -1000, "2026-09-28"))
        here.run(*([OCTOBER] if when == "next month" else [SEPTEMBER, "--supplementary"]))
        assert (here.of_month(SEPTEMBER), here.of_month(OCTOBER)) == (2300, 350 if when == "next month" else 0)


def test_a_plan_of_ones_own_is_recorded_too(tmp_path: Path) -> None:
    """Acme changes from one plan to another in clients.csv: September's late row keeps the plan of September."""
    with quiet_life(tmp_path, plan(MARKUP) + plan(MARKUP.replace("30", "100"), name="other")) as here:
        here.add(moved(1, -1000, "2026-09-05"))
        here.run(SEPTEMBER)
        here.clients("acme,Acme B.V.,NL,,other,,", "bruno,Bruno B.V.,NL,,,,")
        here.add(moved(2, -1000, "2026-09-28"), moved(3, -1000, "2026-10-03"))
        here.run(OCTOBER)
        assert [here.of_row(n) for n in (1, 2, 3)] == [1300, 1300, 2000]


def test_prices_of_single_clients_are_recorded_too(tmp_path: Path) -> None:
    """prices.csv says 3.00 by now, for September as well: September's late row costs the 2.00 that it said then."""
    columns = "client_id,category,country,model,value,valid_from"
    with quiet_life(tmp_path, plan()) as here:
        here.file("prices.csv", columns, "acme,call,,fixed,2.00,2026-01-01")
        here.add(moved(1, -1000, "2026-09-05"))
        here.run(SEPTEMBER)
        here.file("prices.csv", columns, "acme,call,,fixed,3.00,2026-01-01")
        here.add(moved(2, -1000, "2026-09-28"), moved(3, -1000, "2026-10-03"))
        here.run(OCTOBER)
        assert [here.of_row(n) for n in (1, 2, 3)] == [200, 200, 300]


def test_a_month_without_a_record_has_the_dated_version_of_its_plan(tmp_path: Path) -> None:
    """A plan with a version from October on: September, first billed in December, has the older one."""
    # reading: a version states all that changes, with valid_from as a string like every date of billing.toml.
    versions = '[[plans.versions]]\nvalid_from = "2026-10-01"\ndiscount_percent = "50"\n'
    versions += '[[plans.versions.rules]]\nmodel = "markup"\npercent = "100"\n'
    with quiet_life(tmp_path, plan(MARKUP) + versions) as here:
        here.add(moved(1, -1000, "2026-09-05"), moved(2, -1000, "2026-10-05"))
        here.run(OCTOBER, at="2026-12-05")
        here.run(SEPTEMBER, at="2026-12-06")
        assert (here.of_month(SEPTEMBER), here.of_month(OCTOBER)) == (1300, 1000)


def test_rows_before_the_first_month_are_excluded(tmp_path: Path) -> None:
    """With first_month = 2026-10 September's call was billed elsewhere: excluded by that reason, billed nobody."""
    with quiet_life(tmp_path, plan(), billing='first_month = "2026-10"') as here:
        here.add(moved(1, -1000, "2026-09-05"), moved(2, -300, "2026-10-05"))
        ran = here.run(OCTOBER)
        assert here.new(ran) == [("acme", 300)]
        september = here.run(SEPTEMBER)
        assert september.json["excluded"]["before_first_month"]["count"] == 1
        assert (here.new(september), here.waiting()) == ([], {})
