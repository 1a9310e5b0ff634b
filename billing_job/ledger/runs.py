"""What was run and how it ended."""

from sqlalchemy import Engine, insert, update

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
