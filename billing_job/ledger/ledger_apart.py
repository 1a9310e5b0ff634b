"""A ledger apart, in which what was billed can be billed once more: made empty, filled step by step, asked like any."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, func, select

from billing_job.ledger.billed_facts import originals
from billing_job.ledger.billing_steps import TERMS_COLUMNS, Credited, Issued, Recorded, SettlementKey, Step
from billing_job.ledger.billing_tables import (
    client_months,
    closings,
    credited_rows,
    decisions,
    documents,
    releases,
    settlements,
    terms,
    trunk_months,
)
from billing_job.ledger.bulk import chunks
from billing_job.ledger.chain import add, row_number
from billing_job.ledger.database import transaction
from billing_job.ledger.issuing import SETTLEMENT_COLUMNS
from billing_job.ledger.tables import metadata
from billing_job.ledger.undone_settlements import SETTLEMENT_KEY, is_released


def ledger_apart(folder: Path) -> Engine:
    """An empty ledger in a folder that goes away with it: it need not survive anything, nor refer to what is there."""
    engine = create_engine(f"sqlite:///{folder / 'apart.db'}")
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    with transaction(engine) as connection:
        metadata.create_all(connection)
    return engine


def _on_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=MEMORY", "synchronous=OFF"):
        connection.execute(f"PRAGMA {pragma}")


def copy_terms(source: Engine, target: Engine) -> None:
    """Decisions, who bore which months, which were closed, and the terms that months may have been billed by."""
    with transaction(source) as here, transaction(target) as there:
        for table in (decisions, trunk_months, closings, terms):
            number = row_number(table)
            columns = [column for column in table.c if column is not number]
            query = select(*columns) if number is None else select(*columns).order_by(number)
            rows = [tuple(row) for row in here.execute(query)]
            add(there, table, [column.name for column in columns], rows)


def copy_documents(source: Engine, target: Engine, numbers: Collection[str]) -> None:
    """Documents whose lines are asked for later, outside every series: their numbers are taken in the other ledger."""
    with transaction(source) as here, transaction(target) as there:
        columns = [column.name for column in documents.c]
        rows = [
            {**row._mapping, "series_year": 0, "series_number": place, "ordinal": -place}
            for place, row in enumerate(
                (
                    row
                    for chunk in chunks(sorted(numbers))
                    for row in here.execute(select(documents).where(documents.c.number.in_(chunk)))
                ),
                1,
            )
        ]
        add(there, documents, columns, [tuple(row[name] for name in columns) for row in rows])


def store(engine: Engine, step: Step) -> None:
    """Record a step as it is; credit notes need no document here."""
    with transaction(engine) as connection:
        if isinstance(step, Issued):
            add(connection, settlements, SETTLEMENT_COLUMNS, [(*row.settlement, *row[1:]) for row in step.rows])
            return
        if isinstance(step, Recorded):
            add(connection, client_months, TERMS_COLUMNS, list(step.rows))
            return
        table = credited_rows if isinstance(step, Credited) else releases
        taken = connection.execute(select(func.count()).select_from(table)).scalar_one()
        if isinstance(step, Credited):
            rows = [(f"{taken}", *key, cents) for key, cents in step.rows]
            add(connection, table, ("credit_number", *SETTLEMENT_KEY, "net_cents"), rows)
        else:
            add(connection, table, (*SETTLEMENT_KEY, "credit_number"), [(*key, f"{taken}") for key in step.rows])


@dataclass(frozen=True, slots=True)
class Open:
    """A settlement that no credit note freed; net cents, what credit notes undid of it, what refunds gave back."""

    key: SettlementKey
    net_cents: int
    credited_cents: int
    given_cents: int

    @property
    def left_cents(self) -> int:
        """What is left of it."""
        return self.net_cents - self.credited_cents - self.given_cents


def open_settlements(engine: Engine, ids: Collection[str]) -> dict[tuple[str, int], Open]:
    """(transaction, part) → how it is billed now."""
    wanted = sorted(ids)
    known = originals(engine, wanted)
    generations: dict[tuple[str, int], int] = {}
    with transaction(engine) as connection:
        for chunk in chunks(wanted):
            query = select(*(settlements.c[name] for name in SETTLEMENT_KEY)).where(
                settlements.c.transaction_id.in_(chunk)
            )
            for id_, part, generation in connection.execute(query.where(~is_released())):
                generations[id_, part] = generation
    return {
        (id_, one.part): Open(
            (id_, one.part, generations[id_, one.part]), one.net_cents, one.credited_cents, one.given_cents
        )
        for id_, parts in known.items()
        for one in parts
    }
