"""The stages in order, and the checks between them: attribute → price → tax → issue → render → export.

Fetching comes before and is a command of its own, for a month can be billed from the ledger alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from billing_job.billing.attribution.assignments import Assignments
from billing_job.billing.attribution.attribute import attribute, decide, withdrawn
from billing_job.billing.attribution.shared_orders import (
    AMBIGUOUS,
    known_prices,
    settle_parts,
    split_orders,
)
from billing_job.billing.attribution.suggestions import suggestions
from billing_job.billing.invoicing.fee_discount_minimum import PlanTerms
from billing_job.billing.invoicing.issue import Terms, bills
from billing_job.billing.invoicing.tax import Untaxable, vat_id_check, vat_of
from billing_job.billing.rating.charge_models import COUNTED
from billing_job.billing.rating.price import price
from billing_job.billing.rating.refunds import refund_pairs
from billing_job.billing.rating.tariff import Tariff
from billing_job.core.categories import RENTAL
from billing_job.core.checks import (
    documents_add_up,
    every_charge_is_on_a_bill,
    every_transaction_has_a_place,
    numbers_have_no_gap,
    raise_if_broken,
)
from billing_job.core.columns.interned import ints
from billing_job.core.columns.months import months_of
from billing_job.core.columns.row_values import sum_of
from billing_job.core.columns.schema import TEXT
from billing_job.core.document import Document, Vat
from billing_job.core.errors import ConfigError, Incomplete
from billing_job.core.moments import microseconds, moment_text
from billing_job.core.money import cents_from_decimal, scaled
from billing_job.core.period import Period
from billing_job.core.settlement import Bill
from billing_job.core.sums import Sum
from billing_job.job import Job
from billing_job.ledger.decisions import decisions
from billing_job.ledger.documents import billed_periods, clients_billed_for, issued_numbers, net_by_month
from billing_job.ledger.issuing import issue
from billing_job.ledger.transactions import (
    last_whole_walk,
    refund_history,
    renewals,
    settled_parts,
    settlements_of,
    supplier_trunks,
    transactions_in_scope,
    vanished,
)

HISTORY_MONTHS = 6
AS_BILLED = ("client_id", "category", "number", "trunk")
"""What a settlement keeps of a transaction."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The transactions of a month, and older ones that still wait, each with its place; columns of ATTRIBUTED and
    `month` (empty when undated) and `detail` (what an exception lacks, in words)."""

    frame: pd.DataFrame
    facts: Assignments
    vat: Mapping[str, Vat]
    """Of every client that can be taxed."""
    untaxable: Mapping[str, str]
    """Of every other client: the decision that is missing."""
    never_run: Sum
    """Older transactions of months that were never billed; they wait for a run of their own."""

    def rows(self, outcome: str) -> pd.DataFrame:
        """Unsettled rows of an outcome: attributed, excluded or exception."""
        return self.frame[(self.frame["outcome"] == outcome) & ~self.frame["settled"]]

    @property
    def settled(self) -> pd.DataFrame:
        return self.frame[self.frame["settled"]]


@dataclass(frozen=True, slots=True)
class Billed:
    """What issuing a month came to."""

    placed: Placed
    new: tuple[Document, ...]
    waiting: Sum
    """Attributed to a client that has its document of the month already: on its next invoice."""
    blocked: bool
    """Nothing was issued because exceptions wait and billing.on_exception = "block"."""


def check_month(job: Job, month: Period, *, may_be_unfinished: bool) -> None:
    """ConfigError for a month that has not begun, or for an invoice of one that is not over."""
    now = job.clock.now()
    zone = job.settings.billing.zone
    if month.starts(zone) > now:
        raise ConfigError(f"month {month} is in the future: there is nothing to bill yet")
    if month.ends(zone) > now and not may_be_unfinished:
        raise ConfigError(
            f"month {month} is not over, so its invoices would be incomplete: run it from {month.next.first_day} on,"
            f" or look at it now with `billing-job preview --month {month}`"
        )


def check_ledger_is_whole(job: Job, month: Period) -> None:
    """Incomplete unless the supplier's list was read whole after the month's end: else rows of it may be missing."""
    walked = last_whole_walk(job.engine)
    if walked is None:
        raise Incomplete("the ledger has never been read whole: run `billing-job sync`, or leave --offline out")
    if walked < moment_text(month.ends(job.settings.billing.zone)):
        raise Incomplete(
            f"the ledger was last read whole at {walked}, before {month} was over: run `billing-job sync`, or leave"
            " --offline out"
        )


def place(job: Job, month: Period, *, every_month: bool = False) -> Placed:
    """Read, attribute and tax: everything that a bill of the month could hold, and what waits; invariant 1 checked.

    With `every_month` older months that were never run are in scope too.
    """
    zone = job.settings.billing.zone
    starts, ends = microseconds(month.starts(zone)), microseconds(month.ends(zone))
    facts = job.assignments()
    frame = attributed(job, transactions_in_scope(job.engine, starts, ends), facts)
    in_scope = _in_scope(frame, month, *billed_periods(job.engine)) | every_month
    never_run = sum_of(frame[~in_scope & (frame["outcome"] != "excluded")])
    frame = frame[in_scope].reset_index(drop=True)
    before = sum_of(frame)
    vat, untaxable = _vat(job, month)
    frame = _taxed(frame, untaxable)
    frame["detail"] = _details(job, frame, facts)
    placed = Placed(frame, facts, vat, untaxable, never_run)
    raise_if_broken(
        every_transaction_has_a_place(
            before,
            sum_of(placed.rows("attributed")),
            sum_of(placed.rows("excluded")),
            sum_of(placed.rows("exception")),
            sum_of(placed.settled),
        )
    )
    return placed


def attributed(job: Job, transactions: pd.DataFrame, facts: Assignments) -> pd.DataFrame:
    """The owner of each transaction by mapping and decisions, orders of several clients shared out; with `month` and
    `detail`."""
    settings = job.settings
    frame = attribute(transactions, facts, settings.categories, settings.billing.currency)
    if (frame["reason"] == AMBIGUOUS).any():
        rentals = [name for name, category in settings.categories.items() if category == RENTAL]
        frame = split_orders(frame, facts, known_prices(renewals(job.engine, rentals), facts))
    frame = settle_parts(frame, settled_parts(job.engine))
    # A decision for a client that has left clients.csv waits again, rather than stop every run.
    held = {id_: one for id_, one in decisions(job.engine).items() if one.is_house or one.client_id in job.clients}
    frame = decide(withdrawn(frame, vanished(job.engine)), held)
    frame["month"] = months_of_rows(frame, job)
    frame["detail"] = frame["problem"]
    return frame


def bill(
    job: Job, month: Period, *, only: Collection[str] = (), supplementary: bool = False, draft: bool = False
) -> Billed:
    """Place, price and issue a month; with `draft` the documents have no number and nothing is stored.

    `only` restricts it to some clients; `supplementary` bills at once what would wait for the next invoice.
    """
    _check_clients(job, only)
    placed = place(job, month)
    blocked = job.settings.billing.on_exception == "block" and not placed.rows("exception").empty
    billable = placed.rows("attributed")
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
    history = refund_history(job.engine, settings.categories, microseconds(month.ends(zone)))
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
        starts, ends = microseconds(period.starts(zone)), microseconds(period.ends(zone))
        rows = placed.frame
        if period != month:
            rows = attributed(job, transactions_in_scope(job.engine, starts, ends), placed.facts)
        rows = rows[(rows["month"] == name) & rows["settled"] & rows["cents"].notna()]
        billed = settlements_of(job.engine, starts, ends)
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
    active = {
        fact.client_id
        for fact in job.mapping.trunks
        if (fact.valid_from is None or fact.valid_from <= month.last_day)
        and (fact.valid_to is None or fact.valid_to > month.first_day)
    }
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


def months_of_rows(frame: pd.DataFrame, job: Job) -> pd.Series:
    """The month of each row in the seller's zone, empty when undated."""
    months = months_of(ints(frame["created_at"], missing=0), job.settings.billing.zone).plain()
    return months.where(frame["created_at"].notna(), "")


def _in_scope(frame: pd.DataFrame, month: Period, whole: set[str], single: set[tuple[str, str]]) -> pd.Series:
    """The month's own rows, undated ones, and older ones of months that were billed, whole or for their client."""
    months = frame["month"]
    mask = months.isin(["", str(month)]) | months.isin(sorted(whole))
    if single:
        pairs = pd.MultiIndex.from_arrays([frame["client_id"].to_numpy(object), months.to_numpy(object)])
        mask |= pairs.isin(list(single))
    return mask.astype(bool)


def _vat(job: Job, month: Period) -> tuple[dict[str, Vat], dict[str, str]]:
    """The VAT of every client, and of those that cannot be taxed the decision that is missing."""
    vat: dict[str, Vat] = {}
    untaxable: dict[str, str] = {}
    for client_id, client in job.clients.items():
        answer = vat_of(client, job.tax_rules, month.last_day)
        if isinstance(answer, Untaxable):
            untaxable[client_id] = answer.reason
        else:
            vat[client_id] = answer
    return vat, untaxable


def _taxed(frame: pd.DataFrame, untaxable: Mapping[str, str]) -> pd.DataFrame:
    """Rows of clients that cannot be taxed become exceptions; they block no other client."""
    rows = (frame["outcome"] == "attributed") & ~frame["settled"] & frame["client_id"].isin(list(untaxable))
    frame["outcome"] = frame["outcome"].mask(rows, "exception")
    frame["reason"] = frame["reason"].mask(rows, "untaxable_client")
    frame["detail"] = frame["detail"].mask(rows, frame["client_id"].astype(TEXT).map(dict(untaxable)).astype(TEXT))
    return frame


def _details(job: Job, frame: pd.DataFrame, facts: Assignments) -> pd.Series:
    """What would help each exception; other rows keep what they have."""
    details = frame["detail"].copy()
    waiting = (frame["outcome"] == "exception") & ~frame["settled"]
    if waiting.any():
        details[waiting] = suggestions(frame[waiting], facts, job.mapping.clients, supplier_trunks(job.engine))
    return details


def _check_clients(job: Job, only: Collection[str]) -> None:
    unknown = sorted(set(only) - set(job.clients))
    if unknown:
        raise ConfigError([f"--client {client_id}: there is no such client in clients.csv" for client_id in unknown])
