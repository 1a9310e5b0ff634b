"""The order in which things were recorded is a fact of the ledger, wherever the database puts its rows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, select

from billing_job.core.settlement import Settlement
from billing_job.ledger.billing_steps import Issued, course
from billing_job.ledger.billing_tables import settlements
from billing_job.ledger.bulk import insert_rows
from billing_job.ledger.chain import add, record_anew
from billing_job.ledger.database import open_engine, transaction
from billing_job.ledger.issuing import SETTLEMENT_COLUMNS
from billing_job.ledger.migrations import COUNTED, rows_are_counted
from tests.support import ledgers


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A ledger in a file, and one on a server."""
    with ledgers.on(request.getfixturevalue("server") if request.param == "postgres" else None):
        yield ledgers.ledger_url(tmp_path)


def paid(period: str, first: int, count: int = 40) -> list[tuple[Any, ...]]:
    """What the house paid in a period, on no document: as many transactions, their ids going down."""
    return [
        (*Settlement(f"{first + count - n}", 0, None, "call", "", "", 1, 0, 0, period), 1, "acme", period, None)
        for n in range(count)
    ]


def settle(connection: Connection, period: str, first: int, count: int = 40) -> None:
    """Record that."""
    add(connection, settlements, SETTLEMENT_COLUMNS, paid(period, first, count))


def swept(url: str) -> None:
    """Let the database take back the room of rows that are no more."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("VACUUM")
    engine.dispose()


def undone(engine: Engine) -> None:
    """A run that stored much and died before it was done."""
    with engine.connect() as connection:
        settle(connection, "2026-01", 0, 400)
        connection.rollback()


def told(engine: Engine) -> list[tuple[str, list[int]]]:
    """The periods of the course and the transactions of each, as they were stored."""
    return [
        (step.period, [int(row.settlement.transaction_id) for row in step.rows])
        for step in course(engine)
        if isinstance(step, Issued)
    ]


def test_a_later_row_stands_after_an_earlier_one(url: str) -> None:
    """Also where the room of a run that died is given to the next but one: 2026-02 came first, then 2026-03."""
    engine = open_engine(url)
    undone(engine)
    with transaction(engine) as connection:
        settle(connection, "2026-02", 1000)
    swept(url)
    with transaction(engine) as connection:
        settle(connection, "2026-03", 2000)
    down = list(range(40, 0, -1))
    assert told(engine) == [("2026-02", [1000 + n for n in down]), ("2026-03", [2000 + n for n in down])]
    engine.dispose()


def test_an_older_ledger_tells_its_order_by_where_its_rows_stand(url: str) -> None:
    """The step forward numbers them as they stand, from 1 on, and what is added later comes after them."""
    engine = open_engine(url)
    with transaction(engine) as connection:
        # An older program put its rows where they came.
        rows = [(*row, seq) for seq, row in enumerate(paid("2026-02", 1000), 1)]
        insert_rows(connection, settlements, (*SETTLEMENT_COLUMNS, "seq"), rows)
        for table in COUNTED:
            connection.exec_driver_sql(f"ALTER TABLE {table.name} DROP COLUMN seq")
        rows_are_counted(connection)
        record_anew(connection)
    with transaction(engine) as connection:
        settle(connection, "2026-03", 2000, 2)
        numbers = [row.seq for row in connection.execute(select(settlements.c.seq).order_by(settlements.c.seq))]
    assert numbers == list(range(1, 43))
    assert told(engine) == [("2026-02", list(range(1040, 1000, -1))), ("2026-03", [2002, 2001])]
    engine.dispose()
