"""Every transaction of a month given its place: an owner, an exclusion, or a reason to wait."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from billing_job.billing.attribution.assignments import Assignments
from billing_job.billing.attribution.attribute import attribute, decide, withdrawn
from billing_job.billing.attribution.shared_orders import AMBIGUOUS, known_prices, settle_parts, split_orders
from billing_job.billing.attribution.suggestions import suggestions
from billing_job.billing.invoicing.tax import Untaxable, vat_of
from billing_job.core.categories import RENTAL
from billing_job.core.checks import every_transaction_has_a_place, raise_if_broken
from billing_job.core.columns.interned import ints
from billing_job.core.columns.months import months_of
from billing_job.core.columns.row_values import sum_of
from billing_job.core.columns.schema import TEXT
from billing_job.core.document import Vat
from billing_job.core.moments import microseconds
from billing_job.core.period import Period
from billing_job.core.sums import Sum
from billing_job.ledger.decisions import decisions
from billing_job.ledger.documents import billed_periods
from billing_job.ledger.transactions import renewals, settled_parts, supplier_trunks, transactions_in_scope, vanished
from billing_job.month.job import Job


@dataclass(frozen=True, slots=True)
class Placed:
    """The transactions of a month, and older ones that still wait, each with its place.

    Columns of ATTRIBUTED and `month` (empty when undated) and `detail` (what an exception lacks, in words).
    """

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
        """Rows that an issued document holds already; a re-run writes them again from the ledger."""
        return self.frame[self.frame["settled"]]


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
    """The owner of each transaction by mapping and decisions, orders of several clients shared out.

    Columns of ATTRIBUTED, `month` and `detail`.
    """
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
