"""`simulate`: what billed months would have come to under other plans or prices, by client; nothing is stored."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from billing_job.core.errors import ConfigError
from billing_job.core.money import MICROS_PER_CENT, cents_of, decimal_text
from billing_job.core.period import Period
from billing_job.core.sentences import listed
from billing_job.core.settlement import Owner
from billing_job.ledger.billing_steps import BilledAmount, Step, billed_of_periods, course
from billing_job.ledger.documents import billed_periods, latest_clients
from billing_job.month.client_months import client_months_of
from billing_job.month.job import Job
from billing_job.month.other_terms import Instead
from billing_job.month.replaying import Replay

SIMULATE_SCHEMA = "billing-job/simulate@1"


def simulated(job: Job, first: Period, months: int, instead: Instead) -> dict[str, Any]:
    """The JSON object of `simulate`; ConfigError for months that are not billed.

    Net cents, micros of cost. A charge is what the runs of a month billed, whatever months its lines are of, less what
    credit notes undid of it since. `notes` name clients whose history does not tell all that was decided.
    """
    periods = [first]
    while len(periods) < months:
        periods.append(periods[-1].next)
    whole, single = billed_periods(job.engine)
    open_months = [str(month) for month in periods if str(month) not in whole | {name for _, name in single}]
    if open_months:
        raise ConfigError(
            f"--month {first}, {months} months: {listed(open_months)} not billed yet, and only what was billed can be"
            f" held against another plan: `billing-job run --month {open_months[0]}` bills it, `billing-job preview"
            " --month` shows what it would come to"
        )
    last, steps = periods[-1], course(job.engine)
    unused = _unused(job, [str(month) for month in periods], instead)
    names, again = _replayed(job, first, last, Instead(), steps)
    _, other = _replayed(job, first, last, instead, steps)
    was: dict[Owner, BilledAmount] = {}
    for (client_id, month), one in billed_of_periods(job.engine, str(first), str(last)).items():
        key = (names[client_id], month)
        was[key] = _together([was.get(key, BilledAmount()), one])
    clients = sorted({client_id for client_id, _ in was.keys() | other.keys()})
    known = {id_: client.name for id_, client in job.clients.items()}
    known |= {id_: client.name for id_, client in latest_clients(job.engine, set(clients) - set(known)).items()}
    months_of = {id_: sorted({month for owner, month in was.keys() | other.keys() if owner == id_}) for id_ in clients}
    return {
        "schema": SIMULATE_SCHEMA,
        "months": [str(month) for month in periods],
        "currency": job.settings.billing.currency,
        "clients": [
            {
                "client_id": id_,
                "client_name": known.get(id_, id_),
                **_figures(was, other, {(id_, month) for month in months_of[id_]}),
                "months": [{"month": month, **_figures(was, other, {(id_, month)})} for month in months_of[id_]],
            }
            for id_ in clients
        ],
        "total": _figures(was, other, was.keys() | other.keys()),
        "notes": [*unused, *_notes(clients, was, again)],
    }


def _unused(job: Job, months: Collection[str], instead: Instead) -> list[str]:
    """Plans that nobody had in these months; ConfigError where that is all of them, for nothing would be simulated."""
    client_months = client_months_of(job, months)
    had = {client_months.plan_name(*owner) for owner in client_months.recorded}
    unused = sorted(set(instead.plans) - had)
    if unused and not had & set(instead.plans):
        raise ConfigError(
            f"--plan: plans.name: {listed([repr(name) for name in unused])}: no client was billed by a plan of that"
            f" name in these months; the plans were {listed([repr(name) for name in sorted(had)])}"
        )
    return [f"plan {name!r}: nobody was billed by it in these months" for name in unused]


def _replayed(
    job: Job, first: Period, last: Period, instead: Instead, steps: Sequence[Step]
) -> tuple[dict[str, str], dict[Owner, BilledAmount]]:
    """What each client is called by now, and what is billed to it by the runs of these months."""
    with TemporaryDirectory(prefix="billing-job-") as folder:
        replay = Replay(job, first, last, instead, steps, Path(folder))
        return replay.names, replay.play()


def _figures(
    was: Mapping[Owner, BilledAmount], other: Mapping[Owner, BilledAmount], owners: Collection[Owner]
) -> dict[str, int]:
    """Charge, cost and margin of these clients' months, as billed and as simulated."""
    before, now = (_together([each[owner] for owner in owners if owner in each]) for each in (was, other))
    margin = now.net_cents * MICROS_PER_CENT - now.cost_micros
    return {
        "billed_cents": before.net_cents,
        "simulated_cents": now.net_cents,
        "difference_cents": now.net_cents - before.net_cents,
        "cost_cents": cents_of(now.cost_micros),
        "cost_micros": now.cost_micros,
        "billed_margin_cents": cents_of(before.net_cents * MICROS_PER_CENT - before.cost_micros),
        "margin_cents": cents_of(margin),
        "margin_micros": margin,
    }


def _together(several: Iterable[BilledAmount]) -> BilledAmount:
    every = list(several)
    return BilledAmount(sum(one.net_cents for one in every), sum(one.cost_micros for one in every))


def _notes(
    clients: Sequence[str], was: Mapping[Owner, BilledAmount], again: Mapping[Owner, BilledAmount]
) -> Iterator[str]:
    """Clients of whom the same history under the same terms does not come to what was billed, and by how much."""
    for id_ in clients:
        cents = [sum(one.net_cents for (owner, _), one in each.items() if owner == id_) for each in (was, again)]
        if cents[0] != cents[1]:
            yield (
                f"{id_}: under the terms that it was billed by the same history comes to {decimal_text(cents[1])}, and"
                f" {decimal_text(cents[0])} was billed: files that decided about it have changed since, or `adopt` took"
                " documents back and knew no order of theirs; this client's figures are no more exact than that"
            )
