"""The owner of each transaction, for any number of them: most by their own reference, a few by others as well.

Orders that several clients share and refunds need facts of other rows. They are few, and are held together; all others
go through in pieces.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
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
from billing_job.core.categories import RENTAL
from billing_job.core.columns.interned import ints, with_own_texts
from billing_job.core.columns.months import months_of
from billing_job.core.columns.schema import ATTRIBUTED, INT, TEXT, Schema, conform, empty
from billing_job.core.decision import Decision
from billing_job.core.files.pieces import Pieces, joined
from billing_job.core.memory import hand_back
from billing_job.core.settlement import Original
from billing_job.ledger.decisions import decisions
from billing_job.ledger.transactions import renewals, settled_parts, transactions_of
from billing_job.ledger.withdrawals import EditedBill, changed_bills, edited_bills
from billing_job.month.job import Job
from billing_job.month.refund_owners import came_back, place_refunds

BEFORE_FIRST_MONTH = "before_first_month"
NO_CHANGES: Mapping[str, tuple[int, int | None]] = {}
PLACED: Schema = {**ATTRIBUTED, "month": TEXT, "detail": TEXT}
"""ATTRIBUTED, the month (YYYY-MM, empty when undated), and what an exception lacks, in words."""
_LAID_BY: Schema = {**PLACED, "place": INT}


@dataclass(frozen=True, slots=True)
class AttributedRows:
    """Transactions with their owners, PLACED, in the order of the ledger."""

    plain: Pieces
    """Those that need nothing but their own reference, and their places among all."""
    special: pd.DataFrame
    """Orders and refunds, with their places as the index; parts that an order was shared out to come after all rows."""
    originals: pd.DataFrame
    """The open rows that refunds give back, PLACED, out of either."""
    billed: Mapping[tuple[str, int], Original]
    """(refund, part) → what it gives back; not for one whose original is billed beside it."""

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Both together, in pieces."""
        left = self.special.sort_index(kind="stable")
        for piece in self.plain:
            if left.empty:
                yield piece[list(PLACED)].reset_index(drop=True)
                continue
            piece = piece.set_axis(pd.Index(ints(piece["place"])))[list(PLACED)]
            before = int(np.searchsorted(left.index.to_numpy(), piece.index[-1]))
            if before:
                piece = pd.concat([piece, left.iloc[:before]]).sort_index(kind="stable")
                left = left.iloc[before:]
            yield piece.reset_index(drop=True)
        if not left.empty:
            yield left.reset_index(drop=True)

    def whole(self) -> pd.DataFrame:
        """All rows as one frame."""
        return conform(joined(self, PLACED), PLACED, "attributed")


def attributed(
    job: Job,
    transactions: Iterable[pd.DataFrame],
    facts: Assignments,
    changed: Mapping[str, tuple[int, int | None]] = NO_CHANGES,
    undecided: Collection[str] = (),
    since: int | None = None,
) -> AttributedRows:
    """The owner of each transaction: by mapping and decisions, of an order shared out, of a refund by its original.

    TRANSACTIONS in, in pieces. `changed` are settled transactions that wait for a decision; of `undecided` ones the
    decision is left out.
    With `since`, microseconds since 1970 UTC, rows before it are not among them, being excluded all: one that a refund
    gives back is read for it.
    """
    settings = job.settings
    parts = settled_parts(job.engine)
    parts = {key: one._replace(trunk=facts.trunk_names.get(one.trunk, one.trunk)) for key, one in parts.items()}
    of_parts = sorted({id_ for id_, _ in parts})
    held = {id_: one for id_, one in decisions_that_hold(job).items() if id_ not in undecided}
    gone = job.withdrawn()
    plain, apart, rows = Pieces(_LAID_BY), [], 0
    for piece in transactions:
        frame = attribute(piece, facts, settings.categories, settings.billing.currency)
        frame.index = pd.RangeIndex(rows, rows + len(frame))
        rows += len(frame)
        is_special = came_back(frame) | (frame["reason"] == AMBIGUOUS)
        if of_parts:
            is_special |= frame["transaction_id"].isin(of_parts)
        if is_special.any():
            apart.append(with_own_texts(frame[is_special]))
            frame = frame[~is_special]
        frame = _decided(frame, job, held, gone)
        plain.add(_placed(frame, job).assign(place=pd.Series(frame.index, frame.index, dtype=INT)))
    special = conform(pd.concat(apart), ATTRIBUTED, "attribute") if apart else empty(ATTRIBUTED)
    if (special["reason"] == AMBIGUOUS).any():
        rentals = [name for name, category in settings.categories.items() if category == RENTAL]
        rented = renewals(job.engine, rentals, numbers_of_shared_orders(special, facts))
        special = split_orders(special, facts, known_prices(rented, facts))
    refunds = set(special.loc[came_back(special), "transaction_id"]) if parts else set()
    special = settle_parts(special, {key: one for key, one in parts.items() if key[0] not in refunds})
    special = _decided(special, job, held, gone)

    def open_rows_of(ids: set[str]) -> pd.DataFrame:
        rows = _open_rows(plain, special, ids)
        return rows if since is None else joined([rows, _open_before(since, ids, job, facts)], ATTRIBUTED)

    costs = {key: one.cost_micros for key, one in parts.items()}
    owners = place_refunds(special, open_rows_of, job, facts, held, set(changed), costs)
    special = settle_parts(owners.frame, {key: one for key, one in parts.items() if key[0] in refunds})
    if plain.on_disk:
        hand_back()
    return AttributedRows(plain, _placed(special, job), _placed(owners.originals, job), owners.billed)


def decisions_that_hold(job: Job) -> dict[str, Decision]:
    """Transaction → whose it was decided to be; one for a client that has left clients.csv waits again.

    Otherwise it would stop every run.
    """
    return {id_: one for id_, one in decisions(job.engine).items() if one.is_house or one.client_id in job.clients}


def billed_and_changed(job: Job, only: str = "", facts: Assignments | None = None) -> dict[str, tuple[int, int | None]]:
    """Settled transactions, or this one, that the supplier changed since, and that nobody accepted as they are now.

    id → (wallet micros they are settled at, micros now): equal where it is another client's, category or month by now.
    `facts` are the job's assignments where they are known.
    """
    gone = job.withdrawn()
    changed = changed_bills(job.engine, gone, only)
    edited = [bill for bill in edited_bills(job.engine, only) if bill.transaction_id not in changed.keys() | gone]
    return changed | (_billed_otherwise(edited, job, facts or job.assignments()) if edited else {})


def _billed_otherwise(edited: Sequence[EditedBill], job: Job, facts: Assignments) -> dict[str, tuple[int, int | None]]:
    """Transactions that would be billed otherwise as they now read than as they read before, by the files of today.

    A decision speaks of its transaction, whatever that refers to. Of refunds and shared orders the reference decides.
    """
    decided = decisions_that_hold(job)
    rows = transactions_of(job.engine, {bill.transaction_id for bill in edited} - decided.keys())
    at = {id_: place for place, id_ in enumerate(rows["transaction_id"])}
    edited = [bill for bill in edited if bill.transaction_id in at]
    before = rows.iloc[[at[bill.transaction_id] for bill in edited]].reset_index(drop=True)
    for name in ("type", "reference_type", "reference_id", "created_at"):
        before[name] = pd.Series([getattr(bill, name) for bill in edited], dtype=before[name].dtype)
    answers = _answers(rows, job, facts)
    found: dict[str, tuple[int, int | None]] = {}
    for bill, was in zip(edited, _answers(before, job, facts), strict=True):
        row = rows.iloc[at[bill.transaction_id]]
        now = answers[at[bill.transaction_id]]
        names = (row["type"], row["reference_type"], row["reference_id"])
        if bill.part or bill.refund_of:
            is_another = names != (bill.type, bill.reference_type, bill.reference_id)
        else:
            is_another = now not in (was, (bill.client_id, bill.category, bill.month))
        if is_another:
            found[bill.transaction_id] = (int(row["micros"]), int(row["micros"]))
    return found


def _answers(frame: pd.DataFrame, job: Job, facts: Assignments) -> list[tuple[str, str, str]]:
    """Client, category and month of each row, by itself."""
    settings = job.settings
    told = attribute(frame, facts, settings.categories, settings.billing.currency)
    return list(zip(told["client_id"], told["category"], months_of_rows(told, job), strict=True))


def months_of_rows(frame: pd.DataFrame, job: Job) -> pd.Series:
    """The month of each row in the seller's zone, empty when undated."""
    months = months_of(ints(frame["created_at"], missing=0), job.settings.billing.zone).plain()
    return months.set_axis(frame.index).where(frame["created_at"].notna(), "")


def _decided(frame: pd.DataFrame, job: Job, held: Mapping[str, Decision], gone: Collection[str]) -> pd.DataFrame:
    """What users decided, what the supplier took back, and what was billed elsewhere, before there was this job."""
    frame = decide(withdrawn(frame, gone), held)
    first_month = job.settings.billing.first_month
    if first_month is None:
        return frame
    months = months_of_rows(frame, job)
    rows = (months != "") & (months < first_month) & ~frame["settled"] & (frame["outcome"] != "excluded")
    frame = frame.copy()
    frame["outcome"] = frame["outcome"].mask(rows, "excluded")
    frame["reason"] = frame["reason"].mask(rows, BEFORE_FIRST_MONTH)
    return frame


def _placed(frame: pd.DataFrame, job: Job) -> pd.DataFrame:
    """ATTRIBUTED as PLACED."""
    if frame.empty:
        return empty(PLACED)
    return frame.assign(month=months_of_rows(frame, job), detail=frame["problem"])


def _open_rows(plain: Pieces, special: pd.DataFrame, ids: Collection[str]) -> pd.DataFrame:
    """The rows of these transactions that no document settles; ATTRIBUTED."""
    wanted = sorted(ids)
    found = [
        with_own_texts(
            conform(frame[frame["transaction_id"].isin(wanted) & ~frame["settled"]], ATTRIBUTED, "attributed")
        )
        for frame in chain(plain, (special,))
    ]
    return conform(joined([frame for frame in found if not frame.empty], ATTRIBUTED), ATTRIBUTED, "attributed")


def _open_before(since: int, ids: Collection[str], job: Job, facts: Assignments) -> pd.DataFrame:
    """The rows before `since` of these transactions that no document settles; ATTRIBUTED."""
    rows = transactions_of(job.engine, ids)
    older = rows[(rows["created_at"] < since).fillna(False).astype(bool) & ~rows["settled"]]
    found = attributed(job, [older], facts).whole()
    return conform(found[~found["settled"]], ATTRIBUTED, "attributed")
