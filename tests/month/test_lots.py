"""A month is issued in lots of clients: what is stored does not depend on them, and a kill leaves all or nothing."""

import os
import shutil
import signal
from collections.abc import Iterator
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy import select

from billing_job.core.settlement import Bill
from billing_job.core.sums import Sum
from billing_job.ledger.billing_tables import (
    client_months,
    closings,
    document_lines,
    documents,
    series,
    settlements,
    terms,
    trunk_months,
)
from billing_job.ledger.database import transaction
from billing_job.ledger.issuing import issue
from billing_job.month.client_rows import by_client
from billing_job.month.folder import write_month
from billing_job.month.placing import place
from billing_job.month.run_bills import bills_of_run
from tests.support.desk import OCTOBER, Desk, row

STORED = (documents, document_lines, settlements, series, terms, client_months, trunk_months, closings)
IDS = "abcdefg"
PLAN = """
[[plans]]
name = "plain"
[[plans]]
name = "flat"
monthly_fee = "5.00"
minimum = "6.00"
discount_percent = "10"
"""


def desk_of(folder: Path) -> Desk:
    """Seven clients of a trunk each: a has six calls of 1.00, one of them refunded, g none, the others one of 3.00."""
    desk = Desk(folder, PLAN)
    plans = dict.fromkeys("dg", "flat")
    desk.file("clients.csv", "client_id,name,country,plan", *(f"{id_},{id_},NL,{plans.get(id_, '')}" for id_ in IDS))
    desk.file("trunks.csv", "trunk,client_id", *(f"trk_{id_},{id_}" for id_ in IDS))
    calls = [row(number, -100, trunk="trk_a") for number in range(1, 7)]
    refund = row(7, 100, "2026-10-06", type_="refund", trunk="trk_a")
    desk.add(*calls, refund, *(row(10 + n, -300, trunk=f"trk_{id_}") for n, id_ in enumerate("bcdef")))
    return desk


def stored(desk: Desk) -> dict[str, list[tuple[Any, ...]]]:
    with desk.job() as job, transaction(job.engine) as connection:
        return {
            table.name: [
                tuple(found) for found in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in STORED
        }


# d: 3.00 of use and a fee of 5.00, less 10 %, are 7.20 net; g: 4.50 of the fee, and 1.50 to the minimum of 6.00.
NETS = [("a", 500), ("b", 300), ("c", 300), ("d", 720), ("e", 300), ("f", 300), ("g", 600)]


def test_what_is_stored_does_not_depend_on_the_lots(tmp_path: Path) -> None:
    """One client at a time, a few, all at once: numbers, documents, lines, settlements, terms are the same."""
    found = []
    for at_once in (1, 3, 20, 10_000):
        desk = desk_of(tmp_path / str(at_once))
        billed = desk.bill(rows_in_piece=at_once)
        assert [(one.client.client_id, one.net_cents) for one in billed.new] == NETS
        assert billed.issued == tuple(f"INV-2026-{number:05d}" for number in range(1, 8))
        found.append(stored(desk))
    assert found[0] == found[1] == found[2] == found[3]


def _die_in_a_lot(folder: Path, lot: int) -> None:
    """Issue the month one client at a time, and be killed when that lot is asked for."""

    def dying(lots: Iterator[list[Bill]]) -> Iterator[list[Bill]]:
        for number, bills in enumerate(lots):
            if number == lot:
                os.kill(os.getpid(), signal.SIGKILL)
            yield bills

    desk = Desk.at(folder)
    with desk.job() as job:
        placed = place(job, OCTOBER, rows_in_piece=1)
        lots = iter(bills_of_run(job, placed, by_client(placed.attributed()), sorted(job.clients), ()))
        moment, today = "2026-11-05T00:00:00Z", date(2026, 11, 5)
        issue(job.engine, dying(lots), str(OCTOBER), job.numbering, closes=True, now=moment, today=today)


def test_a_kill_between_lots_leaves_nothing(tmp_path: Path) -> None:
    """SIGKILL with four clients stored: the ledger holds none of it, and the next run gives the same numbers."""
    desk = desk_of(tmp_path)
    before = stored(desk)
    process = get_context("spawn").Process(target=_die_in_a_lot, args=(tmp_path, 4))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert stored(desk) == before
    billed = desk.bill()
    assert [(one.client.client_id, one.net_cents) for one in billed.new] == NETS
    assert billed.issued == tuple(f"INV-2026-{number:05d}" for number in range(1, 8))


def mixed_desk(folder: Path) -> Desk:
    """Rows of every kind, out of the order of time: an order that two clients share, refunds, what waits, top-ups."""
    desk = desk_of(folder)
    desk.file(
        "numbers.csv",
        "number,did_number_id,order_id,trunk,valid_from,valid_to,price",
        "+31201234567,42,1042,trk_a,,,2.00",
        "+4930123456,43,1042,trk_b,,,1.00",
    )
    desk.add(
        row(31, -300, "2026-10-20", type_="purchase", order=1042),
        row(30, -150, "2026-10-02", type_="renewal", number="+31201234567"),
        row(32, 100, "2026-10-21", type_="refund", number="+4930123456"),
        row(33, -77, "2026-10-03", number="+3120999999"),
        row(34, 10_000, "2026-10-01", type_="topup"),
        row(35, -40, "2026-08-15", trunk="trk_b"),
        row(36, -60, "2026-10-30", type_="gift", trunk="trk_c"),
        row(37, 55, "2026-10-09", type_="refund", number="+3120999998"),
    )
    return desk


def test_no_file_depends_on_the_pieces(tmp_path: Path) -> None:
    """attribution.csv, margin.csv, exceptions.csv, the books, the page and the manifest, of a month that is not billed.

    Of October are 19 rows: to clients 11 calls of 6.00 and 15.00 and a refund of 1.00, the order of 3.00 and 1.00 of it
    back, a rental of 1.50; a top-up is left out; 0.77 of nobody's number and 0.60 of no known type wait, and 0.55 that
    came back for nothing known.
    """
    desk = mixed_desk(tmp_path)
    found = []
    for pieces in (2, 5, 100_000):
        with desk.job() as job:
            placed = place(job, OCTOBER, rows_in_piece=pieces)
            sums = placed.sums_of_month
            assert (sums.attributed, sums.waiting) == (Sum(15, -23_500_000), Sum(3, -820_000))
            assert sums.excluded == {"topup": Sum(1, 100_000_000)}
            assert placed.never_run == Sum(1, -400_000)
            assert placed.rows.on_disk == (pieces < 100_000)
            shutil.rmtree(job.settings.output.directory, ignore_errors=True)
            written = write_month(job, OCTOBER, placed, workers=1, progress=lambda *_: None)
            assert not written.problems
            folder = Path(job.settings.output.directory) / str(OCTOBER)
            found.append({path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()})
    assert found[0] == found[1] == found[2]
    assert len(found[0]["attribution.csv"].splitlines()) == 1 + 15 + 1 + 3 + 1
