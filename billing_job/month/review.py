"""Two looks at a month in the ledger: what was earned on its transactions, and what looks wrong about it."""

from collections import Counter
from collections.abc import Collection, Iterable

import pandas as pd

from billing_job.core.columns.schema import STANDING
from billing_job.core.document import Document
from billing_job.core.period import Period
from billing_job.core.wallet import SETTLED
from billing_job.ledger.billed_charges import charges_of_period
from billing_job.ledger.decisions import accepted_costs
from billing_job.ledger.documents import documents_of_period, nets_of_period
from billing_job.ledger.transactions import billed_amounts, costs_instead, standing_settlements
from billing_job.month.job import Job
from billing_job.month.placed import Placed, give_back, in_shares, rows_where
from billing_job.reporting.anomalies import RENTALS, Anomaly, anomalies, net_by_client, rentals
from billing_job.reporting.margins import margins, unbilled_costs


def month_margins(job: Job, month: Period, placed: Placed) -> pd.DataFrame:
    """Cost and charge of the month's transactions, and of the charges of one's own that its run billed.

    See margins.margins.
    """
    span = month.span(job.settings.billing.zone)
    accepted = {id_: -micros for id_, micros in accepted_costs(job.engine).items()}
    billed = (
        billed_amounts(job.engine, *span),
        costs_instead(job.engine, *span, accepted),
        charges_of_period(job.engine, str(month)),
    )
    gone = sorted(job.withdrawn())
    standing = in_shares(standing_settlements(job.engine, *span), STANDING, placed.in_time.bounds)
    give_back(placed, job.engine)
    unbilled = [
        unbilled_costs(_costs(rows.whole(), gone), settled.whole())
        for rows, settled in zip(placed.in_time.shares, standing, strict=True)
    ]
    del standing
    give_back(placed, job.engine)
    return margins(unbilled, billed, documents_of_period(job.engine, str(month)))


def _costs(rows: pd.DataFrame, gone: Collection[str]) -> pd.DataFrame:
    """Rows that moved money, without those that nobody billed before the supplier withdrew them."""
    rows = rows_where(rows, rows["standing"] == SETTLED)
    return rows[rows["settled"] | ~rows["transaction_id"].isin(gone)] if gone else rows


def month_nets(job: Job, month: Period, drafts: Iterable[Document] = ()) -> dict[str, int]:
    """Net cents by client of the documents that speak of a month, drafts counted as if they were issued."""
    nets = Counter(nets_of_period(job.engine, str(month)))
    nets.update(net_by_client(drafts))
    return dict(nets)


def month_anomalies(
    job: Job, month: Period, placed: Placed, found: pd.DataFrame, drafts: Iterable[Document] = ()
) -> list[Anomaly]:
    """What looks wrong about a month with these margins, its drafts counted as if they were issued."""
    return anomalies(
        (rentals(piece) for piece in placed.of_month(*RENTALS)),
        placed.facts,
        month,
        month_nets(job, month, drafts),
        month_nets(job, month.previous),
        found,
        job.settings.billing.alert_percent,
        is_over=month.ends(job.settings.billing.zone) <= job.clock.now(),
    )
