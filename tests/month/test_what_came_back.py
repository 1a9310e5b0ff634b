"""Money that came back in ways beside a plain refund: of an order of several clients in parts, under the type of a use.

The seller is in NL. Amounts are net cents.
"""

from pathlib import Path

import pytest

from tests.support.lives import (
    MARKUP,
    NOVEMBER,
    NUMBER,
    OCTOBER,
    ORDER,
    SEPTEMBER,
    TRUNK_A,
    TRUNK_B,
    Life,
    moved,
    plan,
    quiet_life,
)

SECOND = "+31201110002"


def an_order_of_both(here: Life) -> None:
    """One order bought a number of acme for 10.00 and one of bruno for 30.00."""
    here.file(
        "numbers.csv",
        "number,did_number_id,order_id,trunk,price",
        f"{NUMBER},42,{ORDER},{TRUNK_A},10.00",
        f"{SECOND},43,{ORDER},{TRUNK_B},30.00",
    )


@pytest.mark.parametrize("type_", ["refund", "purchase"])
def test_an_order_of_two_clients_comes_back_in_two_parts(tmp_path: Path, type_: str) -> None:
    """Each half goes back to both, though each number had a rental of its own that could have been refunded."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        an_order_of_both(here)
        here.add(
            moved(1, -4000, "2026-09-02", type_="purchase", order=ORDER),
            moved(2, -150, "2026-09-03", type_="renewal", number=NUMBER),
            moved(3, -150, "2026-09-03", type_="renewal", number=SECOND),
        )
        here.run(SEPTEMBER)
        assert (here.net(), here.net("bruno")) == (1300 + 195, 3900 + 195)
        here.add(moved(4, 2000, "2026-10-02", type_=type_, order=ORDER))
        here.run(OCTOBER)
        here.add(moved(5, 2000, "2026-11-02", type_=type_, order=ORDER))
        here.run(NOVEMBER)
        assert (here.net(), here.net("bruno")) == (195, 195)


def test_a_reversal_under_its_own_type_goes_back_to_who_paid(tmp_path: Path) -> None:
    """The number is another client's by then, and the discount is gone: what was charged goes back, in parts, too."""
    with quiet_life(tmp_path, plan(MARKUP, discount_percent="10")) as here:
        rental = {"type_": "renewal", "number": NUMBER}
        here.add(moved(1, -200, "2026-09-15", **rental))
        here.run(SEPTEMBER)
        assert here.net() == 234
        here.settings(plan(MARKUP))
        here.numbers(f"{NUMBER},42,,{TRUNK_A},,2026-10-01", f"{NUMBER},42,,{TRUNK_B},2026-10-01,")
        here.add(moved(2, 100, "2026-10-05", **rental))
        here.run(OCTOBER)
        assert (here.net(), here.net("bruno")) == (117, 0)
        here.add(moved(3, 100, "2026-11-05", **rental))
        here.run(NOVEMBER)
        assert (here.net(), here.net("bruno")) == (0, 0)


def test_what_gives_back_nothing_known_is_priced_like_its_use(tmp_path: Path) -> None:
    """A call that came back is no message of the same number, and none of a call that cost less."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        here.add(moved(1, -1000, "2026-09-15", type_="sms", number=NUMBER), moved(2, -50, "2026-09-16", number=NUMBER))
        here.add(moved(3, 100, "2026-09-17", number=NUMBER))
        here.run(SEPTEMBER)
        assert here.net() == 1300 + 65 - 130


def test_a_refund_that_took_money_waits(tmp_path: Path) -> None:
    """It undoes a refund, of which the client got back more than it cost; nobody knows that, so it is decided."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        rental = {"number": NUMBER}
        here.add(moved(1, -200, "2026-09-15", type_="renewal", **rental), moved(2, -1000, "2026-09-16"))
        here.run(SEPTEMBER)
        here.add(moved(3, 200, "2026-10-05", type_="refund", **rental))
        here.add(moved(4, -200, "2026-10-06", type_="refund", **rental))
        ran = here.run(OCTOBER, code=3)
        assert here.net() == 1300
        assert [(each["transaction_id"], each["reason"]) for each in ran.json["exceptions"]] == [
            ("4", "refund_taken_back")
        ]


def test_the_refund_of_an_unreadable_row_waits_with_it(tmp_path: Path) -> None:
    """Its amount fits nothing else of the number: what was billed of that is not given back in its place."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        rental = {"type_": "renewal", "number": NUMBER}
        here.add(moved(1, -200, "2026-09-15", **rental), moved(4, -5000, "2026-09-15"))
        here.add({**moved(2, -300, "2026-09-16", **rental), "currency": None})
        here.run(SEPTEMBER, code=3)
        here.add(moved(3, 300, "2026-10-05", type_="refund", number=NUMBER))
        ran = here.run(OCTOBER, code=3)
        assert here.net() == 260 + 6500
        assert ("3", "original_waits") in {(each["transaction_id"], each["reason"]) for each in ran.json["exceptions"]}


def test_an_order_of_two_clients_is_undone_in_its_month(tmp_path: Path) -> None:
    """Under its own type, before either was billed: it is shared out as what it gives back."""
    with quiet_life(tmp_path, plan(MARKUP, monthly_fee="1.00")) as here:
        an_order_of_both(here)
        here.add(
            moved(1, -4000, "2026-09-02", type_="purchase", order=ORDER),
            moved(2, 4000, "2026-09-03", type_="purchase", order=ORDER),
            moved(3, -1, "2026-09-04"),
        )
        here.run(SEPTEMBER)
        assert (here.net(), here.net("bruno")) == (100 + 1, 100)
