"""What users decided about exceptions: only ever added, the latest decision of a transaction holds."""

from dataclasses import astuple, fields

from sqlalchemy import Engine, select

from billing_job.core.decision import Decision
from billing_job.ledger.billing_tables import decisions as decisions_table
from billing_job.ledger.chain import add
from billing_job.ledger.database import transaction


def decisions(engine: Engine) -> dict[str, Decision]:
    """What users decided about exceptions, the latest decision of each transaction."""
    with transaction(engine) as connection:
        rows = connection.execute(select(decisions_table).order_by(decisions_table.c.seq))
        return {
            row.transaction_id: Decision(
                row.transaction_id,
                row.client_id,
                row.reason,
                row.decided_at,
                row.decided_by,
                row.amount_cents,
                bool(row.accepts),
                row.accepted_micros,
            )
            for row in rows
        }


def accepted_costs(engine: Engine) -> dict[str, int]:
    """Billed transaction that the supplier changed → the wallet micros that were accepted; 0 for a withdrawn one."""
    return {id_: one.accepted_micros or 0 for id_, one in decisions(engine).items() if one.accepts}


def record_decision(engine: Engine, decision: Decision) -> None:
    """Add a decision; an earlier one of the same transaction stays on record."""
    with transaction(engine) as connection:
        add(connection, decisions_table, [field.name for field in fields(decision)], [astuple(decision)])
