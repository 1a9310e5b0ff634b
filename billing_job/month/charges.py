"""What the rows that are billed now are charged: use by its terms, freed rows by the files, refunds by what was billed.

The stages know nothing of each other; this is where their frames and facts are brought together.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from billing_job.billing.invoicing.month_lines import Facts, FreedTerms, OwnLine
from billing_job.billing.rating.own_charges import ChargeRow, priced_charges
from billing_job.billing.rating.price import BilledUnits, price
from billing_job.billing.rating.tariff import Tariff
from billing_job.core.categories import CHARGE, MONTHLY_FEE, REFUND, is_of_plan, plan_charge_of
from billing_job.core.columns.interned import Coded, Mask, cells_of, pairs_of
from billing_job.core.columns.row_values import records
from billing_job.core.columns.schema import PRICED, conform, empty
from billing_job.core.document import Client, Document, Vat
from billing_job.core.money import scaled, wallet_text
from billing_job.core.sentences import listed
from billing_job.core.settlement import Kept, Original, RefundFact
from billing_job.core.supplies import supply_of
from billing_job.core.wallet import in_time
from billing_job.ledger.billed_facts import Units, billed_units
from billing_job.ledger.documents import documents_of_numbers
from billing_job.ledger.freed import freed
from billing_job.month.accounts import Accounts, Owner
from billing_job.month.attributing import decisions_that_hold
from billing_job.month.job import Job
from billing_job.month.placed import Placed, rows_where
from billing_job.month.refund_rows import Key, decided_rows, key_of, priced_rows, refund_rows, rows_of

NOTHING_TAXED = Vat("Z", Decimal(0))


Moment = tuple[tuple[int, int, str], int]
"""What sorts rows in time: when they happened, their ids and parts."""


class Above(NamedTuple):
    """A refund that brings back more than is left of what it gives back, by so many micros."""

    moment: Moment
    original: str
    micros: int


@dataclass(frozen=True, slots=True)
class Charges:
    """PRICED rows of this run, and what earlier documents decided about them."""

    priced: pd.DataFrame
    facts: Facts
    freed: FreedTerms
    above: tuple[Above, ...] = ()
    """Refunds of more than is left of what they give back."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What earlier documents and users decided about rows of a run, asked of the ledger before any is charged."""

    freed: Mapping[Key, Kept]
    """What credit notes freed: the place that it keeps."""
    amounts: Mapping[str, int]
    """What users decided that clients get back, net cents by transaction."""
    units: Units
    documents: Mapping[str, Document]
    """Those that refunds correct, by number."""

    def clients(self, of_files: Mapping[str, Client]) -> dict[str, Client]:
        """Those of the files, and those that left them as the corrected documents knew them."""
        return {**{document.client.client_id: document.client for document in self.documents.values()}, **of_files}


def decided_before(job: Job, placed: Placed, months: Collection[str]) -> Decided:
    """Of rows that happened in these months, and of the refunds among them."""
    held = decisions_that_hold(job)
    amounts = {id_: one.amount_cents for id_, one in held.items() if one.amount_cents is not None}
    units = _of_accounts(billed_units(job.engine, months), placed.accounts)
    return Decided(freed(job.engine), amounts, units, _corrected(job, placed.refunded))


def charges(
    job: Job, placed: Placed, before: Decided, billable: pd.DataFrame, own: Sequence[ChargeRow] = ()
) -> Charges:
    """Charge these attributed rows, and take in charges of one's own; nothing is stored, and nothing asked.

    All rows of a client are among them, or none.
    """
    kept_of_all, amounts = before.freed, before.amounts
    is_refund = (billable["refund_of"] != "").to_numpy(bool)
    decided = (billable["transaction_id"].isin(list(amounts)) & (billable["category"] == REFUND)).to_numpy(bool)
    was_freed = np.zeros(len(billable), bool)
    keys: list[Key] = []
    if kept_of_all:
        keys = list(zip(cells_of(billable["transaction_id"]), cells_of(billable["part"]), strict=True))
        was_freed = np.fromiter((key in kept_of_all for key in keys), bool, len(keys))
    # A refund that a user decided about is taxed like any freed row, and has a price of its own.
    taxed_anew = was_freed & ~is_refund
    was_freed &= ~is_refund & ~decided
    # Where no terms are recorded freed rows are use like any other; elsewhere they come after what the terms price.
    apart = was_freed & _has_terms(placed, billable, was_freed)
    use = ~is_refund & ~decided & ~apart
    refunds = _in_time(_records(billable, is_refund & ~decided))
    places = {key: kept_of_all[key] for key in keys if key in kept_of_all}
    kept = places | {key: one for key, one in kept_of_all.items() if key[0].startswith(f"{CHARGE}{MONTHLY_FEE}:")}
    kept |= {key: kept_of_all[key] for row in own if (key := (row.transaction_id, 0)) in kept_of_all}
    undone = _undone_whole(refunds, billable, placed.refunded)
    tariff = Tariff(
        clients=job.clients,
        plans=[plan.of_month(placed.month.first_day) if plan.versions else plan for plan in job.settings.plans],
        prices=job.prices,
        category_order=tuple(job.settings.categories.values()),
        trunk_names=placed.facts.trunk_names,
        zone=job.settings.billing.zone,
    )
    units = _units(before.units, placed, billable)
    frames: list[pd.DataFrame] = []
    for chosen, now in ((use, False), (apart, True)):
        if not chosen.any():
            continue
        rows = rows_where(billable, chosen)
        counted = _and_then(units, frames)
        counted = replace(counted, places=places if (chosen & was_freed).any() else {})
        frames.append(price(rows, _with_terms(tariff, placed, rows, now=now), counted, undone))
    refunded = {key: placed.refunded[key] for row in refunds if (key := key_of(row)) in placed.refunded}
    numbers = {one.document_number for one in refunded.values()}
    documents = {number: before.documents[number] for number in sorted(numbers) if number in before.documents}
    fresh = refund_rows(refunds, refunded, documents, frames)
    as_decided = _records(billable, decided)
    fresh += decided_rows(as_decided, amounts)
    if fresh:
        frames.append(priced_rows(fresh, job.clients))
    if own:
        frames.append(priced_charges(own, job.settings.billing.zone))
    return Charges(
        _together(frames),
        Facts(
            refunds=_refund_facts(refunds, refunded, documents),
            undiscounted={(str(row["transaction_id"]), int(row["part"])) for row in as_decided},
            kept=kept,
            refund_of={key_of(row): (str(row["refund_of"]), int(str(row["refund_part"]))) for row in refunds},
            own={(row.transaction_id, 0): OwnLine(row.first_day, row.last_day, row.quantity) for row in own},
        ),
        _freed_terms(placed, billable[taxed_anew], kept, own) if kept else FreedTerms(),
        tuple(_above(refunds, refunded, frames)),
    )


def _above(
    refunds: Sequence[Mapping[str, object]], billed: Mapping[Key, Original], frames: Sequence[pd.DataFrame]
) -> Iterator[Above]:
    """Refunds that bring back more than their original cost: the client gets what was charged, the rest is yours."""
    wanted = {(str(row["refund_of"]), int(str(row["refund_part"]))) for row in refunds if key_of(row) not in billed}
    costs = {key: (int(row["cost_micros"]), 0) for key, row in rows_of(frames, wanted).items()}
    costs |= {(one.transaction_id, one.part): (one.cost_micros, one.refunded_micros) for one in billed.values()}
    for row in refunds:
        original, micros = (str(row["refund_of"]), int(str(row["refund_part"]))), int(str(row["micros"]))
        cost, refunded = costs[original]
        if refunded + micros > cost:
            yield Above(_moment_of(row), original[0], refunded + micros - max(cost, refunded))
        costs[original] = (cost, refunded + micros)


def told_above(found: Iterable[Above], currency: str) -> tuple[str, ...]:
    """What people are told of all refunds of a run that bring back more than was paid, the earliest first."""
    told = sorted(found)
    if not told:
        return ()
    each = [
        f"refund {one.moment[0][2]} of transaction {one.original} ({wallet_text(one.micros, currency)})" for one in told
    ]
    in_all = wallet_text(sum(one.micros for one in told), currency)
    return (
        f"more came back than was paid, {in_all} in all: {listed(each)}. Clients get back what"
        " they were charged and no more; look whether it gives back something else as well",
    )


def _with_terms(tariff: Tariff, placed: Placed, rows: pd.DataFrame, *, now: bool) -> Tariff:
    """The tariff with the terms of each client's month."""
    owners = pairs_of(rows["client_id"], rows["month"])
    found = placed.accounts.tariffs(owners, now=now)
    return Tariff(
        tariff.clients, tariff.plans, tariff.prices, tariff.category_order, tariff.trunk_names, tariff.zone, found
    )


def _has_terms(placed: Placed, billable: pd.DataFrame, asked: Mask) -> Mask:
    """Of the rows asked for, those whose client's month was issued before, under whatever name."""
    found = np.zeros(len(billable), bool)
    rows = np.flatnonzero(asked)
    owners = zip(billable["client_id"].iloc[rows], billable["month"].iloc[rows], strict=True)
    found[rows] = [placed.accounts.has_terms(*owner) for owner in owners]
    return found


def _and_then(units: BilledUnits, frames: Sequence[pd.DataFrame]) -> BilledUnits:
    """Counted units together with those that these rows of PRICED took their places of."""
    before = dict(units.before)
    for frame in frames:
        counted = frame[frame["unit_place"] >= 0]
        last = counted.groupby(["client_id", "period", "rule"])["unit_place"].max().reset_index()
        for client_id, month, name, place in last.itertuples(index=False, name=None):
            owner = (str(client_id), str(month), str(name))
            before[owner] = max(before.get(owner, 0), int(place) + 1)
    return replace(units, before=before)


def _of_accounts(stored: Units, accounts: Accounts) -> Units:
    """Counted units under the ids by which the months were first billed."""
    owners = {(client_id, month) for counts in (stored.before, stored.unnamed) for client_id, month, _ in counts}
    account = accounts.accounts_billed(owners)
    before: dict[tuple[str, str, str], int] = {}
    unnamed: dict[tuple[str, str, str], int] = {}
    for (client_id, month, name), count in stored.before.items():
        key = (account[client_id, month], month, name)
        before[key] = max(count, before.get(key, 0))
    for (client_id, month, name), count in stored.unnamed.items():
        key = (account[client_id, month], month, name)
        unnamed[key] = count + unnamed.get(key, 0)
    return Units(before, unnamed)


def _units(stored: Units, placed: Placed, billable: pd.DataFrame) -> BilledUnits:
    """Counted units of accounts under the ids that the rows' clients have by now as well."""
    before = dict(stored.before)
    unnamed = dict(stored.unnamed)
    for client_id, month in pairs_of(billable["client_id"], billable["month"]):
        account = placed.accounts.account(client_id, month)
        if account == client_id:
            continue
        for now, of_accounts in ((before, stored.before), (unnamed, stored.unnamed)):
            now |= {
                (client_id, month, name): count
                for (owner, of_month, name), count in of_accounts.items()
                if (owner, of_month) == (account, month)
            }
    return BilledUnits(before, unnamed)


def _undone_whole(
    refunds: Sequence[Mapping[str, object]], billable: pd.DataFrame, billed: Mapping[Key, Original]
) -> set[str]:
    """Rows of this run that refunds of this run give back to the last micro of their cost."""
    back: dict[str, int] = {}
    for row in refunds:
        if key_of(row) not in billed:
            back[str(row["refund_of"])] = back.get(str(row["refund_of"]), 0) + int(str(row["micros"]))
    if not back:
        return set()
    rows = billable[billable["transaction_id"].isin(sorted(back))]
    costs = (-rows["micros"]).groupby(rows["transaction_id"]).sum()
    return {str(id_) for id_, cost in costs.items() if back[str(id_)] >= int(cost)}


def _together(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Frames of PRICED as one: each client's rows together, refunds after the use."""
    if not frames:
        return empty(PRICED)
    if len(frames) == 1:
        return frames[0]
    offset = 0
    shifted = []
    for frame in frames:
        shifted.append(frame.assign(line_key=frame["line_key"] + offset))
        offset += int(frame["line_key"].max()) + 1
    together = conform(pd.concat(shifted, ignore_index=True), PRICED, "charges")
    order = np.lexsort((np.arange(len(together)), Coded.of(together["client_id"]).ranks()))
    return together.iloc[order].reset_index(drop=True)


def _corrected(job: Job, billed: Mapping[Key, Original]) -> dict[str, Document]:
    """The documents that refunds correct, by number."""
    numbers = sorted({original.document_number for original in billed.values()} - {""})
    return {document.number: document for document in documents_of_numbers(job.engine, numbers)}


def _refund_facts(
    refunds: Sequence[Mapping[str, object]], billed: Mapping[Key, Original], documents: Mapping[str, Document]
) -> dict[Key, RefundFact]:
    """(refund, part) → how its original was taxed, and on which document."""
    found = {}
    for row in refunds:
        original = billed.get(key_of(row))
        if original is None:
            continue
        document = documents.get(original.document_number)
        line = next((line for line in document.lines if line.line == original.line), None) if document else None
        if document is not None and line is not None:
            vat = replace(line.vat, supply=supply_of(document, line.vat))
            found[key_of(row)] = RefundFact(vat, document.number, document.issue_date)
        else:
            # Nothing was charged for it, so nothing is given back and nothing taxed.
            found[key_of(row)] = RefundFact(NOTHING_TAXED, "", date.min)
    return found


def _freed_terms(placed: Placed, again: pd.DataFrame, kept: Mapping[Key, Kept], own: Sequence[ChargeRow]) -> FreedTerms:
    """What the files now say of the months that freed rows, and freed charges, belong to."""
    owners: set[Owner] = pairs_of(again["client_id"], again["month"])
    charged = {key[0]: one for key, one in kept.items() if key[0].startswith(CHARGE)}
    owners |= {(one.client_id, one.month) for one in charged.values()}
    of_plans = {(plan_charge_of(id_, one.month)[0], one.month) for id_, one in charged.items() if is_of_plan(id_)}
    owners |= placed.accounts.present(of_plans)
    owners |= {(row.client_id, row.month) for row in own if (row.transaction_id, 0) in kept}
    vat: dict[Owner, Vat] = {}
    discounts: dict[Owner, int] = {}
    for client_id, month in owners:
        if client_id not in placed.accounts.job.clients:
            continue
        now = placed.accounts.vat_now(client_id, month)
        known = now if isinstance(now, Vat) else placed.vat.get((client_id, month))
        if known is not None:
            vat[client_id, month] = known
        discounts[client_id, month] = scaled(placed.accounts.plan_now(client_id, month).discount_percent)
    return FreedTerms(vat, discounts, {owner for owner in owners if placed.accounts.is_undone(*owner)})


def _records(frame: pd.DataFrame, rows: Mask) -> list[dict[str, Any]]:
    """Those rows by column name; mostly there are none, and then nothing is taken out."""
    return records(frame[rows]) if rows.any() else []


def _in_time(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    return sorted(rows, key=_moment_of)


def _moment_of(row: Mapping[str, object]) -> Moment:
    id_, part = key_of(row)
    return in_time(int(str(row["created_at"])), id_), part
