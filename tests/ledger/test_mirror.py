"""The ledger's side of fetching: what is stored is only ever added, and says the same as the contract in memory."""

import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from billing_job.core.errors import Incomplete
from billing_job.core.wallet import Balance, CompletedWalk, ListShape, Saved, Transaction
from billing_job.didfarm.walk import walk
from billing_job.didfarm.wire import read_transaction
from billing_job.ledger.database import transaction
from billing_job.ledger.last_look import last_balance
from billing_job.ledger.mirror import LedgerMirror
from billing_job.ledger.tables import transactions
from billing_job.ledger.withdrawals import wallet_movements, withdrawn
from tests.support.fault_table import Ledger, ledger_in
from tests.support.moving_list import READING, Crash, MemoryMirror, MovingList, Odds, dice
from tests.support.sandbox_on_loopback import StillClock


def _row(row_id: object, amount: object = -100) -> Transaction:
    wire = {"id": row_id, "type": "sms", "amount": amount, "currency": "EUR", "created_at": "2026-10-05T14:30:00Z"}
    return read_transaction(wire, READING)


def _mirror(ledger: Ledger) -> LedgerMirror:
    return LedgerMirror(ledger.engine, ledger.clock)


def test_every_version_of_a_row_is_kept(tmp_path: Path) -> None:
    """A, then B, then A again are three versions; the same once more is none; the order within a page is kept."""
    with ledger_in(tmp_path, StillClock()) as ledger:
        mirror = _mirror(ledger)
        assert mirror.save([_row(2), _row(1)]) == Saved(2, ())
        assert mirror.save([_row(2, -99), _row(3), _row(1)]) == Saved(1, ("2",))
        assert mirror.save([_row(2), _row(1)]) == Saved(0, ("2",))
        assert mirror.save([_row(2), _row(1), _row(3)]) == Saved(0, ())
        assert [id_ for id_, _ in ledger.versions()] == ["2", "1", "2", "3", "2"]
        assert mirror.present() == 3
        assert wallet_movements(ledger.engine, withdrawn(ledger.engine, 0, "EUR"), "EUR") == -3_000_000


def test_a_row_is_sealed_by_a_whole_pass_only(tmp_path: Path) -> None:
    """Stored is not sealed; an edited row stays sealed by its first version."""
    with ledger_in(tmp_path, StillClock()) as ledger:
        mirror = _mirror(ledger)
        mirror.save([_row(1)])
        assert mirror.sealed(["1", "2"]) == set()
        mirror.seal(CompletedWalk(True, 1, ListShape("newest_first", 0), ()))
        mirror.save([_row(2), _row(1, -99)])
        assert mirror.sealed(["1", "2"]) == {"1"}
        assert mirror.learned() == ListShape("newest_first", 0)


def test_absent_rows_come_back(tmp_path: Path) -> None:
    """A vanished row is kept, counts for nothing while it is away, and counts again when it is listed."""
    with ledger_in(tmp_path, StillClock()) as ledger:
        mirror = _mirror(ledger)
        mirror.save([_row(1), _row(2)])
        mirror.seal(CompletedWalk(True, 1, ListShape("newest_first", 0), ("2",)))
        assert (
            mirror.present(),
            mirror.present_ids(),
            wallet_movements(ledger.engine, withdrawn(ledger.engine, 0, "EUR"), "EUR"),
        ) == (1, {"1"}, -1_000_000)
        mirror.save([_row(2)])
        assert (
            mirror.present(),
            mirror.present_ids(),
            wallet_movements(ledger.engine, withdrawn(ledger.engine, 0, "EUR"), "EUR"),
        ) == (2, {"1", "2"}, -2_000_000)
        assert len(ledger.versions()) == 2


def test_amounts_and_balances_of_any_length_are_exact(tmp_path: Path) -> None:
    """Twenty digits go in and come out, and are added to the last one."""
    with ledger_in(tmp_path, StillClock()) as ledger:
        mirror = _mirror(ledger)
        mirror.save([_row(1, -12_345_678_901_234_567_890), _row(2, -1), _row(3, "9" * 40 + ".99")])
        mirror.save_balance(Balance(-12_345_678_901_234_567_891 * 10_000, "EUR"))
        assert wallet_movements(ledger.engine, withdrawn(ledger.engine, 0, "EUR"), "EUR") == 10_000 * (
            int("9" * 42) - 12_345_678_901_234_567_891
        )
        assert last_balance(ledger.engine) == Balance(-12_345_678_901_234_567_891 * 10_000, "EUR")


def test_a_balance_that_could_not_be_read_is_none_and_no_older_one_stands_for_it(tmp_path: Path) -> None:
    """Known, not known, known again: the last word holds, and without one nothing is explained."""
    with ledger_in(tmp_path, StillClock()) as ledger:
        mirror = _mirror(ledger)
        mirror.save_balance(Balance(0, "EUR"))
        assert ledger.explained()
        mirror.save_balance(None)
        assert last_balance(ledger.engine) is None
        assert not ledger.explained()
        mirror.save_balance(Balance(0, "EUR"))
        assert ledger.explained()


def test_a_page_is_stored_whole_or_not_at_all(tmp_path: Path) -> None:
    """The process dies between the rows and their readings: nothing of the page is there."""
    with ledger_in(tmp_path, StillClock()) as ledger:
        mirror = _mirror(ledger)

        def die(connection: object, cursor: object, statement: str, *rest: object) -> None:
            if statement.startswith(f"INSERT INTO {transactions.name}"):
                raise Crash

        event.listen(ledger.engine, "before_cursor_execute", die)
        with pytest.raises(Crash):
            mirror.save([_row(1), _row(2)])
        event.remove(ledger.engine, "before_cursor_execute", die)
        assert ledger.versions() == []
        assert mirror.save([_row(1), _row(2)]) == Saved(2, ())


@pytest.mark.sqlite_file("a server's files are its own")
def test_the_ledger_is_its_owners_alone(tmp_path: Path) -> None:
    """Nobody else may read what clients are billed, not in the log of the database either."""
    with ledger_in(tmp_path, StillClock()) as ledger:
        _mirror(ledger).save([_row(1)])
        with transaction(ledger.engine):
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("billing.*")}
    assert {mode & 0o077 for mode in modes.values()} == {0}


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10_000))
def test_the_ledger_does_what_the_contract_says(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The same moody supplier, read into the ledger and into memory: the same rows, reports and crashes."""
    results = []
    for real in (True, False):
        chance = dice(seed)
        odds = Odds(arrival=0.1, backdated=0.05, deletion=0.05, edit=0.1, reshuffle=0.1, wrong_page=0.05, crash=0.03)
        supplier = MovingList(chance, odds, rows=15, page_size=5, newest_first=seed % 2 == 0)
        with ledger_in(tmp_path_factory.mktemp("ledger"), StillClock()) as ledger:
            mirror = _mirror(ledger) if real else MemoryMirror(dice(0))
            told: list[object] = []
            for _ in range(3):
                try:
                    told.append(walk(supplier.read, mirror, full=False, before_newest=lambda: None))
                except (Crash, Incomplete) as error:
                    told.append(repr(error))
            stored = ledger.versions() if real else [(row.transaction_id, row.raw) for row in mirror.versions]  # type: ignore[union-attr]
            results.append((told, stored, mirror.present_ids(), mirror.learned()))
    assert results[0][0] == results[1][0]
    assert sorted(results[0][1]) == sorted(results[1][1])
    assert results[0][2:] == results[1][2:]
