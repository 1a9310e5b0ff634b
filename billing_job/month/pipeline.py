"""The stages in order, and the checks between them: attribute → tax → price → issue → render → export.

Fetching comes before and is a command of its own, for a month can be billed from the ledger alone.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import pandas as pd

from billing_job.billing.invoicing.bills import ROWS_AT_ONCE, Lot, Terms, bills
from billing_job.billing.invoicing.fee_discount_minimum import Minimum, PlanTerms
from billing_job.billing.invoicing.national_currency import with_national_vat
from billing_job.billing.invoicing.tax import vat_id_check
from billing_job.billing.rating.own_charges import ChargeRow
from billing_job.billing.rating.plans import Plan
from billing_job.core.categories import MINIMUM, MONTHLY_FEE, is_own_charge, plan_charge_id
from billing_job.core.checks import (
    documents_add_up,
    every_charge_is_on_a_bill,
    numbers_have_no_gap,
    raise_if_broken,
)
from billing_job.core.columns.interned import pairs_of
from billing_job.core.columns.row_values import exact_sum, sum_where
from billing_job.core.document import Document
from billing_job.core.errors import ConfigError, InvariantBroken
from billing_job.core.moments import moment_text
from billing_job.core.money import cents_from_decimal, scaled
from billing_job.core.period import Period
from billing_job.core.settlement import Bill, TrunkMonth
from billing_job.core.sums import Sum
from billing_job.ledger.billed_facts import MonthNet, month_nets, own_charges
from billing_job.ledger.documents import clients_billed_for, issued_numbers, net_by_month
from billing_job.ledger.issuing import issue
from billing_job.ledger.proven_readings import proof_of_reading
from billing_job.ledger.transactions import supplier_trunks
from billing_job.ledger.vat_closings import first_open_day
from billing_job.month.accounts import Accounts, Owner
from billing_job.month.charges import charges
from billing_job.month.credit_offers import unoffered_credit, with_credit_offers
from billing_job.month.gate import Because, Gate, gate_of, open_gate, why_nothing_is_issued
from billing_job.month.job import Job
from billing_job.month.own_charges import late_charges
from billing_job.month.placing import Placed, place, rows_where
from billing_job.month.preconditions import check_clients
from billing_job.month.waiting_limit import WaitingShare, waiting_share

HISTORY_MONTHS = 6
NO_NETS: Mapping[Owner, dict[str, int]] = {}


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
    at_once: int = ROWS_AT_ONCE,
) -> Billed:
    """Place, price and issue a month; with `draft` the documents have no number and nothing is stored.

    `only` restricts it to some clients; `supplementary` bills at once what would wait for the next invoice. Documents
    of about `at_once` rows are held at one time; what is stored does not depend on it.
    """
    check_clients(job, only)
    placed = place(job, month)
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
    billable = placed.attributed
    if only:
        billable = billable[billable["client_id"].isin(list(only))]
    has_invoice = clients_billed_for(job.engine, str(month))
    waiting = billable["client_id"].isin([] if supplementary else list(has_invoice))
    billed_now = [
        id_
        for id_ in only or job.clients
        if (id_, str(month)) in placed.vat and (supplementary or id_ not in has_invoice)
    ]
    own = [row for row in placed.own_rows if (not only or row.client_id in only)]
    own_now = [row for row in own if supplementary or row.client_id not in has_invoice]
    lots, notes = bills_of_run(job, placed, rows_where(billable, ~waiting), billed_now, own_now, at_once)
    notes += late_charges(own_now, placed.accounts.closed, job.settings.billing.currency)
    waits = sum_where(billable, waiting)
    del billable, waiting
    if draft or because:
        # Also where nothing is kept of them: what cannot be billed is to be told.
        drafts = [each.document for lot in lots for each in lot if each.document and draft]
        return Billed(placed, (), tuple(drafts), waits, gate, share, because, notes)
    closing = set() if only else {(client_id, str(month)) for client_id in billed_now}
    owners = closing | taken_up(placed, billed_now)
    issued = issue(
        job.engine,
        _with_owners(lots, owners),
        str(month),
        job.numbering,
        closes=not only,
        now=moment_text(job.clock.now()),
        today=_today(job),
        terms=lambda: placed.accounts.fresh_terms(owners),
        borne=_borne(placed, only),
        together_with=partial(open_gate, job, gate, job.reading(), month),
        evidence={vat_id: recorded.seq for vat_id, recorded in placed.accounts.vies.items()},
    )
    raise_if_broken(numbers_have_no_gap(issued_numbers(job.engine)))
    gate = replace(gate, proven=proof_of_reading(job.engine, gate.reading))
    return Billed(placed, tuple(issued), (), waits, gate, share, because, notes)


def _costs_remain(placed: Placed) -> bool:
    """Whether the open rows of some client do not cancel each other."""
    return any(exact_sum(own["micros"]) for _, own in placed.attributed.groupby("client_id"))


def _borne(placed: Placed, only: Collection[str]) -> list[TrunkMonth]:
    """Who bears the month, to be recorded once: who comes into the files after it was closed owes nothing for it."""
    month = str(placed.month)
    if month in placed.accounts.closed:
        return []
    return placed.accounts.trunk_months(month, set(only) if only else None)


def taken_up(placed: Placed, billed_now: Collection[str]) -> set[Owner]:
    """Older months whose fee or minimum is owed still, of clients that can be taxed by now and get a document."""
    return {owner for owner in placed.left_out if owner[0] in billed_now and owner in placed.vat}


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


def bills_of_run(
    job: Job,
    placed: Placed,
    billable: pd.DataFrame,
    billed_now: Collection[str],
    own: Sequence[ChargeRow],
    at_once: int = ROWS_AT_ONCE,
) -> tuple[Iterator[list[Bill]], tuple[str, ...]]:
    """The bills of these rows, and what `billed_now` owe of the month beside them; and what somebody should look at.

    The bills come in lots; making one asks the ledger nothing any more.
    """
    settings, month = job.settings, placed.month
    charged = charges(job, placed, billable, own)
    terms = Terms(
        seller=job.seller,
        currency=settings.billing.currency,
        period=month,
        issue_date=issue_date(job, month),
        today=_today(job),
        payment_terms_days=settings.billing.payment_terms_days,
        zone=settings.billing.zone,
        trunk_names=_trunk_names(job),
    )
    checks = {client_id: vat_id_check(client) for client_id, client in charged.clients.items()}
    owners = {(client_id, str(month)) for client_id in billed_now}
    fees = owners | taken_up(placed, billed_now)
    used = charged.priced[~charged.priced["transaction_id"].isin([row.transaction_id for row in own])]
    owners = fees | pairs_of(used["client_id"], used["period"])
    clients = {id_: job.mapping.with_references(one, month.last_day) for id_, one in charged.clients.items()}
    lots = bills(
        charged.priced,
        clients,
        placed.vat,
        checks,
        net_by_month(job.engine, str(month), HISTORY_MONTHS),
        plan_terms(job, placed.accounts, owners, fees, _gone_nets(job, charged.priced)),
        terms,
        charged.facts,
        charged.freed,
        at_once,
    )
    return _checked(job, lots, unoffered_credit(job), len(charged.priced)), charged.notes


def _checked(job: Job, lots: Iterable[Lot], credit: Mapping[str, int], rows: int) -> Iterator[list[Bill]]:
    """The bills of each lot, with their VAT in the seller's own currency and what the client has in `credit`.

    Together they bill all of the priced rows.
    """
    for lot in lots:
        found = with_credit_offers(credit, [_with_national_vat(job, bill) for bill in lot.bills])
        raise_if_broken(
            every_charge_is_on_a_bill(lot.rows, found) + documents_add_up(b.document for b in found if b.document)
        )
        rows -= len(lot.rows)
        yield found
    if rows:
        raise InvariantBroken(f"{rows} priced transactions are on no bill. Nothing was issued; please report this")


def _trunk_names(job: Job) -> dict[str, str]:
    """What a client may read of each trunk: its name, never an id."""
    found: dict[str, str] = {}
    for trunk in supplier_trunks(job.engine):
        name = " ".join(trunk.name.split())
        if name and name not in (trunk.uuid, trunk.trunk_id):
            found |= {trunk.uuid: name, trunk.trunk_id: name}
    return found


def _with_national_vat(job: Job, bill: Bill) -> Bill:
    """The bill with its VAT in the seller's own currency, where one is asked for; ConfigError without a rate."""
    if bill.document is None:
        return bill
    try:
        return replace(bill, document=with_national_vat(bill.document, job.mapping.exchange_rates))
    except ValueError as error:
        raise ConfigError(str(error)) from None


def plan_terms(
    job: Job,
    accounts: Accounts,
    owners: Collection[Owner],
    fees: Collection[Owner],
    gone_nets: Mapping[Owner, dict[str, int]] = NO_NETS,
) -> dict[Owner, PlanTerms]:
    """What plans ask of clients' months beside their use; those that ask nothing are left out.

    The fee is asked once, by the run of its own month, so of these `fees`, the minimum anew whenever rows of the month
    are billed. A month that a client bore under two ids has one minimum: `gone_nets` are the refunds of this run that
    go to ids which have left the files.
    """
    present: dict[Owner, str] = {}
    for client_id, name in sorted(owners, key=lambda owner: owner[0] not in job.clients):
        present.setdefault((accounts.account(client_id, name), name), client_id)
    nets = month_nets(job.engine, {name for _, name in owners})
    billed_fees, minimum_parts = own_charges(job.engine)
    found = {}
    for client_id, name in owners:
        account = accounts.account(client_id, name)
        fee_id = plan_charge_id(MONTHLY_FEE, account, name)
        plan = accounts.plan(client_id, name)
        owes = accounts.owes(client_id, name)
        owes_fee = owes and (client_id, name) in fees and fee_id not in billed_fees
        is_present = present[account, name] == client_id
        ids = {account, client_id}
        before = [nets.get((id_, name), MonthNet()) for id_ in ids] if is_present else []
        before += [MonthNet(gone_nets.get((id_, name), {})) for id_ in ids - {client_id}]
        parts = {
            category: minimum_parts.get(plan_charge_id(MINIMUM, account, name, category), 0)
            for category in _minimum_categories(plan, before)
        }
        terms = PlanTerms(
            account=account,
            fee_cents=accounts.fee_cents(client_id, name, plan) if owes_fee else 0,
            discount_millionths=scaled(plan.discount_percent),
            minimums=_minimums(plan, before, parts, owes=owes and is_present),
        )
        if terms.fee_cents or terms.discount_millionths or terms.minimums:
            found[client_id, name] = terms
    return found


def _minimum_categories(plan: Plan, before: Sequence[MonthNet]) -> list[str]:
    """The categories that have a minimum, or had one billed, and the empty one of the month at the end."""
    return [*sorted({*plan.category_minimum, *(name for each in before for name in each.minimums)} - {""}), ""]


def _minimums(plan: Plan, before: Sequence[MonthNet], parts: Mapping[str, int], *, owes: bool) -> tuple[Minimum, ...]:
    """What a month comes to at least, and what earlier documents billed of it; `parts` are in the order of billing."""
    found = []
    for category, part in parts.items():
        asked = plan.category_minimum.get(category, "0") if category else plan.minimum
        nets = sum(cents for each in before for name, cents in each.nets.items() if category in ("", name))
        tops = sum(cents for each in before for name, cents in each.minimums.items() if name and not category)
        billed = sum(each.minimums.get(category, 0) for each in before)
        minimum = Minimum(category, cents_from_decimal(asked) if owes else 0, nets + tops, billed, part)
        if minimum.cents or minimum.billed_cents:
            found.append(minimum)
    return tuple(found)


def _gone_nets(job: Job, priced: pd.DataFrame) -> dict[Owner, dict[str, int]]:
    """What this run gives back to clients that have left the files, by client and month, and category; net cents."""
    rows = priced[~priced["client_id"].isin(list(job.clients))]
    nets: dict[Owner, dict[str, int]] = {}
    columns = (rows[name] for name in ("client_id", "period", "category", "charge_cents"))
    for client_id, name, category, cents in zip(*columns, strict=True):
        of_month = nets.setdefault((client_id, name), {})
        of_month[category] = of_month.get(category, 0) + int(cents)
    return nets


def _today(job: Job) -> date:
    return job.clock.now().astimezone(job.settings.billing.zone).date()


def issue_date(job: Job, month: Period) -> date:
    """The day that a document issued now carries ([billing] issue_date); none of a closed tax period."""
    day = month.last_day if job.settings.billing.issue_date == "period_end" else _today(job)
    return first_open_day(job.engine, day)
