"""Reading the ledger in bulk: transactions as frames through ADBC, and the small facts around them."""

import contextlib
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import adbc_driver_sqlite
import pandas as pd
import pyarrow as pa
from sqlalchemy import Engine, literal_column, select

from billing_job.core.columns.schema import BILLED, STANDING, TRANSACTIONS, conform
from billing_job.core.errors import LedgerError
from billing_job.core.files.pieces import ROWS_IN_PIECE
from billing_job.core.settlement import BilledPart, Key
from billing_job.core.wallet import Transaction
from billing_job.ledger.arrow import AT_ONCE, ArrowErrors, answering
from billing_job.ledger.billing_tables import settlements
from billing_job.ledger.chain import add
from billing_job.ledger.database import BUSY_SECONDS, transaction
from billing_job.ledger.mirror import typed_columns
from billing_job.ledger.postgres import postgres_answer
from billing_job.ledger.tables import exceptions_seen, revisions, transactions
from billing_job.ledger.undone_settlements import is_released

_LARGE = "COALESCE(t.large_micros, '') AS large_micros"
"""Never NULL: see arrow.AT_ONCE."""
_COLUMNS = f"""
    t.transaction_id, t.type, t.micros, {_LARGE}, t.currency, t.description,
    t.reference_type, t.reference_id, t.created_at, t.problem, t.standing, t.quantity
"""
_CURRENT = "t.seq NOT IN (SELECT old_seq FROM revisions)"
_BILLED_KEYS = "s.client_id, COALESCE(s.document_number, '') AS document_number, s.category, s.number, s.trunk"
_SETTLED = """
    SELECT s.transaction_id FROM settlements s
    LEFT JOIN releases r
        ON r.transaction_id = s.transaction_id AND r.part = s.part AND r.generation = s.generation
    WHERE r.transaction_id IS NULL AND s.part = 0
"""


def transactions_in_scope(
    engine: Engine, starts: int, ends: int, rows_in_piece: int = ROWS_IN_PIECE
) -> Iterator[pd.DataFrame]:
    """Every transaction in [starts, ends), and the older or undated ones that no document settles; TRANSACTIONS.

    They come in pieces, and nothing else may work on the ledger before the last one is read. `starts` and `ends` are
    microseconds since 1970 UTC.
    """
    return _frames(
        engine,
        f"""
        SELECT {_COLUMNS}, t.transaction_id IN ({_SETTLED}) AS settled
        FROM transactions t
        WHERE {_in_scope(starts, ends)}
        ORDER BY t.seq
        """,  # noqa: S608 - the two values are ints
        rows_in_piece,
    )


def changed_raw_rows(engine: Engine, starts: int, ends: int, read: Callable[[str], Transaction]) -> list[str]:
    """The rows of `transactions_in_scope` that were changed by hand, in words.

    Their raw row is not the one that its SHA-256 was taken of, or, before they are billed, they are not what it reads
    as. `read` turns a raw row into a transaction.
    """
    typed = [column.name for column in transactions.c if column.name != "seq"]
    cells = [_LARGE if name == "large_micros" else f"t.{name}" for name in typed]
    scope, is_billed = _in_scope(starts, ends), f"t.transaction_id IN ({_SETTLED})"
    found = {}
    # Of rows that are billed, which is all of a month that is run again, nothing but the raw row is read.
    for batch in _raw_rows(engine, ["t.transaction_id"], f"{scope} AND ({is_billed}) IS TRUE"):
        for seq, id_, sha256, content in _rows_of(batch, "seq", "transaction_id", "sha256", "raw"):
            if hashlib.sha256(content).hexdigest() != sha256:
                found[seq] = f"the raw row of transaction {id_}"
    for batch in _raw_rows(engine, cells, f"{scope} AND ({is_billed}) IS NOT TRUE"):
        for seq, sha256, content, *row in _rows_of(batch, "seq", "sha256", "raw", *typed):
            if hashlib.sha256(content).hexdigest() != sha256:
                found[seq] = f"the raw row of transaction {row[0]}"
            elif not _reads_as(read(content.decode()), typed, tuple(row)):
                found[seq] = f"transaction {row[0]}"
    return [found[seq] for seq in sorted(found)]


def _raw_rows(engine: Engine, columns: Sequence[str], where: str) -> Iterator[pa.RecordBatch]:
    """Each transaction's seq, these columns, its raw row and the SHA-256 of it."""
    # As bytes: what was changed need not be text any more.
    raw = "convert_to(w.raw, 'UTF8')" if engine.dialect.name == "postgresql" else "CAST(w.raw AS BLOB)"
    query = f"""
        SELECT t.seq, {", ".join(columns)}, w.sha256, {raw} AS raw
        FROM transactions t JOIN wallet_rows w ON w.seq = t.seq
        WHERE {where}
        """  # noqa: S608 - the conditions are ours
    with _answer(engine, query) as reader:
        yield from reader


def _rows_of(batch: pa.RecordBatch, *columns: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(batch[name].to_pylist() for name in columns), strict=True)


def _reads_as(transaction: Transaction, names: Sequence[str], cells: Sequence[object]) -> bool:
    """Whether these columns of the transaction hold these cells."""
    columns = typed_columns(transaction)
    columns["large_micros"] = columns["large_micros"] or ""
    return tuple(columns[name] for name in names) == cells


def _in_scope(starts: int, ends: int) -> str:
    return f"""{_CURRENT} AND (
            (t.created_at >= {int(starts)} AND t.created_at < {int(ends)})
            OR (t.created_at IS NULL OR t.created_at < {int(starts)}) AND t.transaction_id NOT IN ({_SETTLED})
        )"""


def all_transactions(engine: Engine) -> Iterator[pd.DataFrame]:
    """The whole wallet as it now reads; TRANSACTIONS, in pieces as `transactions_in_scope`."""
    return _frames(
        engine,
        f"SELECT {_COLUMNS}, t.transaction_id IN ({_SETTLED}) AS settled"  # noqa: S608 - no values
        f" FROM transactions t WHERE {_CURRENT} ORDER BY t.seq",
    )


def transactions_of(engine: Engine, ids: Collection[str]) -> pd.DataFrame:
    """These transactions as they now read; TRANSACTIONS."""
    return _frame(
        engine,
        f"SELECT {_COLUMNS}, EXISTS ({_SETTLED} AND s.transaction_id = t.transaction_id) AS settled"  # noqa: S608 - quoted
        f" FROM transactions t WHERE {_CURRENT} AND t.transaction_id IN ({_quoted(ids)}) ORDER BY t.seq",
    )


def billed_amounts(engine: Engine, starts: int, ends: int) -> pd.DataFrame:
    """How transactions of [starts, ends) were billed, in whatever period, each time they were; BILLED, added up.

    What a credit note undid was charged, but costs nothing.
    """
    cost = "CASE WHEN r.transaction_id IS NULL THEN s.cost_micros ELSE 0 END"
    table = _arrow(
        engine,
        f"""
        SELECT {_BILLED_KEYS}, CAST(SUM({cost}) AS BIGINT) AS cost_micros,
            CAST(SUM(s.charge_cents) AS BIGINT) AS charge_cents
        {_billed_in(starts, ends)}
        GROUP BY s.client_id, COALESCE(s.document_number, ''), s.category, s.number, s.trunk
        """,
    )
    return conform(_frame_of(table), BILLED, "ledger")


def standing_settlements(engine: Engine, starts: int, ends: int) -> Iterator[pd.DataFrame]:
    """Those transactions that a document settles now; STANDING, in pieces as `transactions_in_scope`."""
    standing = f"{_billed_in(starts, ends)} AND r.transaction_id IS NULL"
    for table in _tables(engine, f"SELECT s.transaction_id, s.part, t.created_at {standing}"):
        yield conform(_frame_of(table), STANDING, "ledger")  # without rows a column has no type


def costs_instead(engine: Engine, starts: int, ends: int, costs: Mapping[str, int]) -> pd.DataFrame:
    """What changes in `billed_amounts` where these transactions, now settled, cost something else (micros); BILLED."""
    query = f"""
        SELECT s.transaction_id, {_BILLED_KEYS}, s.cost_micros {_billed_in(starts, ends)}
            AND r.transaction_id IS NULL AND s.transaction_id IN ({_quoted(costs)})
        """
    rows = _arrow(engine, query).to_pylist() if costs else []
    for row in rows:
        row |= {"cost_micros": costs[row["transaction_id"]] - row["cost_micros"], "charge_cents": 0}
    return conform(pd.DataFrame(rows, columns=list(BILLED)), BILLED, "ledger")


def _billed_in(starts: int, ends: int) -> str:
    return f"""
        FROM settlements s
        JOIN transactions t ON t.transaction_id = s.transaction_id AND {_CURRENT}
        LEFT JOIN releases r
            ON r.transaction_id = s.transaction_id AND r.part = s.part AND r.generation = s.generation
        WHERE t.created_at >= {int(starts)} AND t.created_at < {int(ends)}
        """


def open_transactions(engine: Engine, ends: int, starts: int | None = None) -> Iterator[pd.DataFrame]:
    """Those before `ends`, or in [starts, ends), and undated ones, that nothing settles; TRANSACTIONS, in pieces.

    They are the rows of `transactions_in_scope` that are not settled, read without looking at any other.
    """
    since = "" if starts is None else f"t.created_at >= {int(starts)} AND"
    never = "FALSE" if engine.dialect.name == "postgresql" else "0"
    return _frames(
        engine,
        f"""
        SELECT {_COLUMNS}, {never} AS settled
        FROM unsettled u CROSS JOIN transactions t
        WHERE t.transaction_id = u.transaction_id AND {_CURRENT}
            AND NOT u.changed AND (t.created_at IS NULL OR {since} t.created_at < {int(ends)})
        ORDER BY t.seq
        """,  # noqa: S608 - the values are ints
    )


def renewals(engine: Engine, rental_types: Collection[str], numbers: Collection[str]) -> pd.DataFrame:
    """Rentals of these numbers, oldest first: columns reference_id and micros; what they are known to cost."""
    table = _arrow(
        engine,
        f"""
        SELECT t.reference_id, t.micros FROM transactions t
        WHERE {_CURRENT} AND t.type IN ({_quoted(rental_types)}) AND t.reference_type = 'number'
            AND t.reference_id IN ({_quoted(numbers)}) AND t.micros < 0 AND t.standing = 'settled'
        ORDER BY t.created_at, t.seq
        """,  # noqa: S608 - the types are quoted
    )
    return _frame_of(table)


def _quoted(values: Collection[str]) -> str:
    """Texts as SQL literals; '' when there are none, for IN () is no SQL."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in sorted(values)) or "''"


def settled_parts(engine: Engine) -> dict[Key, BilledPart]:
    """(transaction, part) of orders that several clients share → how it was billed."""
    columns = settlements.c
    with transaction(engine) as connection:
        query = select(columns.transaction_id, columns.part, columns.trunk, columns.cost_micros)
        # Written out, or no database sees that its index of these rows will do.
        rows = connection.execute(query.where(settlements.c.part > literal_column("0"), ~is_released()))
        return {(row.transaction_id, row.part): BilledPart(row.trunk or "", row.cost_micros) for row in rows}


def changed(engine: Engine) -> list[str]:
    """Transactions whose content the supplier has changed since it was first read."""
    with transaction(engine) as connection:
        query = select(transactions.c.transaction_id).where(transactions.c.seq.in_(select(revisions.c.new_seq)))
        return sorted(set(connection.execute(query).scalars()))


def first_seen(engine: Engine, ids: Sequence[str], today: str) -> dict[str, str]:
    """Since which day each exception waits; those not seen before wait from `today` and are noted."""
    with transaction(engine) as connection:
        rows = connection.execute(select(exceptions_seen.c.transaction_id, exceptions_seen.c.first_seen))
        known = {row.transaction_id: row.first_seen for row in rows}
        fresh = [(id_, today) for id_ in ids if id_ not in known]
        add(connection, exceptions_seen, ("transaction_id", "first_seen"), fresh)
        return {id_: known.get(id_, today) for id_ in ids}


def _frames(engine: Engine, query: str, rows_in_piece: int = ROWS_IN_PIECE) -> Iterator[pd.DataFrame]:
    return (_transactions(table) for table in _tables(engine, query, rows_in_piece))


def _tables(engine: Engine, query: str, rows_in_piece: int = ROWS_IN_PIECE) -> Iterator[pa.Table]:
    """An answer in pieces of as many rows as a stage works on at a time; one without rows where there are none."""
    with _answer(engine, query) as reader:
        held, rows, pieces = [], 0, 0
        for batch in reader:
            for start in range(0, len(batch), rows_in_piece):
                part = batch.slice(start, rows_in_piece)
                held.append(part)
                rows += len(part)
                if rows >= rows_in_piece:
                    yield pa.Table.from_batches(held)
                    held, rows, pieces = [], 0, pieces + 1
        if rows or not pieces:
            yield pa.Table.from_batches(held, reader.schema)


def _frame(engine: Engine, query: str) -> pd.DataFrame:
    return _transactions(_arrow(engine, query))


def _transactions(table: pa.Table) -> pd.DataFrame:
    frame = _frame_of(table)
    frame["settled"] = _as_bool(frame["settled"])
    frame["large_micros"] = frame["large_micros"].where(frame["large_micros"] != "")
    return conform(frame, TRANSACTIONS, "ledger")


def _as_bool(column: pd.Series) -> pd.Series:
    """SQLite's 0 and 1, PostgreSQL's booleans; a column without rows has no type of its own."""
    return column.astype("int64[pyarrow]").astype("bool[pyarrow]")


@contextlib.contextmanager
def _answer(engine: Engine, query: str) -> Iterator[pa.RecordBatchReader]:
    """Run a query through ADBC: Arrow from the database on, without a Python object for each cell.

    Nothing else may work on the ledger before the answer is read.
    """
    if engine.dialect.name == "postgresql":
        with postgres_answer(engine.url, query) as reader:
            yield reader
        return
    # ADBC brings a copy of SQLite of its own, and SQLite's locks are the process's: of two copies that have one file
    # open, each would take the other's locks and shared memory away (sqlite.org/howtocorrupt.html, 2.2.1).
    engine.dispose()
    try:
        database = adbc_driver_sqlite.connect(f"file:{engine.url.database}?mode=ro")
        busy = [f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}"]
        with answering(database, query, busy, **{"adbc.sqlite.query.batch_rows": str(AT_ONCE)}) as reader:
            yield reader
    except ArrowErrors as error:
        raise LedgerError(f"{engine.url.database}: cannot be read ({error})") from None


def _arrow(engine: Engine, query: str) -> pa.Table:
    with _answer(engine, query) as reader:
        return reader.read_all()


def _frame_of(table: pa.Table) -> pd.DataFrame:
    return pd.DataFrame(
        {name: pd.array(table[name], dtype=pd.ArrowDtype(table[name].type)) for name in table.column_names}
    )
