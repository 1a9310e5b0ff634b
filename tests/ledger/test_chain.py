"""The chain over what is recorded: every edit of every cell, row and link is found, and there is one door in."""

import ast
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Connection, Engine, Integer, Table, create_engine, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import Executable

from billing_job.core.wallet import Transaction
from billing_job.ledger.audit import counters_agree, rows_are_as_they_came
from billing_job.ledger.billing_tables import closings, documents, series
from billing_job.ledger.chain import (
    NOT_CHAINED,
    add,
    chained_tables,
    changed_facts,
    changed_rows,
    miscounted_facts,
    record_anew,
    row_number,
)
from billing_job.ledger.mirror import typed_columns
from billing_job.ledger.tables import chain, metadata, transactions, wallet_rows
from tests.support.ledgers import empty_ledger
from tests.support.paths import ROOT

WORDS = 'é\0"\\😀\t\r\n\\N\\.'
"""What databases and encodings treat differently."""


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty ledger, in a file and once more on the server, on which nobody checks references."""
    if request.param == "sqlite":
        made = create_engine(f"sqlite:///{tmp_path / 'billing.db'}")
        metadata.create_all(made)
    else:
        url = f"{request.getfixturevalue('server')}/ledger_of_the_chain"
        empty_ledger(url)
        made = create_engine(url, connect_args={"options": "-c session_replication_role=replica"})
    yield made
    made.dispose()


def cell(column: Any, n: int) -> Any:
    """Something for a column of the n-th row; nothing in the first one, where that may be."""
    if column.nullable and n == 1:
        return None
    if isinstance(column.type, Boolean):
        return n % 2 == 0
    if column.name == "body":  # what lists tell of a document is read out of it
        return json.dumps({"client": {"name": f"é 😀 {n}"}, "due_date": f"2026-11-0{n}"})
    return n if isinstance(column.type, Integer) else f"{column.name} {n} {WORDS}"


def fill(connection: Connection, table: Table) -> None:
    """Add three rows, in two additions."""
    columns = [column for column in table.c if column is not row_number(table)]
    made = [tuple(cell(column, n) for column in columns) for n in (1, 2, 3)]
    add(connection, table, [column.name for column in columns], made[:2])
    add(connection, table, [column.name for column in columns], made[2:])


def test_a_row_that_is_there_already_is_refused(engine: Engine) -> None:
    """Whatever way rows take into the database: both say it as SQLAlchemy does, and nothing of the addition stays."""
    with engine.begin() as connection:
        add(connection, closings, ("period", "closed"), [("2026-10", "first")])
        with pytest.raises(IntegrityError), connection.begin_nested():
            add(connection, closings, ("period", "closed"), [("2026-11", "first"), ("2026-10", "again")])
        assert connection.execute(select(closings.c.period)).scalars().all() == ["2026-10"]


def changed(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    return "x" if value is None else f"{value}x" if isinstance(value, str) else value + 1000


def edits(connection: Connection, table: Table) -> Iterator[tuple[str, Executable]]:
    """Each cell of the row in the middle; the first, the middle and the last row taken out; a copy put in."""
    keys = list(table.primary_key.columns)
    rows = [dict(row._mapping) for row in connection.execute(select(table).order_by(*keys))]
    middle = rows[len(rows) // 2]

    def of(row: dict[str, Any]) -> Any:
        return [key == row[key.name] for key in keys]

    for column in table.c:
        value = (
            1000 if middle[column.name] is None and isinstance(column.type, Integer) else changed(middle[column.name])
        )
        yield f"{table.name}.{column.name}", table.update().where(*of(middle)).values({column.name: value})
    for place, row in (("first", rows[0]), ("middle", middle), ("last", rows[-1])):
        yield f"{table.name} without its {place} row", table.delete().where(*of(row))
    copy = {name: value if isinstance(value, bool | None) else changed(value) for name, value in middle.items()}
    yield f"{table.name} with one more", insert(table).values(copy)


def test_every_edit_by_hand_is_found(engine: Engine) -> None:
    """Of every table of facts, and of the chain itself: each column, rows taken out at either end, one put in."""
    with engine.begin() as connection:
        for table in chained_tables():
            fill(connection, table)
        assert list(changed_facts(connection)) == []
        tried = [(table, *edit) for table in (*chained_tables(), chain) for edit in edits(connection, table)]
    missed = []
    with engine.connect() as connection:
        for table, name, statement in tried:
            with connection.begin() as attempt:
                assert connection.execute(statement).rowcount in (1, -1), name
                found = changed_facts(connection) if table is chain else changed_rows(connection, table)
                if not list(found):
                    missed.append(name)
                attempt.rollback()
        assert list(changed_facts(connection)) == []
    assert missed == []
    assert len(tried) > 166


def test_what_is_not_chained_is_held_against_the_facts(engine: Engine) -> None:
    """Transactions against the raw rows that they are read from, counters against the documents that they number."""
    rows = {
        f"raw {n}": Transaction(f"tx {n}", "call", -n, "EUR", "", "trunk", "7", n, "", f"raw {n}") for n in (1, 2, 3)
    }
    with engine.begin() as connection:
        raw = [(row.transaction_id, hashlib.sha256(row.raw.encode()).hexdigest(), row.raw, "") for row in rows.values()]
        numbers = add(connection, wallet_rows, ("transaction_id", "sha256", "raw", "first_seen"), raw)
        for seq, row in zip(numbers, rows.values(), strict=True):
            connection.execute(insert(transactions).values(seq=seq, **typed_columns(row)))
        fill(connection, documents)
        for n in (1, 2, 3):
            connection.execute(insert(series).values(kind=cell(documents.c.kind, n), year=n, last_number=1))
        connection.execute(documents.update().values(series_number=1))
        record_anew(connection)
        tried = [edit for table in (transactions, series) for edit in edits(connection, table)]
        assert [*rows_are_as_they_came(connection, rows.__getitem__), *counters_agree(connection)] == []
    missed = []
    with engine.connect() as connection:
        for name, statement in tried:
            with connection.begin() as attempt:
                connection.execute(statement)
                if not [*rows_are_as_they_came(connection, rows.__getitem__), *counters_agree(connection)]:
                    missed.append(name)
                attempt.rollback()
    # A transaction without a raw row is what the database's own references are for.
    assert missed == ["transactions with one more"]


def test_an_addition_that_fails_leaves_no_link(engine: Engine) -> None:
    """Rows and their link are one database transaction, and rows are numbered on."""
    columns = ("transaction_id", "sha256", "raw", "first_seen")
    with engine.begin() as connection:
        assert add(connection, wallet_rows, columns, [("1", "a", "b", "c"), ("2", "a", "b", "c")]) == range(1, 3)
        assert add(connection, wallet_rows, columns, []) == range(0)
    with engine.connect() as connection:
        with connection.begin() as attempt:
            assert add(connection, wallet_rows, columns, [("3", "a", "b", "c")]) == range(3, 4)
            attempt.rollback()
        assert [*changed_facts(connection), *miscounted_facts(connection)] == []
        with pytest.raises(ValueError, match="not in"):
            add(connection, wallet_rows, columns[1:], [("a", "b", "c")])


def test_a_chain_that_was_cut_tells_how_many_are_missing(engine: Engine) -> None:
    """The sentence says of which table, and how many rows there were."""
    with engine.begin() as connection:
        fill(connection, documents)
        connection.execute(text("DELETE FROM documents WHERE series_number = 3"))
        said = "chain: documents has 2 rows, but 3 were recorded: some were taken out; restore a backup"
        assert list(changed_facts(connection)) == list(miscounted_facts(connection)) == [said]


def test_facts_have_one_door() -> None:
    """No module but the chain's own, and the steps of the schema, adds to a table of facts, or changes one."""
    steps = {"chain.py", "bulk.py", "facts_of_old_ledgers.py", "wallet_in_micros.py"}
    free = {table.name for table in NOT_CHAINED}
    found = []
    for path in sorted((ROOT / "billing_job").rglob("*.py")):
        text_ = path.read_text(encoding="utf-8")
        if path.name in steps or "sqlalchemy" not in text_:
            continue
        for node in ast.walk(ast.parse(text_)):
            if not isinstance(node, ast.Call):
                continue
            called = node.func
            if isinstance(called, ast.Name) and called.id in ("insert", "update", "delete", "insert_rows"):
                target = node.args[0] if called.id != "insert_rows" else node.args[1]
            elif isinstance(called, ast.Attribute) and called.attr in ("insert", "update", "delete"):
                target = called.value
                if not isinstance(target, ast.Name) or target.id not in metadata.tables:
                    continue
            else:
                continue
            if ast.unparse(target) not in free:
                found.append(f"{path.name}:{node.lineno}: {ast.unparse(node)}")
    assert found == []
