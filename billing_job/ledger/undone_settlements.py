"""What credit notes did to settlements, as parts of queries: which they freed, and what they undid of each."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, ScalarSelect, and_, func, select

from billing_job.ledger.billing_tables import credited_rows, releases, settlements

SETTLEMENT_KEY = ("transaction_id", "part", "generation")
"""The columns that name a settlement, wherever it is spoken of."""


def of_settlement(table: FromClause) -> ColumnElement[bool]:
    """The condition on a row of a table that it speaks of the row of `settlements` beside it."""
    return and_(*(table.c[name] == settlements.c[name] for name in SETTLEMENT_KEY))


def is_released() -> ColumnElement[bool]:
    """The condition on a row of `settlements` that a credit note has freed its transaction."""
    return select(releases.c.transaction_id).where(of_settlement(releases)).exists()


def credited_net() -> ScalarSelect[Any]:
    """What credit notes undid of the net of the row of `settlements` beside it, cents; NULL where none did."""
    return select(func.sum(credited_rows.c.net_cents)).where(of_settlement(credited_rows)).scalar_subquery()
