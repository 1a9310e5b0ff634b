"""What plans ask of clients' months beside their use: fees, minimums, discounts."""

from collections.abc import Collection, Mapping, Sequence

from billing_job.billing.invoicing.fee_discount_minimum import Minimum, PlanTerms
from billing_job.billing.rating.plans import Plan
from billing_job.core.categories import MINIMUM, MONTHLY_FEE, plan_charge_id
from billing_job.core.money import cents_from_decimal, scaled
from billing_job.core.settlement import Owner
from billing_job.ledger.billed_months import MonthNet, billed_fees_and_minimums, month_nets
from billing_job.month.client_months import ClientMonths
from billing_job.month.job import Job

NO_NETS: Mapping[Owner, dict[str, int]] = {}


def plan_terms(
    job: Job,
    client_months: ClientMonths,
    owners: Collection[Owner],
    fees: Collection[Owner],
    gone_nets: Mapping[Owner, dict[str, int]] = NO_NETS,
) -> dict[Owner, PlanTerms]:
    """What plans ask of clients' months beside their use; those that ask nothing are left out.

    The fee is asked once, by the run of its own month, so of these `fees`, the minimum anew whenever rows of the month
    are billed. A month billed under several ids has one minimum: `gone_nets` are the refunds of this run that
    go to ids which have left the files.
    """
    present: dict[Owner, str] = {}
    for client_id, name in sorted(owners, key=lambda owner: owner[0] not in job.clients):
        present.setdefault((client_months.account(client_id, name), name), client_id)
    nets = month_nets(job.engine, {name for _, name in owners})
    billed_under: dict[Owner, set[str]] = {}
    for (client_id, name), account in client_months.accounts_billed(nets).items():
        billed_under.setdefault((account, name), set()).add(client_id)
    billed_fees, minimum_parts = billed_fees_and_minimums(job.engine)
    found = {}
    for client_id, name in owners:
        account = client_months.account(client_id, name)
        fee_id = plan_charge_id(MONTHLY_FEE, account, name)
        plan = client_months.plan(client_id, name)
        owes = client_months.owes(client_id, name)
        asks_fee = (client_id, name) in fees and fee_id not in billed_fees
        is_present = present[account, name] == client_id
        ids = {account, client_id, *billed_under.get((account, name), ())}
        before = [nets.get((id_, name), MonthNet()) for id_ in ids] if is_present else []
        before += [MonthNet(gone_nets.get((id_, name), {})) for id_ in ids - {client_id}]
        freed = client_months.freed.minimums.get((account, name), ()) if is_present else ()
        parts = {
            category: minimum_parts.get(plan_charge_id(MINIMUM, account, name, category), 0)
            for category in _minimum_categories(plan, before, freed)
        }
        terms = PlanTerms(
            account=account,
            fee_cents=client_months.fee_cents(client_id, name, plan) if owes and asks_fee else 0,
            fee_is_freed=asks_fee and is_present and (account, name) in client_months.freed.fees,
            discount_millionths=scaled(plan.discount_percent),
            minimums=_minimums(plan, before, parts, freed, owes=owes and is_present),
        )
        if terms.fee_cents or terms.fee_is_freed or terms.discount_millionths or terms.minimums:
            found[client_id, name] = terms
    return found


def _minimum_categories(plan: Plan, before: Sequence[MonthNet], freed: Collection[str]) -> list[str]:
    """The categories that have a minimum, or had one billed, and the empty one of the month at the end."""
    return [*sorted({*plan.category_minimum, *freed, *(name for each in before for name in each.minimums)} - {""}), ""]


def _minimums(
    plan: Plan, before: Sequence[MonthNet], parts: Mapping[str, int], freed: Collection[str], *, owes: bool
) -> tuple[Minimum, ...]:
    """What a month comes to at least, and what earlier documents billed of it; `parts` are in the order of billing."""
    found = []
    for category, part in parts.items():
        asked = plan.category_minimum.get(category, "0") if category else plan.minimum
        nets = sum(cents for each in before for name, cents in each.nets.items() if category in ("", name))
        tops = sum(cents for each in before for name, cents in each.minimums.items() if name and not category)
        billed = sum(each.minimums.get(category, 0) for each in before)
        cents = cents_from_decimal(asked) if owes else 0
        minimum = Minimum(category, cents, nets + tops, billed, part, is_freed=category in freed)
        if minimum.cents or minimum.billed_cents or minimum.is_freed:
            found.append(minimum)
    return tuple(found)
