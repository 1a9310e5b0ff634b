"""Tables that follow from the facts, so that a look at them reads no history.

They are brought up to date in the database transaction that stores the facts, by the doors through which facts come:
`chain.add`, and the mirror for transactions as they read. No row of them is a fact: a run, and `verify --deep`, derive
them anew and refuse a difference.
"""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, CursorResult, Table

from billing_job.ledger.tables import Text, metadata

unsettled = Table(
    "unsettled",
    metadata,
    Column("transaction_id", Text, primary_key=True),
    Column("changed", Boolean, nullable=False, comment="a document settles it, at another cost than it has now"),
    comment="derived: transactions that nothing settles as they now read; parts of shared orders are settled apart",
)

wallet_sums = Table(
    "wallet_sums",
    metadata,
    Column("currency", Text, primary_key=True),
    Column("standing", Text, primary_key=True),
    Column("rows", BigInteger, nullable=False),
    Column("high", BigInteger, nullable=False, comment="micros / 1,000,000,000, each cut off, added up"),
    Column("low", BigInteger, nullable=False, comment="what is left of each, added up"),
    comment="derived: what the current transactions come to; no amount that is too large for sums is in it",
)

document_heads = Table(
    "document_heads",
    metadata,
    Column("document_number", Text, primary_key=True),
    Column("client_name", Text, nullable=False),
    Column("due_date", Text, nullable=False),
    Column("offered_cents", BigInteger, nullable=False),
    comment="derived: what lists tell of a document beside its columns, out of its body",
)

DERIVED = (unsettled, wallet_sums, document_heads)

# As text: SQLAlchemy loads all it knows of PostgreSQL to make an index of some rows.
INDEXES = (
    "CREATE INDEX IF NOT EXISTS ix_transactions_large ON transactions (seq) WHERE large_micros IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS ix_settlements_parts ON settlements (transaction_id) WHERE part > 0",
)
"""Of the few rows that are looked up by kind."""
_UNSETTLED = """
    SELECT t.transaction_id, s.transaction_id IS NOT NULL AS changed
    FROM transactions t
    LEFT JOIN settlements s ON s.transaction_id = t.transaction_id AND s.part = 0 AND NOT EXISTS (
        SELECT 1 FROM releases r
        WHERE r.transaction_id = s.transaction_id AND r.part = s.part AND r.generation = s.generation)
    WHERE {where} AND t.seq NOT IN (SELECT old_seq FROM revisions)
        AND NOT COALESCE(t.standing = 'settled' AND s.cost_micros = -t.micros, FALSE)"""
_HIGH = "COALESCE(t.micros, 0) / 1000000000"
_LOW = f"COALESCE(t.micros, 0) - {_HIGH} * 1000000000"
_SUMS = f"""
    SELECT t.currency, t.standing, {{sign}}count(*) AS rows, {{sign}}sum({_HIGH}) AS high, {{sign}}sum({_LOW}) AS low
    FROM transactions t WHERE {{where}} GROUP BY t.currency, t.standing"""  # noqa: S608 - names of ours
_HEADS = {
    "sqlite": """
    SELECT d.number AS document_number, json_extract(d.body, '$.client.name') AS client_name,
        json_extract(d.body, '$.due_date') AS due_date,
        COALESCE(json_extract(d.body, '$.offered_cents'), 0) AS offered_cents
    FROM documents d WHERE {where}""",
    "postgresql": """
    SELECT d.number AS document_number, d.body::json #>> '{{client,name}}' AS client_name,
        d.body::json ->> 'due_date' AS due_date,
        COALESCE((d.body::json ->> 'offered_cents')::bigint, 0) AS offered_cents
    FROM documents d WHERE {where}""",
}
# One parameter for any number of keys: a list of them has a limit, and is another statement for each length.
_LISTED = {
    str: {"sqlite": "SELECT value FROM json_each(?)", "postgresql": "SELECT json_array_elements_text(%s::json)"},
    int: {
        "sqlite": "SELECT value FROM json_each(?)",
        "postgresql": "SELECT json_array_elements_text(%s::json)::bigint",
    },
}


def derive(connection: Connection, tables: Collection[Table] = DERIVED) -> None:
    """Fill these tables from all that is recorded."""
    for table, query in _queries(connection).items():
        if table in tables:
            connection.execute(table.delete())
            connection.exec_driver_sql(_filled(table, query))


def follow(connection: Connection, table: Table, columns: Sequence[str], rows: Collection[tuple[Any, ...]]) -> None:
    """Bring the tables up to date with rows that were just added to a table of facts, or of what is read."""
    follows = _FOLLOWS.get(table.name)
    if follows is None or not rows:
        return
    key, changed = follows
    place = columns.index(key)
    changed(connection, [row[place] for row in rows])


def not_as_derived(connection: Connection, tables: Collection[Table] = DERIVED) -> Iterator[str]:
    """A sentence for each of these tables that is not what the facts come to; reads every transaction and document."""
    for table, query in _queries(connection).items():
        if table not in tables:
            continue
        stored = f"SELECT {_names(table)} FROM {table.name}"  # noqa: S608 - names of ours
        derived = f"SELECT {_names(table)} FROM ({query}) AS derived"  # noqa: S608 - names of ours
        # The database compares: of a million rows that wait nothing is held here.
        different = [
            str(row[0])
            for one, other in ((stored, derived), (derived, stored))
            for row in connection.exec_driver_sql(f"SELECT * FROM ({one} EXCEPT {other}) AS d ORDER BY 1 LIMIT 1")  # noqa: S608
        ]
        if different:
            yield (
                f"{table.name} does not say what the facts come to, of {min(different)} for one:"
                " it was changed by hand; restore a backup"
            )


def _settled_anew(connection: Connection, ids: Sequence[str]) -> None:
    """See anew whether transactions are settled as they now read."""
    listed = _listed(connection, str)
    _execute(connection, f"DELETE FROM unsettled WHERE transaction_id IN ({listed})", ids)  # noqa: S608 - names of ours
    _execute(connection, _filled(unsettled, _UNSETTLED.format(where=f"t.transaction_id IN ({listed})")), ids)


def _read(connection: Connection, numbers: Sequence[int]) -> None:
    """Count transactions that are new, as they read."""
    _counted(connection, numbers, "")
    _settled_anew(connection, _ids(connection, numbers))


def _replaced(connection: Connection, numbers: Sequence[int]) -> None:
    """Count transactions no longer that another version has replaced."""
    _counted(connection, numbers, "-")
    connection.exec_driver_sql("DELETE FROM wallet_sums WHERE rows = 0")
    _settled_anew(connection, _ids(connection, numbers))


def _counted(connection: Connection, numbers: Sequence[int], sign: str) -> None:
    query = _SUMS.format(sign=sign, where=f"t.seq IN ({_listed(connection, int)})")
    statement = f"""{_filled(wallet_sums, query)} ON CONFLICT (currency, standing) DO UPDATE SET
        rows = wallet_sums.rows + excluded.rows, high = wallet_sums.high + excluded.high,
        low = wallet_sums.low + excluded.low"""
    _execute(connection, statement, numbers)


def _ids(connection: Connection, numbers: Sequence[int]) -> list[str]:
    query = f"SELECT DISTINCT t.transaction_id FROM transactions t WHERE t.seq IN ({_listed(connection, int)})"  # noqa: S608
    return [row[0] for row in _execute(connection, query, numbers)]


def _issued(connection: Connection, numbers: Sequence[str]) -> None:
    heads = _HEADS[connection.dialect.name].format(where=f"d.number IN ({_listed(connection, str)})")
    _execute(connection, _filled(document_heads, heads), numbers)


_FOLLOWS: dict[str, tuple[str, Callable[[Connection, Sequence[Any]], None]]] = {
    "transactions": ("seq", _read),
    "revisions": ("old_seq", _replaced),
    "settlements": ("transaction_id", _settled_anew),
    "releases": ("transaction_id", _settled_anew),
    "documents": ("number", _issued),
}
"""Table of facts → the column by which its rows are found, and what follows from them."""


def _listed(connection: Connection, kind: type) -> str:
    return _LISTED[kind][connection.dialect.name]


def _execute(connection: Connection, statement: str, keys: Sequence[Any]) -> CursorResult[Any]:
    # PostgreSQL cannot store NUL: the column's type puts U+FFFD in its place.
    told = [key.replace("\0", "\ufffd") if isinstance(key, str) else key for key in keys]
    return connection.exec_driver_sql(statement, (json.dumps(told),))


def _queries(connection: Connection) -> dict[Table, str]:
    return {
        unsettled: _UNSETTLED.format(where="TRUE"),
        wallet_sums: _SUMS.format(sign="", where="t.seq NOT IN (SELECT old_seq FROM revisions)"),
        document_heads: _HEADS[connection.dialect.name].format(where="TRUE"),
    }


def _filled(table: Table, query: str) -> str:
    return f"INSERT INTO {table.name} ({_names(table)}) {query}"


def _names(table: Table) -> str:
    return ", ".join(column.name for column in table.c)
