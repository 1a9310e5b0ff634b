"""Tables that the database derives of the facts with each row that is written, so that a look at them reads no history.

Triggers of the database itself keep them, in the transaction that stores the facts: nothing that is written can leave
them behind, by whatever way it comes. No row of them is a fact: a run, and `verify --deep`, derive them anew and refuse
a difference.
"""

from collections.abc import Collection, Iterator

from sqlalchemy import BigInteger, Boolean, Column, Connection, Table

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
_INDEXES = (
    "CREATE INDEX IF NOT EXISTS ix_transactions_large ON transactions (seq) WHERE large_micros IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS ix_settlements_parts ON settlements (transaction_id) WHERE part > 0",
)
_UNSETTLED = """
    SELECT t.transaction_id, s.transaction_id IS NOT NULL AS changed
    FROM transactions t
    LEFT JOIN settlements s ON s.transaction_id = t.transaction_id AND s.part = 0 AND NOT EXISTS (
        SELECT 1 FROM releases r
        WHERE r.transaction_id = s.transaction_id AND r.part = s.part AND r.generation = s.generation)
    WHERE {where} AND t.seq NOT IN (SELECT old_seq FROM revisions)
        AND NOT COALESCE(t.standing = 'settled' AND s.cost_micros = -t.micros, FALSE)"""
_HIGH = "COALESCE({0}micros, 0) / 1000000000"
_LOW = f"COALESCE({{0}}micros, 0) - {_HIGH} * 1000000000"
_SUMS = f"""
    SELECT t.currency, t.standing, count(*) AS rows, sum({_HIGH.format("t.")}) AS high, sum({_LOW.format("t.")}) AS low
    FROM transactions t WHERE t.seq NOT IN (SELECT old_seq FROM revisions)
    GROUP BY t.currency, t.standing"""  # noqa: S608 - names of ours
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


def derive(connection: Connection) -> None:
    """Fill the tables from all that is recorded, and let triggers keep them from then on; steps may do it again."""
    dialect = connection.dialect.name
    for name, _, _, _ in _changes_by_event(dialect):
        gone = f"TRIGGER IF EXISTS {name}" if dialect == "sqlite" else f"FUNCTION IF EXISTS {name}() CASCADE"
        connection.exec_driver_sql(f"DROP {gone}")
    for table, query in _queries(connection).items():
        connection.execute(table.delete())
        connection.exec_driver_sql(_filled(table, query))
    for statement in indexes_and_triggers(dialect):
        connection.exec_driver_sql(statement)


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


def indexes_and_triggers(dialect: str) -> list[str]:
    """The statements by which the database keeps these tables, and knows the few rows that are looked up by kind."""
    found = [*_INDEXES]
    for name, table, event, statements in _changes_by_event(dialect):
        # Parts of shared orders are told apart: settlements of parts change nothing here.
        when = "WHEN (NEW.part = 0) " if (table, event) == ("settlements", "INSERT") else ""
        head = f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW {when}"
        body = " ".join(f"{' '.join(statement.split())};" for statement in statements)
        if dialect == "sqlite":
            found.append(f"{head}BEGIN {body} END")
        else:
            found.append(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"
            )
            found.append(f"{head}EXECUTE FUNCTION {name}()")
    return found


def _changes_by_event(dialect: str) -> Iterator[tuple[str, str, str, list[str]]]:
    """Name of a trigger, its table, its event, and what it does."""
    for table, (added, gone) in _changes(_HEADS[dialect]).items():
        for event, statements in (("INSERT", added), ("DELETE", gone), ("UPDATE", [*gone, *added])):
            yield f"derive_{table}_{event.lower()}", table, event, statements


def _changes(heads: str) -> dict[str, tuple[list[str], list[str]]]:
    """Table → what a row that was added (NEW) changes, and what one that is gone (OLD) does."""
    of_old_version = "(SELECT transaction_id FROM transactions WHERE seq = {}.old_seq)"
    head_of = "DELETE FROM document_heads WHERE document_number = {}.number"
    filled = _filled(document_heads, heads.format(where="d.number = NEW.number"))
    return {
        "transactions": (
            [_counted("NEW.seq"), *_anew("NEW.transaction_id")],
            [*_taken_off("OLD"), *_anew("OLD.transaction_id")],
        ),
        "revisions": (
            [*_taken_off_at("NEW.old_seq"), *_anew(of_old_version.format("NEW"))],
            [_counted("OLD.old_seq"), *_anew(of_old_version.format("OLD"))],
        ),
        "settlements": (_anew("NEW.transaction_id"), _anew("OLD.transaction_id")),
        "releases": (_anew("NEW.transaction_id"), _anew("OLD.transaction_id")),
        "documents": ([filled], [head_of.format("OLD")]),
    }


def _anew(transaction_id: str) -> list[str]:
    """See anew whether a transaction is settled as it now reads."""
    wanted = _UNSETTLED.format(where=f"t.transaction_id = {transaction_id}")
    # A new version of a row is stored before the old one is known as such.
    return [
        f"DELETE FROM unsettled WHERE transaction_id = {transaction_id}",  # noqa: S608 - names of ours
        f"{_filled(unsettled, wanted)} ON CONFLICT DO NOTHING",
    ]


def _counted(seq: str) -> str:
    """Count a current transaction."""
    return f"""
        INSERT INTO wallet_sums (currency, standing, rows, high, low)
        SELECT t.currency, t.standing, 1, {_HIGH.format("t.")}, {_LOW.format("t.")} FROM transactions t
        WHERE t.seq = {seq} AND t.seq NOT IN (SELECT old_seq FROM revisions)
        ON CONFLICT (currency, standing) DO UPDATE SET rows = wallet_sums.rows + 1,
            high = wallet_sums.high + excluded.high, low = wallet_sums.low + excluded.low"""  # noqa: S608 - names of ours


def _taken_off(row: str) -> list[str]:
    """Count a transaction no longer, of a row that is gone itself, if it was a current one."""
    high, low = _HIGH.format(f"{row}."), _LOW.format(f"{row}.")
    return [
        f"""UPDATE wallet_sums SET rows = rows - 1, high = high - ({high}), low = low - ({low})
        WHERE currency = {row}.currency AND standing = {row}.standing
            AND {row}.seq NOT IN (SELECT old_seq FROM revisions)""",  # noqa: S608 - names of ours
        "DELETE FROM wallet_sums WHERE rows = 0",
    ]


def _taken_off_at(seq: str) -> list[str]:
    """Count a transaction no longer that another version has replaced."""
    of_row = f"FROM transactions t WHERE t.seq = {seq}"
    high, low = f"(SELECT {_HIGH.format('t.')} {of_row})", f"(SELECT {_LOW.format('t.')} {of_row})"
    return [
        f"""UPDATE wallet_sums SET rows = rows - 1, high = high - {high}, low = low - {low}
        WHERE currency = (SELECT t.currency {of_row}) AND standing = (SELECT t.standing {of_row})""",  # noqa: S608
        "DELETE FROM wallet_sums WHERE rows = 0",
    ]


def _queries(connection: Connection) -> dict[Table, str]:
    return {
        unsettled: _UNSETTLED.format(where="TRUE"),
        wallet_sums: _SUMS,
        document_heads: _HEADS[connection.dialect.name].format(where="TRUE"),
    }


def _filled(table: Table, query: str) -> str:
    return f"INSERT INTO {table.name} ({_names(table)}) {query}"


def _names(table: Table) -> str:
    return ", ".join(column.name for column in table.c)
