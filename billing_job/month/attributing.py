"""Whose each transaction is: by mapping and decisions, of an order shared out, of a refund by its original."""

from collections.abc import Mapping

import pandas as pd

from billing_job.billing.attribution.assignments import Assignments
from billing_job.billing.attribution.attribute import attribute, decide, withdrawn
from billing_job.billing.attribution.shared_orders import (
    AMBIGUOUS,
    known_prices,
    numbers_of_shared_orders,
    settle_parts,
    split_orders,
)
from billing_job.core.categories import REFUND, RENTAL
from billing_job.core.columns.interned import ints
from billing_job.core.columns.months import months_of
from billing_job.ledger.decisions import accepted_costs, decisions
from billing_job.ledger.transactions import renewals, settled_parts
from billing_job.ledger.withdrawals import changed_bills
from billing_job.month.job import Job
from billing_job.month.refund_owners import Owners, place_refunds

BEFORE_FIRST_MONTH = "before_first_month"
NO_CHANGES: Mapping[str, tuple[int, int | None]] = {}


def attributed(
    job: Job, transactions: pd.DataFrame, facts: Assignments, changed: Mapping[str, tuple[int, int | None]] = NO_CHANGES
) -> Owners:
    """The owner of each transaction: by mapping and decisions, of an order shared out, of a refund by its original.

    Columns of ATTRIBUTED, `month` and `detail`. `changed` are settled transactions that wait for a decision.
    """
    settings = job.settings
    frame = attribute(transactions, facts, settings.categories, settings.billing.currency)
    if (frame["reason"] == AMBIGUOUS).any():
        rentals = [name for name, category in settings.categories.items() if category == RENTAL]
        rented = renewals(job.engine, rentals, numbers_of_shared_orders(frame, facts))
        frame = split_orders(frame, facts, known_prices(rented, facts))
    parts = settled_parts(job.engine)
    refunds = set(frame.loc[frame["category"] == REFUND, "transaction_id"]) if parts else set()
    frame = settle_parts(frame, {key: cost for key, cost in parts.items() if key[0] not in refunds})
    # A decision for a client that has left clients.csv waits again, rather than stop every run.
    held = {
        id_: one
        for id_, one in decisions(job.engine).items()
        if one.is_house or (not one.accepts and one.client_id in job.clients)
    }
    frame = decide(withdrawn(frame, job.withdrawn()), held)
    frame = _since(job.settings.billing.first_month, frame, months_of_rows(frame, job))
    owners = place_refunds(frame, job, facts, held, set(changed), parts)
    frame = settle_parts(owners.frame, {key: cost for key, cost in parts.items() if key[0] in refunds})
    frame["month"] = months_of_rows(frame, job)
    frame["detail"] = frame["problem"]
    return Owners(frame, owners.billed)


def _since(first_month: str | None, frame: pd.DataFrame, months: pd.Series) -> pd.DataFrame:
    """Leave out what happened before the first month: it was billed elsewhere."""
    if first_month is None:
        return frame
    rows = (months != "") & (months < first_month) & ~frame["settled"] & (frame["outcome"] != "excluded")
    frame["outcome"] = frame["outcome"].mask(rows, "excluded")
    frame["reason"] = frame["reason"].mask(rows, BEFORE_FIRST_MONTH)
    return frame


def billed_and_changed(job: Job, only: str = "") -> dict[str, tuple[int, int | None]]:
    """Settled transactions, or this one, whose cost is another one by now, and that nobody accepted as they are now."""
    accepted = accepted_costs(job.engine)
    return {
        id_: (accepted.get(id_, billed), now)
        for id_, (billed, now) in changed_bills(job.engine, job.withdrawn(), only).items()
        if accepted.get(id_) != (now or 0)
    }


def months_of_rows(frame: pd.DataFrame, job: Job) -> pd.Series:
    """The month of each row in the seller's zone, empty when undated."""
    months = months_of(ints(frame["created_at"], missing=0), job.settings.billing.zone).plain()
    return months.where(frame["created_at"].notna(), "")
