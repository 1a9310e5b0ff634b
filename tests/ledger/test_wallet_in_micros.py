"""Ledgers whose wallet was in cents come forward with every amount, in a file and on a server."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from billing_job.ledger.database import open_engine, transaction
from billing_job.ledger.wallet_in_micros import wallet_in_micros
from tests.support.ledgers import empty_ledger
from tests.support.paths import FIXTURES

QUERIES = {
    "transactions": "SELECT transaction_id, {amount} FROM transactions ORDER BY seq",
    "settlements": "SELECT transaction_id, {cost} FROM settlements WHERE part = 0 ORDER BY transaction_id, generation",
    "balances": "SELECT seq, {amount} FROM balances ORDER BY seq",
}


@pytest.mark.sqlite_file("dumps of old ledgers are SQLite's")
@pytest.mark.parametrize("version", [1, 2])
def test_an_old_ledgers_cents_are_multiplied(version: int, tmp_path: Path) -> None:
    """Each amount of the wallet is ten thousand times what it was; documents are as they were, rows are read anew."""
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as old:
        old.executescript((FIXTURES / f"ledger_v{version}.sql").read_text(encoding="utf-8"))
        in_cents = {
            name: old.execute(query.format(amount="cents", cost="cost_cents")).fetchall()
            for name, query in QUERIES.items()
        }
        documents = old.execute("SELECT * FROM documents ORDER BY number").fetchall()
    engine = open_engine(f"sqlite:///{path}")
    with transaction(engine) as connection:
        for name, query in QUERIES.items():
            now = connection.execute(text(query.format(amount="micros", cost="cost_micros"))).all()
            paid = {str(id_): int(micros) for id_, micros in now if not str(id_).startswith("charge:")}
            assert paid == {str(id_): int(cents) * 10_000 for id_, cents in in_cents[name]
                            if not str(id_).startswith("charge:")}  # fmt: skip
        assert connection.execute(text("SELECT DISTINCT places FROM balances")).all() == [(2,)]
        assert connection.execute(text("SELECT value FROM facts WHERE name = 'reading'")).all() == [("",)]
        assert [tuple(row) for row in connection.execute(text("SELECT * FROM documents ORDER BY number"))] == documents
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty ledger, in a file and once more on the server."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'billing.db'}"
    found = f"{request.getfixturevalue('server')}/ledger_in_micros"
    empty_ledger(found)
    return str(found)


AS_IT_WAS = (
    "ALTER TABLE transactions RENAME COLUMN micros TO cents",
    "ALTER TABLE transactions RENAME COLUMN large_micros TO large_cents",
    "ALTER TABLE settlements RENAME COLUMN cost_micros TO cost_cents",
    "ALTER TABLE decisions RENAME COLUMN accepted_micros TO accepted_cents",
    "ALTER TABLE balances RENAME COLUMN micros TO cents",
    "ALTER TABLE balances DROP COLUMN places",
    "INSERT INTO balances (cents, currency, fetched) VALUES ('-12345678901234567891', 'EUR', ''), ('0', 'EUR', '')",
    "INSERT INTO decisions (transaction_id, client_id, reason, decided_at, decided_by, amount_cents, accepted_cents)"
    " VALUES ('1', '', '', '', '', 250, -1000000000000)",
)


def test_amounts_of_any_length_on_either_database(url: str) -> None:
    """Billions fit, texts of twenty digits too; a document's amount stays in cents; a second time changes nothing."""
    engine = open_engine(url)
    with transaction(engine) as connection:
        columns = {table: inspect(connection).get_columns(table) for table in ("transactions", "balances")}
        for statement in AS_IT_WAS:
            connection.execute(text(statement))
        for _ in range(2):
            wallet_in_micros(connection)
            balances = connection.execute(text("SELECT micros, places FROM balances ORDER BY seq")).all()
            assert balances == [("-123456789012345678910000", 2), ("0", 2)]
            decided = connection.execute(text("SELECT amount_cents, accepted_micros FROM decisions")).all()
            assert decided == [(250, -(10**16))]
        for table, before in columns.items():
            names = [column["name"] for column in inspect(connection).get_columns(table)]
            assert names == [column["name"] for column in before]
    engine.dispose()
