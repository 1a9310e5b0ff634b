"""Prices over time: the documented example, counts that go on, dated prices, refunds, plan terms, hard roundings."""

import re
import tomllib
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from billing_job.billing.rating.charge_models import Exact
from billing_job.billing.rating.line_rounding import shared_out_by_line
from billing_job.core.document import Document
from billing_job.core.errors import ConfigError
from billing_job.core.money import shared_out
from billing_job.core.period import Period
from tests.support.desk import OCTOBER, Desk, lines_of, row
from tests.support.paths import DOCS

PRICING = DOCS / "pricing.md"
TIERS = 'tiers = [{{up_to = {}, price = "1.00"}}, {{up_to = {}, price = "0.50"}}, {{price = "0.10"}}]'


def plan(*rules: str, terms: str = "") -> str:
    """A plan of these rules, the last of which matches all."""
    return f'[[plans]]\nname = "standard"\n{terms}\n' + "".join(f"[[plans.rules]]\n{rule}\n" for rule in rules)


def only(documents: tuple[Document, ...]) -> Document:
    (document,) = documents
    return document


def calls(first: int, count: int, cents: int = -3, day: str = "2026-10-05") -> list[dict[str, object]]:
    return [row(first + n, cents, day) for n in range(count)]


def test_the_documented_example(tmp_path: Path) -> None:
    """The plan, the wallet's rows and the invoice of docs/pricing.md are what the program makes of them."""
    (section,) = re.findall(r"(?ms)^## Example: one month\n(.*?)^## ", PRICING.read_text(encoding="utf-8"))
    blocks = dict(re.findall(r"(?s)```(\w+)\n(.*?)```", section))
    tomllib.loads(blocks["toml"])
    desk = Desk(tmp_path, blocks["toml"])
    desk.file("trunks.csv", "trunk,client_id", "trk_a,acme")
    cells = [line.split() for line in blocks["wallet"].splitlines()]
    desk.add(
        *(
            row(int(id_), -int(Decimal(cost) * 100), day, type_=type_, number=number.strip("-"))
            for id_, day, type_, number, cost in cells
        )
    )
    document = only(desk.bill().new)
    printed = [(line.category, line.number, line.quantity, line.net_cents) for line in document.lines]
    expected = [line.split() for line in blocks["invoice"].splitlines()]
    assert printed == [
        (category, number.strip("-"), int(quantity), int(Decimal(net) * 100))
        for category, number, quantity, net in expected[:-3]
    ]
    totals = [int(Decimal(amount) * 100) for _, amount in expected[-3:]]
    assert [document.net_cents, document.vat_cents, document.gross_cents] == totals


@pytest.mark.parametrize(
    ("rule", "first", "late"),
    [
        ('model = "package"\nincluded = 4\nprice = "0.25"', 0, 75),
        ('model = "graduated"\n' + TIERS.format(2, 4), 250, 80),
        ('model = "volume"\n' + TIERS.format(3, 6), 300, 40),
    ],
)
@pytest.mark.parametrize("supplementary", [True, False])
def test_counts_go_on(tmp_path: Path, rule: str, first: int, late: int, supplementary: bool) -> None:
    """Three calls, billed; of four more the first fills the fourth place: at once, or on the next invoice."""
    desk = Desk(tmp_path, plan(rule))
    desk.add(*calls(1, 3))
    billed = desk.bill().new
    assert [document.net_cents for document in billed] == [first][: bool(first)]
    desk.add(*calls(4, 4, day="2026-10-06"))
    if supplementary or not first:
        assert only(desk.bill(supplementary=True).new).net_cents == late
        return
    desk.add(row(8, -3, "2026-11-02"))
    november = only(desk.bill(Period(2026, 11)).new)
    own = {"package": 0, "graduated": 100, "volume": 100}[rule.split('"')[1]]
    assert [(line.period_start.month, line.net_cents) for line in november.lines] == [(10, late), (11, own)]


def test_units_count_for_who_paid_them(tmp_path: Path) -> None:
    """A trunk given to another client afterwards, by the file, leaves the units with the client that was billed."""
    desk = Desk(tmp_path, plan('model = "graduated"\n' + TIERS.format(2, 4)))
    desk.add(*calls(1, 2), row(3, -3, trunk="trk_b"))
    assert [document.net_cents for document in desk.bill().new] == [200, 100]
    desk.file("trunks.csv", "trunk,client_id", "trk_a,bruno", "trk_b,acme")
    desk.add(row(4, -3, "2026-10-07", trunk="trk_b"), row(5, -3, "2026-10-07", trunk="trk_a"))
    assert {d.client.client_id: d.net_cents for d in desk.bill(supplementary=True).new} == {"acme": 50, "bruno": 100}


def test_a_dated_price_begins_at_its_midnight(tmp_path: Path) -> None:
    """Client before all, category before none; each price holds from its own midnight in Amsterdam to the next one."""
    desk = Desk(tmp_path, plan('model = "pass_through"'))
    desk.file(
        "prices.csv",
        "client_id,category,country,model,value,valid_from",
        "*,call,,fixed,0.10,2026-10-01",
        "acme,call,,fixed,0.20,2026-10-15",
        "acme,,,markup,100,2026-10-20",
        "acme,message,NL,fixed,0.07,2026-10-01",
        "acme,call,,absorb,,2026-10-25",
    )
    desk.add(
        row(1, -3, "2026-10-14T21:59:59Z"),
        row(2, -3, "2026-10-14T22:00:00Z"),
        row(3, -4, "2026-10-19", type_="purchase"),
        row(4, -4, "2026-10-21", type_="purchase"),
        row(5, -2, "2026-10-21", type_="sms", number=42),
        row(6, -3, "2026-10-26"),
        row(7, -3, "2026-10-26", trunk="trk_b"),
    )
    acme, bruno = desk.bill().new
    assert {r.transaction_id: r.net_cents for _, r in acme.detail_rows()} == {"1": 10, "2": 20, "3": 4, "4": 8, "5": 7}
    assert bruno.net_cents == 10


def test_rules_by_prefix_type_and_trunk_id(tmp_path: Path) -> None:
    """The first rule that matches holds; a trunk may be named by the supplier's numeric id as well as by its uuid."""
    desk = Desk(
        tmp_path,
        plan(
            'prefix = "+3120"\nnumber_type = "mobile"\nmodel = "fixed"\nprice = "9.00"',
            'prefix = "+3120"\nmodel = "fixed"\nprice = "2.00"',
            'trunk = "7"\ncategory = "call"\nmodel = "fixed"\nprice = "1.00"',
            'model = "absorb"',
        ),
    )
    desk.add(row(1, -5, type_="renewal", number=42), row(2, -5), row(3, -5, type_="sms"), row(4, -5, trunk="trk_b"))
    assert lines_of(only(desk.bill().new)) == [("number_rental", 200), ("call", 100)]


def test_a_number_type_is_the_same_in_any_case(tmp_path: Path) -> None:
    """A person writes Mobile, DIDfarm's events write mobile: one price for both."""
    desk = Desk(
        tmp_path, plan('number_type = "mobile"\nmodel = "fixed"\nprice = "9.00"', 'model = "fixed"\nprice = "1.00"')
    )
    rows = [f"+3161200000{n},4{n},trk_a,{word}" for n, word in enumerate(("Mobile", "mobile", "MOBILE", "local"), 1)]
    desk.file("numbers.csv", "number,did_number_id,trunk,number_type", *rows)
    desk.add(*(row(n, -5, type_="renewal", number=40 + n) for n in (1, 2, 3, 4)))
    assert [net for _, net in lines_of(only(desk.bill().new))] == [900, 900, 900, 100]


def test_what_can_never_hold_is_refused(tmp_path: Path) -> None:
    """A rule or a price for a category that no transaction gets, or for "Holland", would silently charge nothing."""
    desk = Desk(tmp_path, plan('category = "rental"\nmodel = "fixed"\nprice = "1"', 'model = "pass_through"'))
    with pytest.raises(ConfigError, match="plan 'standard', rule 1: category 'rental' is none of"):
        desk.bill()
    desk.settings(plan('model = "pass_through"'))
    desk.file("prices.csv", "client_id,category,country,model,value,valid_from", "*,rental,Holland,fixed,1,2026-10-01")
    with pytest.raises(ConfigError, match=r"(?s)row 2, column category.*row 2, column country"):
        desk.bill()


def test_a_refund_undoes_the_billed_price(tmp_path: Path) -> None:
    """Bought for 1.30, refunded for 1.30 though the plan says 2.00 by then, and absorbs it after that."""
    markup = plan('model = "markup"\npercent = "30"')
    desk = Desk(tmp_path, markup)
    desk.add(*(row(n, -100, "2026-10-05", type_="purchase", number=42) for n in (1, 2)), row(3, -50, number=42))
    assert lines_of(only(desk.bill().new)) == [("number_setup", 260), ("call", 65)]
    desk.settings(plan('model = "markup"\npercent = "100"'))
    desk.add(row(4, 100, "2026-11-05", type_="refund", number=42), row(5, -40, "2026-11-05", number=42))
    assert lines_of(only(desk.bill(Period(2026, 11)).new)) == [("call", 80), ("number_setup", -130)]
    desk.settings(plan('model = "absorb"'))
    desk.add(row(6, 100, "2026-12-05", type_="refund", number=42), row(7, -40, "2026-12-05", number=42))
    assert lines_of(only(desk.bill(Period(2026, 12)).new)) == [("number_setup", -130)]


def test_a_huge_billed_price_comes_back_whole(tmp_path: Path) -> None:
    """Billed at ten thousand times ten billion, refunded under a plan at cost: no digit is lost on the way."""
    desk = Desk(tmp_path, plan('model = "markup"\npercent = "1000000"'))
    desk.add(row(1, -(10**12), number=42))
    assert only(desk.bill().new).net_cents == 10_001 * 10**12
    desk.settings("")
    desk.add(row(2, 10**12, "2026-11-05", type_="refund", number=42), row(3, -1, "2026-11-06", number=42))
    assert lines_of(only(desk.bill(Period(2026, 11)).new)) == [("call", 1), ("call", -10_001 * 10**12)]


def test_one_charge_is_undone_once_and_a_stray_refund_waits(tmp_path: Path) -> None:
    """Further refunds of one purchase give nothing more back; one that no charge is known for waits."""
    desk = Desk(
        tmp_path, plan('category = "number_setup"\nmodel = "fixed"\nprice = "5.00"', 'model = "markup"\npercent = "50"')
    )
    desk.add(
        row(1, -100, "2026-10-05", type_="purchase", number=42),
        row(2, 100, "2026-10-06", type_="refund", number=42),
        row(3, 100, "2026-10-07", type_="refund", number=42),
        row(4, 30, "2026-10-08", type_="refund", number=43),
        row(5, -1000, "2026-10-09"),
    )
    document = only(desk.bill().new)
    assert {r.transaction_id: r.net_cents for _, r in document.detail_rows()} == {
        "1": 500, "2": -500, "5": 1500,
    }  # fmt: skip
    assert desk.waiting() == [("4", 30, "refund_without_original")]


def test_what_the_house_pays_shows_nowhere(tmp_path: Path) -> None:
    """Absorbed uses and their refund are settled without a document, and cost the house in margin.csv."""
    desk = Desk(tmp_path, plan('model = "absorb"'))
    desk.add(row(1, -100, number=42), row(2, 100, "2026-10-06", type_="refund", number=42), row(3, -70))
    assert desk.bill().new == ()
    rows = desk.place().rows.whole()
    assert rows.loc[rows["settled"], "transaction_id"].to_list() == ["1", "2", "3"]
    assert desk.margins()[["cost_micros", "charge_cents"]].sum().to_list() == [700_000, 0]


@pytest.mark.parametrize(
    ("terms", "uses", "lines"),
    [
        ('monthly_fee = "9.95"', (), [("monthly_fee", 995)]),
        (
            'monthly_fee = "10.00"\ndiscount_percent = "12.5"',
            (1001,),
            [("call", 1001), ("monthly_fee", 1000), ("discount", -250)],
        ),
        (
            'minimum = "20.00"\ndiscount_percent = "50"',
            (1500,),
            [("call", 1500), ("discount", -750), ("minimum", 1250)],
        ),
        ('minimum = "20.00"', (2000,), [("call", 2000)]),
        ('minimum = "20.00"\ndiscount_percent = "100"', (-500,), [("call", -500), ("minimum", 2500)]),
    ],
)
def test_plan_terms(tmp_path: Path, terms: str, uses: tuple[int, ...], lines: list[tuple[str, int]]) -> None:
    """Fee, then the discount on use and fee, then what is missing to the minimum; the fee once, by who has a trunk."""
    desk = Desk(tmp_path, plan('model = "pass_through"', terms=terms))
    desk.file("trunks.csv", "trunk,client_id,valid_from,valid_to", "trk_a,acme,,", "trk_b,bruno,2026-11-01,")
    desk.add(*(row(n, -cents) for n, cents in enumerate(uses, 1)))
    assert lines_of(only(desk.bill().new)) == lines
    assert desk.bill().new == desk.bill(supplementary=True).new == ()
    desk.add(row(9, -100))
    extra = [category for document in desk.bill(supplementary=True).new for category, _ in lines_of(document)]
    assert "monthly_fee" not in extra
    minimum = 2000 if "minimum" in terms else 0
    assert sum(document.net_cents for document in desk.documents()) >= minimum


@pytest.mark.parametrize(
    ("rule", "costs", "net"),
    [
        ('model = "markup"\npercent = "50"', [-1], 2),
        ('model = "markup"\npercent = "50"', [1], -2),
        ('model = "markup"\npercent = "50"', [-1, -1], 3),
        ('model = "markup"\npercent = "-50"', [-1], 1),
        ('model = "fixed"\nprice = "0.0049"', [-1], 0),
        ('model = "fixed"\nprice = "0.0050"', [-1], 1),
        ('model = "fixed"\nprice = "0.0450"', [-2] * 3, 14),
        ('model = "markup"\npercent = "0.0001"', [-(10**12)], 10**12 + 10**6),
        ('model = "markup"\npercent = "1000000"', [-(10**12), -(10**12)], 2 * 10**12 * 10_001),
    ],
)
def test_a_line_is_rounded_once(tmp_path: Path, rule: str, costs: list[int], net: int) -> None:
    """Half a cent each way, prices below a cent, amounts at the edge of 64 bits."""
    desk = Desk(tmp_path, plan(rule))
    desk.add(*(row(n, cents) for n, cents in enumerate(costs, 1)))
    billed = desk.bill().new
    assert sum(document.net_cents for document in billed) == net
    for document in billed:
        assert sum(r.net_cents for _, r in document.detail_rows()) == net


def test_ten_thousand_messages_at_0_0450() -> None:
    """450.00 to the cent, 4 or 5 cents each: rounded one by one they would come to 500.00, as floats to some 449.99."""
    exact = np.full(10_000, 45_000 * 100, np.int64)
    shares = shared_out_by_line(Exact(exact, 1_000_000), np.array([0]), np.arange(10_000))
    assert (shares.sum(), set(shares.tolist())) == (45_000, {4, 5})
    assert shares.tolist() == shared_out(45_000, exact.tolist())


def test_three_lines_of_33_33_at_19_percent(tmp_path: Path) -> None:
    """VAT is of the sum 99.99, 19.00; three times the VAT of 33.33 would be 18.99."""
    desk = Desk(tmp_path)
    desk.file("billing.toml", '[seller]\nname = "S"\ncountry = "DE"\ntax_number = "133/8150/8159"')
    desk.file("clients.csv", "client_id,name,country", "acme,Acme,DE", "bruno,Bruno,DE")
    desk.add(*(row(n, -3333, type_=type_) for n, type_ in enumerate(("call", "sms", "renewal"), 1)))
    document = only(desk.bill().new)
    assert [line.net_cents for line in document.lines] == [3333] * 3
    assert (document.net_cents, document.vat_cents, document.gross_cents) == (9999, 1900, 11899)


def test_amounts_beyond_64_bits_stay_exact(tmp_path: Path) -> None:
    """Fifty uses of ten billion with a markup of a millionth of a percent and a price each: no digit is lost."""
    desk = Desk(tmp_path, plan('model = "markup"\npercent = "33.3333"\nfixed = "0.0001"'))
    desk.add(*(row(n, -(10**12) + n) for n in range(1, 51)))
    costs = sum(10**12 - n for n in range(1, 51))
    exact_microcents = costs * 1_333_333 + 50 * 10_000
    assert only(desk.bill(OCTOBER).new).net_cents == (exact_microcents + 500_000) // 1_000_000


CATEGORY_MINIMUMS = plan(
    'model = "pass_through"',
    terms='minimum = "40.00"\ndiscount_percent = "10"\n'
    '[plans.category_minimum]\ncall = "20.00"\nnumber_rental = "10.00"',
)


def test_single_categories_have_minimums(tmp_path: Path) -> None:
    """After discount calls are 9.00 and topped up by 11.00, rentals 13.50; all that is 33.50, topped up to 40.00.

    A late call of 5.00 is 4.50 after discount, and so much of the calls' top-up is taken back; the month's own stays.
    November has no use: 20.00, 10.00 and 10.00. Credited and billed again by other runs, all of it comes to the same.
    """
    desk = Desk(tmp_path, CATEGORY_MINIMUMS)
    desk.file("trunks.csv", "trunk,client_id", "trk_a,acme")
    desk.add(row(1, -1000), row(2, -1500, type_="renewal", number=42))
    october = only(desk.bill().new)
    assert lines_of(october) == [
        ("number_rental", 1500), ("call", 1000), ("discount", -250), ("minimum", 1100), ("minimum", 650)
    ]  # fmt: skip
    assert [line.description for line in october.lines] == ["", "", "", "call", ""]
    desk.add(row(3, -500, "2026-10-30"))
    november = only(desk.bill(OCTOBER.next).new)
    assert lines_of(november) == [
        ("call", 500), ("discount", -50), ("minimum", -450), ("minimum", 2000), ("minimum", 1000), ("minimum", 1000)
    ]  # fmt: skip
    assert desk.bill(OCTOBER.next, supplementary=True).new == ()
    for number in (october.number, november.number):
        desk.credit(number, rebill=True)
    again = only(desk.bill(OCTOBER.next, supplementary=True).new)
    assert again.net_cents == october.net_cents + november.net_cents == 8000
    desk.credit(again.number, lines=(next(line.line for line in again.lines if line.description == "call"),))
    assert desk.bill(OCTOBER.next, supplementary=True).new == ()


@pytest.mark.parametrize(("call", "rental", "net_cents"), [(9, 10, 2005), (10, 9, 2004)])
def test_the_last_cent_of_a_discount_is_the_lower_ids(tmp_path: Path, call: int, rental: int, net_cents: int) -> None:
    """A cent off 5 and 5 cents is a tie: it is of the calls, topped up to 20.00, or of the rental, which is not.

    The fee of 0.05 has the same remainder and comes last: of 1.5 cents off, 2 in all, the two rows have one each.
    """
    terms = 'discount_percent = "10"\n[plans.category_minimum]\ncall = "20.00"'
    for fee, expected in (("0.00", net_cents), ("0.05", 2000 + 4 + 5)):
        desk = Desk(tmp_path / fee, plan('model = "pass_through"', terms=f'monthly_fee = "{fee}"\n{terms}'))
        desk.file("trunks.csv", "trunk,client_id", "trk_a,acme")
        desk.add(row(call, -5), row(rental, -5, type_="renewal", number=42))
        assert only(desk.bill().new).net_cents == expected


def test_a_minimum_is_of_a_category_of_use(tmp_path: Path) -> None:
    """A word that no use has is refused with the words that there are."""
    for word in ("calls", "topup", "refund"):
        desk = Desk(tmp_path / word, CATEGORY_MINIMUMS.replace("call = ", f"{word} = "))
        with pytest.raises(ConfigError, match=f"category_minimum: '{word}' is no category of use"):
            desk.bill()
    desk = Desk(tmp_path / "negative", CATEGORY_MINIMUMS.replace('"20.00"', '"-1"'))
    with pytest.raises(ConfigError, match=r"plans\.1\.category_minimum\.call = '-1': it must not be below zero"):
        desk.bill()
