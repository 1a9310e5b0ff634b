"""`why` of a charge that no wallet holds: by which row it is owed, for which days, and where it was billed."""

from typing import Any

from billing_job.billing.rating.charge_periods import ONCE, Charge, every_of_word, period_of
from billing_job.billing.rating.own_charges import ChargeRow
from billing_job.core.categories import MONTHLY_FEE, is_of_plan, plan_charge_of
from billing_job.core.errors import ConfigError
from billing_job.core.money import micros_text
from billing_job.core.period import Period
from billing_job.ledger.billed_charges import BilledCharge
from billing_job.ledger.transaction_history import settlements_of
from billing_job.month.client_months import client_months_of
from billing_job.month.job import Job
from billing_job.month.own_charges import own_charges
from billing_job.operations.charges_list import charge_entry, gone_entry

_MICROS_OF_PRICE = 100


def told_of_charge(job: Job, id_: str) -> dict[str, Any]:
    """One period of a charge, of a fee or minimum too; ConfigError for one that there is not.

    The keys of `charges list`, and `plan`, `source` (file and row), `price`, `index`, `every`, `billed`, `why`.
    """
    settled = settlements_of(job.engine, id_)
    if is_of_plan(id_) and settled:
        return _of_plan(job, id_, settled)
    found = own_charges(job, _until(job, id_))
    billed = found.billed.get(id_)
    row = next((row for row in found.rows if row.transaction_id == id_), None)
    if row is not None:
        own = next(each for rows in job.charges for each in rows if each.source == row.charge.source)
        return charge_entry(row, billed, found.next_run) | _terms(own, row)
    if not settled:
        raise ConfigError(f"{id_}: there is no such charge; `billing-job charges list` shows those that there are")
    entry = gone_entry(billed or _as_it_was(id_, settled))
    why = "charges.csv no longer has it: what was billed stays, unless it is credited"
    if billed is None:
        why = "charges.csv no longer has it, and a credit note freed it: nobody is billed for it"
        entry["state"] = "freed"
    return entry | {"plan": "", "source": "", "price": "", "index": "", "every": "", "billed": "", "why": why}


def _terms(own: Charge, row: ChargeRow) -> dict[str, str]:
    """What the row of the file says, and all of it in a sentence."""
    price = micros_text(row.charge.price * _MICROS_OF_PRICE)
    who = f"every client of plan {own.plan!r}" if own.plan else own.client_id
    source = "/".join(own.source.rsplit("/", 2)[-2:])
    parts = [f"{source}: {who} pays {price} for each {own.unit}"]
    if own.index:
        parts.append(f"which is {micros_text(own.price * _MICROS_OF_PRICE)} by the index {own.index}")
    if own.count:
        parts.append(f"times its {own.count}")
    parts.append("once" if own.every == ONCE else f"each {own.every}, in {own.billed}")
    if own.by_days:
        parts.append("by days")
    days = f"{row.first_day}" if row.first_day == row.last_day else f"{row.first_day} to {row.last_day}"
    return {
        "plan": own.plan,
        "source": source,
        "price": price,
        "index": own.index,
        "every": own.every,
        "billed": own.billed,
        "why": f"{', '.join(parts)}; here {row.quantity} for {days}",
    }


def _until(job: Job, id_: str) -> Period:
    """A month whose run bills the period that an id names."""
    word, coming = id_.rpartition(":")[2], job.last_month().next
    try:
        every = every_of_word(word)
        if every == ONCE:
            days = [each.valid_from for rows in job.charges for each in rows if each.every == ONCE and each.valid_from]
            months = [coming, *map(Period.of, days)]
        else:
            year, _, rest = word.partition("-")
            month = 3 * int(rest[1:]) - 2 if rest.startswith("Q") else int(rest or 1)
            months = [coming, Period.parse(period_of(every, Period(int(year), month).first_day).month)]
    except ValueError:
        return coming
    return max(months, key=str)


def _as_it_was(id_: str, settled: list[dict[str, Any]]) -> BilledCharge:
    last = settled[-1]
    net = sum(each["net_cents"] for each in settled if not each["credit_number"])
    names = ("client_id", "category", "number", "trunk", "month", "period")
    return BilledCharge(
        transaction_id=id_, **{name: last[name] for name in names}, net_cents=net,
        document_number=last["document_number"] or "", credited_cents=0,
    )  # fmt: skip


def _of_plan(job: Job, id_: str, settled: list[dict[str, Any]]) -> dict[str, Any]:
    """A fee or a minimum as it is billed by now."""
    month = settled[-1]["month"]
    account, category = plan_charge_of(id_, month)
    client_months = client_months_of(job, {month})
    plan, name = client_months.plan(account, month), client_months.plan_name(account, month)
    is_fee = settled[-1]["category"] == MONTHLY_FEE
    asked = plan.monthly_fee if is_fee else plan.category_minimum.get(category, "0") if category else plan.minimum
    what = "a fee of" if is_fee else f"for {category} at least" if category else "at least"
    return gone_entry(_as_it_was(id_, settled)) | {
        "state": "freed" if all(each["credit_number"] for each in settled) else "billed",
        "plan": name,
        "source": "billing.toml",
        "price": asked,
        "index": "",
        "every": "month",
        "billed": "arrears",
        "why": f"plan {name!r} asks {what} {asked} of the month {month}",
    }
