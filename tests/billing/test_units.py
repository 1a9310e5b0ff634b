"""Rules that count what the supplier's quantity counts: segments of a message, minutes of a call."""

from pathlib import Path

import pytest

from billing_job.config.settings import load_settings
from billing_job.core.errors import ConfigError
from tests.support.desk import OCTOBER, Desk
from tests.support.lives import AT_COST, moved, plan, rule

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
