"""What was billed, step by step in the order of recording: settled, credited, freed, and by which terms.

Nothing says of a settlement when it was made; but rows are counted as they are added, and the chain's links say where
each addition ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Table, func, select

from billing_job.core.settlement import Settlement
from billing_job.ledger.billing_tables import (
    client_months,
    credited_rows,
    document_lines,
    documents,
    releases,
    settlements,
    terms,
)
from billing_job.ledger.database import transaction
from billing_job.ledger.issuing import SETTLEMENT_COLUMNS
from billing_job.ledger.tables import chain
from billing_job.ledger.undone_settlements import SETTLEMENT_KEY, is_released, of_settlement
from billing_job.ledger.vat_tables import document_evidence

SettlementKey = tuple[str, int, int]
"""Transaction, part, generation."""
TERMS_COLUMNS = ("client_id", "month", "generation", "terms_sha256", "vat")
_BESIDE_SETTLEMENTS = {table.name for table in (documents, document_lines, document_evidence, terms)}
"""What a run records between its first settlements and its terms."""


class Settled(NamedTuple):
    """A settlement as it is stored."""

    settlement: Settlement
    generation: int
    client_id: str
    period: str
    document_number: str | None

    @property
    def key(self) -> SettlementKey:
        """What names it."""
        return self.settlement.transaction_id, self.settlement.part, self.generation

    @property
    def gives_back(self) -> tuple[str, int]:
        """The transaction, and its part, that a refund gives back; an empty name for what is none."""
        return self.settlement.refund_of, self.settlement.refund_part


@dataclass(frozen=True, slots=True)
class Issued:
    """What one run settled in a period."""

    period: str
    rows: tuple[Settled, ...]


@dataclass(frozen=True, slots=True)
class Credited:
    """What credit notes undid of settlements; net cents with the settlement's sign."""

    rows: tuple[tuple[SettlementKey, int], ...]


@dataclass(frozen=True, slots=True)
class Freed:
    """Settlements whose transactions credit notes freed."""

    rows: tuple[SettlementKey, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """Clients' months whose terms were recorded, by the run whose settlements follow: rows of `client_months`."""

    rows: tuple[tuple[str, str, int, str, str], ...]


Step = Issued | Credited | Freed | Recorded


def course(engine: Engine) -> list[Step]:
    """All that was settled, credited and freed, and what months were billed by, in the order of recording."""
    with transaction(engine) as connection:
        stored = {
            settlements.name: [
                Settled(Settlement(*row[: len(Settlement._fields)]), *row[len(Settlement._fields) :])
                for row in _in_order(connection, settlements, SETTLEMENT_COLUMNS)
            ],
            credited_rows.name: _in_order(connection, credited_rows, (*SETTLEMENT_KEY, "net_cents")),
            releases.name: _in_order(connection, releases, SETTLEMENT_KEY),
            client_months.name: _in_order(connection, client_months, TERMS_COLUMNS),
        }
        links = connection.execute(select(chain.c.table_name, chain.c.rows).order_by(chain.c.seq)).all()
    found: list[Step] = []
    taken = dict.fromkeys(stored, 0)
    begin = 0
    for name, until in links:
        if name not in stored:
            begin = begin if name in _BESIDE_SETTLEMENTS else len(found)
            continue
        rows = stored[name][taken[name] : until]
        taken[name] = until
        if name == settlements.name:
            # What an older program recorded has one link for all of it; a run of several lots has one for each.
            for period, group in groupby(rows, key=attrgetter("period")):
                last = found[-1] if len(found) > begin else None
                together = found.pop().rows if isinstance(last, Issued) and last.period == period else ()
                found.append(Issued(period, (*together, *group)))
        elif name == credited_rows.name:
            found.append(Credited(tuple(((row[0], row[1], row[2]), row[3]) for row in rows)))
        elif name == client_months.name:
            # A run records its terms when its last lot is settled; an older program did before the first.
            found.insert(begin, Recorded(tuple((row[0], row[1], row[2], row[3], row[4]) for row in rows)))
        else:
            found.append(Freed(tuple((row[0], row[1], row[2]) for row in rows)))
        if name != settlements.name:
            begin = len(found)
    return found


def _in_order(connection: Connection, table: Table, columns: Sequence[str]) -> list[Any]:
    """These cells of a table's rows, in the order in which they were added."""
    return list(connection.execute(select(*(table.c[name] for name in columns)).order_by(table.c.seq)))


@dataclass(frozen=True, slots=True)
class BilledAmount:
    """What a client was charged by the runs of a month, credit notes taken off, and what that cost; net cents."""

    net_cents: int = 0
    cost_micros: int = 0


def billed_of_periods(engine: Engine, first: str, last: str) -> dict[tuple[str, str], BilledAmount]:
    """(client, month of the run) → what was billed; what a credit note freed costs where it is billed again."""
    owner = (settlements.c.client_id, settlements.c.period)
    within = settlements.c.period.between(first, last)
    queries = (
        select(*owner, func.sum(settlements.c.net_cents)),
        select(*owner, -func.sum(credited_rows.c.net_cents)).join(credited_rows, of_settlement(credited_rows)),
    )
    nets: dict[tuple[str, str], int] = {}
    with transaction(engine) as connection:
        for query in queries:
            for client_id, period, cents in connection.execute(query.where(within).group_by(*owner)):
                nets[client_id, period] = nets.get((client_id, period), 0) + int(cents)
        costs = select(*owner, func.sum(settlements.c.cost_micros)).where(within, ~is_released()).group_by(*owner)
        micros = {(client_id, period): int(cost) for client_id, period, cost in connection.execute(costs)}
    return {key: BilledAmount(cents, micros.get(key, 0)) for key, cents in nets.items()}
