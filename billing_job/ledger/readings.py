"""How the stored rows are read: when that changes all are read anew, and what `auto` came to is fixed once proven."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from billing_job.core.wallet import Transaction
from billing_job.ledger.bulk import insert_rows
from billing_job.ledger.database import transaction
from billing_job.ledger.derived_tables import derive, unsettled, wallet_sums
from billing_job.ledger.mirror import typed_columns
from billing_job.ledger.tables import CURRENT, facts, transactions, wallet_rows

_READING, _AMOUNT_UNIT = "reading", "amount_unit"
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class RowsOfForm:
    """How many rows write their amounts in one form, and one of them."""

    form: str
    count: int
    example: str


def read_again(engine: Engine, read: Callable[[str], Transaction], fingerprint: str) -> int:
    """Read all stored rows anew when the reading in effect has changed; returns how many, 0 when it has not.

    `read` turns a raw row into a transaction. The raw rows are the record; how they are read is a setting that a user
    may have to correct.
    """
    with transaction(engine) as connection:
        known = fact(connection, _READING)
        if known == fingerprint:
            return 0
        note(connection, _READING, fingerprint)
        connection.execute(delete(transactions))
        stored = select(wallet_rows.c.seq, wallet_rows.c.raw).order_by(wallet_rows.c.seq)
        count = 0
        for rows in connection.execute(stored.execution_options(yield_per=_AT_ONCE)).partitions():
            typed = [{"seq": row.seq, **typed_columns(read(row.raw))} for row in rows]
            insert_rows(connection, transactions, list(typed[0]), [tuple(each.values()) for each in typed])
            count += len(rows)
        derive(connection, (unsettled, wallet_sums))
        return count


def unit_or_forms(engine: Engine) -> tuple[str, list[RowsOfForm]]:
    """What `amount_unit = "auto"` came to in the first proven month; before it, the forms that decide."""
    with transaction(engine) as connection:
        unit = fact(connection, _AMOUNT_UNIT) or ""
        return unit, [] if unit else _amount_forms(connection)


def amount_forms(engine: Engine) -> list[RowsOfForm]:
    """The forms in which the current rows write their amounts, the most frequent first; zeros tell nothing."""
    with transaction(engine) as connection:
        return _amount_forms(connection)


def _amount_forms(connection: Connection) -> list[RowsOfForm]:
    form, count = transactions.c.amount_form, func.count()
    query = (
        select(form, count, func.min(transactions.c.transaction_id))
        .where(CURRENT, form != "")
        .group_by(form)
        .order_by(count.desc(), form)
    )
    return [RowsOfForm(*row) for row in connection.execute(query)]


def fix_amount_unit(connection: Connection, unit: str) -> None:
    """Note what `auto` came to, cents or decimal, when a month is proven: a later row of another form waits alone.

    The first one holds for good; nothing happens to a ledger that knows it, or where `auto` came to nothing.
    """
    if unit and fact(connection, _AMOUNT_UNIT) is None:
        note(connection, _AMOUNT_UNIT, unit)


def days_without_time(engine: Engine) -> tuple[int, str, int]:
    """How many current rows tell a day and no time, the id of one of them, and its moment in microseconds UTC."""
    query = select(func.count(), func.min(transactions.c.transaction_id), func.min(transactions.c.created_at))
    with transaction(engine) as connection:
        count, example, moment = connection.execute(query.where(CURRENT, transactions.c.is_day)).one()
        return int(count), example or "", int(moment or 0)


def fact(connection: Connection, name: str) -> str | None:
    """What is noted under a name; None where nothing is."""
    return connection.execute(select(facts.c.value).where(facts.c.name == name)).scalar_one_or_none()


def note(connection: Connection, name: str, value: str) -> None:
    """Note it in the place of what was."""
    if fact(connection, name) is None:
        connection.execute(insert(facts).values(name=name, value=value))
    else:
        connection.execute(update(facts).where(facts.c.name == name).values(value=value))
