"""Rows, plans and beginnings that several tests of what was billed have in common."""

from tests.support.lives import (
    DID,
    NUMBER,
    OCTOBER,
    ORDER,
    SEPTEMBER,
    TRUNK_A,
    TRUNK_B,
    Life,
    moved,
    rule,
)

OTHER = "+31201110002"
TWO_NUMBERS = (f"{NUMBER},{DID},{ORDER},{TRUNK_A},,", f"{OTHER},43,1043,{TRUNK_A},,")
HALF = {"discount_percent": "50"}
MINIMUM = {"minimum": "100.00"}
GRADUATED = rule(category="message", model="graduated", tiers='[{up_to = 2, price = "1.00"}, {price = "0.50"}]')
PACKAGE = rule(category="message", model="package", included=2, price="0.10")


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


def message(row_id: int) -> dict[str, object]:
    """A message that no refund speaks of."""
    return moved(row_id, -3, "2026-09-06", type_="sms")


def two_lines(here: Life) -> None:
    """Two lines of 10.00, billed."""
    here.add(moved(1, -1000, "2026-09-05", type_="renewal", number=DID), moved(2, -1000, "2026-09-06"))
    here.run(SEPTEMBER)


def use(row_id: int, cents: int, day: str) -> dict[str, object]:
    """Use of the number."""
    return moved(row_id, -cents, day, number=DID)


def back(row_id: int, cents: int) -> dict[str, object]:
    """Its refund, in October."""
    return moved(row_id, cents, "2026-10-05", type_="refund", number=DID)


def changed(here: Life, how: str) -> None:
    """Bill a call of 10.00, which the supplier then lists as 7.00, or no more."""
    here.add(moved(1, -1000, "2026-09-05"), filler(9, "2026-09-01"))
    here.run(SEPTEMBER)
    if how == "changed":
        here.change(1, amount=-700)
    else:
        here.withdraw(1)
