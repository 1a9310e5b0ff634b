"""The stages in order, and the checks between them: attribute → price → tax → issue → render → export.

Fetching comes before and is a command of its own, for a month can be billed from the ledger alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from billing_job.billing.invoicing.fee_discount_minimum import PlanTerms
from billing_job.billing.invoicing.issue import Terms, bills
from billing_job.billing.invoicing.tax import vat_id_check
from billing_job.billing.rating.charge_models import COUNTED
from billing_job.billing.rating.price import price
from billing_job.billing.rating.refunds import refund_pairs
from billing_job.billing.rating.tariff import Tariff
from billing_job.core.checks import (
    documents_add_up,
    every_charge_is_on_a_bill,
    numbers_have_no_gap,
    raise_if_broken,
)
from billing_job.core.columns.row_values import sum_of
from billing_job.core.document import Document
from billing_job.core.moments import moment_text
from billing_job.core.money import cents_from_decimal, scaled
from billing_job.core.period import Period
from billing_job.core.settlement import Bill
from billing_job.core.sums import Sum
from billing_job.ledger.documents import clients_billed_for, issued_numbers, net_by_month
from billing_job.ledger.issuing import issue
from billing_job.ledger.transactions import (
    refund_history,
    settlements_of,
    transactions_in_scope,
)
from billing_job.month.job import Job
from billing_job.month.placing import Placed, attributed, place
from billing_job.month.preconditions import check_clients

HISTORY_MONTHS = 6
AS_BILLED = ("client_id", "category", "number", "trunk")
"""What a settlement keeps of a transaction."""


@dataclass(frozen=True, slots=True)
class Billed:
    """What issuing a month came to."""

    placed: Placed
    new: tuple[Document, ...]
    waiting: Sum
    """Attributed to a client that has its document of the month already: on its next invoice."""
    blocked: bool
    """Nothing was issued because exceptions wait and billing.on_exception = "block"."""


def bill(
    job: Job, month: Period, *, only: Collection[str] = (), supplementary: bool = False, draft: bool = False
) -> Billed:
    """Place, price and issue a month; with `draft` the documents have no number and nothing is stored.

    `only` restricts it to some clients; `supplementary` bills at once what would wait for the next invoice.
    """
    check_clients(job, only)
    placed = place(job, month)
    blocked = job.settings.billing.on_exception == "block" and not placed.exceptions.empty
    billable = placed.attributed
    if only:
        billable = billable[billable["client_id"].isin(list(only))]
    has_invoice = clients_billed_for(job.engine, str(month))
    waiting = billable["client_id"].isin([] if supplementary else list(has_invoice))
    billed_now = [id_ for id_ in only or job.clients if id_ in placed.vat and (supplementary or id_ not in has_invoice)]
    terms_of = plan_terms(job, month, billed_now, without_fees=has_invoice)
    found = _bills(job, month, billable[~waiting], placed, terms_of)
    waits = sum_of(billable[waiting])
    if draft or blocked:
        return Billed(placed, tuple(b.document for b in found if b.document and not blocked), waits, blocked)
    now = moment_text(job.clock.now())
    new = issue(job.engine, found, str(month), job.numbering, closes=not only, now=now)
    raise_if_broken(numbers_have_no_gap(issued_numbers(job.engine)))
    return Billed(placed, tuple(new), waits, blocked)


def _bills(
    job: Job, month: Period, billable: pd.DataFrame, placed: Placed, plan_terms: Mapping[str, PlanTerms]
) -> list[Bill]:
    settings = job.settings
    zone = settings.billing.zone
    tariff = Tariff(
        clients=job.clients,
        plans=settings.plans,
        prices=job.prices,
        category_order=tuple(settings.categories.values()),
        trunk_names=placed.facts.trunk_names,
        zone=zone,
    )
    history = refund_history(job.engine, settings.categories, month.span(zone).ends)
    refunds = refund_pairs(history, set(billable["transaction_id"]))
    priced = price(pd.concat([_counted_before(job, month, billable, placed), billable]), refunds, tariff)
    terms = Terms(
        seller=job.seller,
        currency=settings.billing.currency,
        period=month,
        issue_date=issue_date(job, month),
        payment_terms_days=settings.billing.payment_terms_days,
        zone=zone,
    )
    checks = {client_id: vat_id_check(client) for client_id, client in job.clients.items()}
    found = bills(
        priced, job.clients, placed.vat, checks, net_by_month(job.engine, str(month), HISTORY_MONTHS), plan_terms, terms
    )
    raise_if_broken(
        every_charge_is_on_a_bill(priced, found) + documents_add_up(b.document for b in found if b.document)
    )
    return found


def _counted_before(job: Job, month: Period, billable: pd.DataFrame, placed: Placed) -> pd.DataFrame:
    """Settled rows of the months that are billed now: packages and tiers go on counting where they stopped.

    They count for the client they were billed to, whatever the files say by now.
    """
    if not any(rule.model in COUNTED for plan in job.settings.plans for rule in plan.rules):
        return billable.iloc[:0]
    zone = job.settings.billing.zone
    counted = [billable.iloc[:0]]
    for name in sorted(set(billable["month"]) - {""}):
        period = Period.parse(name)
        span = period.span(zone)
        rows = placed.frame
        if period != month:
            rows = attributed(job, transactions_in_scope(job.engine, *span), placed.facts)
        rows = rows[(rows["month"] == name) & rows["settled"] & rows["cents"].notna()]
        billed = settlements_of(job.engine, *span)
        billed = billed.loc[~billed["released"], ["transaction_id", "part", *AS_BILLED]]
        rows = rows.drop(columns=list(AS_BILLED)).merge(billed, on=["transaction_id", "part"], validate="one_to_one")
        counted.append(rows[rows["client_id"].isin(list(job.clients))].assign(outcome="attributed"))
    return pd.concat(counted)


def plan_terms(
    job: Job, month: Period, client_ids: Collection[str], *, without_fees: Collection[str] = ()
) -> dict[str, PlanTerms]:
    """What plans ask of clients beside their use; those that ask nothing are left out.

    Fee and minimum are owed once for a month in which a trunk is the client's for at least a moment; not by those in
    `without_fees`, who have paid them.
    """
    active = {fact.client_id for fact in job.mapping.trunks if fact.overlaps(month.first_day, month.last_day)}
    found = {}
    for client_id in client_ids:
        plan = job.settings.plan(job.clients[client_id].plan)
        owes = client_id in active and client_id not in without_fees
        terms = PlanTerms(
            cents_from_decimal(plan.monthly_fee) if owes else 0,
            cents_from_decimal(plan.minimum) if owes else 0,
            scaled(plan.discount_percent),
        )
        if terms != PlanTerms():
            found[client_id] = terms
    return found


def issue_date(job: Job, month: Period) -> date:
    """The day that a document issued now carries ([billing] issue_date)."""
    if job.settings.billing.issue_date == "period_end":
        return month.last_day
    return job.clock.now().astimezone(job.settings.billing.zone).date()
