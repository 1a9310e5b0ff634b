"""The sandbox's shapes as docs/sync.md shows them: each with the keys below `[api]` that read it.

`python -m tests.support.shape_table` writes the table anew; `tests/didfarm/test_shapes.py` keeps it true.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from billing_job.config.api import Api
from billing_job.config.settings import Settings
from billing_job.core.console import Console
from billing_job.core.period import Period
from billing_job.didfarm.proposal.toml_text import toml_text
from billing_job.didfarm.sandbox.shapes.answers import list_reply
from billing_job.didfarm.sandbox.shapes.shape import Reply, Shape, Truth
from billing_job.didfarm.sandbox.shapes.table import SHAPES
from billing_job.didfarm.sandbox.world import World, make_world
from billing_job.didfarm.wire import FIELDS
from billing_job.didfarm.wire_json import canonical_json
from billing_job.month.session import Session
from billing_job.operations.proposal import Proposed, proposed
from tests.support.paths import ROOT
from tests.support.sandbox_on_loopback import KEY, StillClock

DOCS = ROOT / "docs" / "sync.md"
BEGIN, END = "| shape | what it is | below `[api]` |\n|---|---|---|\n", "\n\n"
UNSAID = (
    ("transactions", "query", {"per_page": "100"}),
    ("balance", "amount", "balance"),
    ("balance", "currency", "currency"),
)
EVERYWHERE = {"base_url", "requests_per_minute", "timeout_seconds"}


@lru_cache(maxsize=1)
def world() -> World:
    """Three clients and some 60 transactions: five pages of 15."""
    return make_world(5, 3, 60, Period(2026, 10), ZoneInfo("Europe/Amsterdam"))


@dataclass
class Supplier:
    """A supplier of one shape behind httpx's transport; `requests` are the paths with their queries."""

    shape: Shape
    requests: list[str] = field(default_factory=list)

    def truth(self) -> list[Truth]:
        """Every row as it really is, in the list's order."""
        return self.shape.listed(world().transactions)

    def balance_micros(self) -> int:
        """What is in the wallet."""
        return self.shape.balance_micros(world().transactions)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(f"{request.url.path}?{request.url.query.decode()}")
        reply = self._reply(request)
        if reply.body is None:
            return httpx.Response(reply.status)
        return httpx.Response(reply.status, content=canonical_json(reply.body).encode())

    def _reply(self, request: httpx.Request) -> Reply:
        if request.url.path.endswith("/wallet/balance"):
            return self.shape.balance(self.balance_micros())
        if request.url.path.endswith("/portal/sip-trunks"):
            return self.shape.trunks([])
        url = str(request.url.copy_with(query=None))
        return list_reply(self.shape, world().transactions, dict(request.url.params), url)


def session_with(supplier: Callable[[httpx.Request], httpx.Response], *, opening_balance: str = "0.00") -> Session:
    """The default settings, pointed at a supplier in memory."""
    settings = Settings.model_validate(
        {
            "seller": {"name": "Seller", "country": "NL"},
            "billing": {"opening_balance": opening_balance},
            "api": {"base_url": "https://supplier.example/api/v1"},
        }
    )
    console = Console("test", log_format="text", verbosity=-1)
    return Session(settings, Path(), lambda: KEY, StillClock(), console, httpx.MockTransport(supplier))


@cache
def proposal_for(name: str) -> Proposed:
    """What `doctor --propose` says of a shape."""
    return proposed(session_with(Supplier(SHAPES[name])))


def api_of(toml: str) -> Api:
    """The tables as settings."""
    return Api.model_validate(tomllib.loads(toml)["api"])


def needed(name: str) -> list[str]:
    """The keys below `[api]` that a shape needs beyond the defaults and a larger page."""
    tables = tomllib.loads(proposal_for(name).toml)["api"]
    usual = Api().model_dump(mode="json")
    found = _differing({key: tables[key] for key in tables if key not in EVERYWHERE}, usual)
    return [f"{place}.{toml_text({'': {key: value}}).splitlines()[1]}" for place, key, value in found]


def _differing(table: Mapping[str, Any], usual: Any, path: str = "") -> Iterator[tuple[str, str, Any]]:
    """The keys whose values are not those that hold without them: dotted table, key, value."""
    for key, value in table.items():
        if key in ("transactions", "balance", "fields"):
            yield from _differing(value, usual.get(key, {}), f"{path}.{key}" if path else key)
        elif (path, key, value) not in UNSAID and value != usual.get(
            key, key if path.endswith("fields") and key in FIELDS else None
        ):
            yield path, key, value


def table() -> str:
    """The table as docs/sync.md has it."""
    rows = []
    for shape in SHAPES.values():
        keys = "<br>".join(f"`{line.replace('|', chr(92) + '|')}`" for line in needed(shape.name)) or "nothing"
        rows.append(f"| `{shape.name}` | {shape.sentence.replace('|', chr(92) + '|')} | {keys} |")
    return "\n".join(rows)


def documented() -> str:
    """The table that stands in docs/sync.md."""
    return DOCS.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    text = DOCS.read_text(encoding="utf-8")
    DOCS.write_text(text.replace(BEGIN + documented(), BEGIN + table()), encoding="utf-8")
