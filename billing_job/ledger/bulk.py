"""Many rows at once: tuples straight to the driver, for SQLAlchemy's work on a row costs more than storing it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

CHUNK = 500
"""Values in one IN (…): below every database's limit."""


def chunks(values: Sequence[str]) -> list[Sequence[str]]:
    """The values in lots that one IN (…) takes."""
    return [values[start : start + CHUNK] for start in range(0, len(values), CHUNK)]


def insert_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows whose cells stand in the order of `columns`; nothing happens without rows."""
    if not rows:
        return
    dialect = connection.dialect
    quote = dialect.identifier_preparer.quote
    into = f"{quote(table.name)} ({', '.join(map(quote, columns))})"
    # What the columns' types do to a value on its way, they do here too.
    changes = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in columns]
    if any(changes):
        cells = [
            map(change, column) if change else column
            for change, column in zip(changes, zip(*rows, strict=True), strict=True)
        ]
        rows = list(zip(*cells, strict=True))
    if dialect.name == "postgresql":
        _copy(connection, f"COPY {into} FROM STDIN", rows)
    else:
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {into} VALUES ({marks})", list(rows))  # noqa: S608 - names of ours


def _copy(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Stream the rows to the server: a third of the time of inserts, a tenth of this process's.

    What the driver raises comes as SQLAlchemy has it of every statement.
    """
    driver: Any = connection.dialect.dbapi
    raw: Any = connection.connection
    try:
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except driver.Error as error:
        raise DBAPIError.instance(statement, None, error, driver.Error, dialect=connection.dialect) from error
