"""Many rows at once: tuples straight to the driver, for SQLAlchemy's work on a row costs more than storing it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table

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
    mark = "?" if dialect.paramstyle == "qmark" else "%s"
    quote = dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in columns)
    marks = ", ".join([mark] * len(columns))
    # What the columns' types do to a value on its way, they do here too.
    changes = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in columns]
    if any(changes):
        cells = [
            map(change, column) if change else column
            for change, column in zip(changes, zip(*rows, strict=True), strict=True)
        ]
        rows = list(zip(*cells, strict=True))
    connection.exec_driver_sql(f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})", list(rows))  # noqa: S608
