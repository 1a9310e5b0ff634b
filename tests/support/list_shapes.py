"""A supplier in memory whose list, trunks and balance have whatever shape a test wants, and a sync of it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from billing_job.config.reading import TransactionsReading
from billing_job.core.wallet import Balance, Trunk
from billing_job.didfarm.http import Http
from billing_job.didfarm.mirroring import Explained, WalkReport
from billing_job.didfarm.sync import fetch
from tests.support.moving_list import MemoryMirror, dice
from tests.support.sandbox_on_loopback import KEY, StillClock

BASE = "https://supplier.example/api/v1"
Params = dict[str, str]


def made_rows(count: int, *, newest_first: bool = True) -> list[dict[str, Any]]:
    """Rows 1 … count, a second apart, each worth its number in cents."""
    rows = [
        {
            "id": number,
            "type": "sms",
            "amount": -number,
            "currency": "EUR",
            "created_at": f"2026-10-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z",
        }
        for number in range(1, count + 1)
    ]
    return rows[::-1] if newest_first else rows


@dataclass
class Ledger(MemoryMirror):
    """The mirror, with what fetching keeps beside rows."""

    trunks: list[Trunk] = field(default_factory=list)
    balances: list[Balance | None] = field(default_factory=list)

    def save_trunks(self, trunks: Any) -> None:
        self.trunks = list(trunks)

    def save_balance(self, balance: Balance | None) -> None:
        self.balances.append(balance)

    @property
    def ids(self) -> list[int]:
        """The rows that it takes for listed."""
        return sorted(int(id_) for id_ in self.present_ids())


def new_ledger() -> Ledger:
    """An empty one that does not crash."""
    return Ledger(dice(1))


@dataclass
class Supplier(httpx.BaseTransport):
    """Answers by path; `asked` keeps the query of each request for the list."""

    answer: Callable[[Params], Any]
    """The list's answer to a query: a body, or a whole response."""
    trunks: Callable[[Params], Any] = lambda query: {"data": []}
    balance: Callable[[], Any] = lambda: {"balance": "0.00", "currency": "EUR"}
    asked: list[Params] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        path = request.url.path
        self.paths.append(path)
        if path.endswith("/wallet/transactions"):
            self.asked.append(query)
            body = self.answer(query)
        elif path.endswith("/portal/sip-trunks"):
            body = self.trunks(query)
        else:
            body = self.balance()
        if isinstance(body, httpx.Response):
            return httpx.Response(body.status_code, headers=body.headers, content=body.content)
        return httpx.Response(200, headers={"Content-Type": "application/json"}, content=json.dumps(body).encode())


@dataclass
class Fetched:
    """What a sync came to."""

    report: WalkReport
    said: list[str]


def fetched(
    supplier: Supplier,
    ledger: Ledger | None = None,
    *,
    full: bool = False,
    explained: Explained = lambda: False,
    clock: StillClock | None = None,
    key: str = KEY,
    **reading: Any,
) -> Fetched:
    """One sync under a reading, given as keys of `[api.transactions]`."""
    said: list[str] = []
    with Http(
        BASE, key, clock or StillClock(), requests_per_minute=100_000, transport=supplier, on_retry=said.append
    ) as http:
        report = fetch(
            http,
            TransactionsReading(**reading),
            ledger or new_ledger(),
            full=full,
            explained=explained,
            looks_whole=lambda: True,
            on_page=lambda page, total: None,
            on_trouble=said.append,
        )
    return Fetched(report, said)


def page_of(rows: list[dict[str, Any]], query: Params, size: int = 10) -> list[dict[str, Any]]:
    """The rows of page=N, or of the page that a cursor (the position as a word) begins."""
    start = int(query["cursor"].removeprefix("at-")) if "cursor" in query else (int(query.get("page", 1)) - 1) * size
    return rows[start : start + size]
