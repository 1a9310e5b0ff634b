"""Charges of one's own as they were billed: what stands on which document now, and what a run's charges earned."""

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import ColumnElement, Engine, and_, case, func, select

from billing_job.core.categories import CHARGE, MINIMUM, MONTHLY_FEE
from billing_job.core.columns.schema import BILLED, conform, empty
from billing_job.ledger.billed_facts import credited_of
from billing_job.ledger.billing_tables import releases, settlements
from billing_job.ledger.database import transaction
from billing_job.ledger.releases import is_released


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


def own_charge() -> ColumnElement[bool]:
    """Settlements of charges of one's own; a range, so that the primary key finds them."""
    return and_(
        settlements.c.transaction_id >= CHARGE,
        settlements.c.transaction_id < f"{CHARGE[:-1]};",
        settlements.c.category.not_in((MONTHLY_FEE, MINIMUM)),
    )


def billed_charges(engine: Engine) -> dict[str, BilledCharge]:
    """id → how it is billed; what a credit note freed is not."""
    document = func.coalesce(settlements.c.document_number, "")
    with transaction(engine) as connection:
        rows = connection.execute(select(settlements, document.label("on")).where(own_charge(), ~is_released())).all()
        credited = credited_of(connection, [row.transaction_id for row in rows])
    return {
        row.transaction_id: BilledCharge(
            transaction_id=row.transaction_id,
            client_id=row.client_id,
            category=row.category,
            number=row.number,
            trunk=row.trunk,
            month=row.month,
            net_cents=row.net_cents,
            document_number=row.on,
            period=row.period,
            credited_cents=credited.get((row.transaction_id, row.part, row.generation), 0),
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
