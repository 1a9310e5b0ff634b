"""Reading the ledger in bulk: ADBC's own copy of SQLite and Python's never have one file open together."""

import contextlib
from pathlib import Path

from billing_job.ledger.arrow import AT_ONCE
from billing_job.ledger.database import open_engine, transaction
from billing_job.ledger.transactions import all_transactions, last_balance


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
    assert all_transactions(engine).empty
    assert open_files(path) == []
    engine.dispose()


def test_a_column_may_be_empty_in_the_whole_first_batch(tmp_path: Path) -> None:
    """ADBC takes a column's type from the first rows: an amount too large for sums, far down the list, is a text."""
    engine = open_engine(f"sqlite:///{tmp_path / 'billing.db'}")
    rows = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= {AT_ONCE})"
    with transaction(engine) as connection:
        connection.exec_driver_sql(f"INSERT INTO wallet_rows {rows} SELECT i, i, '', '', '' FROM n")
        columns = "seq, transaction_id, type, currency, description, reference_type, reference_id, problem, large_micros"
        values = f"i, i, '', '', '', '', '', '', CASE WHEN i > {AT_ONCE} THEN '-99999999999999999999' END"
        connection.exec_driver_sql(f"INSERT INTO transactions ({columns}) {rows} SELECT {values} FROM n")
    found = all_transactions(engine)["large_micros"]
    assert (found.isna().sum(), found.iloc[-1]) == (AT_ONCE, "-99999999999999999999")
    engine.dispose()
