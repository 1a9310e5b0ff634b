"""`amount_unit = "auto"` is decided once for the ledger, and rows that moved no money stay out of bills and proof."""

from pathlib import Path
from typing import Any

import pytest

from billing_job.config.reading import TransactionsReading
from billing_job.ledger.database import transaction
from billing_job.ledger.events import orders_paid
from billing_job.ledger.sums import moved_before
from billing_job.ledger.withdrawals import wallet_movements
from billing_job.month.accounting_files import wallet_month
from billing_job.month.placing import place
from billing_job.month.reading_in_effect import doubts, fix_what_auto_came_to
from tests.support.desk import OCTOBER, Desk, row
from tests.support.fakes import call, two_clients

POINTS = [row(n, 0) | {"amount": "-1.50"} for n in range(1, 4)]
INTEGERS = [row(n, -150) for n in range(4, 6)]
MINOR = [row(n, 0) | {"amount": "-3800"} for n in range(6, 8)]
READING = "[api.transactions]\n"


def _doubts(desk: Desk) -> list[str]:
    with desk.job() as job:
        return list(doubts(job.engine, job.read_again(), job.settings.billing.zone))


def _net(desk: Desk) -> int:
    return sum(document.net_cents for document in desk.bill().new)


def _fix(desk: Desk) -> None:
    with desk.job() as job:
        in_effect = job.reading()
        with transaction(job.engine) as connection:
            fix_what_auto_came_to(connection, in_effect)


@pytest.mark.parametrize("rows", [INTEGERS, POINTS[:2]])
def test_rows_of_one_form_decide(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    """Two rows of 1.50, as integers of cents or as decimals: 3.00, and no word of doubt."""
    desk = Desk(tmp_path)
    desk.add(*rows)
    assert _doubts(desk) == []
    assert _net(desk) == 300


@pytest.mark.parametrize(
    "pages",
    [
        (POINTS, INTEGERS), (INTEGERS, POINTS), (POINTS, MINOR), (MINOR, POINTS), (MINOR,), (INTEGERS, MINOR),
        (INTEGERS[:1], POINTS, INTEGERS[1:]),
    ],
)  # fmt: skip
def test_a_mix_bills_nothing_in_whatever_order_it_came(pages: tuple[list[dict[str, Any]], ...], tmp_path: Path) -> None:
    """Every row waits with the setting that is asked for; the sentence to the user counts the forms and names rows."""
    desk = Desk(tmp_path)
    for page in pages:
        desk.add(*page)
    rows = [each for page in pages for each in page]
    assert desk.bill().new == ()
    waiting = desk.place().exceptions
    assert sorted(waiting["transaction_id"]) == sorted(str(each["id"]) for each in rows)
    assert all("Set amount_unit" in detail for detail in waiting["detail"])
    with desk.job() as job:
        assert wallet_movements(job.engine, set(), "EUR") == 0
    (said,) = _doubts(desk)
    for page in (POINTS, INTEGERS, MINOR):
        here = [each for each in rows if each in page]
        assert not here or f" in {len(here)} row" in said


def test_the_setting_ends_the_doubt(tmp_path: Path) -> None:
    """In cents "-3800" twice is 76.00, once amount_unit says so; nothing has to be fetched again."""
    desk = Desk(tmp_path)
    desk.add(*MINOR)
    assert desk.bill().new == ()
    desk.settings(READING + 'amount_unit = "cents"')
    assert _doubts(desk) == []
    assert _net(desk) == 7_600


def test_once_fixed_a_row_of_another_form_waits_alone(tmp_path: Path) -> None:
    """After the first proven month the ledger's unit stands: the new row waits, and the old ones stay what they are."""
    desk = Desk(tmp_path)
    desk.add(*INTEGERS)
    _fix(desk)
    desk.add(*POINTS[:1], row(9, -100))
    assert _doubts(desk) == []
    assert _net(desk) == 400
    (waiting,) = desk.place().exceptions.to_dict("records")
    assert (waiting["transaction_id"], waiting["reason"]) == ("1", "unreadable_row")
    assert "the ledger's other amounts are each a whole JSON number" in waiting["detail"]
    desk.settings(READING + 'amount_unit = "decimal"')
    assert [reason for _, _, reason in desk.waiting()] == ["billed_row_changed"] * 3  # what was billed in cents


def test_a_doubt_is_never_fixed(tmp_path: Path) -> None:
    """What auto did not decide, or settings did, is not recorded as what auto came to."""
    desk = Desk(tmp_path)
    desk.add(*MINOR)
    _fix(desk)
    desk.settings(READING + 'amount_unit = "cents"')
    _fix(desk)
    desk.settings("")
    assert desk.bill().new == ()


def test_another_field_can_decide_otherwise(tmp_path: Path) -> None:
    """The form is that of the mapped field: `value` has decimals where `amount` has ambiguous texts."""
    desk = Desk(tmp_path)
    desk.add(*(each | {"value": "-38.00"} for each in MINOR))
    assert desk.bill().new == ()
    desk.settings(READING + 'fields = { amount = "value" }')
    assert _net(desk) == 7_600
    with desk.job() as job:
        assert job.reading() == TransactionsReading(fields={"amount": "value"}).model_copy(
            update={"amount_unit": "auto:decimal"}
        )


STATUS = READING + 'fields = { status = "state" }\nsettled_words = ["done"]\nvoid_words = ["failed"]'


def test_what_moved_no_money_is_in_no_bill_and_no_proof(tmp_path: Path) -> None:
    """Of 1.00 done, 2.00 pending and 4.00 failed the wallet moved 1.00; the pending one is billed once it is done."""
    desk = Desk(tmp_path, STATUS)
    states = {1: (-100, "done"), 2: (-200, "pending"), 3: (-400, "failed"), 4: (5_000, "pending")}
    rows = {
        n: row(n, cents, type_="topup" if cents > 0 else "call") | {"state": state}
        for n, (cents, state) in states.items()
    }
    desk.add(*rows.values())
    assert _net(desk) == 100
    placed = desk.place()
    assert desk.waiting() == [("2", -200, "not_settled"), ("4", 5_000, "not_settled")]
    found = placed.rows.whole()
    excluded = found[found["outcome"] == "excluded"]
    assert list(zip(excluded["transaction_id"], excluded["reason"], strict=True)) == [("3", "void")]
    with desk.job() as job:
        assert wallet_movements(job.engine, set(), "EUR") == -1_000_000
    desk.add(rows[2] | {"state": "done"})
    assert [document.net_cents for document in desk.bill(supplementary=True).new] == [200]
    desk.add(rows[1] | {"state": "failed"})  # after it was billed
    assert ("1", "billed_row_changed") in [(id_, reason) for id_, _, reason in desk.waiting()]


def test_what_moved_no_money_is_in_no_books(tmp_path: Path) -> None:
    """Void and pending rows, of this month and of earlier ones, are no cost in journal and margin, and pay no order."""
    desk = Desk(tmp_path, STATUS)
    desk.add(
        row(1, -400, "2026-09-05", order=9, type_="purchase") | {"state": "failed"},
        row(2, -50, "2026-09-06") | {"state": "done"},
        row(3, -100) | {"state": "done"},
        row(4, -800) | {"state": "failed"},
        row(5, -200) | {"state": "pending"},
    )
    desk.bill()
    with desk.job() as job:
        assert orders_paid(job.engine) == {}
        assert moved_before(job.engine, OCTOBER.span(job.settings.billing.zone).starts, "EUR", ()) == -500_000
        assert wallet_month(job, OCTOBER, place(job, OCTOBER)).cost_cents_by_category == {"call": -100}
    assert desk.margins()["cost_micros"].sum() == 1_000_000


def test_a_billed_row_that_moved_no_money_after_all_is_accepted(tmp_path: Path) -> None:
    """It costs the house nothing from then on, and waits no longer; the sandbox's balance knows of no status."""
    with two_clients(tmp_path, [call(1, -300, "2026-10-05") | {"state": "done"}]) as (here, sandbox):
        here.append("billing.toml", STATUS)
        assert here.run("--month", "2026-10").code == 0
        sandbox.state.change(1, state="failed")
        sandbox.state.add(call(2, -100, "2026-11-05") | {"state": "done"})
        here.clock.set(2026, 12, 5)
        waiting = here.run("--month", "2026-11").json["exceptions"]
        assert [(each["transaction_id"], each["reason"]) for each in waiting] == [("1", "billed_row_changed")]
        assert here.type("exceptions", "resolve", "1", "--accept", "--reason", "we keep it").code == 0
        assert here.run("--month", "2026-11").json["exceptions"] == []


def test_days_that_are_another_day_for_the_seller_are_named(tmp_path: Path) -> None:
    """Midnight in UTC is the evening before in New York, not in Amsterdam; said by name, with the setting to use."""
    days = [row(n, -100) | {"created_at": "2026-11-01"} for n in (1, 2)]
    desk = Desk(tmp_path)
    desk.add(*days)
    assert _doubts(desk) == []
    desk.settings('timezone = "America/New_York"')
    (said,) = _doubts(desk)
    assert "a day without a time in 2 rows (such as transaction 1)" in said
    assert 'set api.transactions.timezone = "America/New_York"' in said
    desk.settings('timezone = "America/New_York"\n' + READING + 'timezone = "America/New_York"')
    assert _doubts(desk) == []


def test_a_mix_at_the_command_line(tmp_path: Path) -> None:
    """Minor units as texts beside integers: exit 3, no document, the rows are named; with the unit set none waits."""
    rows = (call(1, -300, "2026-10-05"), call(2, -500, "2026-10-06", trunk=8) | {"amount": "-500"})
    with two_clients(tmp_path, rows) as (here, _):
        ran = here.run("--month", "2026-10")
        assert (ran.code, ran.json["documents"]) == (3, [])
        assert 'amount_unit = "auto" does not tell cents from euros' in ran.err
        assert "a text without decimals in 1 row (such as transaction 2)" in ran.err
        here.append("billing.toml", "[api.transactions]", 'amount_unit = "cents"')
        assert here.type("exceptions").code == 0
