"""What users decided about exceptions: only ever added.

There are two kinds, and of each the latest of a transaction holds: whose it is, and that a billed row stays as it was
billed though it costs something else by now. The second is about one settlement, and goes with it.
"""

from dataclasses import astuple, fields

from sqlalchemy import Connection, Engine, func, select

from billing_job.core.decision import Decision
from billing_job.ledger.billing_tables import decisions as decisions_table
from billing_job.ledger.billing_tables import settlements
from billing_job.ledger.chain import add
from billing_job.ledger.database import transaction
from billing_job.ledger.undone_settlements import is_released


def decisions(engine: Engine) -> dict[str, Decision]:
    """Whose users decided a transaction to be, the latest decision of each."""
    with transaction(engine) as connection:
        query = select(decisions_table).where(~decisions_table.c.accepts).order_by(decisions_table.c.seq)
        return {
            row.transaction_id: Decision(
                row.transaction_id, row.client_id, row.reason, row.decided_at, row.decided_by, row.amount_cents
            )
            for row in connection.execute(query)
        }


def accepted_costs(engine: Engine) -> dict[str, int]:
    """Billed transaction that the supplier changed → the wallet micros that were accepted; 0 for a withdrawn one."""
    with transaction(engine) as connection:
        return accepted_in(connection)


def accepted_in(connection: Connection) -> dict[str, int]:
    """`accepted_costs` inside a database transaction."""
    accepted = decisions_table.c
    query = (
        select(accepted.transaction_id, accepted.accepted_micros)
        .join(
            settlements,
            (settlements.c.transaction_id == accepted.transaction_id)
            & (settlements.c.generation == accepted.generation),
        )
        .where(accepted.accepts, ~is_released())
        .order_by(accepted.seq)
    )
    return {id_: int(micros or 0) for id_, micros in connection.execute(query)}


def record_decision(engine: Engine, decision: Decision) -> None:
    """Add a decision; earlier ones of the same transaction stay on record."""
    with transaction(engine) as connection:
        newest = select(func.max(settlements.c.generation)).where(
            settlements.c.transaction_id == decision.transaction_id, ~is_released()
        )
        generation = connection.execute(newest).scalar_one() if decision.accepts else None
        columns = [*(field.name for field in fields(decision)), "generation"]
        add(connection, decisions_table, columns, [(*astuple(decision), generation)])
