"""A small sandbox on a real socket to test with, and a clock that stands still until it is told otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import httpx

from billing_job.core.period import Period
from billing_job.didfarm.sandbox.faults import parse_fault
from billing_job.didfarm.sandbox.running import RunningSandbox
from billing_job.didfarm.sandbox.wallet import Order
from billing_job.didfarm.sandbox.world import World, make_world

KEY = "df_test_4f1d8c2ab977"
NOW = datetime(2026, 11, 5, 8, 0, tzinfo=UTC)
PAGE_SIZE = 10


class StillClock:
    """Time passes only by `sleep`."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@lru_cache(maxsize=1)
def small_world() -> World:
    """Three clients and 85 transactions: nine pages, the last one half full."""
    return make_world(5, 3, 85, Period(2026, 10), ZoneInfo("Europe/Amsterdam"))


@contextmanager
def sandbox(
    *faults: str, limit: int = 0, order: Order = "desc", clock: StillClock | None = None, key: str = KEY
) -> Iterator[tuple[RunningSandbox, httpx.Client]]:
    """A running sandbox of the small world, and an HTTP client that sends `key` with every request."""
    parsed = [parse_fault(fault) for fault in faults]
    running = RunningSandbox(
        small_world(),
        KEY,
        clock or StillClock(),
        requests_per_minute=limit,
        page_size=PAGE_SIZE,
        order=order,
        faults=parsed,
    )
    headers = {"Authorization": f"Bearer {key}"}
    with running, httpx.Client(base_url=running.base_url, headers=headers, timeout=5) as client:
        yield running, client
