"""Money that came back in ways beside a plain refund: of an order of several clients in parts, under the type of a use.

The seller is in NL. Amounts are net cents.
"""

from pathlib import Path

from tests.support.lives import (
    MARKUP,
    NOVEMBER,
    NUMBER,
    OCTOBER,
    ORDER,
    SEPTEMBER,
    TRUNK_A,
    TRUNK_B,
    moved,
    plan,
    quiet_life,
)

SECOND = "+31201110002"


def test_an_order_of_two_clients_comes_back_in_two_parts(tmp_path: Path) -> None:
    """Each half goes back to both, though each number had a rental of its own that could have been refunded."""
    with quiet_life(tmp_path, plan(MARKUP)) as here:
        here.file(
            "numbers.csv",
            "number,did_number_id,order_id,trunk,price",
            f"{NUMBER},42,{ORDER},{TRUNK_A},10.00",
            f"{SECOND},43,{ORDER},{TRUNK_B},30.00",
        )
        here.add(
            moved(1, -4000, "2026-09-02", type_="purchase", order=ORDER),
            moved(2, -150, "2026-09-03", type_="renewal", number=NUMBER),
            moved(3, -150, "2026-09-03", type_="renewal", number=SECOND),
        )
        here.run(SEPTEMBER)
        assert (here.net(), here.net("bruno")) == (1300 + 195, 3900 + 195)
        here.add(moved(4, 2000, "2026-10-02", type_="refund", order=ORDER))
        here.run(OCTOBER)
        here.add(moved(5, 2000, "2026-11-02", type_="refund", order=ORDER))
        here.run(NOVEMBER)
        assert (here.net(), here.net("bruno")) == (195, 195)
