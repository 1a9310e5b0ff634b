"""Which readings the wallet's balance has proven, and which differences a user bills with; only ever added."""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select

from billing_job.ledger.billing_tables import accepted_differences, proven_readings
from billing_job.ledger.chain import add
from billing_job.ledger.database import transaction


@dataclass(frozen=True, slots=True)
class ProvenReading:
    """A reading, the first month that was issued while the wallet was explained, and the moment."""

    reading: str
    month: str
    proven: str


@dataclass(frozen=True, slots=True)
class AcceptedDifference:
    """A user's decision to bill though the wallet differs: for this reading and this difference alone.

    `difference` is a decimal amount of the currency, empty where no balance was known.
    """

    reading: str
    difference: str
    reason: str
    accepted: str


def proof_of_reading(engine: Engine, reading: str) -> ProvenReading | None:
    """The proof of a reading; None while no proven month was issued under it."""
    with transaction(engine) as connection:
        return _proof(connection, reading)


def _proof(connection: Connection, reading: str) -> ProvenReading | None:
    row = connection.execute(select(proven_readings).where(proven_readings.c.reading == reading)).one_or_none()
    return None if row is None else ProvenReading(row.reading, row.month, row.proven)


def record_proof(connection: Connection, proof: ProvenReading) -> None:
    """Open the gate for a reading, in the database transaction that issues its first proven month; once."""
    if _proof(connection, proof.reading) is None:
        add(connection, proven_readings, ("reading", "month", "proven"), [(proof.reading, proof.month, proof.proven)])


def accepted_of_reading(engine: Engine, reading: str) -> list[AcceptedDifference]:
    """What was accepted under a reading, oldest first."""
    query = select(accepted_differences).where(accepted_differences.c.reading == reading)
    with transaction(engine) as connection:
        rows = connection.execute(query.order_by(accepted_differences.c.seq))
        return [AcceptedDifference(row.reading, row.difference, row.reason, row.accepted) for row in rows]


def record_accepted(engine: Engine, accepted: AcceptedDifference) -> None:
    """Add a decision; earlier ones stay on record."""
    with transaction(engine) as connection:
        values = (accepted.reading, accepted.difference, accepted.reason, accepted.accepted)
        add(connection, accepted_differences, ("reading", "difference", "reason", "accepted"), [values])
