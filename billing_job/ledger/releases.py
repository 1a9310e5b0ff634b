"""Which settlements a credit note undid."""

from sqlalchemy import ColumnElement, and_, select

from billing_job.ledger.billing_tables import releases, settlements


def releases_settlement() -> ColumnElement[bool]:
    """The condition on a row of `releases` that it frees the row of `settlements` beside it."""
    return and_(
        releases.c.transaction_id == settlements.c.transaction_id,
        releases.c.part == settlements.c.part,
        releases.c.generation == settlements.c.generation,
    )


def is_released() -> ColumnElement[bool]:
    """The condition on a row of `settlements` that a credit note has freed its transaction."""
    return select(releases.c.transaction_id).where(releases_settlement()).exists()
