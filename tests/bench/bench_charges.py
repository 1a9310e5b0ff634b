"""A year of charges of one's own: their periods, prices and parts of periods, ours and DuckDB's.

Both find every month of every charge: whole, from a day on, until a day, and counted by the days of numbers that were
held. Whoever does not find the same cents for every client and month stops the benchmark.
"""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa

from billing_job.billing.rating.charge_periods import Charge
from billing_job.billing.rating.own_charges import Holding, Payer, charge_rows, priced_charges
from tests.bench.report import Report, Row, taken

FIRST, LAST = date(2027, 1, 1), "2027-12"
HOLDINGS = 5
ZONE = ZoneInfo("Europe/Amsterdam")
# What is prorated is charged the difference of two roundings, by the days before and within; amounts are above zero.
YEAR = """
    WITH months AS (
        SELECT m AS begins, (m + INTERVAL 1 MONTH)::DATE AS ends FROM (
            SELECT unnest(generate_series(DATE '2027-01-01', DATE '2027-12-01', INTERVAL 1 MONTH))::DATE AS m
        )
    ), parts AS (
        SELECT c.*, m.begins, m.ends, date_diff('day', m.begins, m.ends) AS month_days,
            date_diff('day', m.begins, greatest(m.begins, c.valid_from)) AS skipped,
            date_diff('day', m.begins, least(m.ends, c.valid_to)) AS reached
        FROM charges c, months m WHERE c.valid_from < m.ends AND c.valid_to > m.begins
    ), counted AS (
        SELECT p.charge_id, p.begins, sum(greatest(0, date_diff('day', greatest(p.begins, h.since), p.ends))) AS held
        FROM parts p JOIN holdings h USING (client_id) WHERE p.kind = 'counted' GROUP BY p.charge_id, p.begins
    ), priced AS (
        SELECT client_id, begins, CASE kind
            WHEN 'whole' THEN (quantity * price + 500000) // 1000000
            WHEN 'counted' THEN (2 * held * quantity * price + 1000000 * month_days) // (2 * 1000000 * month_days)
            ELSE (2 * reached * quantity * price + 1000000 * month_days) // (2 * 1000000 * month_days)
                - (2 * skipped * quantity * price + 1000000 * month_days) // (2 * 1000000 * month_days) END AS cents
        FROM parts LEFT JOIN counted USING (charge_id, begins) WHERE kind <> 'counted' OR held > 0
    )
    SELECT client_id, strftime(begins, '%Y-%m') AS period, count(*)::BIGINT AS rows, sum(cents)::BIGINT AS cents
    FROM priced GROUP BY client_id, begins
"""


def run(report: Report, *, quick: bool) -> None:
    count = 1_000 if quick else 10_000
    charges = [_charge(place, f"c{place % (count // 10)}") for place in range(count)]
    payers = {charge.client_id: _payer(charge.client_id) for charge in charges}

    def ours() -> pa.Table:
        rows = [row for charge in charges for row in charge_rows([charge], [payers[charge.client_id]], FIRST, LAST)]
        frame = priced_charges(rows, ZONE)
        sums = frame.groupby(["client_id", "period"], observed=True)["charge_cents"].agg(rows="size", cents="sum")
        return pa.Table.from_pandas(sums.reset_index(), preserve_index=False)

    what = f"{count:,} charges of one's own, 12 months"
    try:
        import duckdb
    except ImportError:
        report.skip(what, "DuckDB is not installed (pip install duckdb)")
        return
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.register("charges", _table(charges))
    connection.register("holdings", _holdings(payers))
    found, theirs = (_in_order(table) for table in (ours(), connection.sql(YEAR).to_arrow_table()))
    if not found.equals(theirs):
        raise AssertionError("DuckDB and ours do not find the same cents for every client and month")
    best = taken(ours)
    report.add(Row(what, best, "DuckDB, joins and sums", taken(lambda: connection.sql(YEAR).to_arrow_table())))


def _charge(place: int, client_id: str) -> Charge:
    kind = _KINDS[place % len(_KINDS)]
    begins = FIRST + timedelta(days=place % 200) if kind == "from" else FIRST
    ends = date(2027, 7, 1) + timedelta(days=place % 150) if kind == "until" else date(2028, 1, 1)
    return Charge(
        charge_id=f"{place}", client_id=client_id, plan="", description="A charge", category="charge",
        quantity=10_000 + 2_500 * (place % 7), unit="H87", price=12_300 + 37 * place, every="month", billed="arrears",
        valid_from=begins, valid_to=ends, by_days=kind != "whole", count="numbers" if kind == "counted" else "",
        number="", trunk="", cost_micros=0, source=f"row {place}",
    )  # fmt: skip


_KINDS = ("whole", "from", "until", "counted")


def _payer(client_id: str) -> Payer:
    numbers = frozenset({"numbers"})
    held = [
        Holding(f"{client_id} {n}", numbers, "", (FIRST + timedelta(days=(7 * n + int(client_id[1:])) % 300), date.max))
        for n in range(HOLDINGS)
    ]
    return Payer(client_id, ((date.min, date.max),), held)


def _table(charges: list[Charge]) -> pa.Table:
    names = ("charge_id", "client_id", "quantity", "price", "valid_from", "valid_to")
    kinds = [_KINDS[place % len(_KINDS)] for place in range(len(charges))]
    return pa.table({name: [getattr(charge, name) for charge in charges] for name in names} | {"kind": kinds})


def _holdings(payers: dict[str, Payer]) -> pa.Table:
    held = [(client_id, holding.days[0]) for client_id, payer in payers.items() for holding in payer.holdings]
    return pa.table({"client_id": [client_id for client_id, _ in held], "since": [since for _, since in held]})


def _in_order(table: pa.Table) -> pa.Table:
    types = {"client_id": pa.string(), "period": pa.string(), "rows": pa.int64(), "cents": pa.int64()}
    found = table.select(list(types)).cast(pa.schema(list(types.items())))
    return found.sort_by([("client_id", "ascending"), ("period", "ascending")]).combine_chunks()
