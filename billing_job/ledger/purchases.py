"""Numbers bought through this program: the one place that ties a phone number to its did_number_id by itself."""

from datetime import datetime

from sqlalchemy import Engine, select

from billing_job.core.moments import moment_text
from billing_job.ledger.chain import add
from billing_job.ledger.database import transaction
from billing_job.ledger.tables import bought_numbers


def save_bought(engine: Engine, order_id: str, did_number_ids: dict[str, str], now: datetime) -> None:
    """Record an order's numbers, each with its did_number_id; what is recorded already stays as it is."""
    with transaction(engine) as connection:
        known = select(bought_numbers.c.number).where(bought_numbers.c.order_id == order_id)
        recorded = set(connection.execute(known).scalars())
        rows = [
            (number, did_number_id, order_id, moment_text(now))
            for number, did_number_id in did_number_ids.items()
            if number not in recorded
        ]
        add(connection, bought_numbers, ("number", "did_number_id", "order_id", "recorded"), rows)


def bought_ids(engine: Engine) -> dict[tuple[str, str], str]:
    """Number and order → did_number_id."""
    with transaction(engine) as connection:
        rows = connection.execute(select(bought_numbers))
        return {(row.number, row.order_id): row.did_number_id for row in rows}
