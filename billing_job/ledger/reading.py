"""Reading the ledger in bulk: transactions as frames through ADBC, and the small facts around them."""

from collections.abc import Sequence

import adbc_driver_sqlite.dbapi
import pandas as pd
from sqlalchemy import Connection, Engine, func, select

from billing_job.errors import LedgerError
from billing_job.ledger.database import transaction
from billing_job.ledger.mirror import current_trunks
from billing_job.ledger.tables import absences, balances, exceptions_seen, revisions, transactions, walks
from billing_job.schema import TEXT, TRANSACTIONS, conform
from billing_job.wallet import Balance, Trunk

_COLUMNS = """
    t.transaction_id, t.type, t.cents, t.large_cents, t.currency, t.description,
    t.reference_type, t.reference_id, t.created_at, t.problem
"""
_CURRENT = "t.seq NOT IN (SELECT old_seq FROM revisions)"
_SETTLED = """
    SELECT s.transaction_id FROM settlements s
    LEFT JOIN releases r ON r.transaction_id = s.transaction_id AND r.generation = s.generation
    WHERE r.transaction_id IS NULL
"""


def transactions_in_scope(engine: Engine, starts: int, ends: int) -> pd.DataFrame:
    """Every transaction in [starts, ends), and the older or undated ones that no document settles; TRANSACTIONS.

    `starts` and `ends` are microseconds since 1970 UTC.
    """
    return _frame(
        engine,
        f"""
        SELECT {_COLUMNS}, t.transaction_id IN ({_SETTLED}) AS settled
        FROM transactions t
        WHERE {_CURRENT} AND (
            (t.created_at >= {int(starts)} AND t.created_at < {int(ends)})
            OR (t.created_at IS NULL OR t.created_at < {int(starts)}) AND t.transaction_id NOT IN ({_SETTLED})
        )
        ORDER BY t.seq
        """,  # noqa: S608 - the two values are ints
    )


def all_transactions(engine: Engine) -> pd.DataFrame:
    """The whole wallet as it now reads; TRANSACTIONS."""
    return _frame(
        engine,
        f"SELECT {_COLUMNS}, t.transaction_id IN ({_SETTLED}) AS settled"  # noqa: S608 - no values
        f" FROM transactions t WHERE {_CURRENT} ORDER BY t.seq",
    )


def refundable_transactions(engine: Engine, refund_types: Sequence[str], ends: int) -> pd.DataFrame:
    """Transactions before `ends` that share their reference with a refund; TRANSACTIONS."""
    types = ", ".join("'" + name.replace("'", "''") + "'" for name in refund_types)
    if not types:
        return conform(pd.DataFrame({column: [] for column in TRANSACTIONS}), TRANSACTIONS, "ledger")
    return _frame(
        engine,
        f"""
        SELECT {_COLUMNS}, 0 AS settled FROM transactions t
        WHERE {_CURRENT} AND t.type NOT IN ({types}) AND t.cents IS NOT NULL AND t.created_at < {int(ends)}
        AND EXISTS (
            SELECT 1 FROM transactions f WHERE f.type IN ({types})
            AND f.reference_type = t.reference_type AND f.reference_id = t.reference_id AND f.cents = -t.cents
        )
        ORDER BY t.seq
        """,  # noqa: S608 - the types are quoted above, the value is an int
    )


def supplier_trunks(engine: Engine) -> list[Trunk]:
    """The supplier's trunks as last seen."""
    with transaction(engine) as connection:
        return current_trunks(connection)


def last_balance(engine: Engine) -> Balance | None:
    """The balance as last fetched; None before the first sync."""
    with transaction(engine) as connection:
        row = connection.execute(select(balances).order_by(balances.c.seq.desc()).limit(1)).one_or_none()
        return None if row is None else Balance(row.cents, row.currency)


def last_whole_walk(engine: Engine) -> str | None:
    """When the supplier's list was last read whole, ISO 8601 UTC; None when it never was."""
    with transaction(engine) as connection:
        finished: str | None = connection.execute(select(func.max(walks.c.finished))).scalar_one()
        return finished


def wallet_movements(engine: Engine) -> int:
    """The sum of all movements that the supplier still lists, in cents; exact whatever its size."""
    with transaction(engine) as connection:
        gone = _vanished(connection)
        query = select(func.sum(transactions.c.cents)).where(
            transactions.c.seq.not_in(select(revisions.c.old_seq)), transactions.c.transaction_id.not_in(gone)
        )
        small = connection.execute(query).scalar_one() or 0
        large = connection.execute(
            select(transactions.c.large_cents).where(
                transactions.c.large_cents.is_not(None),
                transactions.c.seq.not_in(select(revisions.c.old_seq)),
                transactions.c.transaction_id.not_in(gone),
            )
        ).scalars()
        return int(small) + sum(int(text) for text in large if text is not None)


def vanished(engine: Engine) -> list[str]:
    """Transactions that the supplier no longer lists."""
    with transaction(engine) as connection:
        return sorted(_vanished(connection))


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
        fresh = [{"transaction_id": id_, "first_seen": today} for id_ in ids if id_ not in known]
        if fresh:
            connection.execute(exceptions_seen.insert(), fresh)
        return {id_: known.get(id_, today) for id_ in ids}


def _vanished(connection: Connection) -> set[str]:
    latest = select(func.max(absences.c.seq)).group_by(absences.c.transaction_id)
    query = select(absences.c.transaction_id).where(absences.c.seq.in_(latest), absences.c.absent)
    return set(connection.execute(query).scalars())


def _frame(engine: Engine, query: str) -> pd.DataFrame:
    """Run a query through ADBC: Arrow from the database to pandas, without a Python object for each cell."""
    try:
        with (
            adbc_driver_sqlite.dbapi.connect(f"file:{engine.url.database}?mode=ro") as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(query)
            table = cursor.fetch_arrow_table()
    except adbc_driver_sqlite.dbapi.Error as error:
        raise LedgerError(f"{engine.url.database}: cannot be read ({error})") from None
    frame = pd.DataFrame({name: pd.array(table[name], dtype=_dtype(table[name].type)) for name in table.column_names})
    frame["settled"] = frame["settled"].astype("int64[pyarrow]").astype("bool[pyarrow]")
    for column, dtype in TRANSACTIONS.items():
        if dtype == TEXT and frame[column].dtype != TEXT:
            frame[column] = frame[column].astype(TEXT)  # an empty column comes without a type of its own
    return conform(frame, TRANSACTIONS, "ledger")


def _dtype(arrow_type: object) -> pd.ArrowDtype:
    return pd.ArrowDtype(arrow_type)
