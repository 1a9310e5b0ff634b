"""Reading the ledger in bulk: ADBC's own copy of SQLite and Python's never have one file open together."""

import contextlib
from pathlib import Path

from billing_job.ledger.database import open_engine
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
