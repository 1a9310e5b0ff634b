"""Whose is each of a million transactions: our attribution beside the same dated joins in DuckDB, on the same arrays.

.venv/bin/pip install duckdb && .venv/bin/python tests/bench/bench_attribution.py [TRANSACTIONS]
"""

import resource
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

from billing_job.billing.attribution.assignments import assignments
from billing_job.billing.attribution.attribute import attribute
from billing_job.core.columns.schema import TRANSACTIONS, conform
from billing_job.core.moments import midnight
from billing_job.core.register import NumberAssignment, Register, TrunkAssignment
from billing_job.core.wallet import Trunk

CLIENTS, NUMBERS_EACH, ROUNDS = 5_000, 4, 3
ZONE = ZoneInfo("Europe/Amsterdam")
FIRST_DAY = date(2026, 10, 1)
EVER = (-(2**62), 2**62)
CATEGORIES = {"call": "call", "renewal": "number_rental"}

DUCKDB_JOIN = """
WITH number_rows AS (
    SELECT t.id, t.created_at, n.identity FROM tx t JOIN number_names n ON n.name = t.reference_id
    WHERE t.reference_type = 'number'
    UNION ALL
    SELECT t.id, t.created_at, o.identity FROM tx t JOIN order_items o ON o.order_id = t.reference_id
    WHERE t.reference_type = 'order'
), trunk_rows AS (
    SELECT r.id, r.created_at, f.trunk FROM number_rows r LEFT JOIN number_facts f
        ON f.identity = r.identity AND f.starts <= r.created_at AND r.created_at < f.ends
    UNION ALL
    SELECT t.id, t.created_at, coalesce(k.uuid, t.reference_id) FROM tx t LEFT JOIN trunk_names k
        ON k.trunk_id = t.reference_id WHERE t.reference_type = 'trunk'
), owners AS (
    SELECT r.id, f.client_id FROM trunk_rows r LEFT JOIN trunk_facts f
        ON f.trunk = r.trunk AND f.starts <= r.created_at AND r.created_at < f.ends
)
SELECT t.id, coalesce(min(o.client_id), '') AS client_id FROM tx t LEFT JOIN (
    SELECT id, min(client_id) AS client_id FROM owners GROUP BY id
    HAVING count(DISTINCT client_id) = 1 AND count(client_id) = count(*)
) o ON o.id = t.id GROUP BY t.id ORDER BY t.id
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds of each round, the process's peak memory in MB above what the data itself takes, and the answer."""

    seconds: tuple[float, ...]
    peak_mb: int
    clients: tuple[str, ...]


def mapping() -> tuple[Register, list[Trunk]]:
    """A trunk a client; every tenth goes to another client, every second number to another trunk, in October."""
    trunks = [Trunk(str(n + 1), f"trk_{n:08x}", f"client {n}") for n in range(CLIENTS)]
    trunk_facts = []
    for n, trunk in enumerate(trunks):
        name = trunk.trunk_id if n % 2 else trunk.uuid
        moves = FIRST_DAY + timedelta(days=n % 31) if n % 10 == 0 else None
        trunk_facts.append(TrunkAssignment(None, moves, f"trunks.csv, row {n}", name, f"client-{n:05d}"))
        if moves:
            trunk_facts.append(
                TrunkAssignment(moves, None, f"trunks.csv, row {n}", name, f"client-{(n + 1) % CLIENTS:05d}")
            )
    number_facts = []
    for n in range(CLIENTS * NUMBERS_EACH):
        phone, did, order, on = f"+3120{n:07d}", str(n), str(n // 2), n // NUMBERS_EACH
        moves = FIRST_DAY + timedelta(days=n % 31) if n % 2 else None
        for start, end, place in ((None, moves, on), (moves, None, (on + 7) % CLIENTS))[: 1 + bool(moves)]:
            number_facts.append(
                NumberAssignment(
                    start, end, f"numbers.csv, row {n}", phone, did, order, "NL", "local", f"trk_{place:08x}"
                )
            )
    return Register((), tuple(trunk_facts), tuple(number_facts), ()), trunks


def transactions(count: int) -> pd.DataFrame:
    """TRANSACTIONS of October: 71 % of numbers (E.164 and id), 25 % of trunks (uuid and id), 4 % of orders."""
    random = np.random.default_rng(20261101)
    kind = random.choice(6, count, p=(0.35, 0.35, 0.125, 0.125, 0.04, 0.01))
    which = random.integers(0, CLIENTS * NUMBERS_EACH, count)
    phones = pa.array([f"+3120{n:07d}" for n in range(CLIENTS * NUMBERS_EACH)])
    dids = pa.array([str(n) for n in range(CLIENTS * NUMBERS_EACH)])
    uuids = pa.array([f"trk_{n:08x}" for n in range(CLIENTS)])
    ids = pa.array([str(n + 1) for n in range(CLIENTS)])
    choices = [
        phones.take(which), dids.take(which), uuids.take(which // NUMBERS_EACH), ids.take(which // NUMBERS_EACH),
        dids.take(which // 2), pa.repeat("unknown", count),
    ]  # fmt: skip
    reference = pa.compute.choose(pa.array(kind), *choices)
    types = pa.array(["number", "number", "trunk", "trunk", "order", "number"]).take(kind)
    first = int(datetime(2026, 9, 30, 22, tzinfo=UTC).timestamp()) * 1_000_000
    frame = pd.DataFrame(
        {
            "transaction_id": pd.arrays.ArrowExtensionArray(pa.array(np.arange(count)).cast(pa.string())),
            "type": "call",
            "micros": -random.integers(1, 90, count) * 10_000,
            "large_micros": None,
            "currency": "EUR",
            "description": "",
            "reference_type": pd.arrays.ArrowExtensionArray(types),
            "reference_id": pd.arrays.ArrowExtensionArray(reference),
            "created_at": first + random.integers(0, 31 * 86_400, count) * 1_000_000,
            "problem": "",
            "settled": False,
        }
    )
    return conform(frame, TRANSACTIONS, "bench")


def ours(count: int) -> Figures:
    """assignments() and attribute(): the owner and the reason, category, number and facts of every row as well."""
    frame, (facts, trunks) = transactions(count), mapping()

    def run() -> pa.ChunkedArray:
        found = attribute(frame, assignments(facts, trunks, ZONE), CATEGORIES, "EUR")
        return pa.chunked_array(pa.array(found["client_id"].array))

    return _figures(run)


def duckdb(count: int) -> Figures:
    """The owner alone, by SQL over the same Arrow columns, with as many threads as DuckDB likes."""
    import duckdb as engine

    frame, (facts, trunks) = transactions(count), mapping()
    connection = engine.connect()

    def table(called: str, /, **columns: object) -> None:
        connection.register(called, pa.table(columns))

    created = frame["created_at"].to_numpy(np.int64)
    references = {name: pa.array(frame[name].array) for name in ("reference_type", "reference_id")}
    table("tx", id=pa.array(np.arange(count)), created_at=pa.array(created), **references)

    def run() -> pa.ChunkedArray:
        numbers, owners = facts.numbers, facts.trunks
        uuid_of = {trunk.trunk_id: trunk.uuid for trunk in trunks}
        names = {name: fact.number for fact in numbers for name in (fact.number, fact.did_number_id)}
        items = list(dict.fromkeys((fact.order_id, fact.number) for fact in numbers))
        table("number_names", name=list(names), identity=list(names.values()))
        table("order_items", order_id=[order for order, _ in items], identity=[number for _, number in items])
        table("trunk_names", trunk_id=list(uuid_of), uuid=list(uuid_of.values()))
        spans = [_span(fact.valid_from, fact.valid_to) for fact in numbers]
        table(
            "number_facts",
            identity=[fact.number for fact in numbers],
            trunk=[fact.trunk for fact in numbers],
            starts=[start for start, _ in spans],
            ends=[end for _, end in spans],
        )
        spans = [_span(fact.valid_from, fact.valid_to) for fact in owners]
        table(
            "trunk_facts",
            trunk=[uuid_of.get(fact.trunk, fact.trunk) for fact in owners],
            client_id=[fact.client_id for fact in owners],
            starts=[start for start, _ in spans],
            ends=[end for _, end in spans],
        )
        return connection.sql(DUCKDB_JOIN).to_arrow_table()["client_id"]

    return _figures(run)


def _span(start: date | None, end: date | None) -> tuple[int, int]:
    return (midnight(start, ZONE) if start else EVER[0], midnight(end, ZONE) if end else EVER[1])


def _figures(run: Callable[[], pa.ChunkedArray]) -> Figures:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    found = pa.chunked_array([], pa.string())
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = run()
        seconds.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return Figures(tuple(seconds), peak // 1024, tuple(found.to_pylist()))


def attribution(count: int = 1_000_000) -> dict[str, float]:
    """Median seconds and peak memory (MB above the data) of both, each in a process of its own, and the ratio."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        mine, theirs = (pool.submit(run, count).result() for run in (ours, duckdb))
    if mine.clients != theirs.clients:
        raise AssertionError("the two do not agree on whose the transactions are")
    seconds, rival = statistics.median(mine.seconds), statistics.median(theirs.seconds)
    return {
        "transactions": count,
        "owned": sum(1 for client in mine.clients if client),
        "seconds": round(seconds, 2),
        "duckdb_seconds": round(rival, 2),
        "ratio": round(seconds / rival, 2),
        "peak_mb": mine.peak_mb,
        "duckdb_peak_mb": theirs.peak_mb,
    }


if __name__ == "__main__":
    print(attribution(*map(int, sys.argv[1:2])))
