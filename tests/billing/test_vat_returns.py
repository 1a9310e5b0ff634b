"""What a tax period declares, beside sums in plain integers over the same documents."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random

import pytest

from billing_job.accounting.accounts import load_accounts
from billing_job.accounting.vat_accounts import vat_postings
from billing_job.billing.returns.boxes import Box, boxes_of
from billing_job.billing.returns.one_stop_shop import euro_rate_day, oss_rows
from billing_job.billing.returns.taxed_shares import TaxedShare, taxed_shares
from billing_job.billing.returns.vat_return import VatReturn, ec_sales, vat_return
from billing_job.config.vat_forms import load_due_rules, load_unit_rules, load_vat_boxes
from billing_job.core.document import DetailRow, Document, Kind, Line, Vat
from billing_job.core.errors import ConfigError
from billing_job.core.parties import Client, Seller
from billing_job.core.period import Period
from billing_job.core.resources import shipped_config
from billing_job.core.tax_period import TaxPeriod
from billing_job.core.vat_posting import VatPosting
from tests.support.sample_documents import document

ACCOUNTS = load_accounts(None)
RULES, BOXES = load_due_rules(shipped_config()), load_vat_boxes(shipped_config())
UNITS = load_unit_rules(shipped_config())
EU = frozenset(["AT", "BE", "DE", "ES", "FR", "GR", "IE", "IT", "NL", "PL"])
S21, S9, S20, S22 = (Vat("S", Decimal(rate)) for rate in ("21", "9", "20", "22"))
AE = Vat("AE", Decimal(0), "VATEX-EU-AE", "Reverse charge")
AT_HOME = Vat("AE", Decimal(0), "", "Btw verlegd")
OUTSIDE, EXEMPT = Vat("O", Decimal(0), "VATEX-EU-O", "Not subject to VAT"), Vat("E", Decimal(0), "", "Exempt")


def client(name: str, country: str, vat_id: str = "", treatment: str = "") -> Client:
    return Client(name, name, country, vat_id=vat_id, tax_treatment=treatment)


ACME, BRUNO = client("acme", "NL", "NL004495445B01"), client("bruno", "DE", "DE136695976")
CARLA, DORA = client("carla", "FR"), client("dora", "US")
RESELLER = client("reseller", "NL", "NL861994772B01", "DRC")


def line(
    number: int, cents: int, vat: Vat, month: str = "2026-10", *, refund: str = "", category: str = "call"
) -> Line:
    """A line of a month; a refund's one row is of the day on which it was given."""
    period = Period.parse(month)
    day = date.fromisoformat(refund) if refund else period.first_day
    row = DetailRow(f"t{number}", day, "", "", "", 1, cents)
    return Line(
        number, category, "", "", "", 1, cents, vat, period.first_day, period.last_day, (row,), is_refund=bool(refund)
    )


def issued(
    number: str, who: Client, lines: Sequence[Line], day: str, home: str = "NL", *, corrects: bool = False
) -> Document:
    """A document of that day; below zero a credit note, of an invoice of 2 November where it `corrects`."""
    made = document(lines, number=number, client=who, seller=Seller("Seller", home, vat_id=f"{home}1"))
    return replace(
        made,
        kind=Kind.CREDIT_NOTE if made.net_cents < 0 else Kind.INVOICE,
        issue_date=date.fromisoformat(day),
        corrects="INV-1" if corrects else "",
        corrects_date=date(2026, 11, 2) if corrects else None,
    )


def returned(period: str, documents: Sequence[Document], home: str = "NL", **more: object) -> VatReturn:
    """The return of a period, its accounts tied."""
    shares = list(taxed_shares(documents, RULES, **more))  # type: ignore[arg-type]
    found = vat_return(TaxPeriod.parse(period), home, shares, booked(documents), BOXES, units=UNITS)
    assert [each for each in found.tied if not each.holds] == []
    return found


def booked(documents: Sequence[Document]) -> list[VatPosting]:
    return list(vat_postings(documents, ACCOUNTS))


def amounts(boxes: Sequence[Box]) -> dict[str, tuple[int | None, int | None]]:
    """Box → (net, VAT) of what is not nothing."""
    return {box.box: (box.net_cents, box.vat_cents) for box in boxes if box.net_cents or box.vat_cents}


FORMS = {
    "NL": (S21, {"1a": (1000, 210), "1e": (400, None), "3b": (200, None), "5a": (None, 210), "": (500, 0)}),
    "BE": (S21, {"03": (1300, None), "49": (300, None), "54": (None, 273), "64": (None, 63), "44": (200, None),
                 "45": (400, None), "47": (500, None)}),
    "DE": (Vat("S", Decimal(19)), {"81": (1000, None), "21": (200, None), "60": (400, None), "45": (500, None)}),
    "FR": (S20, {"A1": (1000, None), "08": (1000, 200), "16": (None, 200), "E2": (1100, None)}),
}  # fmt: skip


@pytest.mark.parametrize("home", FORMS)
def test_the_boxes_of_a_country(home: str) -> None:
    """13.00 less a credit note of 3.00 at home, 2.00 to a firm abroad, 4.00 to a reseller, 5.00 outside the EU."""
    standard, expected = FORMS[home]
    abroad = BRUNO if home != "DE" else client("acme", "NL", "NL004495445B01")
    own = client("own", home)
    documents = [
        issued("INV-1", own, [line(1, 1300, standard)], "2026-10-31", home),
        issued("INV-2", abroad, [line(1, 200, AE)], "2026-10-31", home),
        issued("INV-3", client("dealer", home, treatment="DRC"), [line(1, 400, AT_HOME)], "2026-10-31", home),
        issued("INV-4", DORA, [line(1, 500, OUTSIDE)], "2026-10-31", home),
        issued("CN-1", own, [line(1, -300, standard)], "2026-10-31", home, corrects=True),
    ]
    found = returned("2026-10", documents, home)
    assert amounts(found.boxes) == expected
    assert [(sale.vat_id, sale.country, sale.net_cents) for sale in found.ec_sales] == [
        (abroad.vat_id, abroad.country, 200)
    ]
    nil = returned("2026-09", documents, home)
    assert nil.is_nil
    assert {box.box for box in nil.boxes} == {row.box for row in BOXES if row.country == home}
    assert amounts(nil.boxes) == {}


def test_a_share_counts_once_in_a_box(tmp_path: Path) -> None:
    """Of two rows of a box that both take it the first counts; the same row twice is refused."""
    rows = [row for row in BOXES if row.country == "NL" and row.box in ("1a", "5a")]
    wide = [*rows, *(replace(row, rate="") for row in rows if row.box == "1a")]
    shares = list(taxed_shares([issued("INV-1", ACME, [line(1, 1000, S21)], "2026-10-31")], RULES))
    assert amounts(boxes_of(wide, shares, "NL", date(2026, 10, 31))) == {"1a": (1000, 210), "5a": (None, 210)}
    head, row = "country,box,figure,case,rate,description,valid_from,source", "NL,1a,net,S,21,x,2019-01-01,x"
    (tmp_path / "vat_boxes.csv").write_text(f"{head}\n{row}\n{row}\n")
    with pytest.raises(ConfigError, match="row 3, column valid_from"):
        load_vat_boxes(tmp_path)


def test_a_country_without_a_form_has_its_figures_by_case_and_rate() -> None:
    """A seller in Luxembourg is told net and VAT of each case and rate, and types them in by hand."""
    documents = [
        issued("INV-1", client("own", "LU"), [line(1, 1000, Vat("S", Decimal(17))), line(2, 100, Vat("S", Decimal(3)))],
               "2026-10-31", "LU"),
        issued("INV-2", BRUNO, [line(1, 200, AE)], "2026-10-31", "LU"),
    ]  # fmt: skip
    boxes = returned("2026-10", documents, "LU").boxes
    assert [(box.box, box.vat_case, box.rate, box.net_cents, box.vat_cents) for box in boxes] == [
        ("", "S", "17", 1000, 170), ("", "S", "3", 100, 3), ("", "AE", "0", 200, 0)
    ]  # fmt: skip


def test_each_line_stands_in_its_own_period() -> None:
    """October's invoice of 2 November: at home by its date (in Germany by the supply), the rest by its own month."""
    late = [line(1, 1000, S21), line(2, 70, S21, "2026-08")]
    documents = [
        issued("INV-1", ACME, late, "2026-11-02"),
        issued("INV-2", BRUNO, [line(1, 200, AE), line(2, 30, AE, "2026-09")], "2026-11-02"),
        issued("INV-3", CARLA, [line(1, 333, S20), line(2, 100, S20, "2026-09")], "2026-11-02"),
    ]
    october, november = returned("2026-10", documents), returned("2026-11", documents)
    assert amounts(october.boxes) == {"3b": (200, None), "": (333, 67)}  # 433 at 20 % is 86.6: 87, shared 66.6 and 20
    assert amounts(november.boxes) == {"1a": (1070, 225), "5a": (None, 225)}
    assert (october.boxes_of_share, set(november.boxes_of_share)) == (("3b", ""), {"1a 5a"})
    assert [(row.country, row.net_cents, row.vat_cents) for row in october.oss] == [("FR", 333, 67)]
    assert {(each.number, str(each.booked), str(each.declared)) for each in october.differences} == {
        ("INV-2", "2026-11", "2026-10"), ("INV-3", "2026-11", "2026-10")
    }  # fmt: skip
    assert {(sale.vat_id, sale.net_cents) for sale in returned("2026Q3", documents).ec_sales} == {("DE136695976", 30)}
    german = [issued("RE-1", client("own", "DE"), [line(1, 1000, Vat("S", Decimal(19)))], "2026-11-02", "DE")]
    assert amounts(returned("2026-10", german, "DE").boxes) == {"81": (1000, None)}


def test_what_is_given_back_corrects_the_quarter_of_the_sale() -> None:
    """A credit note of February and a refund in January correct the Stop Shop's fourth quarter, by their own rates."""
    documents = [  # of the refund of 0.70 the month's minimum takes 0.20 back
        issued("INV-1", CARLA, [line(1, 1000, S20)], "2026-11-02"),
        issued("INV-2", CARLA, [line(1, 500, S20, "2027-01"), line(2, -70, S20, "2026-12", refund="2027-01-08"),
                                line(3, 20, S20, "2026-12", category="minimum")], "2027-02-02"),
        issued("CN-1", CARLA, [line(1, -1000, S20)], "2027-02-10", corrects=True),
        issued("INV-3", BRUNO, [line(1, 700, AE)], "2026-11-02"),
        issued("CN-2", BRUNO, [line(1, -700, AE)], "2027-02-10", corrects=True),
    ]  # fmt: skip
    first = returned("2027Q1", documents)
    assert [(row.net_cents, row.vat_cents, row.correction_of) for row in first.oss] == [
        (500, 100, ""), (-1050, -210, "2026Q4")
    ]  # fmt: skip
    assert [sale.net_cents for sale in first.ec_sales] == [-700]
    fourth = returned("2026Q4", documents)
    assert [(row.net_cents, row.vat_cents, row.correction_of) for row in fourth.oss] == [(1000, 200, "")]
    assert [sale.net_cents for sale in fourth.ec_sales] == [700]


def test_what_comes_after_a_closing_is_declared_in_the_first_open_month() -> None:
    """A late line of a closed quarter moves to the next one; the Stop Shop's names the quarter that it corrects."""
    quarter = frozenset(TaxPeriod.parse("2026Q4").months)
    documents = [
        issued("INV-1", BRUNO, [line(1, 200, AE, "2026-12")], "2027-01-05"),
        issued("INV-2", BRUNO, [line(1, 30, AE, "2026-12")], "2027-01-20"),
        issued("INV-3", CARLA, [line(1, 100, S20, "2026-12")], "2027-01-20"),
    ]
    closed = {"INV-2": quarter, "INV-3": quarter}
    assert [sale.net_cents for sale in returned("2026Q4", documents, closed=closed).ec_sales] == [200]
    after = returned("2027Q1", documents, closed=closed)
    assert [sale.net_cents for sale in after.ec_sales] == [30]
    assert [(row.net_cents, row.correction_of) for row in after.oss] == [(100, "2026Q4")]


ADVANCE = {
    # Issued on, home; then the month of the buyer abroad's line, of the Stop Shop's and of the one at home.
    ("2027-01-05", "NL"): ("2027-01", "2027Q1", "2027-01"),
    ("2026-12-31", "NL"): ("2027-01", "2027Q1", "2026-12"),  # not before the supply begins
    ("2027-03-02", "DE"): ("2027-03", "2027Q1", "2027-03"),
    ("2028-01-05", "NL"): ("2027-12", "2027Q4", "2028-01"),  # in arrears
}


@pytest.mark.parametrize(("day", "home"), ADVANCE)
def test_a_year_that_is_billed_in_advance(day: str, home: str) -> None:
    """120.00 for 2027 are declared with the invoice, not in December; a credit note corrects that quarter."""
    abroad, stop_shop, at_home = ADVANCE[day, home]
    year = replace(line(1, 12_000, AE, "2027-12"), period_start=date(2027, 1, 1))
    firm = BRUNO if home == "NL" else client("acme", "NL", "NL004495445B01")
    documents = [
        issued("INV-1", firm, [year], day, home),
        issued("INV-2", CARLA, [replace(year, vat=S20)], day, home),
        issued("INV-3", client("own", home), [replace(year, vat=Vat("S", Decimal(19)))], day, home),
    ]
    assert [sale.net_cents for sale in returned(abroad, documents, home).ec_sales] == [12_000]
    assert [(row.net_cents, row.correction_of) for row in returned(stop_shop, documents, home).oss] == [(12_000, "")]
    assert [box.vat_cents for box in returned(at_home, documents, home).by_case if box.vat_case == "S"] == [2_280]
    undone = replace(
        issued("CN-1", CARLA, [replace(year, vat=S20, net_cents=-12_000)], "2028-02-01", home, corrects=True),
        corrects_date=date.fromisoformat(day),
    )
    rows = returned("2028Q1", [*documents, undone], home).oss
    assert [(row.net_cents, row.vat_cents, row.correction_of) for row in rows] == [(-12_000, -2_400, stop_shop)]


@pytest.mark.parametrize(("cents", "exceeded"), [(1_000_000, False), (1_000_001, True)])
def test_the_threshold_is_watched(cents: int, exceeded: bool) -> None:
    """EUR 10,000 a year to consumers of other member states, at whosever rate; this year's or the last one's."""
    at_home = replace(CARLA, client_id="paris", tax_treatment="S")
    documents = [
        issued("INV-1", CARLA, [line(1, cents - 1000, S20, "2026-03")], "2026-04-02"),
        issued("INV-2", at_home, [line(1, 1000, S21, "2026-12")], "2027-01-02"),
        issued("INV-3", ACME, [line(1, 5_000_000, S21, "2026-12")], "2027-01-02"),
        issued("INV-4", BRUNO, [line(1, 5_000_000, AE, "2026-12")], "2027-01-02"),
    ]
    for period, year in (("2026Q4", 2026), ("2027Q1", 2027)):
        watched = returned(period, documents).threshold
        assert watched is not None
        assert (watched.year, watched.exceeded) == (year, exceeded)
        assert watched.home_taxed_clients == (("paris",) if year == 2026 else ())
    assert returned("2026Q4", documents, "CH").threshold is None
    before = returned("2026Q3", documents).threshold
    assert before is not None
    assert (before.net_cents, before.exceeded, before.home_taxed_clients) == (cents - 1000, False, ())


def test_monaco_and_buyers_outside_the_union() -> None:
    """Monaco is France to a French seller; a reverse charge to an American is in no list, GB's VAT in no Stop Shop."""
    monaco = [issued("F-1", client("casino", "MC"), [line(1, 100, S20)], "2026-10-31", "FR")]
    assert amounts(returned("2026-10", monaco, "FR").boxes)["08"] == (100, 20)
    odd = [
        issued("INV-1", replace(DORA, vat_id="US1", tax_treatment="AE"), [line(1, 100, AE)], "2026-10-31"),
        issued("INV-2", client("london", "GB", treatment="OSS"), [line(1, 100, S20)], "2026-10-31"),
        issued("INV-3", replace(ACME, tax_treatment="AE"), [line(1, 100, AE)], "2026-10-31"),
    ]
    found = returned("2026-10", odd)
    assert (found.ec_sales, found.oss) == ((), ())
    assert amounts(found.boxes)["1e"] == (100, None)
    assert [(box.vat_case, box.net_cents, box.vat_cents) for box in found.boxes if not box.box] == [
        ("O", 100, 0), ("FOREIGN", 100, 20)
    ]  # fmt: skip


WHOLE: dict[str, tuple[tuple[str, int, str, int], dict[str, tuple[int | None, int | None]]]] = {
    "NL": (("21", 100_099, "9", 10_060), {"1a": (100_000, 21_000), "1b": (10_000, 900), "5a": (None, 21_900)}),
    "FR": (("20", 100_050, "10", 10_049),
           {"A1": (110_100, None), "08": (100_100, 20_000), "9B": (10_000, 1_000), "16": (None, 21_000)}),
    "DE": (("19", 100_099, "16", 10_060), {"81": (100_000, None), "35": (10_000, None), "36": (None, None)}),
    "BE": (("21", 100_099, "6", 10_060), {"01": (None, None), "03": (None, None), "54": (None, None)}),
}  # fmt: skip


@pytest.mark.parametrize("home", WHOLE)
def test_what_is_typed_into_forms_of_whole_euros(home: str) -> None:
    """Down in the Netherlands, cut in Germany, to the nearest in France; a total adds up what was typed.

    NL: 1000.99 and its VAT of 210.21, 100.60 and 9.05. FR: 1000.50 and 200.10, 100.49 and 10.05. DE: 16.10 has cents.
    """
    (rate, cents, other_rate, other_cents), expected = WHOLE[home]
    own = client("own", home)
    lines = [line(1, cents, Vat("S", Decimal(rate))), line(2, other_cents, Vat("S", Decimal(other_rate)))]
    found = returned("2026-10", [issued("INV-1", own, lines, "2026-10-31", home)], home)
    typed = {box.box: (box.form_net_cents, box.form_vat_cents) for box in found.boxes if box.box in expected}
    assert typed == expected
    exact = {box.box: box.net_cents for box in found.boxes}
    assert cents in exact.values()
    below = [replace(each, net_cents=-each.net_cents) for each in lines]
    undone = returned("2026-10", [issued("CN-1", own, below, "2026-10-31", home)], home)
    first = next(box for box in undone.boxes if box.net_cents == -cents or box.box in ("49", "64"))
    assert first.form_net_cents == {"NL": -100_100, "FR": -100_100, "DE": -100_000, "BE": None}[home]


SWEDEN = {"CZK": "CZ", "SEK": "SE"}


def abroad_in_euros(documents: Sequence[Document], currency: str) -> VatReturn:
    """A return in another money: the documents' own rates, 11.10 for those without one, the ECB's of 31 December."""
    exchange = {
        each.number: each.tax_currency_rate or Decimal("11.10") for each in documents if each.currency != currency
    }
    shares = list(taxed_shares(documents, RULES, exchange=exchange))
    ecb = {("SEK", date(2026, 12, 31)): Decimal(11), ("SEK", date(2026, 9, 30)): Decimal(10)}
    period = TaxPeriod.parse("2026Q4")
    found = vat_return(
        period,
        SWEDEN[currency],
        shares,
        booked(documents),
        BOXES,
        currency=currency,
        euro_rates=ecb,
    )
    assert [each for each in found.tied if not each.holds] == []
    return found


def in_money(document_: Document, currency: str, rate: str | None = None) -> Document:
    return replace(
        document_,
        currency=currency,
        tax_currency="SEK" if rate else "",
        tax_currency_rate=None if rate is None else Decimal(rate),
    )


def test_a_return_in_the_money_of_the_country() -> None:
    """A Swedish seller with invoices in euros and in kronor: the return in kronor, the Stop Shop in euros.

    10.00 + 2.50 at 11.2345 are 112.35 and 28.09; 2.00 at 11.10 are 22.20; 100.00 kr of VAT 20.00 at 11 kr a euro are
    9.09 and 1.82, and what corrects the third quarter has the third quarter's rate: -50.00 kr at 10 are -5.00.
    """
    home, s25 = client("sven", "SE"), Vat("S", Decimal(25))
    two = [line(1, 100, s25), line(2, 100, s25, "2026-09")]
    documents = [
        in_money(issued("INV-1", home, [line(1, 1000, s25)], "2026-11-02", "SE"), "EUR", "11.2345"),
        in_money(issued("INV-2", BRUNO, [line(1, 200, AE)], "2026-11-02", "SE"), "EUR"),
        in_money(issued("INV-3", CARLA, [line(1, 333, S20)], "2026-11-02", "SE"), "EUR", "11.2345"),
        in_money(issued("INV-4", CARLA, [line(1, 10_000, S20)], "2026-11-02", "SE"), "SEK"),
        in_money(issued("CN-1", CARLA, [line(1, -5_000, S20, "2026-08")], "2026-12-02", "SE", corrects=True), "SEK"),
        in_money(issued("INV-5", home, [line(1, 1000, s25)], "2026-12-02", "SE"), "SEK"),
        in_money(issued("INV-6", home, two, "2026-12-03", "SE"), "EUR", "11.2345"),
    ]
    found = abroad_in_euros(documents, "SEK")
    assert found.currency == "SEK"
    by_case = {box.vat_case: (box.net_cents, box.vat_cents) for box in found.by_case}
    assert by_case == {
        "S": (11_235 + 1_000 + 2_247, 2_809 + 250 + 562),
        "AE": (2_220, 0),
        "OSS": (3_741 + 10_000 - 5_000, 753 + 2_000 - 1_000),
    }
    assert [(sale.vat_id, sale.net_cents) for sale in found.ec_sales] == [("DE136695976", 2_220)]
    assert [(row.net_cents, row.vat_cents, row.correction_of) for row in found.oss] == [
        (333 + 909, 67 + 182, ""), (-500, -100, "2026Q3")
    ]  # fmt: skip
    assert found.missing_rates == ()
    tied = {(each.figure, each.case, each.currency): (each.return_cents, each.exchanged_cents) for each in found.tied}
    assert (tied["vat", "S", "EUR"], tied["vat", "S", "SEK"]) == ((300, 2_809 + 562), (250, 250))
    assert found.threshold is not None
    assert found.threshold.limit_cents == 9_968_000


def test_the_stop_shop_claims_nothing_without_the_rate() -> None:
    """Kronor of a quarter whose rate nobody gave: the row is there without amounts, and the publication is named."""
    document_ = in_money(issued("INV-1", CARLA, [line(1, 100, S20)], "2026-11-02", "CZ"), "CZK")
    found = abroad_in_euros([document_], "CZK")
    assert [(row.country, row.net_cents, row.vat_cents) for row in found.oss] == [("FR", None, None)]
    assert [(each.currency, each.day) for each in found.missing_rates] == [("CZK", date(2026, 12, 31))]
    assert found.threshold is not None
    assert (found.threshold.limit_cents, found.threshold.exceeded) == (None, False)
    # Easter Sunday and Monday: the rate of the first quarter of 2024 is that of 2 April.
    assert euro_rate_day(TaxPeriod.parse("2024Q1")) == date(2024, 4, 2)


WHO = [
    (ACME, (S21, S9)), (BRUNO, (AE,)), (CARLA, (S20,)), (DORA, (OUTSIDE,)), (RESELLER, (AT_HOME,)),
    (client("rome", "IT", treatment="OSS"), (S22,)), (client("vienna", "AT", "ATU10223006"), (AE,)),
    (replace(BRUNO, client_id="bruno2"), (AE,)), (client("athens", "GR", "EL094259216"), (AE,)),
    (replace(CARLA, client_id="lyon", tax_treatment="S"), (S21,)), (client("school", "NL"), (EXEMPT, S21)),
]  # fmt: skip


def random_documents(count: int, seed: int) -> list[Document]:
    """Documents of a year: late lines, refunds, credit notes, several rates; all drawn from a seed."""
    random = Random(seed)  # noqa: S311
    found = []
    for place in range(count):
        who, vats = random.choice(WHO)
        day = date(2026, 2, 1) + timedelta(days=random.randrange(330))
        lines = []
        for number in range(1, random.randrange(2, 5)):
            month = Period.of(day.replace(day=1) - timedelta(days=1 + 30 * random.choice((0, 0, 0, 1, 2))))
            cents = random.choice((1, -1, 1, 1)) * random.randrange(100_000)
            lines.append(line(number, cents, random.choice(vats), str(month)))
        negative = sum(each.net_cents for each in lines) < 0
        corrects = negative and random.random() < 0.7
        found.append(issued(f"D-{place}", who, lines, day.isoformat(), corrects=corrects))
    return found


def check_identities(documents: Sequence[Document]) -> None:
    """Every quarter's lists, boxes and accounts against sums over the documents' own totals."""
    ids: Counter[str] = Counter()
    stop_shop: Counter[tuple[str, str]] = Counter()
    vat: Counter[str] = Counter()
    for each in documents:
        who = each.client
        for total in each.vat_totals:
            rate = f"{total.vat.rate}"
            if total.vat.category == "AE" and who.country in EU and who.country != "NL":
                ids[who.vat_id] += total.net_cents
            if total.vat.category == "S" and who.country != "NL" and who.tax_treatment != "S":
                stop_shop["net", f"{who.country} {rate}"] += total.net_cents
                stop_shop["vat", f"{who.country} {rate}"] += total.vat_cents
            else:
                vat[rate] += total.vat_cents
    shares = list(taxed_shares(documents, RULES))
    entries = booked(documents)
    quarters = [TaxPeriod.parse(f"{year}Q{quarter}") for year in (2025, 2026, 2027) for quarter in (1, 2, 3, 4)]
    returns = [vat_return(quarter, "NL", shares, entries, BOXES) for quarter in quarters]
    assert [tied for found in returns for tied in found.tied if not tied.holds] == []
    listed: Counter[str] = Counter()
    oss: Counter[tuple[str, str]] = Counter()
    boxed: Counter[str] = Counter()
    for found in returns:
        listed.update({sale.vat_id: sale.net_cents for sale in found.ec_sales})
        for row in found.oss:
            oss["net", f"{row.country} {row.rate}"] += row.net_cents or 0
            oss["vat", f"{row.country} {row.rate}"] += row.vat_cents or 0
        boxed.update({box.box: box.vat_cents or 0 for box in found.boxes})
        assert boxed["5a"] == boxed["1a"] + boxed["1b"] + boxed["1c"]
    assert +listed == +ids
    assert {key: cents for key, cents in oss.items() if cents} == {key: c for key, c in stop_shop.items() if c}
    assert (boxed["1a"], boxed["1b"]) == (vat["21"], vat["9"])
    journal = sum(each.cents for each in entries if each.figure == "vat" and each.case == "S")
    assert boxed["5a"] == journal
    assert sum(share.net_cents for share in shares) == sum(each.net_cents for each in documents)


@pytest.mark.parametrize("seed", range(100 if os.environ.get("IDENTITIES") == "whole" else 2))
def test_identities_over_random_documents(seed: int) -> None:
    """EC list per id, Stop Shop per country and rate, and boxes per VAT account are the documents' own sums."""
    check_identities(random_documents(1_000, seed))


def test_in_other_money_shares_add_up_to_their_document() -> None:
    """Net and VAT of a document are exchanged once (BT-111), and each share is within a cent of its own exchange."""
    documents, random = random_documents(500, 3), Random(3)  # noqa: S311
    rates = {
        each.number: Decimal(random.randrange(1, 10 ** random.randrange(1, 9))).scaleb(-random.randrange(6))
        for each in documents
    }
    sums: Counter[tuple[str, str]] = Counter()
    for share in taxed_shares(documents, RULES, exchange=rates):
        sums[share.number, "net"] += share.net_cents
        sums[share.number, "vat"] += share.vat_cents
        assert abs(share.booked_net_cents * rates[share.number] - share.net_cents) <= 1
        assert abs(share.booked_vat_cents * rates[share.number] - share.vat_cents) <= 1
    for each in documents:
        for figure, cents in (("net", each.net_cents), ("vat", each.vat_cents)):
            exact = cents * rates[each.number]
            assert sums[each.number, figure] == int(exact.quantize(Decimal(1), ROUND_HALF_UP)), each.number


def test_the_lists_of_one_share() -> None:
    """The same VAT id of two clients is one row, one that comes to nothing is none."""
    documents = [
        issued("INV-1", BRUNO, [line(1, 200, AE)], "2026-10-31"),
        issued("INV-2", replace(BRUNO, client_id="bruno2"), [line(1, 50, AE)], "2026-10-31"),
    ]
    shares: list[TaxedShare] = list(taxed_shares(documents, RULES))
    assert [(sale.vat_id, sale.net_cents) for sale in ec_sales(shares)] == [("DE136695976", 250)]
    undone = [*shares, *(replace(share, net_cents=-share.net_cents) for share in shares)]
    assert (ec_sales(undone), oss_rows(undone)) == ([], ([], []))
