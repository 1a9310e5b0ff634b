"""What the supplier said when it was last asked, its transactions apart: the trunks, the balance, when it told all."""

from sqlalchemy import Connection, Engine, func, select

from billing_job.core.wallet import Balance, Trunk
from billing_job.ledger.database import transaction
from billing_job.ledger.mirror import current_trunks
from billing_job.ledger.readings import fact, note
from billing_job.ledger.tables import balances, walks

_EXPLAINED = "explained"


def supplier_trunks(engine: Engine) -> list[Trunk]:
    """The supplier's trunks as last seen."""
    with transaction(engine) as connection:
        return current_trunks(connection)


def last_balance(engine: Engine) -> Balance | None:
    """The balance as last fetched; None before the first sync, and when the last one could not read it."""
    with transaction(engine) as connection:
        return newest_balance(connection)


def newest_balance(connection: Connection) -> Balance | None:
    """The same on a connection that is open."""
    row = connection.execute(select(balances).order_by(balances.c.seq.desc()).limit(1)).one_or_none()
    if row is None or not row.micros:
        return None
    return Balance(int(row.micros), row.currency, row.places)


def was_explained(engine: Engine) -> bool:
    """Whether the rows explained the balance when the supplier's list was last read to its end."""
    with transaction(engine) as connection:
        return fact(connection, _EXPLAINED) == "yes"


def note_explained(engine: Engine, *, explained: bool) -> None:
    """Note that, for a sync that may break off and leave rows and a balance that do not belong together."""
    with transaction(engine) as connection:
        note(connection, _EXPLAINED, "yes" if explained else "no")


def last_whole_walk(engine: Engine) -> str | None:
    """When the supplier's list was last read whole, ISO 8601 UTC; None when it never was."""
    with transaction(engine) as connection:
        finished: str | None = connection.execute(select(func.max(walks.c.finished))).scalar_one()
        return finished
