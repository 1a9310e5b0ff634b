"""What previews came to, so that the next one can say what has changed since."""

import json

from sqlalchemy import Engine, select

from billing_job.ledger.billing_tables import previews
from billing_job.ledger.chain import add
from billing_job.ledger.database import transaction


def last_preview(engine: Engine, month: str) -> dict[str, int] | None:
    """client_id → net cents of the latest preview of a month; None before the first."""
    with transaction(engine) as connection:
        query = select(previews.c.nets).where(previews.c.month == month).order_by(previews.c.seq.desc()).limit(1)
        nets = connection.execute(query).scalar_one_or_none()
        return None if nets is None else {str(client): int(cents) for client, cents in json.loads(nets).items()}


def record_preview(engine: Engine, month: str, nets: dict[str, int], made: str) -> None:
    """Add a preview."""
    with transaction(engine) as connection:
        row = (month, json.dumps(nets, sort_keys=True), made)
        add(connection, previews, ("month", "nets", "made"), [row])
