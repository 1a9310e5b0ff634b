"""The chain over what is recorded: the one door through which facts enter, and what shows that they are still the same.

A link stands for each addition. It says how many rows its table has by then and what their hashes add up to, and
carries a hash over itself and the link before it. A row that was changed, removed, moved or put in by hand no longer
adds up; a link that was changed or cut out breaks the chain.

A row's hash is the SHA-256 of its cells as a JSON array, in the order of the table's columns; sums are modulo 2^256.
A sum needs no order, so that a year is checked in one pass.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Column, Connection, Table, bindparam, func, insert, select
from sqlalchemy.exc import DBAPIError

from billing_job.ledger.billing_tables import series
from billing_job.ledger.bulk import insert_rows
from billing_job.ledger.derived_tables import DERIVED, follow
from billing_job.ledger.tables import chain, facts, metadata, runs, transactions

NOT_CHAINED = frozenset({facts, series, runs, transactions, chain, *DERIVED})
"""Settings, counters and a run's own state, which change, and what is read or derived anew."""

_MODULUS = 1 << 256
_AT_ONCE = 5_000
_START = "0" * 64
_LAST = select(chain.c.seq, chain.c.sha256).order_by(chain.c.seq.desc()).limit(1)
_LAST_OF_TABLE = (
    select(chain.c.rows, chain.c.rows_sum)
    .where(chain.c.table_name == bindparam("name"))
    .order_by(chain.c.seq.desc())
    .limit(1)
)
_ADD = insert(chain)
_json = json.JSONEncoder(separators=(",", ":"), default=repr).encode


def chained_tables() -> list[Table]:
    """Every table to which facts are only ever added."""
    return [table for table in metadata.sorted_tables if table not in NOT_CHAINED]


def add(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> range:
    """Add rows whose cells stand in the order of `columns`, and their link; nothing happens without rows.

    `columns` are all of the table's but its row number, which is given here: returns the numbers of the rows, and an
    empty range for a table that has none. The caller's database transaction keeps other writers out.
    """
    numbers = range(0)
    if not rows:
        return numbers
    number = row_number(table)
    count, total = _head(connection, table)
    if number is not None:
        # Keys of older ledgers may have left numbers out; what is no key counts the rows.
        last = (connection.execute(select(func.max(number))).scalar_one() or 0) if number.primary_key else count
        numbers = range(last + 1, last + 1 + len(rows))
        columns, rows = (number.name, *columns), [(place, *row) for place, row in zip(numbers, rows, strict=True)]
    order = [columns.index(column.name) for column in table.c]
    # Where a number tells the order, the database may have the rows as it files them: what stands on one page of an
    # index is then written at one time.
    filed = rows if number is None or number.primary_key else _by_key(table, columns, rows)
    insert_rows(connection, table, columns, filed)
    follow(connection, table, columns, rows)
    in_order = rows if order == list(range(len(order))) else list(map(itemgetter(*order), rows))
    _link(connection, table, count + len(rows), total + _sum(in_order))
    return numbers


def _by_key(table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
    first = next(iter(table.primary_key)).name
    return sorted(rows, key=itemgetter(columns.index(first)))


def row_number(table: Table) -> Column[int] | None:
    """The column that says in which order a table's rows were added, if it has one: its key, or `seq` beside it."""
    number: Column[int] | None = table.autoincrement_column
    return table.c.get("seq") if number is None else number


def record_anew(connection: Connection) -> None:
    """Link each table whose rows are not what its last link says: a step of the schema may have changed them."""
    for table in chained_tables():
        count, total = _as_stored(connection, table)
        if (count, total) != _head(connection, table):
            _link(connection, table, count, total)


def changed_facts(connection: Connection) -> Iterator[str]:
    """A sentence for each table whose rows are not those that were recorded; reads every row of the ledger."""
    yield from broken_links(connection)
    for table in chained_tables():
        yield from changed_rows(connection, table)


def changed_rows(connection: Connection, table: Table) -> Iterator[str]:
    """A sentence when the rows of a table are not those that its last link was made of."""
    recorded, total = _head(connection, table)
    try:
        count, found = _as_stored(connection, table)
    except DBAPIError as error:
        yield f"chain: {table.name} cannot be read ({' '.join(str(error.orig).split())}); restore a backup"
        return
    if count != recorded:
        yield _miscounted(table.name, count, recorded)
    elif found != total:
        yield (
            f"chain: {table.name} has the {count} rows that were recorded, but not as they were: at least one was"
            " changed; restore a backup"
        )


def miscounted_facts(connection: Connection) -> Iterator[str]:
    """A sentence for each table that has more or fewer rows than were recorded; reads no row."""
    tables = chained_tables()
    recorded = recorded_rows(connection, tables)
    for name, count in row_counts(connection, tables).items():
        if count != recorded[name]:
            yield _miscounted(name, count, recorded[name])


def row_counts(connection: Connection, tables: Sequence[Table]) -> dict[str, int]:
    """table → how many rows it has, of all tables by one statement."""
    return _of_each(connection, tables, "SELECT count(*) FROM {}")


def recorded_rows(connection: Connection, tables: Sequence[Table]) -> dict[str, int]:
    """table → how many rows it has by its last link."""
    last = "SELECT rows FROM chain WHERE table_name = '{}' ORDER BY seq DESC LIMIT 1"
    return _of_each(connection, tables, f"SELECT coalesce(({last}), 0)")


def _of_each(connection: Connection, tables: Sequence[Table], number: str) -> dict[str, int]:
    # As text: putting so many statements together costs more than the database needs to answer them.
    parts = (f"SELECT '{table.name}' AS name, ({number.format(table.name)}) AS number" for table in tables)
    found = {row.name: int(row.number) for row in connection.exec_driver_sql(" UNION ALL ".join(parts))}
    return {table.name: found[table.name] for table in tables}


def broken_links(connection: Connection, newest: int | None = None) -> Iterator[str]:
    """A sentence for the first link that is not the one that was made; of all, or of the `newest` alone."""
    last = connection.execute(select(func.max(chain.c.seq))).scalar_one() or 0
    first = 1 if newest is None else max(1, last - newest + 1)
    before = connection.execute(select(chain.c.sha256).where(chain.c.seq == first - 1)).scalar_one_or_none() or _START
    links = select(chain).order_by(chain.c.seq)
    of_these = links if newest is None else links.where(chain.c.seq >= first)
    for expected, link in enumerate(connection.execute(of_these), first):
        if link.seq != expected or link.sha256 != _hash(before, link.table_name, link.rows, link.rows_sum):
            yield f"chain: link {expected} was changed or taken out; restore a backup"
            return
        before = link.sha256


def _miscounted(name: str, count: int, recorded: int) -> str:
    what = "some were taken out" if count < recorded else "some were put in by hand"
    return f"chain: {name} has {count} rows, but {recorded} were recorded: {what}; restore a backup"


def _head(connection: Connection, table: Table) -> tuple[int, int]:
    """How many rows the table has by its last link, and their sum: -1, which no rows add up to, if it is unreadable."""
    row = connection.execute(_LAST_OF_TABLE, {"name": table.name}).one_or_none()
    if row is None:
        return 0, 0
    try:
        return row.rows, int(row.rows_sum, 16)
    except ValueError:  # changed by hand: `broken_links` names the link, and its rows are not those it was made of
        return row.rows, -1


def _link(connection: Connection, table: Table, count: int, total: int) -> None:
    before = connection.execute(_LAST).one_or_none()
    seq, sha256 = (1, _START) if before is None else (before.seq + 1, before.sha256)
    text = f"{total % _MODULUS:064x}"
    values = {"seq": seq, "table_name": table.name, "rows": count, "rows_sum": text}
    connection.execute(_ADD, {**values, "sha256": _hash(sha256, table.name, count, text)})


def _hash(before: str, name: str, count: int, total: str) -> str:
    return hashlib.sha256(_json([before, name, count, total]).encode()).hexdigest()


def _as_stored(connection: Connection, table: Table) -> tuple[int, int]:
    """How many rows the table has, and their sum."""
    count, total = 0, 0
    result = connection.execute(select(*table.c).execution_options(yield_per=_AT_ONCE))
    for rows in result.partitions():
        count += len(rows)
        total += _sum(map(tuple, rows))
    return count, total % _MODULUS


def _sum(rows: Iterable[tuple[Any, ...]]) -> int:
    """The hashes of rows, added up."""
    sha256, whole = hashlib.sha256, int.from_bytes
    # PostgreSQL cannot store NUL: the column's type puts U+FFFD in its place.
    return sum(whole(sha256(_json(row).replace("\\u0000", "\\ufffd").encode()).digest(), "big") for row in rows)
