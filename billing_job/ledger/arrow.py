"""Answers of a database as Arrow, without a Python object for each cell, through ADBC.

ADBC's own bindings rather than its DB-API: that one loads polars too wherever it is installed, for nothing.
"""

from collections.abc import Sequence

import adbc_driver_manager
import pyarrow as pa

ArrowError = adbc_driver_manager.Error
"""What a query that cannot be answered raises."""


def answer(database: adbc_driver_manager.AdbcDatabase, query: str, before: Sequence[str] = ()) -> pa.Table:
    """The answer to a query on a connection of its own, closed with the database; `before` are set-up statements."""
    with database, adbc_driver_manager.AdbcConnection(database) as connection:
        for text in before:
            _table(connection, text)
        return _table(connection, query)


def _table(connection: adbc_driver_manager.AdbcConnection, query: str) -> pa.Table:
    with adbc_driver_manager.AdbcStatement(connection) as statement:
        statement.set_sql_query(query)
        stream, _ = statement.execute_query()
        return pa.RecordBatchReader.from_stream(stream).read_all()
