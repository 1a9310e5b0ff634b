"""Reading the ledger in bulk: ADBC's own copy of SQLite and Python's never have one file open together."""

import contextlib
from pathlib import Path

import pandas as pd

from billing_job.ledger.arrow import AT_ONCE
from billing_job.ledger.bulk import insert_rows
from billing_job.ledger.database import open_engine, transaction
from billing_job.ledger.last_look import last_balance
from billing_job.ledger.tables import transactions, wallet_rows
from billing_job.ledger.transactions import all_transactions


def open_files(path: Path) -> list[str]:
    """The ledger's files that this process has open."""
    found: list[str] = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the one that lists the folder is closed by now
            found.append(str(descriptor.readlink()))
    return [target for target in found if target.startswith(str(path))]


def test_pythons_connections_are_closed_before_adbc_reads(tmp_path: Path) -> None:
    """Two copies of SQLite in a process take each other's locks and shared memory away: a run once died of it."""
    path = tmp_path / "billing.db"
    engine = open_engine(f"sqlite:///{path}")
    last_balance(engine)
    assert open_files(path)
    (found,) = all_transactions(engine)
    assert found.empty
    assert open_files(path) == []
    engine.dispose()


def test_a_column_may_be_empty_in_the_whole_first_batch(tmp_path: Path) -> None:
    """ADBC takes a column's type from the first rows: an amount too large for sums, far down the list, is a text."""
    engine = open_engine(f"sqlite:///{tmp_path / 'billing.db'}")
    rows = [(seq, f"{seq}", "", "", "") for seq in range(1, AT_ONCE + 2)]
    with transaction(engine) as connection:
        insert_rows(connection, wallet_rows, [column.name for column in wallet_rows.c], rows)
        columns = ["seq", "transaction_id", "large_micros"]
        texts = [column.name for column in transactions.c if not column.nullable and not column.server_default]
        texts = [name for name in texts if name not in columns]
        amounts = [None] * AT_ONCE + ["-99999999999999999999"]
        cells = [(row[0], row[1], amount, *[""] * len(texts)) for row, amount in zip(rows, amounts, strict=True)]
        insert_rows(connection, transactions, [*columns, *texts], cells)
    found = pd.concat(all_transactions(engine))["large_micros"]
    assert (found.isna().sum(), found.iloc[-1]) == (AT_ONCE, "-99999999999999999999")
    engine.dispose()
