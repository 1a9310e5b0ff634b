"""Whose is each transaction, what does it cost the client, and the cents of each line: ours, DuckDB and polars.

All three join the same tables, price by the same rules in exact integers, add up by client, category and number. Ours
and DuckDB's second query also round each line and share its cents out over its transactions; the others only add up.
Whoever does not find the same quantity, cost and charge for every line stops the benchmark.
"""

import importlib
import math
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from billing_job.billing.attribution.assignments import assignments
from billing_job.billing.attribution.attribute import attribute
from billing_job.billing.rating.plans import Plan, Rule
from billing_job.billing.rating.price import price
from billing_job.billing.rating.tariff import Tariff
from billing_job.config.settings import DEFAULT_CATEGORIES
from billing_job.core.columns.interned import arrow, ints
from tests.bench.data import ZONE, Month, client_id, frame_of, mapping_of, month, phone, trunk
from tests.bench.report import Report, Row, taken
from tests.support.paths import ROOT

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
# DuckDB's // cuts towards zero: what is negative is rounded by its absolute value, which is half away from zero too.
CHARGED = """
    SELECT t.transaction_id, k.client_id, c.category, coalesce(n.number, '') AS number, -t.micros // 10000 AS cost,
        CASE WHEN t.micros > 0 THEN -1 ELSE 1 END AS one, cost * c.multiplier + one * c.each AS exact
    FROM t LEFT JOIN numbers n ON t.reference_type = 'number' AND t.reference_id = n.number
    LEFT JOIN trunks k ON k.trunk = coalesce(n.trunk, t.reference_id) JOIN categories c USING (type)
"""
GROUPED = """
    SELECT client_id, category, number, sum(one) AS quantity, sum(cost) AS cost,
        sign(sum(exact)) * ((abs(sum(exact)) + 500000) // 1000000) AS charge
    FROM charged GROUP BY client_id, category, number
"""
# The rows of a line all have the sign of its sum here: refunds are a category of their own.
SHARED_OUT = """
    WITH lined AS (
        SELECT *, sum(exact) OVER line AS whole, sum(exact // 1000000) OVER line AS cut,
            row_number() OVER (
                PARTITION BY client_id, category, number
                ORDER BY abs(exact) % 1000000 DESC, length(transaction_id), transaction_id
            ) AS place
        FROM charged WINDOW line AS (PARTITION BY client_id, category, number)
    )
    SELECT client_id, category, number, sum(one) AS quantity, sum(cost) AS cost,
        sum(exact // 1000000 + sign(whole) * (place <= (abs(whole) + 500000) // 1000000 - abs(cut))::INT) AS charge
    FROM lined GROUP BY client_id, category, number
"""
Work = Callable[[], pa.Table]
ROUNDS = 3
KEYS = ["client_id", "category", "number"]
SUMS = ["quantity", "cost", "charge"]


def run(report: Report, *, quick: bool) -> None:
    sizes = (10_000, 100_000) if quick else (10_000, 100_000, 1_000_000, 5_000_000)
    took = {size: _beside(report, size) for size in sizes}
    peak = _peak_of_a_process(sizes[-1]) / 1024
    report.add(Row(f"{sizes[-1]:,} transactions, peak memory", peak, "allowed", 3.0, "GiB", 1.0))
    for small, large in pairwise(sizes):
        exponent = math.log(took[large] / took[small]) / math.log(large / small)
        report.add(Row(f"growth, {small:,} to {large:,}", exponent, "linear", 1.0, "", 1.05))


def clients_for(size: int) -> int:
    return min(max(10, size // 100), 20_000)


def _beside(report: Report, size: int) -> float:
    """Our best time, each rival's reported beside it; all take turns, so that what else the machine does hits all."""
    rows = month(clients_for(size), size)
    frame = frame_of(rows)
    tables = _tables(rows, frame)
    what = f"{size:,} transactions: attribute, price, add up"
    works: dict[str, Work] = {"ours": _ours(rows, frame)}
    for name, rivals in (("duckdb", _duckdb), ("polars", _polars)):
        try:
            importlib.import_module(name)
        except ImportError:
            report.skip(f"{what}, {name}", f"it is not installed (pip install {name})")
            continue
        works |= rivals(tables)
    lines = {name: work() for name, work in works.items()}
    best = dict.fromkeys(works, math.inf)
    for _ in range(ROUNDS):
        for name, work in works.items():
            best[name] = min(best[name], taken(work, 1))
    for name in list(works)[1:]:
        _must_agree(name, lines[name], lines["ours"])
        reach = 3.0 if size >= 1_000_000 and name.startswith("DuckDB") else None
        report.add(Row(what, best["ours"], name, best[name], "s", reach))
    return best["ours"]


def _tables(rows: Month, frame: pd.DataFrame) -> dict[str, pa.Table]:
    """What the rivals join."""
    places = range(rows.clients)
    numbers = [(phone(place), trunk(place // 5)) for place in range(rows.clients * 5)]
    return {
        "t": pa.Table.from_pandas(frame, preserve_index=False),
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


def _must_agree(rival: str, theirs: pa.Table, ours: pa.Table) -> None:
    """AssertionError unless every line has the same quantity, cost and charge."""
    if not _in_order(theirs).equals(_in_order(ours)):
        raise AssertionError(f"{rival} and ours do not find the same quantity, cost and charge for every line")


def _in_order(lines: pa.Table) -> pa.Table:
    types = [*([pa.string()] * len(KEYS)), *([pa.int64()] * len(SUMS))]
    table = lines.select([*KEYS, *SUMS]).cast(pa.schema(list(zip([*KEYS, *SUMS], types, strict=True))))
    return table.sort_by([(key, "ascending") for key in KEYS]).combine_chunks()


def _duckdb(tables: dict[str, pa.Table]) -> dict[str, Work]:
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    for name, table in tables.items():
        connection.register(name, table)
    connection.sql(CHARGED).create_view("charged")
    return {
        "DuckDB, joins and sums": lambda: connection.sql(GROUPED).to_arrow_table(),
        "DuckDB, lines shared out too": lambda: connection.sql(SHARED_OUT).to_arrow_table(),
    }


def _polars(tables: dict[str, pa.Table]) -> dict[str, Work]:
    import polars as pl

    frames = {name: pl.from_arrow(table).lazy() for name, table in tables.items()}

    def work() -> pa.Table:
        joined = (
            frames["t"]
            .join(frames["numbers"], left_on="reference_id", right_on="number", how="left", coalesce=False)
            .with_columns(pl.coalesce("trunk", "reference_id").alias("on"))
            .join(frames["trunks"], left_on="on", right_on="trunk", how="left")
            .join(frames["categories"], on="type")
            .with_columns(
                (-pl.col("micros") // 10_000).alias("cost"),
                pl.when(pl.col("micros") > 0).then(-1).otherwise(1).alias("one"),
            )
            .with_columns((pl.col("cost") * pl.col("multiplier") + pl.col("one") * pl.col("each")).alias("exact"))
        )
        sums = [pl.col("one").sum().alias("quantity"), pl.col("cost").sum(), pl.col("exact").sum()]
        rounded = pl.col("exact").sign() * ((pl.col("exact").abs() + 500_000) // 1_000_000)
        lines = joined.group_by(KEYS).agg(sums).with_columns(rounded.alias("charge"), pl.col("number").fill_null(""))
        return lines.collect().to_arrow()

    return {"polars, joins and sums": work}


def _peak_of_a_process(size: int) -> float:
    """MiB at most of a process that does our part alone, its data included."""
    command = [sys.executable, "-m", "tests.bench.bench_aggregation", str(size)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout)


def _ours(rows: Month, frame: pd.DataFrame) -> Work:
    mapping = mapping_of(rows.clients)

    def work() -> pa.Table:
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
        priced = price(found, tariff)
        del found
        return _lines(priced)

    return work


def _lines(priced: pd.DataFrame) -> pa.Table:
    """The rows of a line stand together; in this month a line is one client's, category's and number's."""
    line = ints(priced["line_key"])
    starts = np.flatnonzero(np.r_[True, line[1:] != line[:-1]])
    keys = {key: arrow(priced[key]).take(pa.array(starts)) for key in KEYS}
    columns = (ints(priced["quantity"]), ints(priced["cost_micros"]) // 10_000, ints(priced["charge_cents"]))
    sums = {name: np.add.reduceat(column, starts) for name, column in zip(SUMS, columns, strict=True)}
    return pa.table(keys | sums)


if __name__ == "__main__":
    rows = month(clients_for(int(sys.argv[1])), int(sys.argv[1]))
    _ours(rows, frame_of(rows))()
    # getrusage would count what the process that started this one takes.
    status = Path("/proc/self/status").read_text()
    print(int(status.partition("VmHWM:")[2].split()[0]) / 1024)
