"""What must hold before a month is billed."""

from collections.abc import Collection

from billing_job.core.errors import ConfigError, Incomplete, LedgerError
from billing_job.core.moments import moment_text
from billing_job.core.period import Period
from billing_job.didfarm.wire import read_stored
from billing_job.ledger.audit import glance
from billing_job.ledger.database import transaction
from billing_job.ledger.derived_tables import not_as_derived, unsettled, wallet_sums
from billing_job.ledger.last_look import last_whole_walk
from billing_job.ledger.transactions import changed_raw_rows
from billing_job.month.job import Job


def check_month(job: Job, month: Period, *, may_be_unfinished: bool) -> None:
    """ConfigError for a month that has not begun, or for an invoice of one that is not over."""
    now = job.clock.now()
    zone = job.settings.billing.zone
    if month.starts(zone) > now:
        raise ConfigError(f"month {month} is in the future: there is nothing to bill yet")
    if month.ends(zone) > now and not may_be_unfinished:
        raise ConfigError(
            f"month {month} is not over, so its invoices would be incomplete: run it from {month.next.first_day} on,"
            f" or look at it now with `billing-job preview --month {month}`"
        )


def check_ledger_is_whole(job: Job, month: Period) -> None:
    """Incomplete unless the supplier's list was read whole after the month's end: else rows of it may be missing."""
    walked = last_whole_walk(job.engine)
    if walked is None:
        raise Incomplete("the ledger has never been read whole: run `billing-job sync`, or leave --offline out")
    if walked < moment_text(month.ends(job.settings.billing.zone)):
        raise Incomplete(
            f"the ledger was last read whole at {walked}, before {month} was over: run `billing-job sync`, or leave"
            " --offline out"
        )


def check_facts(job: Job, month: Period | None = None) -> None:
    """LedgerError when facts were taken out or put in by hand, or a row was changed that `month` would bill.

    A glance before something is issued or sent; `verify --deep` reads everything.
    """
    problems = glance(job.engine)
    if month and not problems:
        reading = job.reading()
        changed = changed_raw_rows(
            job.engine, *month.span(job.settings.billing.zone), lambda raw: read_stored(raw, reading)
        )
        if changed:
            more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
            problems = [f"{changed[0]}{more} was changed after it was stored; restore a backup"]
    if month and not problems:
        with transaction(job.engine) as connection:
            problems = list(not_as_derived(connection, (unsettled, wallet_sums)))
    if problems:
        raise LedgerError(f"{problems[0]} (`billing-job verify --deep` tells more)")


def check_clients(job: Job, only: Collection[str]) -> None:
    """ConfigError that names every client of --client that clients.csv does not know."""
    unknown = sorted(set(only) - set(job.clients))
    if unknown:
        raise ConfigError([f"--client {client_id}: there is no such client in clients.csv" for client_id in unknown])
