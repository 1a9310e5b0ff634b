"""Which ledger this is, and the numbers that it has given."""

import hashlib

from sqlalchemy import Connection, Engine, insert, select, update

from billing_job.ledger.billing_tables import documents, series
from billing_job.ledger.database import transaction
from billing_job.ledger.tables import facts, wallet_rows

_NAME = "ledger_id"


def ledger_id(engine: Engine) -> str:
    """The ledger's id, kept from the first time that it is asked for.

    It comes from the first row that was mirrored: of two ledgers, only those that began at one moment with one wallet
    share it, and so a run that was killed at first writes what an undisturbed one writes.
    """
    with transaction(engine) as connection:
        known = _known(connection)
        if known is None:
            first = select(wallet_rows.c.transaction_id, wallet_rows.c.sha256).order_by(wallet_rows.c.seq).limit(1)
            row = connection.execute(first).one_or_none()
            known = hashlib.sha256(repr(tuple(row) if row else ()).encode()).hexdigest()[:16]
            connection.execute(insert(facts).values(name=_NAME, value=known))
        return known


def take_identity(connection: Connection, id_: str) -> None:
    """Make an empty ledger the one that wrote an output folder, when that folder's documents are taken in."""
    if _known(connection) is None:
        connection.execute(insert(facts).values(name=_NAME, value=id_))
    else:
        connection.execute(update(facts).where(facts.c.name == _NAME).values(value=id_))


def _known(connection: Connection) -> str | None:
    return connection.execute(select(facts.c.value).where(facts.c.name == _NAME)).scalar_one_or_none()


def highest_numbers(engine: Engine) -> dict[str, int]:
    """The last number of each series, such as {"invoice 2026": 7}."""
    with transaction(engine) as connection:
        return {f"{row.kind} {row.year}": row.last_number for row in connection.execute(select(series))}


def all_numbers(engine: Engine) -> set[str]:
    """The number of every issued document."""
    with transaction(engine) as connection:
        return set(connection.execute(select(documents.c.number)).scalars())
