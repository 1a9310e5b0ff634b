"""What a tax period declares, beside sums in plain integers over the same documents."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest

from billing_job.accounting.accounts import load_accounts
from billing_job.accounting.vat_accounts import vat_postings
from billing_job.billing.returns.boxes import Box
from billing_job.billing.returns.taxed_shares import TaxedShare, taxed_shares
from billing_job.billing.returns.vat_return import Booked, VatReturn, ec_sales, oss_rows, vat_return
from billing_job.config.vat_forms import load_due_rules, load_vat_boxes
from billing_job.core.document import Client, DetailRow, Document, Kind, Line, Seller, Vat
from billing_job.core.period import Period
from billing_job.core.resources import shipped_config
from billing_job.core.tax_period import TaxPeriod
from tests.support.sample_documents import document

ACCOUNTS = load_accounts(None)
RULES, BOXES = load_due_rules(shipped_config()), load_vat_boxes(shipped_config())
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
    found = vat_return(TaxPeriod.parse(period), home, shares, booked(documents), BOXES)
    assert [each for each in found.tied if not each.holds] == []
    return found


def booked(documents: Sequence[Document]) -> list[Booked]:
    return [
        Booked(p.number, p.issue_date, p.figure, p.case, p.rate, p.account, p.account_name, p.cents)
        for p in vat_postings(documents, ACCOUNTS)
    ]


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
            oss["net", f"{row.country} {row.rate}"] += row.net_cents
            oss["vat", f"{row.country} {row.rate}"] += row.vat_cents
        boxed.update({box.box: box.vat_cents or 0 for box in found.boxes})
        assert boxed["5a"] == boxed["1a"] + boxed["1b"] + boxed["1c"]
    assert +listed == +ids
    assert {key: cents for key, cents in oss.items() if cents} == {key: c for key, c in stop_shop.items() if c}
    assert (boxed["1a"], boxed["1b"]) == (vat["21"], vat["9"])
    journal = sum(each.cents for each in entries if each.figure == "vat" and each.case == "S")
    assert boxed["5a"] == journal
    assert sum(share.net_cents for share in shares) == sum(each.net_cents for each in documents)


@pytest.mark.parametrize("seed", [1, 2])
def test_identities_over_random_documents(seed: int) -> None:
    """EC list per id, Stop Shop per country and rate, and boxes per VAT account are the documents' own sums."""
    check_identities(random_documents(1_000, seed))


def test_the_lists_of_one_share() -> None:
    """The same VAT id of two clients is one row, one that comes to nothing is none."""
    documents = [
        issued("INV-1", BRUNO, [line(1, 200, AE)], "2026-10-31"),
        issued("INV-2", replace(BRUNO, client_id="bruno2"), [line(1, 50, AE)], "2026-10-31"),
    ]
    shares: list[TaxedShare] = list(taxed_shares(documents, RULES))
    assert [(sale.vat_id, sale.net_cents) for sale in ec_sales(shares)] == [("DE136695976", 250)]
    undone = [*shares, *(replace(share, net_cents=-share.net_cents) for share in shares)]
    assert (ec_sales(undone), oss_rows(undone)) == ([], [])
