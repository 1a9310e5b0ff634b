"""Who is reminded of what today: one letter a client with all its overdue items, at the level that it has reached.

Nothing here is sent or stored; who sends asks again for each letter, so that what was paid meanwhile is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby

from billing_job.core.claim import BESIDE, Payment, PaymentKind
from billing_job.core.money import MICROCENTS_PER_CENT, shared_out
from billing_job.receivables.interest import RateUnknown, interest, rounded_cents
from billing_job.receivables.late_payment_law import LAWS, NO_COSTS, RecoveryCosts, last_day_to_pay, recovery_costs
from billing_job.receivables.open_items import OpenItem, Receivables
from billing_job.receivables.reminder_levels import ReminderLevel
from billing_job.receivables.reminder_plan import LeftOut, Reminder, ReminderItem, ReminderPlan, Terms

_LETTER_OF_14_DAYS = 16
"""Days from the letter until a consumer owes costs: two for the post, then 14 (Hoge Raad, ECLI:NL:HR:2016:2704)."""


def reminders(state: Receivables, payments: Iterable[Payment], terms: Terms) -> ReminderPlan:
    """The plan for the day of `state`, by client."""
    plan = ReminderPlan()
    day = state.as_of
    paid_on: dict[str, list[tuple[date, int]]] = {}
    for payment in payments:
        if payment.document is not None and not payment.is_beside and payment.day <= day:
            paid_on.setdefault(payment.document, []).append((payment.day, payment.cents))
    open_credits: dict[str, int] = {}
    for item in state.items:
        if item.open_cents < 0:
            open_credits[item.client_id] = open_credits.get(item.client_id, 0) - item.open_cents
    overdue = sorted((item for item in state.items if _days_late(item, day, terms)), key=lambda item: item.client_id)
    for client_id, items in groupby(overdue, key=lambda item: item.client_id):
        asked = [item for item in items if not _left_alone(item, day, terms, plan)]
        reaching = {item.number: level for item in asked if (level := _next_level(item, day, terms)) is not None}
        if not reaching:
            continue
        # Below zero, where what was paid back to it was returned by its bank, too, no document asks for it.
        favour = max(0, state.credit_balances.get(client_id, 0) + open_credits.get(client_id, 0))
        if favour >= sum(item.open_cents for item in asked):
            reason = "what the client has with you covers it: set it off, or pay it back"
            plan.left_out += [LeftOut(item.number, client_id, reason) for item in asked]
            continue
        plan.reminders.append(_reminder(client_id, asked, reaching, favour, paid_on, day, terms, plan))
    return plan


def _days_late(item: OpenItem, day: date, terms: Terms) -> int:
    return max(0, (day - last_day_to_pay(item.due_date, terms.country)).days) if item.open_cents > 0 else 0


def _left_alone(item: OpenItem, day: date, terms: Terms, plan: ReminderPlan) -> bool:
    hold = next((each for each in terms.holds if each.covers(item, day)), None)
    if hold is not None:
        until = f" until {hold.valid_to}" if hold.valid_to else ""
        plan.left_out.append(LeftOut(item.number, item.client_id, f"{hold.kind.value}{until}: {hold.reason}"))
    elif item.number in terms.in_collection:
        reason = f"is being collected by direct debit on {terms.in_collection[item.number]}"
        plan.left_out.append(LeftOut(item.number, item.client_id, reason))
    elif item.client_id in terms.waiting:
        plan.left_out.append(LeftOut(item.number, item.client_id, terms.waiting[item.client_id]))
    elif item.number in terms.undelivered:
        plan.left_out.append(LeftOut(item.number, item.client_id, terms.undelivered[item.number]))
    elif item.number in terms.debited:
        plan.left_out.append(LeftOut(item.number, item.client_id, "is for `billing-job collect`: a mandate holds"))
    else:
        return False
    return True


def _next_level(item: OpenItem, day: date, terms: Terms) -> int | None:
    """The level that the document reaches today: none is left out, and none comes sooner than the levels are apart."""
    before = terms.reminded.get(item.number)
    wanted = 1 if before is None else before.level + 1
    if wanted > len(terms.levels):
        return None
    after = terms.levels[wanted - 1].after_days
    if _days_late(item, day, terms) < after:
        return None
    if (
        before is not None
        and before.level
        and (day - before.day).days < after - terms.levels[before.level - 1].after_days
    ):
        return None
    return wanted


def _reminder(
    client_id: str,
    asked: Sequence[OpenItem],
    reaching: Mapping[str, int],
    favour: int,
    paid_on: Mapping[str, Sequence[tuple[date, int]]],
    day: date,
    terms: Terms,
    plan: ReminderPlan,
) -> Reminder:
    business = client_id in terms.businesses
    levels = {item.number: _own_level(item, reaching, terms) for item in asked}
    steps = {number: terms.levels[level - 1] for number, level in levels.items() if level}
    with_costs = {item.number: item.open_cents for item in asked if _owes_costs(item, steps, day, business, terms)}
    costs = _costs(terms, list(with_costs.values()), is_business=business)
    settled = {(item.number, kind): terms.paid_beside.get((item.number, kind), 0) for item in asked for kind in BESIDE}
    shares = {
        number: max(0, cents - settled[number, PaymentKind.COSTS])
        for number, cents in _shares(costs.cents, with_costs).items()
    }
    items = []
    for item in asked:
        step = steps.get(item.number)
        claims = business and step is not None and step.interest
        accrued = _interest(item, paid_on.get(item.number, ()), day, terms, plan) if claims else 0
        items.append(
            ReminderItem(
                item.number,
                item.issue_date,
                item.due_date,
                item.gross_cents,
                item.open_cents,
                _days_late(item, day, terms),
                levels[item.number],
                max(0, accrued - settled[item.number, PaymentKind.INTEREST]),
                shares.get(item.number, 0),
                settled[item.number, PaymentKind.INTEREST],
                settled[item.number, PaymentKind.COSTS],
            )
        )
    announced = NO_COSTS
    if not business and any(each.costs for each in terms.levels) and _is_news(asked, terms):
        announced = _costs(terms, [item.open_cents for item in asked], is_business=False)
    level = max(reaching.values())
    law = LAWS.get(terms.country)
    return Reminder(
        client_id,
        day,
        level,
        terms.levels[level - 1].channel,
        terms.levels[level - 1].text,
        tuple(items),
        favour,
        RecoveryCosts(sum(shares.values()), costs.law),
        announced,
        law.interest if law is not None else "",
    )


def _own_level(item: OpenItem, reaching: Mapping[str, int], terms: Terms) -> int:
    """What it reaches today, otherwise what it had reached; 0 before its first level."""
    before = terms.reminded.get(item.number)
    return min(reaching.get(item.number, before.level if before else 0), len(terms.levels))


def _owes_costs(item: OpenItem, steps: Mapping[str, ReminderLevel], day: date, business: bool, terms: Terms) -> bool:
    """At a level that claims them; of a consumer only where its letter of 14 days has run out."""
    if item.number not in steps or not steps[item.number].costs:
        return False
    before = terms.reminded.get(item.number)
    since = before.announced_on if before is not None else None
    return business or (since is not None and (day - since).days > _LETTER_OF_14_DAYS)


def _is_news(asked: Sequence[OpenItem], terms: Terms) -> bool:
    """Whether a consumer was not told yet what one of the documents will cost it."""
    told = (terms.reminded.get(item.number) for item in asked)
    return any(before is None or before.announced_on is None for before in told)


def _shares(cents: int, of: Mapping[str, int]) -> dict[str, int]:
    """A letter's costs over the documents that owe them, by what is open on each."""
    total = sum(of.values())
    exact = [cents * MICROCENTS_PER_CENT * unpaid // total for unpaid in of.values()]
    return dict(zip(of, shared_out(cents, exact), strict=True)) if cents else {}


def _costs(terms: Terms, unpaid_cents: Sequence[int], *, is_business: bool) -> RecoveryCosts:
    """In euros only: the sums of the law are."""
    if terms.currency != "EUR":
        return NO_COSTS
    return recovery_costs(terms.country, is_business=is_business, unpaid_cents=unpaid_cents)


def _interest(item: OpenItem, paid: Sequence[tuple[date, int]], day: date, terms: Terms, plan: ReminderPlan) -> int:
    """What is claimed; nothing at all where the rate of a day is not known, and then a note that says where it stands.

    Credit notes, and what was paid before this program took over, lessen the claim from its beginning.
    """
    principal = item.gross_cents - item.credited_cents - (item.paid_cents - sum(cents for _, cents in paid))
    last_day = last_day_to_pay(item.due_date, terms.country)
    try:
        return rounded_cents(interest(principal, paid, last_day, day, terms.country, terms.rates))
    except RateUnknown as unknown:
        law = LAWS.get(terms.country)
        where = f"it is published by: {law.publication}" if law else "take it from your country's law"
        plan.notes.append(
            f"{item.number}: no interest is claimed, for the rate of {unknown.day} in {unknown.country} is not known;"
            f" {where}; add a row to interest_rates.csv"
        )
        return 0
