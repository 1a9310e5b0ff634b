"""Answers of a database as Arrow, without a Python object for each cell, through ADBC.

ADBC's own bindings rather than its DB-API: that one loads polars too wherever it is installed, for nothing.
"""

import contextlib
from collections.abc import Iterator, Sequence

import adbc_driver_manager
import pyarrow as pa

ArrowErrors = (adbc_driver_manager.Error, OSError)
"""What a query that cannot be answered raises: at once, or while its answer is read."""
AT_ONCE = 16_384
"""Rows in a batch of SQLite's; their values decide about the columns' types, so a column that may be empty in all of
them must be of numbers, or never be NULL."""


@contextlib.contextmanager
def answering(
    database: adbc_driver_manager.AdbcDatabase, query: str, before: Sequence[str] = (), **options: str
) -> Iterator[pa.RecordBatchReader]:
    """The answer to a query, to be read at once or in batches, on a connection of its own, closed with the database.

    `before` are set-up statements, `options` those of the driver's statement.
    """
    with database, adbc_driver_manager.AdbcConnection(database) as connection:
        for text in before:
            with adbc_driver_manager.AdbcStatement(connection) as statement:
                statement.set_sql_query(text)
                pa.RecordBatchReader.from_stream(statement.execute_query()[0]).read_all()
        with adbc_driver_manager.AdbcStatement(connection) as statement:
            statement.set_options(**options)
            statement.set_sql_query(query)
            yield pa.RecordBatchReader.from_stream(statement.execute_query()[0])
