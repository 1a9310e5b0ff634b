"""Pages per second of our sync beside plain httpx and dlt's RESTClient, on one loopback server.

.venv/bin/pip install dlt && .venv/bin/python -m tests.bench.bench_fetch [PAGES]
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from billing_job.config.reading import TransactionsReading
from billing_job.core.period import Period
from billing_job.didfarm.http import Http
from billing_job.didfarm.sandbox.running import RunningSandbox
from billing_job.didfarm.sandbox.world import make_world
from billing_job.didfarm.sync import fetch
from billing_job.ledger.mirror import LedgerMirror
from tests.support.fault_table import Ledger, ledger_in
from tests.support.sandbox_on_loopback import KEY, StillClock

PAGE_SIZE = 100
ROUNDS = 5


def plain_httpx(base_url: str, ledger: Ledger) -> int:
    """A loop over pages until there are as many rows as the count says; rows in a list, nothing checked or kept."""
    rows: list[object] = []
    with httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {KEY}"}) as client:
        page = 1
        while True:
            body = client.get("/wallet/transactions", params={"page": page}).json()
            rows += body["data"]
            if len(rows) >= body["meta"]["total"]:
                return len(rows)
            page += 1


def dlt_rest_client(base_url: str, ledger: Ledger) -> int:
    """dlt's client with its page-number paginator; rows in a list, nothing checked or kept."""
    from dlt.sources.helpers.rest_client import RESTClient
    from dlt.sources.helpers.rest_client.auth import BearerTokenAuth
    from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator

    client = RESTClient(
        base_url,
        auth=BearerTokenAuth(KEY),
        paginator=PageNumberPaginator(base_page=1, total_path=None, stop_after_empty_page=True),
        data_selector="data",
    )
    return sum(len(page) for page in client.paginate("/wallet/transactions"))


def our_sync(base_url: str, ledger: Ledger) -> int:
    """Read, check, hash, store and prove: each page committed to disk before the next is asked for."""
    with Http(base_url, KEY, ledger.clock, requests_per_minute=100_000) as http:
        return fetch(
            http,
            TransactionsReading(),
            LedgerMirror(ledger.engine, ledger.clock),
            full=True,
            explained=lambda: False,
            looks_whole=lambda: True,
            on_page=lambda page, total: None,
            on_trouble=lambda message: None,
        ).total


def seconds(read: Callable[[str, Ledger], int], sandbox: RunningSandbox, rows: int) -> float:
    """One first read into an empty ledger."""
    with tempfile.TemporaryDirectory() as folder, ledger_in(Path(folder), StillClock()) as ledger:
        began = time.perf_counter()
        found = read(sandbox.base_url, ledger)
        took = time.perf_counter() - began
    if found != rows:
        raise SystemExit(f"{read.__name__} read {found} rows of {rows}")
    return took


def main(pages: int) -> None:
    """Take turns, so that a busy machine is equally busy for all; print medians."""
    rows = pages * PAGE_SIZE - 1
    world = make_world(1, 12, rows, Period(2026, 10), ZoneInfo("Europe/Amsterdam"))
    readers = (plain_httpx, dlt_rest_client, our_sync)
    times: dict[str, list[float]] = {read.__name__: [] for read in readers}
    with RunningSandbox(world, KEY, StillClock(), requests_per_minute=0, page_size=PAGE_SIZE) as sandbox:
        for _ in range(ROUNDS):
            for read in readers:
                times[read.__name__].append(seconds(read, sandbox, rows))
    print(f"{pages} pages of {PAGE_SIZE} rows, median of {ROUNDS} rounds")
    print(f"{'':16}{'seconds':>9}{'pages/s':>9}{'of httpx':>10}")
    base = statistics.median(times[plain_httpx.__name__])
    for name, taken in times.items():
        took = statistics.median(taken)
        print(f"{name:16}{took:>9.2f}{pages / took:>9.0f}{base / took:>9.0%}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
