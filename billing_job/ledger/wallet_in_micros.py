"""A step of the schema: the wallet's amounts become exact to a millionth of the currency; documents stay in cents."""

from sqlalchemy import Connection, inspect, text

from billing_job.core.money import MICROS_PER_CENT

_RENAMED = (
    ("transactions", "cents", "micros"),
    ("settlements", "cost_cents", "cost_micros"),
    ("decisions", "accepted_cents", "accepted_micros"),
)
_TEXTS = (("transactions", "large_cents", "large_micros"), ("balances", "cents", "micros"))
"""Amounts of any number of digits, as text."""


def wallet_in_micros(connection: Connection) -> None:
    """Multiply what the wallet paid, and forget how rows were read: what was finer than a cent can be read by now.

    Nothing happens to a ledger whose columns are micros already.
    """
    for table, old, new in _RENAMED:
        if _has(connection, table, old):
            _rename(connection, table, old, new)
            connection.execute(text(f"UPDATE {table} SET {new} = {new} * {MICROS_PER_CENT}"))  # noqa: S608 - our names
    for table, old, new in _TEXTS:
        if _has(connection, table, old):
            _rename(connection, table, old, new)
            zeros = f"CASE WHEN {new} = '0' THEN '' ELSE '{str(MICROS_PER_CENT)[1:]}' END"
            connection.execute(text(f"UPDATE {table} SET {new} = {new} || {zeros}"))  # noqa: S608 - our names
    if not _has(connection, "balances", "places"):
        connection.execute(text("ALTER TABLE balances ADD COLUMN places INTEGER DEFAULT '2' NOT NULL"))
        connection.execute(text("UPDATE facts SET value = '' WHERE name = 'reading'"))


def _has(connection: Connection, table: str, column: str) -> bool:
    return column in {each["name"] for each in inspect(connection).get_columns(table)}


def _rename(connection: Connection, table: str, old: str, new: str) -> None:
    connection.execute(text(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}"))
