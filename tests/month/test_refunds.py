"""Refunds, by the commands: whose they are, and what they give back of what was billed.

The seller is in NL at 21 %; amounts are net cents unless said otherwise. A refund counts in the month of what it
refunds, at that month's terms, wherever it is billed.
"""

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.support.billed_lives import (
    HALF,
    OTHER,
    TWO_NUMBERS,
    filler,
    play,
)
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
WHEN = ["same month", "next month", "supplementary"]
BY_AND_WHEN = list(zip(REFERENCES, [*WHEN, "next month"], strict=True))
"""Each kind of reference and each moment once; the lives of test_oracle_billing mix them all."""


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
