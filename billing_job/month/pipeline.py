"""The stages in order, and the checks between them: attribute → tax → price → issue → render → export.

Fetching comes before and is a command of its own, for a month can be billed from the ledger alone.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd

from billing_job.core.categories import is_own_charge
from billing_job.core.checks import numbers_have_no_gap, raise_if_broken
from billing_job.core.columns.row_values import exact_sum, sum_where
from billing_job.core.columns.schema import TEXT
from billing_job.core.document import Document
from billing_job.core.errors import ConfigError
from billing_job.core.files.pieces import ROWS_IN_PIECE
from billing_job.core.moments import moment_text
from billing_job.core.period import Period
from billing_job.core.settlement import Bill, Owner, TrunkMonth
from billing_job.core.sums import Sum
from billing_job.ledger.documents import clients_billed_for, issued_numbers
from billing_job.ledger.issuing import issue
from billing_job.ledger.proven_readings import proof_of_reading
from billing_job.month.charge_contradictions import late_charges
from billing_job.month.client_rows import by_client, client_bounds
from billing_job.month.gate import Because, Gate, gate_of, open_gate, why_nothing_is_issued
from billing_job.month.job import Job
from billing_job.month.placed import Placed, rows_where
from billing_job.month.placing import place
from billing_job.month.preconditions import check_clients
from billing_job.month.run_bills import bills_of_run, taken_up
from billing_job.month.waiting_limit import WaitingShare, waiting_share


@dataclass(frozen=True, slots=True)
class Billed:
    """What issuing a month came to."""

    placed: Placed
    issued: tuple[str, ...]
    """The numbers that this run gave."""
    drafts: tuple[Document, ...]
    waiting: Sum
    """Attributed to a client that has its document of the month already: on its next invoice."""
    gate: Gate
    share: WaitingShare
    """Of the whole month, whichever part of it was asked for."""
    because: Because
    """Why nothing is issued by this reading, or while so much waits; drafts are made all the same."""
    notes: tuple[str, ...] = ()
    """What somebody should look at, though it is billed by the rules."""


def bill(
    job: Job,
    month: Period,
    *,
    only: Collection[str] = (),
    supplementary: bool = False,
    draft: bool = False,
    rows_in_piece: int = ROWS_IN_PIECE,
) -> Billed:
    """Place, price and issue a month; with `draft` the documents have no number and nothing is stored.

    `only` restricts it to some clients; `supplementary` bills at once what would wait for the next invoice. Of about
    `rows_in_piece` rows all columns are held at one time; what is stored does not depend on it.
    """
    check_clients(job, only)
    placed = place(job, month, rows_in_piece=rows_in_piece)
    if placed.own.problems:
        raise ConfigError(placed.own.problems)
    gate, share = gate_of(job), waiting_share(placed)
    because = why_nothing_is_issued(
        gate,
        costs_remain=gate.says_nothing and _costs_remain(placed),
        something_waits=not placed.exceptions.empty,
        too_much_waits=share.exceeds(job.settings.billing.max_waiting_percent),
        on_exception=job.settings.billing.on_exception,
    )
    has_invoice = clients_billed_for(job.engine, str(month))
    waits = Sum()

    def billable() -> Iterator[pd.DataFrame]:
        nonlocal waits
        for piece in placed.attributed():
            rows = rows_where(piece, piece["client_id"].isin(list(only))) if only else piece
            waiting = rows["client_id"].isin([] if supplementary else list(has_invoice))
            waits += sum_where(rows, waiting)
            yield rows_where(rows, ~waiting)

    billed_now = [
        id_
        for id_ in only or job.clients
        if (id_, str(month)) in placed.vat and (supplementary or id_ not in has_invoice)
    ]
    own = [row for row in placed.own_rows if (not only or row.client_id in only)]
    own_now = [row for row in own if supplementary or row.client_id not in has_invoice]
    run = bills_of_run(job, placed, by_client(billable(), client_bounds(placed)), billed_now, own_now)
    late = late_charges(own_now, placed.client_months.closed, job.settings.billing.currency)
    if draft or because:
        # Also where nothing is kept of them: what cannot be billed is to be told.
        drafts = [each.document for lot in run for each in lot if each.document and draft]
        return Billed(placed, (), tuple(drafts), waits, gate, share, because, run.notes + late)
    closing = set() if only else {(client_id, str(month)) for client_id in billed_now}
    owners = closing | taken_up(placed, billed_now)
    issued = issue(
        job.engine,
        _with_owners(run, owners),
        str(month),
        job.numbering,
        closes=not only,
        now=moment_text(job.clock.now()),
        today=job.today,
        terms=lambda: placed.client_months.fresh_terms(owners),
        borne=_borne(placed, only),
        together_with=partial(open_gate, job, gate, job.reading(), month),
        evidence={vat_id: recorded.seq for vat_id, recorded in placed.client_months.vies.items()},
    )
    raise_if_broken(numbers_have_no_gap(issued_numbers(job.engine)))
    gate = replace(gate, proven=proof_of_reading(job.engine, gate.reading))
    return Billed(placed, tuple(issued), (), waits, gate, share, because, run.notes + late)


def _costs_remain(placed: Placed) -> bool:
    """Whether the open rows of some client do not cancel each other."""
    sums: Counter[str] = Counter()
    for piece in placed.attributed("client_id", "micros"):
        for client_id, own in piece.astype({"client_id": TEXT}).groupby("client_id"):
            sums[str(client_id)] += exact_sum(own["micros"])
    return any(sums.values())


def _borne(placed: Placed, only: Collection[str]) -> list[TrunkMonth]:
    """Who bears the month, to be recorded once: who comes into the files after it was closed owes nothing for it."""
    month = str(placed.month)
    if month in placed.client_months.closed:
        return []
    return placed.client_months.trunk_months.to_record(month, set(only) if only else None)


def billed_owners(bills: Iterable[Bill]) -> set[Owner]:
    """The clients' months that are on these bills."""
    return {
        (bill.client_id, settlement.month)
        for bill in bills
        for settlement in bill.settlements
        # A charge in advance must not fix the terms of a month that has not begun.
        if not is_own_charge(settlement.transaction_id)
    }


def _with_owners(lots: Iterable[list[Bill]], owners: set[Owner]) -> Iterator[list[Bill]]:
    """The lots; when they are through, the clients' months that they bill are among the owners."""
    for lot in lots:
        owners |= billed_owners(lot)
        yield lot
