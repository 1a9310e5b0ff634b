"""Whose is each transaction, what does it cost the client, and the cents of each line: ours, DuckDB and polars.

All three join the same tables, price by the same rules in exact integers, add up by client, category and number. Ours
and DuckDB's second query also round each line and share its cents out over its transactions; the others only add up.
"""

import importlib
import math
import resource
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa

from bench.data import ZONE, Month, client_id, frame_of, mapping_of, month, phone, trunk
from bench.report import Report, Row, taken
from billing_job.assignments import assignments
from billing_job.attribute import attribute
from billing_job.config import DEFAULT_CATEGORIES
from billing_job.plans import Plan, Rule
from billing_job.price import price
from billing_job.refunds import PAIRS
from billing_job.rules import Tariff
from billing_job.schema import empty

PLANS = (
    Plan(
        name="standard",
        rules=(
            Rule(category="number_rental", model="markup", percent="30"),
            Rule(category="call", model="markup", percent="25", fixed="0.01"),
            Rule(model="pass_through"),
        ),
    ),
)
GROUPED = """
    SELECT k.client_id, c.category, coalesce(n.number, '') AS number, count(*) AS quantity, sum(-t.cents) AS cost,
        (sum(-t.cents * c.multiplier + c.each) + 500000) // 1000000 AS charge
    FROM t LEFT JOIN numbers n ON t.reference_type = 'number' AND t.reference_id = n.number
    LEFT JOIN trunks k ON k.trunk = coalesce(n.trunk, t.reference_id) JOIN categories c USING (type)
    GROUP BY ALL
"""
SHARED_OUT = """
    WITH charged AS (
        SELECT t.transaction_id, k.client_id, c.category, coalesce(n.number, '') AS number, -t.cents AS cost,
            -t.cents * c.multiplier + c.each AS exact
        FROM t LEFT JOIN numbers n ON t.reference_type = 'number' AND t.reference_id = n.number
        LEFT JOIN trunks k ON k.trunk = coalesce(n.trunk, t.reference_id) JOIN categories c USING (type)
    ), lined AS (
        SELECT *, sum(exact) OVER line AS whole, sum(exact // 1000000) OVER line AS floors,
            row_number() OVER (
                PARTITION BY client_id, category, number
                ORDER BY exact % 1000000 DESC, length(transaction_id), transaction_id
            ) AS place
        FROM charged WINDOW line AS (PARTITION BY client_id, category, number)
    )
    SELECT client_id, category, number, count(*) AS quantity, sum(cost) AS cost,
        sum(exact // 1000000 + (place <= (whole + 500000) // 1000000 - floors)::INT) AS charge
    FROM lined GROUP BY ALL
"""


def run(report: Report, *, quick: bool) -> None:
    sizes = (10_000, 100_000) if quick else (10_000, 100_000, 1_000_000, 5_000_000)
    took: dict[int, float] = {}
    for size in sizes:
        seconds, peak = _in_a_process(size)
        took[size] = seconds
        rows = month(clients_for(size), size)
        _beside(report, rows, size, seconds)
        if size == sizes[-1]:
            report.add(Row(f"{size:,} transactions, peak memory", peak / 1024, "allowed", 3.0, "GiB", 1.0))
    for small, large in pairwise(sizes):
        exponent = math.log(took[large] / took[small]) / math.log(large / small)
        report.add(Row(f"growth, {small:,} to {large:,}", exponent, "linear", 1.0, "", 1.05))


def clients_for(size: int) -> int:
    return min(max(10, size // 100), 20_000)


def _beside(report: Report, rows: Month, size: int, ours: float) -> None:
    table = pa.Table.from_pandas(frame_of(rows), preserve_index=False)
    places = range(rows.clients)
    numbers = [(phone(place), trunk(place // 5)) for place in range(rows.clients * 5)]
    tables: dict[str, Any] = {
        "t": table,
        "numbers": pa.table({"number": [name for name, _ in numbers], "trunk": [name for _, name in numbers]}),
        "trunks": pa.table({"trunk": [trunk(n) for n in places], "client_id": [client_id(n) for n in places]}),
        "categories": pa.table(
            {
                "type": ["call", "sms", "renewal", "refund"],
                "category": ["call", "message", "number_rental", "refund"],
                "multiplier": [1_250_000, 1_000_000, 1_300_000, 1_000_000],
                "each": [1_000_000, 0, 0, 0],
            }
        ),
    }
    what = f"{size:,} transactions: attribute, price, add up"
    for name, beside in (("duckdb", _duckdb), ("polars", _polars)):
        try:
            importlib.import_module(name)
        except ImportError:
            report.skip(f"{what}, {name}", f"it is not installed (pip install {name})")
            continue
        for rival, seconds, reach in beside(tables):
            report.add(Row(what, ours, rival, seconds, "s", reach if size >= 1_000_000 else None))


def _duckdb(tables: dict[str, Any]) -> list[tuple[str, float, float | None]]:
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    for name, table in tables.items():
        connection.register(name, table)
    grouped = taken(lambda: connection.sql(GROUPED).to_arrow_table(), 2)
    shared = taken(lambda: connection.sql(SHARED_OUT).to_arrow_table(), 2)
    return [("DuckDB, joins and sums", grouped, 3.0), ("DuckDB, lines shared out too", shared, 3.0)]


def _polars(tables: dict[str, Any]) -> list[tuple[str, float, float | None]]:
    import polars as pl

    frames = {name: pl.from_arrow(table).lazy() for name, table in tables.items()}  # type: ignore[union-attr]

    def work() -> object:
        joined = (
            frames["t"]
            .join(frames["numbers"], left_on="reference_id", right_on="number", how="left", coalesce=False)
            .with_columns(pl.coalesce("trunk", "reference_id").alias("on"))
            .join(frames["trunks"], left_on="on", right_on="trunk", how="left")
            .join(frames["categories"], on="type")
            .with_columns((-pl.col("cents") * pl.col("multiplier") + pl.col("each")).alias("exact"))
        )
        keys = ["client_id", "category", "number"]
        sums = [pl.len().alias("quantity"), (-pl.col("cents")).sum().alias("cost"), pl.col("exact").sum()]
        return joined.group_by(keys).agg(sums).collect()

    return [("polars, joins and sums", taken(work, 2), None)]


def _in_a_process(size: int) -> tuple[float, float]:
    """Seconds and MiB of our part alone, the frame made before the clock starts."""
    command = [sys.executable, "-m", "bench.bench_aggregation", str(size)]
    folder = Path(__file__).parent.parent
    out = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder).stdout.split()
    return float(out[0]), float(out[1])


def ours(size: int) -> float:
    """The best of two rounds, in seconds."""
    rows = month(clients_for(size), size)
    frame, mapping = frame_of(rows), mapping_of(rows.clients)

    def work() -> None:
        facts = assignments(mapping, [], ZONE)
        found = attribute(frame, facts, DEFAULT_CATEGORIES, "EUR")
        found = found[found["outcome"] == "attributed"]
        tariff = Tariff(
            clients={client.client_id: client for client in mapping.clients},
            plans=PLANS,
            prices=(),
            category_order=tuple(DEFAULT_CATEGORIES.values()),
            trunk_names=facts.trunk_names,
            zone=ZONE,
        )
        priced = price(found, empty(PAIRS), tariff)
        del found
        sums = priced.groupby(["client_id", "category", "number"])[["cost_cents", "charge_cents", "quantity"]].sum()
        assert int(sums["cost_cents"].sum()) == -int(rows.cents.sum())

    return taken(work, 2)


if __name__ == "__main__":
    began = time.perf_counter()
    seconds = ours(int(sys.argv[1]))
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
