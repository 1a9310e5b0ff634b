"""Reading a month out of the ledger: ours through ADBC, and pandas.read_sql over the same query."""

import tempfile
from pathlib import Path

import pandas as pd
from sqlalchemy import text

from billing_job.ledger.database import open_engine
from billing_job.ledger.transactions import transactions_in_scope
from tests.bench.data import FIRST, SECONDS, fill_ledger, month
from tests.bench.report import Report, Row, taken

COLUMNS = "transaction_id, type, micros, large_micros, currency, description, reference_type, reference_id, created_at"


def run(report: Report, *, quick: bool) -> None:
    size = 10_000 if quick else 200_000
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'billing.db'}"
        fill_ledger(url, month(100, size))
        engine = open_engine(url)
        starts, ends = FIRST * 1_000_000, (FIRST + SECONDS) * 1_000_000
        query = text(
            f"SELECT {COLUMNS}, problem FROM transactions WHERE created_at >= {starts} AND created_at < {ends}"  # noqa: S608
        )

        def theirs() -> int:
            with engine.connect() as connection:
                return len(pd.read_sql(query, connection))

        ours = taken(lambda: sum(map(len, transactions_in_scope(engine, starts, ends))))
        report.add(Row(f"read {size:,} transactions", ours, "read_sql", taken(theirs)))
        engine.dispose()
