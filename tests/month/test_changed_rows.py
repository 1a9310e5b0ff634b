"""Rows that the supplier changed or withdrew after they were billed wait until somebody decides."""

import csv
from pathlib import Path

import pytest

from tests.support.billed_lives import (
    changed,
    filler,
)
from tests.support.lives import (
    DID,
    MARKUP,
    OCTOBER,
    SEPTEMBER,
    TRUNK_C,
    life,
    moved,
    plan,
    quiet_life,
)

pytestmark = pytest.mark.sqlite_file("the lives of test_oracle_billing play on the server")


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
