"""What the supplier said when it was last asked, its transactions apart: the trunks, the balance, when it told all."""

from sqlalchemy import Connection, Engine, func, select

from billing_job.core.wallet import Balance, Trunk
from billing_job.ledger.database import transaction
from billing_job.ledger.mirror import current_trunks
from billing_job.ledger.readings import fact, note
from billing_job.ledger.tables import balances, walks

_DIFFERENCE = "difference"
_ONCE, _TWICE = "once", "twice"


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


def known_difference(engine: Engine) -> int | None:
    """Micros that the balance had more than was explained when the whole list was read, twice with the same end."""
    with transaction(engine) as connection:
        times, micros = _noted_difference(connection)
        return micros if times == _TWICE else None


def note_difference(engine: Engine, micros: int) -> None:
    """Note what reading the whole list left; rows that were edited meanwhile leave something else the next time."""
    with transaction(engine) as connection:
        times = _TWICE if _noted_difference(connection)[1] == micros else _ONCE
        note(connection, _DIFFERENCE, f"{times} {micros}")


def _noted_difference(connection: Connection) -> tuple[str, int | None]:
    times, _, micros = (fact(connection, _DIFFERENCE) or "").partition(" ")
    return times, int(micros) if micros else None


def last_whole_walk(engine: Engine) -> str | None:
    """When the supplier's list was last read whole, ISO 8601 UTC; None when it never was."""
    with transaction(engine) as connection:
        finished: str | None = connection.execute(select(func.max(walks.c.finished))).scalar_one()
        return finished
