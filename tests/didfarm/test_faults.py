"""Every fault of a supplier, played by the sandbox over real HTTP into a real ledger (docs/sync.md shows the table)."""

from pathlib import Path

import pytest

from billing_job.core.errors import Incomplete, RequestRefused, Unauthorized
from billing_job.didfarm.sandbox.faults import FAULTS, parse_fault
from billing_job.didfarm.sandbox.running import RunningSandbox
from billing_job.didfarm.sandbox.wallet import Order
from tests.support.fault_table import CASES, Case, documented_rows, ledger_in, play, sync
from tests.support.paths import DOCS
from tests.support.sandbox_on_loopback import KEY, PAGE_SIZE, StillClock, small_world


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.number}-{'+'.join(case.faults) or 'limit'}")
def test_a_fault_costs_no_row(case: Case, tmp_path: Path) -> None:
    """Whole at once, or incomplete with exit 4 and whole the next time; the ledger is the list; as documented."""
    played = play(case, tmp_path)
    if played.first.report is None:
        assert isinstance(played.first.error, Incomplete | Unauthorized | RequestRefused)
        assert played.first.error.exit_code == 4
    assert played.second.report is not None
    assert played.is_true_copy
    assert len(played.versions) == len(set(played.versions)) >= len(played.truth)
    assert played.first.refused == 0 or case.number in ("20", "21", "22", "23", "24", "25")
    assert played.row() in documented_rows()
    # The key came back in some of these answers; it is in nothing that was said, and in no byte that was stored.
    assert KEY not in "\n".join((*played.first.said, *played.second.said))
    assert KEY.encode() not in played.database


def test_the_table_is_of_every_fault_and_of_nothing_else() -> None:
    """docs/sync.md has the cases in order, and the cases play every fault that the sandbox can."""
    assert [row.split(" | ")[1] for row in documented_rows()] == [case.what for case in CASES]
    reading = {name for name in FAULTS if not name.startswith("lost_")}  # answers that are lost after a purchase
    assert {fault.partition(":")[0] for case in CASES for fault in case.faults} == reading
    assert {case.number for case in CASES} == {str(number) for number in range(1, 39) if number not in (32, 33)}


def test_an_undisturbed_sync_takes_as_many_requests_as_the_page_says(tmp_path: Path) -> None:
    """9 pages, page 1 again, two for the trunks and the balance; later two pages, the trunks and the balance."""
    played = play(Case("0", "undisturbed", ()), tmp_path)
    assert (played.first.requests, played.second.requests) == (13, 5)
    page = " ".join((DOCS / "sync.md").read_text(encoding="utf-8").split())
    assert "an undisturbed first sync takes 13 requests" in page
    assert "and a later one 5." in page


def test_a_deleted_row_stays_in_the_ledger(tmp_path: Path) -> None:
    """It is reported as vanished and kept; when it is listed again it counts again."""
    running = RunningSandbox(small_world(), KEY, StillClock(), requests_per_minute=0, page_size=PAGE_SIZE)
    with running as sandbox, ledger_in(tmp_path, StillClock()) as ledger:
        sync(sandbox, ledger)
        row = sandbox.state.remove(sandbox.truth()[40]["id"])  # type: ignore[arg-type]
        report = sync(sandbox, ledger).report
        assert report is not None
        assert report.absent == (str(row["id"]),)
        assert len(ledger.versions()) == 85
        assert len(ledger.listed()) == 84
        sandbox.state.add(row)
        assert sync(sandbox, ledger).report is not None
        assert len(ledger.listed()) == len(ledger.versions()) == 85


@pytest.mark.parametrize("order", ["desc", "asc"])
@pytest.mark.parametrize("page_size", [7, 18, 100])
def test_requests_of_a_first_and_of_a_later_sync(order: Order, page_size: int, tmp_path: Path) -> None:
    """First read: at most pages + 2 of the list, either order; with less than a page of news: 2.

    One more where the list is a single page, oldest first: its count may be the page's own.
    """
    with (
        RunningSandbox(
            small_world(),
            KEY,
            StillClock(),
            requests_per_minute=0,
            page_size=page_size,
            order=order,
        ) as sandbox,
        ledger_in(tmp_path, StillClock()) as ledger,
    ):

        def list_requests() -> int:
            return sum("/wallet/transactions" in path for _, path, _ in sandbox.requests)

        sync(sandbox, ledger)
        first = list_requests()
        assert first <= -(-85 // page_size) + 2
        newest = sandbox.state.newest()
        sandbox.state.add(newest | {"id": 900_001}, newest | {"id": 900_002})
        report = sync(sandbox, ledger).report
        assert report is not None
        assert (report.new, report.full, report.quiet) == (2, False, True)
        assert list_requests() - first == (3 if (order, page_size) == ("asc", 100) else 2)


def test_the_strict_server_over_real_http(tmp_path: Path) -> None:
    """85 pages of one row at 60 a minute, in the clock's time: no 429, and the second minute begins on time."""
    clock = StillClock()
    running = RunningSandbox(small_world(), KEY, clock, requests_per_minute=60, page_size=1)
    with running as sandbox, ledger_in(tmp_path, clock) as ledger:
        synced = sync(sandbox, ledger)
    assert (synced.refused, synced.requests) == (0, 91)
    assert 60 <= clock.seconds <= 60.1


def test_the_whole_wallet_is_explained(tmp_path: Path) -> None:
    """Balance and rows belong to one moment, also while rows keep arriving."""
    clock = StillClock()
    with (
        RunningSandbox(
            small_world(), KEY, clock, requests_per_minute=0, page_size=PAGE_SIZE, faults=[parse_fault("inflow:2")]
        ) as sandbox,
        ledger_in(tmp_path, clock) as ledger,
    ):
        sync(sandbox, ledger)
        assert ledger.explained()
