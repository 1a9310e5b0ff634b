"""What the rows that are billed now are charged: use by its terms, freed rows by the files, refunds by what was billed.

The stages know nothing of each other; this is where their frames and facts are brought together.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from billing_job.billing.invoicing.row_lines import Facts, FreedTerms, OwnLine
from billing_job.billing.rating.own_charges import ChargeRow, priced_charges
from billing_job.billing.rating.price import price
from billing_job.billing.rating.tariff import Tariff
from billing_job.core.categories import CHARGE, MONTHLY_FEE, is_of_plan, plan_charge_of
from billing_job.core.columns.interned import Coded, Mask, cells_of, pairs_of
from billing_job.core.columns.row_values import records
from billing_job.core.columns.schema import PRICED, conform, empty
from billing_job.core.document import Document, Vat
from billing_job.core.money import scaled
from billing_job.core.parties import Client
from billing_job.core.settlement import Kept, Key, Original, Owner
from billing_job.ledger.billed_months import Units, billed_units
from billing_job.ledger.documents import documents_of_numbers
from billing_job.ledger.freed import freed
from billing_job.month.attributing import decisions_that_hold
from billing_job.month.counted_units import units_of_accounts, units_of_clients, with_places_of
from billing_job.month.excess_refunds import Above, moment_of, refunds_above
from billing_job.month.job import Job
from billing_job.month.placed import Placed, rows_where
from billing_job.month.refund_rows import (
    decided_rows,
    key_of,
    original_of,
    priced_rows,
    refund_facts,
    refund_rows,
    undone_whole,
)


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
    units = units_of_accounts(billed_units(job.engine, months), placed.client_months)
    return Decided(freed(job.engine), amounts, units, _corrected(job, placed.refunded))


def charges(
    job: Job, placed: Placed, before: Decided, billable: pd.DataFrame, own: Sequence[ChargeRow] = ()
) -> Charges:
    """Charge these attributed rows, and take in charges of one's own; nothing is stored, and nothing asked.

    All rows of a client are among them, or none.
    """
    kept_of_all, amounts = before.freed, before.amounts
    is_refund = (billable["refund_of"] != "").to_numpy(bool)
    decided = (billable["transaction_id"].isin(list(amounts)) & (billable["micros"] > 0)).to_numpy(bool)
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
    undone = undone_whole(refunds, billable, placed.refunded)
    tariff = Tariff(
        clients=job.clients,
        plans=[plan.of_month(placed.month.first_day) if plan.versions else plan for plan in job.settings.plans],
        prices=job.prices,
        category_order=tuple(job.settings.categories.values()),
        trunk_names=placed.facts.trunk_names,
        zone=job.settings.billing.zone,
    )
    units = units_of_clients(before.units, placed, billable)
    frames: list[pd.DataFrame] = []
    for chosen, now in ((use, False), (apart, True)):
        if not chosen.any():
            continue
        rows = rows_where(billable, chosen)
        counted = with_places_of(units, frames)
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
            refunds=refund_facts(refunds, refunded, documents),
            undiscounted={key_of(row) for row in as_decided},
            kept=kept,
            refund_of={key_of(row): original_of(row) for row in refunds},
            own={(row.transaction_id, 0): OwnLine(row.first_day, row.last_day, row.quantity) for row in own},
        ),
        _freed_terms(placed, billable[taxed_anew], kept, own) if kept else FreedTerms(),
        tuple(refunds_above(refunds, refunded, frames)),
    )


def _with_terms(tariff: Tariff, placed: Placed, rows: pd.DataFrame, *, now: bool) -> Tariff:
    """The tariff with the terms of each client's month."""
    owners = pairs_of(rows["client_id"], rows["month"])
    return replace(tariff, of_months=placed.client_months.tariffs(owners, now=now))


def _has_terms(placed: Placed, billable: pd.DataFrame, asked: Mask) -> Mask:
    """Of the rows asked for, those whose client's month was issued before, under whatever name."""
    found = np.zeros(len(billable), bool)
    rows = np.flatnonzero(asked)
    owners = zip(billable["client_id"].iloc[rows], billable["month"].iloc[rows], strict=True)
    found[rows] = [placed.client_months.has_terms(*owner) for owner in owners]
    return found


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


def _freed_terms(placed: Placed, again: pd.DataFrame, kept: Mapping[Key, Kept], own: Sequence[ChargeRow]) -> FreedTerms:
    """What the files now say of the months that freed rows, and freed charges, belong to."""
    owners: set[Owner] = pairs_of(again["client_id"], again["month"])
    charged = {key[0]: one for key, one in kept.items() if key[0].startswith(CHARGE)}
    owners |= {(one.client_id, one.month) for one in charged.values()}
    of_plans = {(plan_charge_of(id_, one.month)[0], one.month) for id_, one in charged.items() if is_of_plan(id_)}
    owners |= placed.client_months.present(of_plans)
    owners |= {(row.client_id, row.month) for row in own if (row.transaction_id, 0) in kept}
    vat: dict[Owner, Vat] = {}
    discounts: dict[Owner, int] = {}
    for client_id, month in owners:
        if client_id not in placed.client_months.job.clients:
            continue
        now = placed.client_months.vat_now(client_id, month)
        known = now if isinstance(now, Vat) else placed.vat.get((client_id, month))
        if known is not None:
            vat[client_id, month] = known
        discounts[client_id, month] = scaled(placed.client_months.plan_now(client_id, month).discount_percent)
    return FreedTerms(vat, discounts, {owner for owner in owners if placed.client_months.is_undone(*owner)})


def _records(frame: pd.DataFrame, rows: Mask) -> list[dict[str, Any]]:
    """Those rows by column name; mostly there are none, and then nothing is taken out."""
    return records(frame[rows]) if rows.any() else []


def _in_time(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    return sorted(rows, key=moment_of)
