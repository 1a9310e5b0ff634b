"""Rules that count what the supplier's quantity counts: segments of a message, minutes of a call."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from billing_job.billing.rating.counted_units import rule_name
from billing_job.billing.rating.plans import Rule
from billing_job.config.settings_file import load_settings
from billing_job.core.errors import ConfigError
from tests.support.desk import OCTOBER, Desk
from tests.support.lives import AT_COST, moved, plan, rule
from tests.support.paths import DOCS

MAPPED = '[api.transactions.fields]\nquantity = "segments"\n'
PRICE = {"category": "message", "per": "quantity"}
TIERS = '[{up_to = 4, price = "1.00"}, {price = "0.10"}]'


def sms(row_id: int, segments: int, day: str = "2026-10-05") -> dict[str, object]:
    """A message of so many segments that costs 7 cents each."""
    return moved(row_id, -7 * segments, day, type_="sms", trunk="trk_a") | {"segments": segments}


@pytest.mark.parametrize(
    ("keys", "first", "late", "prices"),
    [
        # 3 + 2 segments in the first bill, 2 more that turn up after it.
        ({"model": "fixed", "price": "0.50"}, 250, 100, [500_000, 500_000]),
        ({"model": "markup", "percent": "100", "fixed": "0.01"}, 70 + 5, 28 + 2, [150_000, 150_000]),
        ({"model": "package", "included": 4, "price": "0.50"}, 50, 100, [None, 500_000]),
        ({"model": "graduated", "tiers": TIERS}, 400 + 10, 20, [None, 100_000]),
        ({"model": "volume", "tiers": TIERS}, 5 * 10, 2 * 10, [100_000, 100_000]),
    ],
)
def test_units_of_a_row(
    keys: dict[str, object], first: int, late: int, prices: list[int | None], tmp_path: Path
) -> None:
    """Each segment is a unit with a place of its own, across rows and documents; the line counts segments.

    It tells the price of one in micros, where all rows have the same.
    """
    desk = Desk(tmp_path, MAPPED + plan(rule(**PRICE, **keys) + AT_COST))
    desk.add(sms(1, 3), sms(2, 2))
    (document,) = desk.bill().new
    assert (document.net_cents, [line.quantity for line in document.lines]) == (first, [5])
    assert [(line.unit, line.unit_price_micros) for line in document.lines] == [("message", prices[0])]
    desk.add(sms(3, 2))
    (document,) = desk.bill(OCTOBER, supplementary=True).new
    assert (document.net_cents, [line.quantity for line in document.lines]) == (late, [2])
    assert [line.unit_price_micros for line in document.lines] == prices[1:]


@pytest.mark.parametrize(("cents", "units", "price"), [(21, 3, 500_000), (14, 2, 500_000), (10, 1, 710_000)])
@pytest.mark.parametrize("when", ["together", "later"])
def test_a_refund_gives_units_back(cents: int, units: int, price: int, when: str, tmp_path: Path) -> None:
    """Of three segments at 0.07: all, two, or 10 cents of 21, which are no whole number of segments (1.50 × 10/21)."""
    desk = Desk(tmp_path, MAPPED + plan(rule(**PRICE, model="fixed", price="0.50") + AT_COST))
    refund = moved(2, cents, "2026-10-06", type_="refund", trunk="trk_a")
    desk.add(sms(1, 3))
    if when == "together":
        desk.add(refund)
    (document,) = desk.bill().new
    if when == "later":
        desk.add(refund)
        (document,) = desk.bill(OCTOBER, supplementary=True).new
    line = document.lines[-1]
    assert (line.unit, line.quantity, line.unit_price_micros) == ("message", -units, price)
    assert [row.quantity for row in line.rows] == [-units]


def test_a_freed_row_keeps_the_place_of_its_units(tmp_path: Path) -> None:
    """Credited and billed again: the third and fourth segment are still in the package, the fifth still costs."""
    desk = Desk(tmp_path, MAPPED + plan(rule(**PRICE, model="package", included=4, price="0.50") + AT_COST))
    desk.add(sms(1, 2), sms(2, 3))
    (document,) = desk.bill().new
    assert document.net_cents == 50
    desk.credit(document.number, rebill=True)
    (again,) = desk.bill(OCTOBER, supplementary=True).new
    assert [row.net_cents for _, row in again.detail_rows()] == [0, 50]


MINUTES = r"(?ms)^## Example: minutes, and an allowance for each number\n(.*?)^## "


@pytest.mark.parametrize(
    ("who", "nets", "late"),
    # Of nine minutes for the client, 401 has two and 402 the third: 4.5 cents, then 4.5 + 18. Late ones all cost 4.5.
    [("number", None, [5, 0]), ("client", [5, 23, 0], [5, 9])],
)
def test_the_documented_minutes(who: str, nets: list[int] | None, late: list[int], tmp_path: Path) -> None:
    """The plan, the rows and the invoice of docs/pricing.md; then a late minute, and two of a number not yet seen."""
    (section,) = re.findall(MINUTES, (DOCS / "pricing.md").read_text(encoding="utf-8"))
    blocks = dict(re.findall(r"(?s)```(\w+)\n(.*?)```", section))
    assert blocks["toml"].count('included_per = "number"') == 1
    desk = Desk(tmp_path, blocks["toml"].replace('included_per = "number"', f'included_per = "{who}"'))
    numbers = ("+31201234567", "+31207654321", "+31851234567", "+31209999999")
    desk.file("numbers.csv", "number,trunk", *(f"{number},trk_a" for number in numbers))

    def add(*rows: str) -> None:
        cells = (line.split() for line in rows)
        desk.add(
            *(
                moved(int(id_), -int(Decimal(cost) * 100), day, type_=type_, number=number) | {"seconds": int(seconds)}
                for id_, day, type_, number, cost, seconds in cells
            )
        )

    add(*blocks["wallet"].splitlines())
    (document,) = desk.bill().new
    expected = [line.split() for line in blocks["invoice"].splitlines()]
    cents = [int(Decimal(line[-1]) * 100) for line in expected]
    assert [(line.category, line.number, line.quantity, line.net_cents) for line in document.lines] == [
        (category, number, int(units), net)
        for (category, number, units, _), net in zip(expected[:-3], nets or cents, strict=False)
    ]
    assert [line.unit for line in document.lines] == ["minute", "minute", "call"]
    if nets is None:
        assert [document.net_cents, document.vat_cents, document.gross_cents] == cents[-3:]
    add("406 2026-10-20 call +31201234567 0.01 60", "407 2026-10-21 call +31209999999 0.02 61")
    (document,) = desk.bill(OCTOBER, supplementary=True).new
    assert [line.net_cents for line in document.lines] == late


@pytest.mark.parametrize("when", ["together", "later"])
def test_a_refund_gives_minutes_back(when: str, tmp_path: Path) -> None:
    """Of 7 cents for 185 seconds, which are 4 minutes at 0.50, 3 come back: 2.00 × 3/7 is 0.86, 4 × 3/7 is 2 minutes.

    The other number pays by half minutes, which have no name, seven of them.
    """
    keys = {"category": "call", "model": "fixed", "price": "0.50", "per": "quantity"}
    rules = rule(**keys, round_up=60, prefix="+31") + rule(**keys, round_up=30) + AT_COST
    desk = Desk(tmp_path, MAPPED.replace("segments", "seconds") + plan(rules))
    refund = moved(3, 3, "2026-10-06", type_="refund", number="+31201234567")
    desk.add(
        moved(1, -7, "2026-10-05", number="+31201234567") | {"seconds": 185},
        moved(2, -7, "2026-10-05", number="+4930123456") | {"seconds": 185},
        *([refund] if when == "together" else []),
    )
    billed = [(line.unit, line.quantity, line.net_cents) for document in desk.bill().new for line in document.lines]
    if when == "later":
        desk.add(refund)
        (document,) = desk.bill(OCTOBER, supplementary=True).new
        billed += [(line.unit, line.quantity, line.net_cents) for line in document.lines]
    assert sorted(billed) == [("minute", -2, -86), ("minute", 4, 200), ("piece", 7, 350)]


def test_a_rule_keeps_its_name() -> None:
    """What earlier versions counted is found again under the name that they gave the rule."""
    old = Rule(category="call", model="package", included=4, price="0.25")
    assert rule_name(old) == "4022ba529fc14e0a"
    assert rule_name(old.model_copy(update={"per": "quantity"})) == "04bb0d9b6fbea9ae"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"model": "fixed", "price": "1", "round_up": 60}, 'round_up needs per = "quantity"'),
        (
            {"model": "fixed", "price": "1", "per": "quantity", "round_up": 1},
            "rules.1.round_up = 1: it must be 2 or more",
        ),
        (
            {"model": "fixed", "price": "1", "per": "quantity", "round_up": "1 minute"},
            "round_up = '1 minute': write a whole number",
        ),
        ({"model": "fixed", "price": "1", "included_per": "number"}, "knows no included_per"),
        ({"model": "package", "price": "1", "included": 3, "included_per": "trunk"}, "write 'client' or 'number'"),
        ({"model": "absorb", "round_up": 60}, "knows no round_up"),
    ],
)
def test_keys_that_make_no_sense(keys: dict[str, object], message: str, tmp_path: Path) -> None:
    """Each is refused, with the file, the key and what is expected."""
    desk = Desk(tmp_path)
    desk.settings(MAPPED + plan(rule(category="message", **keys) + AT_COST))
    with pytest.raises(ConfigError, match=f"billing.toml: plans.1.*{message}"):
        load_settings(desk.config / "billing.toml")


def test_without_the_key_a_row_is_one_unit(tmp_path: Path) -> None:
    """A mapped quantity alone changes no price."""
    desk = Desk(tmp_path, MAPPED + plan(rule(category="message", model="fixed", price="0.50") + AT_COST))
    desk.add(sms(1, 3))
    (document,) = desk.bill().new
    assert (document.net_cents, [line.quantity for line in document.lines]) == (50, [1])


def test_what_is_not_mapped_cannot_be_counted(tmp_path: Path) -> None:
    """The rule is refused with the key that is missing; a model without units knows no `per`."""
    desk = Desk(tmp_path)
    desk.settings(plan(rule(**PRICE, model="fixed", price="0.50") + AT_COST))
    with pytest.raises(ConfigError, match=r"set quantity in \[api\.transactions\.fields\]"):
        load_settings(desk.config / "billing.toml")
    desk.settings(MAPPED + plan(rule(**PRICE, model="absorb") + AT_COST))
    with pytest.raises(ConfigError, match="knows no per"):
        load_settings(desk.config / "billing.toml")
