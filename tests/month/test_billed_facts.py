"""What was billed decides what comes after: refunds, late rows, credits, minimums and changed rows, by the commands.

The seller is in NL at 21 %; amounts are net cents unless said otherwise. A refund counts in the month of what it
refunds, at that month's terms, wherever it is billed.
"""

import csv
from pathlib import Path
from typing import Any

import pytest

from billing_job.billing.invoicing.credit_note import NotCreditable
from tests.support.ledgers import execute, record_anew
from tests.support.lives import (
    AT_COST,
    DECEMBER,
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
    rule,
)

pytestmark = pytest.mark.sqlite_file("the lives of test_oracle_billing play on the server")

BY: dict[str, dict[str, Any]] = {
    "order": {"order": ORDER},
    "did": {"number": DID},
    "e164": {"number": NUMBER},
    "trunk": {"trunk": TRUNK_A},
}
REFERENCES = sorted(BY)
OTHER = "+31201110002"
TWO_NUMBERS = (f"{NUMBER},{DID},{ORDER},{TRUNK_A},,", f"{OTHER},43,1043,{TRUNK_A},,")
HALF = {"discount_percent": "50"}
MINIMUM = {"minimum": "100.00"}
GRADUATED = rule(category="message", model="graduated", tiers='[{up_to = 2, price = "1.00"}, {price = "0.50"}]')
PACKAGE = rule(category="message", model="package", included=2, price="0.10")
WHEN = ["same month", "next month", "supplementary"]
BY_AND_WHEN = list(zip(REFERENCES, [*WHEN, "next month"], strict=True))
"""Each kind of reference and each moment once; the lives of test_oracle_billing mix them all."""


def filler(row_id: int, day: str) -> dict[str, object]:
    """A call of bruno's so large that what waits beside it is a small part of the month."""
    return moved(row_id, -100_000, day, trunk=TRUNK_B)


def play(here: Life, when: str, first: list[dict[str, object]], later: list[dict[str, object]]) -> None:
    """Bill September's rows, and what comes later with them, by October's run, or at once by a run of its own."""
    here.add(*first)
    if when == "same month":
        here.add(*later)
        here.run(SEPTEMBER)
        return
    here.run(SEPTEMBER)
    here.add(*later)
    if when == "next month":
        here.run(OCTOBER)
    else:
        here.run(SEPTEMBER, "--supplementary")


# Whose refund it is


@pytest.mark.parametrize(("by", "when"), BY_AND_WHEN)
def test_a_refund_goes_back_to_who_paid(tmp_path: Path, by: str, when: str) -> None:
    """A rental of acme's, refunded after number and trunk became bruno's, leaves nothing with either of them."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        if by == "trunk":
            here.trunks(f"{TRUNK_A},acme,,2026-09-15", f"{TRUNK_A},bruno,2026-09-15,", f"{TRUNK_B},bruno,,")
        else:
            here.numbers(
                f"{NUMBER},{DID},{ORDER},{TRUNK_A},,2026-09-15", f"{NUMBER},{DID},{ORDER},{TRUNK_B},2026-09-15,"
            )
        day = "2026-10-20" if when == "next month" else "2026-09-20"
        play(
            here,
            when,
            [moved(1, -1000, "2026-09-05", type_="renewal", **BY[by])],
            [moved(2, 1000, day, type_="refund", **BY[by])],
        )
        assert (here.net("acme"), here.net("bruno")) == (0, 0)
        assert (here.of_row(2, "acme"), here.of_row(2, "bruno")) == (-here.of_row(1, "acme"), 0)


@pytest.mark.mixed
@pytest.mark.parametrize(
    ("bought", "refunded"), [("order", "did"), ("order", "e164"), ("did", "e164"), ("e164", "did")]
)
@pytest.mark.parametrize("when", WHEN)
def test_a_refund_finds_its_original_under_another_name(tmp_path: Path, bought: str, refunded: str, when: str) -> None:
    """The purchase of an order refunded by its number, or one name of the number by the other, gives back its price."""
    with quiet_life(tmp_path, plan(rule(category="number_setup", model="fixed", price="17.00") + AT_COST)) as here:
        play(
            here,
            when,
            [moved(1, -1000, "2026-09-05", type_="purchase", **BY[bought])],
            [moved(2, 1000, "2026-09-20", type_="refund", **BY[refunded])],
        )
        assert here.net() == 0
        assert here.waiting() == {}


@pytest.mark.mixed
@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"order": 1042}, ("acme", "bruno")),
        ({"number": 42}, ("acme", "bruno")),
        ({"order": 1077}, ("bruno", "acme")),
        ({"number": 77}, ("bruno", "acme")),
    ],
)
def test_a_recycled_number_keeps_its_orders_apart(
    tmp_path: Path, reference: dict[str, Any], expected: tuple[str, str], when: str
) -> None:
    """Number of acme as DID 42 of order 1042, then bruno's as DID 77 of order 1077: each gets its own refund."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        here.numbers(f"{NUMBER},42,1042,{TRUNK_A},,2026-09-10", f"{NUMBER},77,1077,{TRUNK_B},2026-09-20,")
        kind, first, second = ("order", 1042, 1077) if "order" in reference else ("number", 42, 77)
        bought = [
            moved(1, -1000, "2026-09-02", type_="purchase", **{kind: first}),
            moved(2, -1000, "2026-09-21", type_="purchase", **{kind: second}),
        ]
        play(here, when, bought, [moved(3, 1000, "2026-09-26", type_="refund", **reference)])
        gets, keeps = expected
        assert (here.net(gets), here.net(keeps)) == (0, 1300)


def test_a_client_that_left_gets_its_refund(tmp_path: Path) -> None:
    """Bruno has left every file: the credit note is bruno's all the same, as the invoice that it corrects had him."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        here.numbers(f"{NUMBER},{DID},{ORDER},{TRUNK_B},,")
        here.add(moved(1, -1000, "2026-09-05", type_="renewal", number=DID), moved(2, -500, "2026-09-06"))
        here.run(SEPTEMBER)
        assert here.net("bruno") == 1300
        here.clients("acme,Acme B.V.,NL,,,,")
        here.trunks(f"{TRUNK_A},acme,,")
        here.numbers(f"{NUMBER},{DID},{ORDER},{TRUNK_A},2026-10-01,")
        here.add(moved(3, 1000, "2026-10-10", type_="refund", number=DID))
        ran = here.run(OCTOBER)
        assert here.new(ran) == [("bruno", -1300)]
        note = here.stored(ran.json["documents"][0]["number"])
        assert (note["client"]["name"], note["vat_cents"]) == ("Bruno B.V.", -273)


@pytest.mark.parametrize("who", ["moved", "renamed"])
def test_a_refund_follows_the_document_and_not_the_files(tmp_path: Path, who: str) -> None:
    """The trunk became another client's, or the client another id: the refund is of whom the document names."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        here.add(moved(1, -1000, "2026-09-05"))
        here.run(SEPTEMBER)
        if who == "moved":
            here.trunks(f"{TRUNK_A},bruno,,", f"{TRUNK_B},acme,,")
        else:
            here.clients("acme2,Acme B.V.,NL,,,,", "bruno,Bruno B.V.,NL,,,,")
            here.trunks(f"{TRUNK_A},acme2,,", f"{TRUNK_B},bruno,,")
            here.numbers(f"{NUMBER},{DID},{ORDER},{TRUNK_A},,")
        here.add(moved(2, 1000, "2026-10-05", type_="refund"))
        here.run(OCTOBER)
        assert {name: here.net(name) for name in ("acme", "acme2", "bruno")} == {"acme": 0, "acme2": 0, "bruno": 0}


# What a refund gives back


@pytest.mark.mixed
@pytest.mark.parametrize("later", ["50", "80", "10", "100", "0"])
@pytest.mark.parametrize("when", ["next month", "supplementary"])
def test_a_refund_gives_back_the_discounted_price(tmp_path: Path, when: str, later: str) -> None:
    """100.00 less 50 % gives back 50.00, whatever the discount is by then."""
    with quiet_life(tmp_path, plan(**HALF)) as here:
        here.add(moved(1, -10_000, "2026-09-05", type_="renewal", number=DID))
        here.run(SEPTEMBER)
        assert here.net() == 5000
        here.settings(plan(discount_percent=later))
        day = "2026-10-10" if when == "next month" else "2026-09-25"
        here.add(moved(2, 10_000, day, type_="refund", number=DID))
        ran = here.run(OCTOBER) if when == "next month" else here.run(SEPTEMBER, "--supplementary")
        assert here.new(ran)[-1] == ("acme", -5000)


def test_a_refund_of_what_was_free_gives_nothing(tmp_path: Path) -> None:
    """A discount of 100 % charged nothing, so nothing comes back when there is no discount any more."""
    with quiet_life(tmp_path, plan(discount_percent="100")) as here:
        here.add(moved(1, -10_000, "2026-09-05", type_="renewal", number=DID))
        here.run(SEPTEMBER)
        here.settings(plan())
        here.add(moved(2, 10_000, "2026-10-10", type_="refund", number=DID))
        here.run(OCTOBER)
        assert here.net() == 0
        assert here.waiting() == {}


@pytest.mark.parametrize("discount", ["0", "50", "100"])
def test_use_and_refund_at_two_discounts(tmp_path: Path, discount: str) -> None:
    """October's own use of 40.00 has October's discount, September's refund of 100.00 gives back 50.00."""
    with quiet_life(tmp_path, plan(**HALF)) as here:
        here.add(moved(1, -10_000, "2026-09-05", type_="renewal", number=DID))
        here.run(SEPTEMBER)
        here.settings(plan(discount_percent=discount))
        here.add(moved(2, 10_000, "2026-10-10", type_="refund", number=DID), moved(3, -4000, "2026-10-11"))
        here.run(OCTOBER)
        assert here.net() == 4000 * (100 - int(discount)) // 100


@pytest.mark.parametrize("when", WHEN)
def test_use_and_its_refund_come_to_nothing(tmp_path: Path, when: str) -> None:
    """At a markup and a discount, billed together or one after the other, nothing is left, and no VAT."""
    with quiet_life(tmp_path, plan(MARKUP, discount_percent="12.5")) as here:
        play(
            here,
            when,
            [moved(1, -1001, "2026-09-05", type_="renewal", number=DID), moved(2, -77, "2026-09-06")],
            [moved(3, 1001, "2026-09-20", type_="refund", number=DID), moved(4, 77, "2026-09-21", type_="refund")],
        )
        assert (here.net(), here.vat()) == (0, 0)


@pytest.mark.mixed
@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize(
    "changed",
    [MARKUP.replace("30", "100"), rule(model="fixed", price="1.00"), rule(model="absorb")],
    ids=["markup", "fixed", "absorb"],
)
def test_a_refund_gives_back_the_billed_price(tmp_path: Path, changed: str, when: str) -> None:
    """Ten at 30 % on top was 13.00, so 13.00 comes back under any later price."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        here.add(moved(1, -1000, "2026-09-05", type_="renewal", number=DID))
        if when != "same month":
            here.run(SEPTEMBER)
            here.settings(plan(changed))
        here.add(moved(2, 1000, "2026-09-28", type_="refund", number=DID))
        here.run(*([OCTOBER] if when == "next month" else [SEPTEMBER, "--supplementary"]))
        assert here.net() == 0


@pytest.mark.mixed
@pytest.mark.parametrize(
    ("parts", "given"),
    [((500, 500), (650, 650)), ((250, 750), (325, 975)), ((1, 999), (1, 1299)), ((333, 333, 334), (433, 433, 434))],
)
@pytest.mark.parametrize("months", ["one", "each"])
def test_a_refund_in_parts(tmp_path: Path, parts: tuple[int, ...], given: tuple[int, ...], months: str) -> None:
    """Parts of a rental of 10.00 at 30 % on top give back their share of 13.00, cumulated, together all of it."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        here.add(moved(1, -1000, "2026-09-05", type_="renewal", number=DID))
        here.run(SEPTEMBER)
        after = [OCTOBER, NOVEMBER, DECEMBER]
        for place, cents in enumerate(parts):
            month = after[place] if months == "each" else OCTOBER
            here.add(moved(2 + place, cents, f"{month}-{10 + place}", type_="refund", number=DID))
        nets = []
        for month in after[: len(parts)] if months == "each" else [OCTOBER]:
            before = here.net()
            here.run(month)
            nets.append(here.net() - before)
        assert nets == ([-cents for cents in given] if months == "each" else [-1300])
        assert here.net() == 0
        assert [-here.of_row(2 + place) for place in range(len(parts))] == list(given)


@pytest.mark.parametrize("when", WHEN)
def test_a_half_refunded_rental_keeps_half(tmp_path: Path, when: str) -> None:
    """Half of a rental of 10.00 at 30 % on top is 6.50, also where both are on one invoice."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        play(
            here,
            when,
            [moved(1, -1000, "2026-09-05", type_="renewal", number=DID)],
            [moved(2, 500, "2026-09-20", type_="refund", number=DID)],
        )
        assert here.net() == 650


@pytest.mark.parametrize("when", WHEN)
def test_a_refund_above_its_original(tmp_path: Path, when: str) -> None:
    """Fifteen come back for a rental of ten: the client gets the 13.00 that it paid, and not a cent more."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        # reading: whether what is above waits, or is the house's, is left open; it is not the client's.
        here.add(moved(1, -1000, "2026-09-05", type_="renewal", number=DID), filler(9, "2026-09-01"))
        if when != "same month":
            here.run(SEPTEMBER)
        here.add(moved(2, 1500, "2026-09-20", type_="refund", number=DID))
        month, *options = [OCTOBER] if when == "next month" else [SEPTEMBER, "--supplementary"]
        here.run(month, *options)
        assert here.net() == 0


@pytest.mark.parametrize("when", WHEN)
def test_a_rental_refunded_twice_is_given_back_once(tmp_path: Path, when: str) -> None:
    """The second refund of one rental finds nothing left to give back."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        here.add(moved(1, -1000, "2026-09-05", type_="renewal", number=DID), filler(9, "2026-09-01"))
        if when != "same month":
            here.run(SEPTEMBER)
        here.add(
            moved(2, 1000, "2026-09-20", type_="refund", number=DID),
            moved(3, 1000, "2026-09-21", type_="refund", number=DID),
        )
        month, *options = [OCTOBER] if when == "next month" else [SEPTEMBER, "--supplementary"]
        here.run(month, *options)
        assert here.net() == 0
        assert here.of_row(3) == 0


@pytest.mark.parametrize(("by", "when"), BY_AND_WHEN)
def test_purchase_and_refund_in_one_second(tmp_path: Path, when: str, by: str) -> None:
    """Ids 999 and 1000 of one moment: the purchase comes first, and its 13.00 come back."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        play(
            here,
            when,
            [moved(999, -1000, "2026-09-05T10:00:00Z", type_="purchase", **BY[by])],
            [moved(1000, 1000, "2026-09-05T10:00:00Z", type_="refund", **BY[by])],
        )
        assert here.net() == 0
        assert here.waiting() == {}


@pytest.mark.mixed
@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("lines", ["numbers", "categories"])
def test_two_roundings_come_back_whole(tmp_path: Path, lines: str, when: str) -> None:
    """0.10 and 0.30 at 25 % on top were 0.13 and 0.38 on two lines, and that is what their refunds give back."""
    first, second = (
        ({"number": NUMBER}, {"number": OTHER}) if lines == "numbers" else ({"trunk": TRUNK_A}, {"trunk": TRUNK_A})
    )
    with quiet_life(tmp_path, plan(MARKUP.replace("30", "25"))) as here:
        here.numbers(*TWO_NUMBERS)
        play(
            here,
            when,
            [
                moved(1, -10, "2026-09-05", **first),
                moved(2, -30, "2026-09-06", type_="call" if lines == "numbers" else "sms", **second),
            ],
            [
                moved(3, 10, "2026-09-20", type_="refund", **first),
                moved(4, 30, "2026-09-21", type_="refund", **second),
            ],
        )
        assert here.net() == 0


@pytest.mark.parametrize("when", ["next month", "supplementary"])
def test_a_refund_stands_under_the_category_and_number_of_its_original(tmp_path: Path, when: str) -> None:
    """The row of a refunded rental is a rental of that number below zero, with its own date and September's rate."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        # reading: "belongs to the category of the transaction it refunds" holds for the CSV's category as well.
        play(
            here,
            when,
            [moved(1, -1000, "2026-09-05", type_="renewal", number=DID), moved(2, -100, "2026-09-06")],
            [moved(3, 1000, "2026-09-20", type_="refund", number=DID)],
        )
        (found,) = [each for each in here.details() if each.transaction_id == "3"]
        assert (found.category, found.number, found.net) == ("number_rental", NUMBER, -1300)
        assert (found.date, found.vat_category, found.vat_rate) == ("2026-09-20", "S", "21")


# Places in tiers and packages


def message(row_id: int) -> dict[str, object]:
    """A message that no refund speaks of."""
    return moved(row_id, -3, "2026-09-06", type_="sms")


@pytest.mark.parametrize(("when", "left"), [("same month", 0), ("next month", 10), ("supplementary", 10)])
def test_a_refunded_unit_of_a_package(tmp_path: Path, when: str, left: int) -> None:
    """Three messages, two included: refunded with them the first frees its place, afterwards it gives back nothing."""
    with quiet_life(tmp_path, plan(PACKAGE + AT_COST)) as here:
        play(
            here,
            when,
            [moved(1, -3, "2026-09-05", type_="sms", number=DID), message(2), message(3)],
            [moved(4, 3, "2026-09-20", type_="refund", number=DID)],
        )
        assert here.net() == left


@pytest.mark.parametrize(("when", "left"), [("same month", 200), ("next month", 150), ("supplementary", 150)])
def test_a_refunded_unit_of_a_tier(tmp_path: Path, when: str, left: int) -> None:
    """Of three at 1.00, 1.00 and 0.50 the first is refunded: together the third moves up, later it stays."""
    with quiet_life(tmp_path, plan(GRADUATED + AT_COST)) as here:
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


# Credits and rebills


def two_lines(here: Life) -> None:
    """Two lines of 10.00, billed."""
    here.add(moved(1, -1000, "2026-09-05", type_="renewal", number=DID), moved(2, -1000, "2026-09-06"))
    here.run(SEPTEMBER)


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
    """Billed at 21 % where the rate was 9: use 26.00, fee 5.00 and a top-up to 100.00 come again with 9.00 of VAT."""
    with quiet_life(tmp_path, plan(MARKUP, monthly_fee="5.00", minimum="100.00")) as here:
        two_lines(here)
        here.credit("INV-2026-00001", rebill=True)
        here.rates("NL,S,9,2020-01-01")
        assert (here.net(), here.vat()) == (0, 0)
        here.run(month)
        months = 1 if month == SEPTEMBER else 2
        assert (here.net(), here.vat()) == (10_000 * months, 900 * months)


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


# Minimum and fee


def use(row_id: int, cents: int, day: str) -> dict[str, object]:
    """Use of the number."""
    return moved(row_id, -cents, day, number=DID)


def back(row_id: int, cents: int) -> dict[str, object]:
    """Its refund, in October."""
    return moved(row_id, cents, "2026-10-05", type_="refund", number=DID)


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


# Refunds whose original is nobody's


def test_a_refund_of_what_the_house_paid_is_the_houses(tmp_path: Path) -> None:
    """The original went to the house; that its trunk is acme's by now gives acme nothing."""
    with quiet_life(tmp_path, plan()) as here:
        here.add(moved(1, -1000, "2026-09-05", trunk=TRUNK_C), filler(9, "2026-09-01"))
        here.run(SEPTEMBER, code=3)
        here.resolve(1, "--house")
        here.trunks(f"{TRUNK_A},acme,,", f"{TRUNK_B},bruno,,", f"{TRUNK_C},acme,2026-10-01,")
        here.add(moved(2, 1000, "2026-10-10", type_="refund", trunk=TRUNK_C), filler(10, "2026-10-10"))
        ran = here.run(OCTOBER)
        assert (here.net(), here.waiting()) == (0, {})
        assert ran.json["excluded"]["house"] == ran.json["excluded"]["house"] | {
            "count": 1,
            "cents": 1000,
            "micros": 10_000_000,
        }


def test_a_refund_of_what_a_plan_absorbed_is_the_houses(tmp_path: Path) -> None:
    """The house paid by `absorb`; under a plan at cost the refund gives the client nothing."""
    with quiet_life(tmp_path, plan(rule(model="absorb"))) as here:
        here.add(moved(1, -1000, "2026-09-05"))
        here.run(SEPTEMBER)
        here.settings(plan())
        here.add(moved(2, 1000, "2026-10-10", type_="refund"))
        here.run(OCTOBER)
        assert (here.net(), here.waiting()) == (0, {})


def test_a_refund_of_what_waits_waits_with_it(tmp_path: Path) -> None:
    """Nobody knows whose the original is, so the refund waits too; decided for acme both are billed, to nothing."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        here.add(moved(1, -1000, "2026-09-05", trunk=TRUNK_C), filler(9, "2026-09-01"))
        here.run(SEPTEMBER, code=3)
        here.trunks(f"{TRUNK_A},acme,,", f"{TRUNK_B},bruno,,", f"{TRUNK_C},acme,2026-10-01,")
        here.add(moved(2, 1000, "2026-10-10", type_="refund", trunk=TRUNK_C), filler(10, "2026-10-10"))
        here.run(OCTOBER, code=3)
        assert here.net() == 0
        assert set(here.waiting()) == {"1", "2"}
        here.resolve(1, "--client", "acme")
        here.run(OCTOBER, "--supplementary")
        assert (here.net(), here.waiting()) == (0, {})
        assert not [each for each in here.details("bruno") if each.transaction_id in ("1", "2")]


def test_a_refund_of_what_vanished_waits(tmp_path: Path) -> None:
    """The supplier listed the call once, and no more before it was billed: its refund is not acme's to get."""
    with life(tmp_path, plan(MARKUP)) as here:
        here.add(moved(1, -1000, "2026-09-05"), filler(9, "2026-09-01"))
        here.on("2026-09-20")
        assert here.office.type("sync").code == 0
        here.withdraw(1)
        here.run(SEPTEMBER, code=3)
        here.add(moved(2, 1000, "2026-10-10", type_="refund"), filler(10, "2026-10-10"))
        here.run(OCTOBER, code=3)
        assert here.net() == 0
        assert "2" in here.waiting()


@pytest.mark.parametrize("by", REFERENCES)
def test_a_refund_without_an_original_waits(tmp_path: Path, by: str) -> None:
    """No transaction is known that it could undo: it waits with that reason, its euros, exit 3 and a remedy."""
    with life(tmp_path, plan(MARKUP)) as here:
        here.add(moved(2, 1000, "2026-09-20", type_="refund", **BY[by]), filler(9, "2026-09-01"))
        ran = here.run(SEPTEMBER, code=3)
        assert (here.net(), here.waiting()) == (0, {"2": ("refund_without_original", 1000)})
        assert [each["reason"] for each in ran.json["exceptions"]] == ["refund_without_original"]
        with (here.office.month(SEPTEMBER) / "exceptions.csv").open(encoding="utf-8-sig", newline="") as file:
            (row,) = csv.DictReader(file)
        assert (row["transaction_id"], row["reason"], row["amount"]) == ("2", "refund_without_original", "10.00")
        assert "--amount" in row["suggestion"]


@pytest.mark.parametrize("when", ["next month", "supplementary"])
def test_a_refund_without_an_original_is_decided(tmp_path: Path, when: str) -> None:
    """Decided for acme with 13.00 to give back, net: the next document gives 13.00 and their VAT, once.

    Credited with --rebill it is given back again; another amount may be decided before.
    """
    with quiet_life(tmp_path, plan(MARKUP, **HALF)) as here:
        here.add(moved(2, 1000, "2026-09-20", type_="refund", number=DID), filler(9, "2026-09-01"))
        here.run(SEPTEMBER, code=3)
        here.resolve(2, "--client", "acme", "--amount", "13.00")
        for _ in range(2):
            here.run(*([OCTOBER] if when == "next month" else [SEPTEMBER, "--supplementary"]))
        assert (here.net(), here.vat(), here.waiting()) == (-1300, -273, {})
        (number,) = [each["number"] for each in here.told.values() if each["client_id"] == "acme"]
        here.credit(number, rebill=True)
        assert here.net() == 0
        here.resolve(2, "--client", "acme", "--amount", "12.00")
        here.run(*([NOVEMBER] if when == "next month" else [SEPTEMBER, "--supplementary"]))
        assert (here.net(), here.vat()) == (-1200, -252)


def test_a_refund_without_an_original_goes_to_the_house(tmp_path: Path) -> None:
    """--house takes it out of the queue, and no client gets anything."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        here.add(moved(2, 1000, "2026-09-20", type_="refund", number=DID), filler(9, "2026-09-01"))
        here.run(SEPTEMBER, code=3)
        here.resolve(2, "--house")
        here.run(SEPTEMBER, "--supplementary")
        assert (here.net(), here.waiting()) == (0, {})


@pytest.mark.parametrize(
    "options",
    [
        ("--client", "acme", "--amount", "-1.00"),
        ("--client", "acme", "--amount", "0"),
        ("--client", "acme", "--amount", "much"),
        ("--house", "--amount", "1.00"),
        ("--accept",),
        ("--accept", "--client", "acme"),
    ],
)
def test_decisions_that_say_too_much_or_too_little(tmp_path: Path, options: tuple[str, ...]) -> None:
    """An amount is positive and a client's; --accept is for billed rows that changed, and stands alone."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        here.add(moved(2, 1000, "2026-09-20", type_="refund", number=DID), filler(9, "2026-09-01"))
        here.run(SEPTEMBER, code=3)
        assert here.office.type("exceptions", "resolve", "2", *options, "--reason", "x").code == 2
        assert here.waiting() == {"2": ("refund_without_original", 1000)}


# Rows that change after they were billed


def changed(here: Life, how: str) -> None:
    """Bill a call of 10.00, which the supplier then lists as 7.00, or no more."""
    here.add(moved(1, -1000, "2026-09-05"), filler(9, "2026-09-01"))
    here.run(SEPTEMBER)
    if how == "changed":
        here.change(1, amount=-700)
    else:
        here.withdraw(1)


@pytest.mark.mixed
@pytest.mark.parametrize(("how", "difference"), [("changed", 300), ("withdrawn", 1000)])
@pytest.mark.parametrize("month", [SEPTEMBER, OCTOBER])
def test_a_billed_row_that_changed_waits_until_it_is_decided(
    tmp_path: Path, how: str, difference: int, month: str
) -> None:
    """Each run ends with 3 and names the row with its difference; the documents stay."""
    with quiet_life(tmp_path, plan()) as here:
        changed(here, how)
        here.add(filler(10, "2026-10-05"))
        for _ in range(2):
            here.run(month, code=3)
            reason, cents = here.waiting()["1"]
            assert (reason, abs(cents)) == ("billed_row_changed", difference)
        assert (here.net(), len(here.waiting())) == (1000, 1)


@pytest.mark.parametrize(("how", "cost"), [("changed", 700), ("withdrawn", 0)])
def test_a_billed_row_that_changed_is_accepted(tmp_path: Path, how: str, cost: int) -> None:
    """--accept records the new cost: exit 0 from then on, the documents stay, and margin.csv has that cost."""
    with life(tmp_path, plan()) as here:
        changed(here, how)
        here.run(SEPTEMBER, code=3)
        here.resolve(1, "--accept")
        ran = here.run(SEPTEMBER)
        assert (here.new(ran), here.net(), here.waiting()) == ([], 1000, {})
        with (here.office.month(SEPTEMBER) / "margin.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["client_id"] == "acme"]
        assert sum(round(float(row["cost"]) * 100) for row in rows) == cost


@pytest.mark.parametrize(("cost", "difference"), [(600, 100), (1000, -300)])
def test_an_accepted_row_that_changes_again_waits_again(tmp_path: Path, cost: int, difference: int) -> None:
    """7.00 was accepted; 6.00 is another difference and another decision, and so is 10.00, at which it was billed."""
    with quiet_life(tmp_path, plan()) as here:
        changed(here, "changed")
        here.run(SEPTEMBER, code=3)
        here.resolve(1, "--accept")
        here.run(SEPTEMBER)
        here.change(1, amount=-cost)
        here.run(SEPTEMBER, code=3)
        assert here.waiting() == {"1": ("billed_row_changed", difference)}


def test_an_acceptance_goes_with_its_settlement(tmp_path: Path) -> None:
    """Accepted at 7.00, and billed anew at 9.00 when that was its cost: half of the 9.00 is half of the 11.70."""
    with life(tmp_path, plan(MARKUP)) as here:
        changed(here, "changed")
        here.run(SEPTEMBER, code=3)
        here.resolve(1, "--accept")
        here.change(1, amount=-900)
        here.office.type("sync")
        (number,) = [each["number"] for each in here.told.values() if each["client_id"] == "acme"]
        here.credit(number, rebill=True)
        here.run(SEPTEMBER, "--supplementary")
        here.add(moved(2, 450, "2026-10-05", type_="refund"))
        here.run(OCTOBER)
        assert here.net() == 1170 - 585


def test_a_decision_is_corrected(tmp_path: Path) -> None:
    """Decided for the wrong client: before it is billed, and once a credit note has freed it, another one holds.

    That its cost was accepted in between leaves whose it is as it was.
    """
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        here.add(moved(1, -1000, "2026-09-05", trunk=TRUNK_C), filler(9, "2026-09-01"))
        here.run(SEPTEMBER, code=3)
        here.resolve(1, "--house")
        here.resolve(1, "--client", "acme")
        here.run(SEPTEMBER, "--supplementary")
        assert here.net() == 1300
        here.resolve(1, "--client", "bruno", code=2)
        here.change(1, amount=-700)
        here.run(SEPTEMBER, code=3)
        here.resolve(1, "--accept")
        (number,) = [each["number"] for each in here.told.values() if each["client_id"] == "acme"]
        here.credit(number, rebill=True)
        here.run(SEPTEMBER, "--supplementary")
        assert here.net() == 910, "it is acme's still, at its cost of now"
        number = max(each["number"] for each in here.told.values() if each["client_id"] == "acme")
        here.credit(number, rebill=True)
        here.resolve(1, "--client", "bruno")
        here.run(SEPTEMBER, "--supplementary")
        assert (here.net(), here.net("bruno")) == (0, 130_000 + 910)


@pytest.mark.parametrize(("how", "right"), [("changed", 910), ("withdrawn", 0)])
def test_a_billed_row_that_changed_is_credited(tmp_path: Path, how: str, right: int) -> None:
    """Credited with --rebill the changed row is billed at its new cost, a withdrawn one no more; nothing waits then."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        changed(here, how)
        here.run(SEPTEMBER, code=3)
        (number,) = [each["number"] for each in here.told.values() if each["client_id"] == "acme"]
        here.credit(number, rebill=how == "changed")
        here.run(SEPTEMBER, "--supplementary")
        assert (here.net(), here.waiting()) == (right, {})


def test_a_row_that_changes_before_it_is_billed_is_billed_as_it_is(tmp_path: Path) -> None:
    """Known at 10.00 and listed at 7.00 by the day of the run: 7.00, and nothing to decide."""
    with quiet_life(tmp_path, plan()) as here:
        here.add(moved(1, -1000, "2026-09-05"))
        here.on("2026-09-20")
        assert here.office.type("sync").code == 0
        here.change(1, amount=-700)
        here.run(SEPTEMBER)
        assert (here.net(), here.waiting()) == (700, {})


def test_history_that_the_supplier_trimmed_waits_for_nobody(tmp_path: Path) -> None:
    """The oldest rows are listed no more, all in one block: they are out of reach, stay billed and stay proven."""
    with life(tmp_path, plan()) as here:
        here.add(moved(1, 1000, "2026-09-01", type_="topup"), moved(2, -1000, "2026-09-05"))
        here.add(moved(3, -300, "2026-09-20"), moved(4, -200, "2026-10-03"))
        here.run(SEPTEMBER)
        here.withdraw(1, 2)
        assert here.office.type("sync", "--full").code == 0
        ran = here.run(OCTOBER)
        assert (here.net(), here.waiting(), ran.json["wallet"]["matches"]) == (1500, {}, True)


def test_a_refund_above_trimmed_history_finds_its_original(tmp_path: Path) -> None:
    """The billed call is out of the supplier's reach, not out of ours: its refund gives back 13.00."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        here.add(moved(1, 1000, "2026-09-01", type_="topup"), moved(2, -1000, "2026-09-05", number=DID))
        here.add(moved(3, -300, "2026-09-20"))
        here.run(SEPTEMBER)
        here.withdraw(1, 2)
        here.add(moved(4, 1000, "2026-10-08", type_="refund", number=DID))
        here.run(OCTOBER)
        assert here.net() == 390


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
MINIMUM = {"minimum": "100.00"}


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
