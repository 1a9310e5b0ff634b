"""The bills of a run: rows, fees, minimums and charges of one's own priced and put on documents, share by share."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

import pandas as pd

from billing_job.billing.invoicing.bills import Lot, Terms, bills
from billing_job.billing.invoicing.national_currency import with_national_vat
from billing_job.billing.invoicing.tax import vat_id_check
from billing_job.billing.rating.own_charges import ChargeRow
from billing_job.core.checks import documents_add_up, every_charge_is_on_a_bill, raise_if_broken
from billing_job.core.errors import ConfigError, InvariantBroken
from billing_job.core.files.pieces import joined
from billing_job.core.memory import hand_back
from billing_job.core.period import Period
from billing_job.core.settlement import Bill, Owner
from billing_job.ledger.documents import net_by_month
from billing_job.ledger.last_look import supplier_trunks
from billing_job.ledger.vat_closings import first_open_day
from billing_job.month.attributing import PLACED
from billing_job.month.charges import charges, decided_before
from billing_job.month.client_rows import ClientRows
from billing_job.month.credit_offers import unoffered_credit, with_credit_offers
from billing_job.month.excess_refunds import Above, told_above
from billing_job.month.job import Job
from billing_job.month.placed import Placed
from billing_job.month.plan_terms import plan_terms

HISTORY_MONTHS = 6
LOTS_OF_PIECE = 10
"""Documents take ten times as much memory as the columns that they are made of."""


class BillsOfRun:
    """The bills of a run in lots, each made when it is asked for; making one asks the ledger nothing any more."""

    def __init__(self, lots: Iterator[list[Bill]], above: list[Above], currency: str) -> None:
        """`above` fills while the lots are made."""
        self._lots, self._above, self._currency = lots, above, currency

    def __iter__(self) -> Iterator[list[Bill]]:
        return self._lots

    @property
    def notes(self) -> tuple[str, ...]:
        """What somebody should look at of the lots that were made."""
        return told_above(self._above, self._currency)


def bills_of_run(
    job: Job,
    placed: Placed,
    billable: Sequence[ClientRows],
    billed_now: Collection[str],
    own: Sequence[ChargeRow],
) -> BillsOfRun:
    """The bills of these rows, and what `billed_now` owe of the month beside them."""
    settings, month = job.settings, placed.month
    terms = Terms(
        seller=job.seller,
        currency=settings.billing.currency,
        period=month,
        issue_date=issue_date(job, month),
        today=job.today,
        payment_terms_days=settings.billing.payment_terms_days,
        zone=settings.billing.zone,
        trunk_names=_trunk_names(job),
    )
    used = {owner for share in billable for owner in share.owners}
    before = decided_before(job, placed, {name for _, name in used})
    known = before.clients(job.clients)
    fees = {(client_id, str(month)) for client_id in billed_now} | taken_up(placed, billed_now)
    owners = fees | _priced_owners(billable, placed)
    gone = joined(_rows_of_gone_clients(job, billable), PLACED)
    gone_nets = _gone_nets(charges(job, placed, before, gone).priced)
    asked = plan_terms(job, placed.client_months, owners, fees, gone_nets)
    lots = partial(
        bills,
        clients={id_: job.mapping.with_references(one, month.last_day) for id_, one in known.items()},
        vat=placed.vat,
        vat_id_checks={client_id: vat_id_check(client) for client_id, client in known.items()},
        history=net_by_month(job.engine, str(month), HISTORY_MONTHS),
        terms=terms,
        at_once=placed.rows_in_piece // LOTS_OF_PIECE or 1,
    )
    credit, above = unoffered_credit(job), list[Above]()

    def made() -> Iterator[list[Bill]]:
        for share in billable:
            charged = charges(job, placed, before, share.rows(), [row for row in own if row.client_id in share])
            above.extend(charged.above)
            found = lots(
                charged.priced,
                plan_terms={owner: each for owner, each in asked.items() if owner[0] in share},
                facts=charged.facts,
                freed=charged.freed,
            )
            yield from _checked(job, found, credit, len(charged.priced))
            if len(billable) > 1:
                hand_back()

    return BillsOfRun(made(), above, settings.billing.currency)


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
            # An id that was given out again would tell a client what another one's trunk is called.
            is_its_own = found.get(trunk.trunk_id, name) == name
            found |= {trunk.uuid: name, trunk.trunk_id: name if is_its_own else ""}
    return {id_: name for id_, name in found.items() if name}


def _with_national_vat(job: Job, bill: Bill) -> Bill:
    """The bill with its VAT in the seller's own currency, where one is asked for; ConfigError without a rate."""
    if bill.document is None:
        return bill
    try:
        return replace(bill, document=with_national_vat(bill.document, job.mapping.exchange_rates))
    except ValueError as error:
        raise ConfigError(str(error)) from None


def taken_up(placed: Placed, billed_now: Collection[str]) -> set[Owner]:
    """Older months whose fee or minimum is owed still, of clients that can be taxed by now and get a document."""
    return {owner for owner in placed.left_out if owner[0] in billed_now and owner in placed.vat}


def _rows_of_gone_clients(job: Job, billable: Iterable[ClientRows]) -> Iterator[pd.DataFrame]:
    """What this run gives back to clients that have left the files."""
    for share in billable:
        if not {client_id for client_id, _ in (*share.owners, *share.refunds)} <= job.clients.keys():
            rows = share.rows()
            yield rows[~rows["client_id"].isin(list(job.clients))]


def _priced_owners(billable: Iterable[ClientRows], placed: Placed) -> set[Owner]:
    """The clients' months that rows are priced in: a refund is in the month of what it gives back."""
    found: set[Owner] = set()
    for share in billable:
        found |= share.owners
        # What is billed beside its refund is among the owners.
        found |= {(id_, placed.refunded[key].month) for id_, key in share.refunds if key in placed.refunded}
    return found


def _gone_nets(rows: pd.DataFrame) -> dict[Owner, dict[str, int]]:
    """What these rows of PRICED come to, by client and month, and category; net cents."""
    nets: dict[Owner, dict[str, int]] = {}
    columns = (rows[name] for name in ("client_id", "period", "category", "charge_cents"))
    for client_id, name, category, cents in zip(*columns, strict=True):
        of_month = nets.setdefault((client_id, name), {})
        of_month[category] = of_month.get(category, 0) + int(cents)
    return nets


def issue_date(job: Job, month: Period) -> date:
    """The day that a document issued now carries ([billing] issue_date); none of a closed tax period."""
    day = month.last_day if job.settings.billing.issue_date == "period_end" else job.today
    return first_open_day(job.engine, day)
