"""The stages in order, and the checks between them: attribute → price → tax → issue → render → export.

Fetching comes before and is a command of its own, for a month can be billed from the ledger alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from billing_job.assignments import Assignments, microseconds
from billing_job.attribute import attribute
from billing_job.bill import Bill
from billing_job.checks import (
    Sum,
    documents_add_up,
    every_charge_is_on_a_bill,
    every_transaction_has_a_place,
    numbers_have_no_gap,
    raise_if_broken,
    sum_of,
)
from billing_job.errors import ConfigError, Incomplete
from billing_job.issue import Terms, bills
from billing_job.job import Job
from billing_job.ledger.issuing import billed_periods, clients_billed_for, issue, issued_numbers, net_by_month
from billing_job.ledger.mirror import moment_text
from billing_job.ledger.reading import (
    last_whole_walk,
    refundable_transactions,
    transactions_in_scope,
)
from billing_job.model import Document, Period, Vat
from billing_job.price import REFUND, Tariff, months_of, price
from billing_job.schema import TEXT
from billing_job.tax import Untaxable, vat_id_check, vat_of

HISTORY_MONTHS = 6


@dataclass(frozen=True, slots=True)
class Placed:
    """The transactions of a month, and older ones that still wait, each with its place; columns of ATTRIBUTED and
    `month` (empty when undated) and `detail` (what an exception lacks, in words)."""

    frame: pd.DataFrame
    facts: Assignments
    vat: Mapping[str, Vat]
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


def place(job: Job, month: Period) -> Placed:
    """Read, attribute and tax: everything that a bill of the month could hold, and what waits; invariant 1 checked."""
    zone = job.settings.billing.zone
    starts, ends = microseconds(month.starts(zone)), microseconds(month.ends(zone))
    frame = transactions_in_scope(job.engine, starts, ends)
    facts = job.assignments()
    frame = attribute(frame, facts, job.settings.categories, job.settings.billing.currency)
    frame["month"] = months_of_rows(frame, job)
    in_scope = _in_scope(frame, month, *billed_periods(job.engine))
    never_run = sum_of(frame[~in_scope & (frame["outcome"] != "excluded")])
    frame = frame[in_scope].reset_index(drop=True)
    frame["detail"] = frame["problem"]
    frame, vat = _taxed(frame, job, month)
    placed = Placed(frame, facts, vat, never_run)
    raise_if_broken(
        every_transaction_has_a_place(
            sum_of(frame),
            sum_of(placed.rows("attributed")),
            sum_of(placed.rows("excluded")),
            sum_of(placed.rows("exception")),
            sum_of(placed.settled),
        )
    )
    return placed


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
    waiting = billable["client_id"].isin(list(clients_billed_for(job.engine, str(month))))
    if supplementary:
        waiting &= False
    found = _bills(job, month, billable[~waiting], placed)
    if draft or blocked:
        return Billed(
            placed, tuple(b.document for b in found if b.document and not blocked), sum_of(billable[waiting]), blocked
        )
    now = moment_text(job.clock.now())
    new = issue(job.engine, found, str(month), job.numbering, closes=not only, now=now)
    raise_if_broken(numbers_have_no_gap(issued_numbers(job.engine)))
    return Billed(placed, tuple(new), sum_of(billable[waiting]), blocked)


def _bills(job: Job, month: Period, billable: pd.DataFrame, placed: Placed) -> list[Bill]:
    settings = job.settings
    categories = settings.categories
    tariff = Tariff(
        clients=job.clients,
        plans={plan.name: plan for plan in settings.plans},
        default_plan=settings.plans[0],
        category_order=tuple(categories.values()),
        zone=settings.billing.zone,
    )
    priced = price(billable, _refundable(job, month), tariff)
    terms = Terms(
        seller=job.seller,
        currency=settings.billing.currency,
        period=month,
        issue_date=issue_date(job, month),
        payment_terms_days=settings.billing.payment_terms_days,
        zone=settings.billing.zone,
    )
    checks = {client_id: vat_id_check(client) for client_id, client in job.clients.items()}
    history = net_by_month(job.engine, str(month), HISTORY_MONTHS)
    found = bills(priced, job.clients, placed.vat, checks, history, terms)
    raise_if_broken(
        every_charge_is_on_a_bill(priced, found) + documents_add_up(b.document for b in found if b.document)
    )
    return found


def issue_date(job: Job, month: Period) -> date:
    """The day that a document issued now carries ([billing] issue_date)."""
    if job.settings.billing.issue_date == "period_end":
        return month.last_day
    return job.clock.now().astimezone(job.settings.billing.zone).date()


def _refundable(job: Job, month: Period) -> pd.DataFrame:
    """What refunds of the month may undo, with the category that each was charged under."""
    categories = job.settings.categories
    refunds = [name for name, category in categories.items() if category == REFUND]
    ends = microseconds(month.ends(job.settings.billing.zone))
    frame = refundable_transactions(job.engine, refunds, ends)
    frame["category"] = frame["type"].map(categories).astype(TEXT)
    return frame[["reference_type", "reference_id", "cents", "created_at", "category"]].dropna()


def months_of_rows(frame: pd.DataFrame, job: Job) -> pd.Series:
    """The month of each row in the seller's zone, empty when undated."""
    months = months_of(frame["created_at"].fillna(0).to_numpy(np.int64), job.settings.billing.zone)
    return months.where(frame["created_at"].notna(), "")


def _in_scope(frame: pd.DataFrame, month: Period, whole: set[str], single: set[tuple[str, str]]) -> pd.Series:
    """The month's own rows, undated ones, and older ones of months that were billed, whole or for their client."""
    months = frame["month"]
    mask = months.isin(["", str(month)]) | months.isin(sorted(whole))
    if single:
        pairs = pd.MultiIndex.from_arrays([frame["client_id"].to_numpy(object), months.to_numpy(object)])
        mask |= pairs.isin(list(single))
    return mask.astype(bool)


def _taxed(frame: pd.DataFrame, job: Job, month: Period) -> tuple[pd.DataFrame, dict[str, Vat]]:
    """The VAT of every client with something to bill; rows of those that cannot be taxed become exceptions."""
    clients = job.clients
    waiting = (frame["outcome"] == "attributed") & ~frame["settled"]
    vat: dict[str, Vat] = {}
    untaxable: dict[str, str] = {}
    for client_id in frame.loc[waiting, "client_id"].unique():
        answer = vat_of(clients[client_id], job.tax_rules, month.last_day)
        if isinstance(answer, Untaxable):
            untaxable[client_id] = answer.reason
        else:
            vat[client_id] = answer
    rows = waiting & frame["client_id"].isin(list(untaxable))
    frame.loc[rows, "outcome"] = "exception"
    frame.loc[rows, "reason"] = "untaxable_client"
    frame.loc[rows, "detail"] = frame.loc[rows, "client_id"].map(untaxable).astype(TEXT)
    return frame, vat


def _check_clients(job: Job, only: Collection[str]) -> None:
    unknown = sorted(set(only) - set(job.clients))
    if unknown:
        raise ConfigError([f"--client {client_id}: there is no such client in clients.csv" for client_id in unknown])
