"""Charges of one's own as they were billed: what stands on which document now, and what a run's charges earned."""

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import ColumnElement, Engine, and_, case, func, select

from billing_job.core.categories import CHARGE, MINIMUM, MONTHLY_FEE
from billing_job.core.columns.schema import BILLED, conform, empty
from billing_job.ledger.billing_tables import credited_rows, releases, settlements
from billing_job.ledger.database import transaction
from billing_job.ledger.undone_settlements import is_released


@dataclass(frozen=True, slots=True)
class BilledCharge:
    """One period of a charge as it is billed now; net cents."""

    transaction_id: str
    client_id: str
    category: str
    number: str
    trunk: str
    month: str
    net_cents: int
    document_number: str
    """Empty where it came to nothing, on no document."""
    period: str
    """The month whose run billed it."""
    credited_cents: int
    """What credit notes undid of its net without freeing it."""


def _is_charge(transaction_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Ids of charges; a range, so that an index finds them."""
    return and_(transaction_id >= CHARGE, transaction_id < f"{CHARGE[:-1]};")


def own_charge() -> ColumnElement[bool]:
    """Settlements of charges of one's own."""
    return and_(_is_charge(settlements.c.transaction_id), settlements.c.category.not_in((MONTHLY_FEE, MINIMUM)))


def billed_charges(engine: Engine) -> dict[str, BilledCharge]:
    """id → how it is billed; what a credit note freed is not."""
    columns = settlements.c
    keys = (credited_rows.c.transaction_id, credited_rows.c.generation)
    undone = select(*keys, func.sum(credited_rows.c.net_cents)).where(_is_charge(keys[0])).group_by(*keys)
    query = select(
        columns.transaction_id,
        columns.generation,
        columns.client_id,
        columns.category,
        columns.number,
        columns.trunk,
        columns.month,
        columns.net_cents,
        columns.document_number,
        columns.period,
    )
    with transaction(engine) as connection:
        credited = {(id_, generation): int(net) for id_, generation, net in connection.execute(undone)}
        rows = connection.execute(query.where(own_charge(), ~is_released()))
        return {
            row.transaction_id: BilledCharge(
                row.transaction_id,
                row.client_id,
                row.category,
                row.number,
                row.trunk,
                row.month,
                row.net_cents,
                row.document_number or "",
                row.period,
                credited.get((row.transaction_id, row.generation), 0),
            )
            for row in rows
        }


def charges_of_period(engine: Engine, period: str) -> pd.DataFrame:
    """The charges that the run of a month billed, those freed since included, which cost nothing any more; BILLED."""
    query = (
        select(
            settlements.c.client_id,
            func.coalesce(settlements.c.document_number, "").label("document_number"),
            *(settlements.c[name] for name in ("category", "number", "trunk")),
            case((releases.c.transaction_id.is_(None), settlements.c.cost_micros), else_=0).label("cost_micros"),
            settlements.c.charge_cents,
        )
        .select_from(settlements.outerjoin(releases))
        .where(own_charge(), settlements.c.period == period)
    )
    with transaction(engine) as connection:
        rows = [tuple(row) for row in connection.execute(query)]
    return conform(pd.DataFrame(rows, columns=list(BILLED)), BILLED, "ledger") if rows else empty(BILLED)
