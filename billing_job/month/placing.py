"""Every transaction of a month given its place: an owner, an exclusion, or a reason to wait."""

import contextlib
import ctypes
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import pyarrow as pa

from billing_job.billing.attribution.assignments import Assignments
from billing_job.billing.attribution.attribute import attribute
from billing_job.billing.attribution.suggestions import suggestions
from billing_job.billing.invoicing.tax import Untaxable
from billing_job.billing.rating.own_charges import ChargeRow
from billing_job.core.checks import every_transaction_has_a_place, raise_if_broken
from billing_job.core.columns.interned import Coded
from billing_job.core.columns.row_values import sum_of, sum_where
from billing_job.core.columns.schema import INT, TEXT
from billing_job.core.document import Vat
from billing_job.core.money import wallet_text
from billing_job.core.period import Period
from billing_job.core.settlement import Original
from billing_job.core.sums import Sum
from billing_job.core.wallet import SETTLED
from billing_job.ledger.billed_facts import documents_of
from billing_job.ledger.documents import billed_periods
from billing_job.ledger.month_terms import months_without_terms
from billing_job.ledger.transactions import (
    open_transactions,
    supplier_trunks,
    transactions_in_scope,
    transactions_of,
)
from billing_job.month.accounts import Accounts, Owner, accounts_of
from billing_job.month.attributing import attributed, billed_and_changed, months_of_rows
from billing_job.month.job import Job
from billing_job.month.own_charges import OwnCharges, own_charges
from billing_job.month.refund_owners import ORIGINAL_WAITS

BILLED_ROW_CHANGED = "billed_row_changed"
MANY_ROWS = 100_000


@dataclass(frozen=True)
class Placed:
    """The transactions of a month, and older ones that still wait, each with its place.

    Columns of ATTRIBUTED and `month` (empty when undated) and `detail` (what an exception lacks, in words).
    """

    month: Period
    frame: pd.DataFrame
    facts: Assignments
    accounts: Accounts
    vat: Mapping[Owner, Vat]
    """Of every client and month that can be taxed."""
    untaxable: Mapping[Owner, str]
    """Of every other one: the decision that is missing."""
    never_run: Sum
    """Older transactions of months that were never billed; they wait for a run of their own."""
    refunded: Mapping[tuple[str, int], Original]
    """(refund, part) → the settled transaction that it gives back."""
    changed: pd.DataFrame
    """Settled transactions that the supplier changed or withdrew, as exceptions of the difference."""
    own: OwnCharges
    """Charges of one's own, which no wallet holds: they are in no sum of transactions."""
    left_out: Collection[Owner] = ()
    """Older months whose fee or minimum is still owed.

    Their clients could not be taxed when these were closed, or a credit note freed what they were billed.
    """

    @property
    def own_rows(self) -> tuple[ChargeRow, ...]:
        """Charges of one's own that are on no document yet and can be taxed."""
        return tuple(row for row in self.own.open_rows if (row.client_id, row.month) in self.vat)

    @cached_property
    def of_month(self) -> pd.DataFrame:
        """The month's own rows, whatever became of them."""
        return rows_where(self.frame, self.frame["month"] == str(self.month))

    @cached_property
    def moved_in_month(self) -> pd.DataFrame:
        """The month's own rows that moved money: those whose status is void or pending are in no books."""
        return rows_where(self.of_month, self.of_month["standing"] == SETTLED)

    @property
    def attributed(self) -> pd.DataFrame:
        """Rows that have an owner and are on no document yet; taken out of the frame anew each time."""
        return rows_where(self.frame, self._open("attributed"))

    @cached_property
    def excluded(self) -> pd.DataFrame:
        """Rows that nobody is billed for, with a reason."""
        return self.frame[self._open("excluded")]

    @property
    def open_exceptions(self) -> pd.DataFrame:
        """Rows that wait and are on no document."""
        return self.frame[self._open("exception")]

    @cached_property
    def exceptions(self) -> pd.DataFrame:
        """All that waits: open rows, and billed ones that the supplier changed."""
        return _waiting_rows(self.frame, self.changed)

    @property
    def settled(self) -> pd.DataFrame:
        """Rows that an issued document holds already; a re-run writes them again from the ledger."""
        return self.frame[self.frame["settled"]]

    def sums(self) -> tuple[Sum, Sum, Sum, Sum]:
        """Of what is attributed, excluded, waits, and is on a document already."""
        attributed, excluded, waits = (
            sum_where(self.frame, self._open(outcome)) for outcome in ("attributed", "excluded", "exception")
        )
        return attributed, excluded, waits, sum_where(self.frame, self.frame["settled"])

    def _open(self, outcome: str) -> pd.Series:
        return (self.frame["outcome"] == outcome) & ~self.frame["settled"]


def rows_where(frame: pd.DataFrame, rows: pd.Series) -> pd.DataFrame:
    """The frame itself where all of its rows are asked for, as they mostly are: a month fills much of the memory."""
    return frame if rows.all() else frame[rows]


def place(job: Job, month: Period, *, every_month: bool = False) -> Placed:
    """Read, attribute and tax: everything that a bill of the month could hold, and what waits; invariant 1 checked.

    With `every_month` older months that were never run are in scope too.
    """
    zone = job.settings.billing.zone
    facts = job.assignments()
    changed = billed_and_changed(job)
    owners = attributed(job, transactions_in_scope(job.engine, *month.span(zone)), facts, changed)
    frame = owners.frame
    in_scope = _in_scope(frame, month, *billed_periods(job.engine)) | every_month
    never_run = sum_where(frame, ~in_scope & (frame["outcome"] != "excluded"))
    elsewhere = set(frame.loc[~in_scope & ~frame["settled"], "transaction_id"])
    frame = rows_where(frame, in_scope).reset_index(drop=True)
    before = sum_of(frame)
    open_rows = frame.loc[(frame["outcome"] == "attributed") & ~frame["settled"], ["client_id", "month"]]
    own = own_charges(job, month, facts)
    own_months = {(row.client_id, row.month) for row in own.open_rows}
    months = {
        str(month),
        *Coded.of(open_rows["month"]).used(),
        *(original.month for original in owners.billed.values()),
    }
    months |= {name for _, name in own_months}
    accounts = accounts_of(job, months | months_without_terms(job.engine))
    left_out = accounts.left_out(month) | accounts.freed_since(month)
    beside = own_months.union(left_out)
    vat, untaxable = _vat(job, accounts, month, open_rows, job.clients, owners.billed.values(), beside)
    frame = _waiting_with_original(_taxed(frame, untaxable, owners.billed), elsewhere)
    frame["detail"] = _details(job, frame, facts)
    waiting = _changed_rows(job, facts, changed) if changed else frame.iloc[:0]
    placed = Placed(month, frame, facts, accounts, vat, untaxable, never_run, owners.billed, waiting, own, left_out)
    raise_if_broken(every_transaction_has_a_place(before, *placed.sums()))
    if len(frame) >= MANY_ROWS:
        _hand_back()
    return placed


def waiting_of_every_month(job: Job) -> pd.DataFrame:
    """What waits of all months up to the present one, ATTRIBUTED: `exceptions` of `place` with `every_month`.

    It is told from what nothing settles, so that of a ledger of years nothing else is read.
    """
    month = job.last_month().next
    facts = job.assignments()
    changed = billed_and_changed(job)
    _, ends = month.span(job.settings.billing.zone)
    owners = attributed(job, open_transactions(job.engine, ends), facts, changed)
    frame = owners.frame
    open_rows = frame.loc[(frame["outcome"] == "attributed") & ~frame["settled"], ["client_id", "month"]]
    clients = Coded.of(open_rows["client_id"]).used()
    accounts = accounts_of(job, Coded.of(open_rows["month"]).used(), clients)
    _, untaxable = _vat(job, accounts, month, open_rows, job.clients.keys() & clients)
    frame = _waiting_with_original(_taxed(frame, untaxable, owners.billed), ())
    frame["detail"] = _details(job, frame, facts)
    return _waiting_rows(frame, _changed_rows(job, facts, changed) if changed else frame.iloc[:0])


def _waiting_rows(frame: pd.DataFrame, changed: pd.DataFrame) -> pd.DataFrame:
    found = frame[(frame["outcome"] == "exception") & ~frame["settled"]]
    return found if changed.empty else pd.concat([found, changed[found.columns]], ignore_index=True)


def _hand_back() -> None:
    """Give the system what reading and placing needed and nobody does any more: pricing's peak would come on top."""
    pa.default_memory_pool().release_unused()
    with contextlib.suppress(AttributeError, OSError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)


def _changed_rows(job: Job, facts: Assignments, changed: Mapping[str, tuple[int, int | None]]) -> pd.DataFrame:
    """These transactions as exceptions of the amount that differs."""
    settings = job.settings
    rows = transactions_of(job.engine, sorted(changed))
    frame = attribute(rows, facts, settings.categories, settings.billing.currency)
    frame["month"] = months_of_rows(frame, job)
    frame["outcome"], frame["reason"], frame["settled"] = "exception", BILLED_ROW_CHANGED, False
    frame["large_micros"] = pd.Series([None] * len(frame), dtype=TEXT)
    currency = settings.billing.currency
    standing_on = documents_of(job.engine, changed)
    differences, details = [], []
    for id_ in frame["transaction_id"]:
        billed, now = changed[id_]
        differences.append((now or 0) - billed)
        became = "DIDfarm no longer lists it" if now is None else f"DIDfarm now says {wallet_text(now, currency)}"
        where = f" ({standing_on[id_].removeprefix(', ')})" if id_ in standing_on else ""
        credit = "credit its line" if now is None else "credit its line (`credit … --rebill` bills it anew)"
        details.append(
            f"it was billed at {wallet_text(billed, currency)}{where}, and {became}: {credit}, or leave the documents"
            f" as they are: `exceptions resolve {id_} --accept --reason …`"
        )
    frame["micros"] = pd.Series(differences, dtype=INT)
    frame["detail"] = pd.Series(details, dtype=TEXT)
    return frame


def _waiting_with_original(frame: pd.DataFrame, elsewhere: Collection[str]) -> pd.DataFrame:
    """What refunds an open row waits while that row does: in the queue, or `elsewhere` for a month that was not run."""
    open_rows = ~frame["settled"]
    queue = frame.loc[open_rows & (frame["outcome"] == "exception"), "transaction_id"]
    rows = open_rows & (frame["outcome"] == "attributed") & (frame["refund_of"] != "")
    rows &= frame["refund_of"].isin(sorted({*elsewhere, *queue}))
    if not rows.any():
        return frame
    frame["outcome"] = frame["outcome"].mask(rows, "exception")
    frame["reason"] = frame["reason"].mask(rows, ORIGINAL_WAITS)
    return frame


def _in_scope(frame: pd.DataFrame, month: Period, whole: set[str], single: set[tuple[str, str]]) -> pd.Series:
    """The month's own rows, undated ones, and older ones of months that were billed, whole or for their client."""
    months = frame["month"]
    mask = months.isin(["", str(month)]) | months.isin(sorted(whole))
    if single:
        pairs = pd.MultiIndex.from_arrays([frame["client_id"].to_numpy(object), months.to_numpy(object)])
        mask |= pairs.isin(list(single))
    return mask.astype(bool)


def _vat(
    job: Job,
    accounts: Accounts,
    month: Period,
    open_rows: pd.DataFrame,
    clients: Iterable[str],
    refunded: Collection[Original] = (),
    beside: Collection[Owner] = (),
) -> tuple[dict[Owner, Vat], dict[Owner, str]]:
    """The VAT of clients in the month, and in other months of which they have open rows or charges of one's own.

    Where one cannot be taxed, the decision that is missing.
    """
    vat: dict[Owner, Vat] = {}
    untaxable: dict[Owner, str] = {}
    late = open_rows[open_rows["month"] != str(month)]
    owners = [(client_id, str(month)) for client_id in clients]
    owners += sorted(set(zip(late["client_id"], late["month"], strict=True)))
    owners += sorted({(original.client_id, original.month) for original in refunded}) + sorted(beside)
    for client_id, name in owners:
        if client_id not in job.clients and (client_id, name) not in accounts.recorded:
            continue  # its refunds are taxed as what they give back
        answer = accounts.vat(client_id, name)
        if isinstance(answer, Untaxable):
            untaxable[client_id, name] = answer.reason
        else:
            vat[client_id, name] = answer
    return vat, untaxable


def _taxed(frame: pd.DataFrame, untaxable: Mapping[Owner, str], billed: Collection[tuple[str, int]]) -> pd.DataFrame:
    """Rows of clients that cannot be taxed become exceptions; they block no other client, and no refund of old."""
    clients = sorted({client_id for client_id, _ in untaxable})
    rows = (frame["outcome"] == "attributed") & ~frame["settled"] & frame["client_id"].isin(clients)
    if not rows.any():
        return frame
    reasons = [
        untaxable.get((client_id, name), "") if is_open and (id_, part) not in billed else ""
        for is_open, id_, part, client_id, name in zip(
            rows, frame["transaction_id"], frame["part"], frame["client_id"], frame["month"], strict=True
        )
    ]
    told = pd.Series(reasons, index=frame.index, dtype=TEXT)
    rows &= told != ""
    frame["outcome"] = frame["outcome"].mask(rows, "exception")
    frame["reason"] = frame["reason"].mask(rows, "untaxable_client")
    frame["detail"] = frame["detail"].mask(rows, told)
    return frame


def _details(job: Job, frame: pd.DataFrame, facts: Assignments) -> pd.Series:
    """What would help each exception; other rows keep what they have."""
    details = frame["detail"].copy()
    waiting = (frame["outcome"] == "exception") & ~frame["settled"]
    if waiting.any():
        details[waiting] = suggestions(frame[waiting], facts, job.mapping.clients, supplier_trunks(job.engine))
    return details
