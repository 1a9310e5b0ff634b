"""SIGKILL at any moment, then a run: as if nothing had happened; and two runs at once."""

import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from billing_job.core.wallet import Balance, CompletedWalk, ListShape, Saved, Transaction, Trunk
from billing_job.didfarm.http import Http
from billing_job.didfarm.sandbox.running import RunningSandbox
from billing_job.didfarm.sync import fetch
from billing_job.didfarm.wire_json import canonical_json
from billing_job.ledger.mirror import LedgerMirror
from billing_job.ledger.run_lock import run_lock
from tests.support.fakes import office
from tests.support.fault_table import ledger_in
from tests.support.kill_many import moments, trial, workshop
from tests.support.ledgers import execute
from tests.support.moving_list import READING, Crash
from tests.support.sandbox_on_loopback import KEY, PAGE_SIZE, StillClock, small_world
from tests.support.tried import times


def test_kills_change_nothing(tmp_path: Path) -> None:
    """`sync` and `run` die at random moments; the run after each leaves the same rows, documents and bytes."""
    with workshop(tmp_path) as made:
        rng = random.Random(7)  # noqa: S311 - picks moments, guards nothing
        trials = [
            trial(made, tmp_path / str(position), command, moment)
            for position, (command, moment) in enumerate(moments(made, times(2, 5), rng))
        ]
    assert [done for done in trials if done.problems] == []
    assert sum(done.killed for done in trials) >= 1


class DyingMirror:
    """A ledger whose process ends before, or after, its n-th commit."""

    def __init__(self, ledger: LedgerMirror, commit: int, *, after: bool):
        self.ledger, self.left, self.after = ledger, commit, after

    def _commit(self, store: object, *values: object) -> object:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Crash
        result = store(*values)  # type: ignore[operator]
        if self.left == 0:
            raise Crash
        return result

    def save(self, rows: Sequence[Transaction]) -> Saved:
        return self._commit(self.ledger.save, rows)  # type: ignore[return-value]

    def seal(self, sealed: CompletedWalk) -> None:
        self._commit(self.ledger.seal, sealed)

    def save_trunks(self, trunks: Sequence[Trunk]) -> None:
        self._commit(self.ledger.save_trunks, trunks)

    def save_balance(self, balance: Balance | None) -> None:
        self._commit(self.ledger.save_balance, balance)

    def sealed(self, ids: Iterable[str]) -> set[str]:
        return self.ledger.sealed(ids)

    def present(self) -> int:
        return self.ledger.present()

    def present_ids(self) -> set[str]:
        return self.ledger.present_ids()

    def learned(self) -> ListShape | None:
        return self.ledger.learned()


@pytest.mark.parametrize("after", [False, True])
def test_before_and_after_each_commit(after: bool, tmp_path: Path) -> None:
    """Fault 32: five pages, every commit of the sync in turn is its last; the next sync completes the same ledger."""
    clock = StillClock()
    with RunningSandbox(small_world(), KEY, clock, requests_per_minute=0, page_size=2 * PAGE_SIZE) as sandbox:
        for commit in range(1, 10):  # trunks, five pages, the balance, page 1 again, the seal
            folder = tmp_path / str(commit)
            folder.mkdir()
            with ledger_in(folder, clock) as ledger, Http(sandbox.base_url, KEY, clock) as http:
                mirror = LedgerMirror(ledger.engine, clock)

                def read(target: LedgerMirror | DyingMirror, http: Http = http) -> int:
                    return fetch(
                        http,
                        READING,
                        target,
                        full=False,
                        explained=lambda: False,
                        looks_whole=lambda: True,
                        on_page=lambda page, total: None,
                        on_trouble=lambda message: None,
                    ).total

                with pytest.raises(Crash):
                    read(DyingMirror(mirror, commit, after=after))
                assert read(mirror) == 85
                assert [raw for _, raw in sorted(ledger.versions())] == [
                    raw for _, raw in sorted((str(row["id"]), canonical_json(row)) for row in sandbox.truth())
                ]


def test_a_second_run_at_the_same_time_is_refused(tmp_path: Path) -> None:
    """Fault 33: exit code 5, at once, without a request; when the first is done the second may."""
    with office(tmp_path) as (reseller, sandbox):
        with run_lock(reseller.database_url):
            for command in (("sync",), ("run", "--month", "2026-10")):
                ran = reseller.type(*command)
                assert ran.code == 5
                assert "another run" in ran.err
        assert sandbox.requests == []
        assert reseller.type("sync").code == 0
        assert execute(reseller.database_url, "SELECT COUNT(*) FROM wallet_rows") == [(85,)]
