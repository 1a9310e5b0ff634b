"""What was run and how it ended; what previews came to, so that the next one can say what has changed since."""

import json

from sqlalchemy import Engine, insert, select, update

from billing_job.ledger.billing_tables import previews
from billing_job.ledger.chain import add
from billing_job.ledger.database import transaction
from billing_job.ledger.tables import runs


def begin_run(engine: Engine, run_id: str, month: str, started: str) -> None:
    """Note that a run begins."""
    with transaction(engine) as connection:
        connection.execute(insert(runs).values(run_id=run_id, month=month, started=started, status="running"))


def end_run(engine: Engine, run_id: str, finished: str, status: str) -> None:
    """Note how it ended; a run that never did was killed."""
    with transaction(engine) as connection:
        connection.execute(update(runs).where(runs.c.run_id == run_id).values(finished=finished, status=status))


def last_run(engine: Engine) -> dict[str, str] | None:
    """Month, status and beginning of the run that began last; None before the first."""
    with transaction(engine) as connection:
        row = connection.execute(
            select(runs).order_by(runs.c.started.desc(), runs.c.month.desc()).limit(1)
        ).one_or_none()
        return None if row is None else {"month": row.month, "status": row.status, "started": row.started}


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
