"""Ledgers of every released schema open in this program with all they hold; newer ones are refused."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, insert, inspect, text

from billing_job.core.errors import LedgerError
from billing_job.ledger.database import open_engine, transaction
from billing_job.ledger.migrations import STEPS, Step, migrate, schema_version
from billing_job.ledger.tables import facts
from tests.support.fakes import office
from tests.support.paths import FIXTURES

pytestmark = pytest.mark.sqlite_file("dumps of old ledgers are SQLite's")
VERSIONS = tuple(range(1, len(STEPS) + 1))


def fixture(version: int) -> Path:
    """The dump of a small ledger as a program of that schema version left it."""
    return FIXTURES / f"ledger_v{version}.sql"


def loaded(version: int, path: Path) -> Path:
    """The ledger of a dump."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(fixture(version).read_text(encoding="utf-8"))
    return path


def contents(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with transaction(engine) as connection:
        names = inspect(connection).get_table_names()
        return {name: sorted(map(tuple, connection.execute(text(f"SELECT * FROM {name}"))), key=repr) for name in names}  # noqa: S608


def schema(engine: Engine) -> dict[str, object]:
    """Columns, keys and indexes of every table, whatever way they came about."""
    with engine.connect() as connection:
        inspector = inspect(connection)
        return {
            name: (
                [(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(name)],
                inspector.get_pk_constraint(name)["constrained_columns"],
                sorted(
                    str(key["referred_table"]) + str(key["constrained_columns"])
                    for key in inspector.get_foreign_keys(name)
                ),
                sorted(str(key["column_names"]) for key in inspector.get_unique_constraints(name)),
                sorted(str(index["column_names"]) for index in inspector.get_indexes(name)),
            )
            for name in inspector.get_table_names()
        }


def test_the_present_schema_has_its_fixture(tmp_path: Path) -> None:
    """A ledger made by this program dumps into the fixture of its version; UPDATE_GOLDENS=1 writes it anew.

    Once a version is released its fixture never changes: a new table or column is a new step and a new fixture.
    """
    if os.environ.get("UPDATE_GOLDENS"):
        with office(tmp_path) as (reseller, _):
            assert reseller.run().code == 0
        with closing(sqlite3.connect(tmp_path / "billing.db")) as connection:
            dump = "\n".join(connection.iterdump()) + "\n"
        FIXTURES.mkdir(exist_ok=True)
        fixture(len(STEPS)).write_text(dump, encoding="utf-8")
    fresh = open_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    old = open_engine(f"sqlite:///{loaded(len(STEPS), tmp_path / 'old.db')}")
    try:
        assert schema(old) == schema(fresh), (
            "the schema changed: add a step, or write the fixture of an unreleased one anew"
        )
    finally:
        fresh.dispose()
        old.dispose()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_released_schema_comes_forward(version: int, tmp_path: Path) -> None:
    """An old ledger opens with the schema of a fresh one, keeps every row, and passes the deep audit."""
    fresh = open_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    with office(tmp_path / "office") as (reseller, _):
        path = loaded(version, tmp_path / "office" / "billing.db")
        engine = open_engine(f"sqlite:///{path}")
        try:
            assert schema(engine) == schema(fresh)
            with transaction(engine) as connection:
                assert schema_version(connection) == len(STEPS)
                assert connection.execute(text("SELECT COUNT(*) FROM documents")).scalar_one() == 3
        finally:
            engine.dispose()
            fresh.dispose()
        assert reseller.type("run", "--offline", "--month", "2026-10", "--workers", "1").code == 0
        assert reseller.type("verify", "--deep").code == 0


def test_a_new_ledger_is_what_the_steps_make_of_an_empty_one(tmp_path: Path) -> None:
    """A new ledger takes no step: its tables, indexes and rows are those that all steps leave in an empty one."""
    made, stepped = (create_engine(f"sqlite:///{tmp_path / name}") for name in ("made.db", "stepped.db"))
    with transaction(made) as connection:
        migrate(connection)
    with transaction(stepped) as connection:
        for step in STEPS:
            step(connection)
        connection.execute(insert(facts).values(name="schema_version", value=str(len(STEPS))))
    assert contents(stepped) == contents(made)
    with made.connect() as one, stepped.connect() as other:
        written = text("SELECT type, name, sql FROM sqlite_master ORDER BY type, name")
        assert one.execute(written).all() == other.execute(written).all()
    made.dispose()
    stepped.dispose()


def next_step(connection: Connection) -> None:
    """What a later version could bring."""
    connection.execute(text("ALTER TABLE documents ADD COLUMN colour TEXT NOT NULL DEFAULT 'none'"))
    connection.execute(text("CREATE TABLE palettes (name TEXT PRIMARY KEY)"))


def failing_step(connection: Connection) -> None:
    """One that dies half-way."""
    next_step(connection)
    raise RuntimeError("the power went")


def test_a_step_forward_keeps_every_row(tmp_path: Path) -> None:
    """A step of a later version runs once, adds what it adds, and changes nothing that was there."""
    engine = open_engine(f"sqlite:///{loaded(1, tmp_path / 'old.db')}")
    before = contents(engine)
    migrated = (*STEPS, next_step)
    for _ in range(2):
        with transaction(engine) as connection:
            migrate(connection, migrated)
    after = contents(engine)
    engine.dispose()
    assert [row[:-1] for row in after["documents"]] == before["documents"]
    for name in before.keys() - {"documents", "facts"}:
        assert after[name] == before[name]
    assert ("schema_version", str(len(migrated))) in after["facts"]


def test_a_step_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """Steps and the version move in one database transaction: after a failure the old version stands as it was."""
    engine = open_engine(f"sqlite:///{loaded(1, tmp_path / 'old.db')}")
    before = contents(engine)
    steps: Sequence[Step] = (*STEPS, failing_step)
    with pytest.raises(RuntimeError), transaction(engine) as connection:
        migrate(connection, steps)
    assert contents(engine) == before
    engine.dispose()


def test_a_newer_ledger_is_refused(tmp_path: Path) -> None:
    """An older program neither reads nor changes a ledger that a newer one has migrated."""
    path = loaded(1, tmp_path / "new.db")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE facts SET value = ? WHERE name = 'schema_version'", (str(len(STEPS) + 1),))
    with pytest.raises(LedgerError, match="install a newer"):
        open_engine(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM documents").fetchone() == (3,)
