"""What is open at a day, from the ledger under the first day that the configuration names."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from billing_job.core.errors import ConfigError
from billing_job.ledger.payments import claims, newest_statement_day, recorded_payments
from billing_job.month.job import Job
from billing_job.receivables.open_items import Receivables, receivables


def today(job: Job) -> date:
    """The day in the seller's zone."""
    return job.clock.now().astimezone(job.settings.billing.zone).date()


def load_receivables(job: Job, as_of: date | None = None) -> Receivables:
    """Items and credit balances at the end of a day, by default today.

    ConfigError for a row of open_items.csv that names no document, or one that is open anyway.
    """
    found = claims(job.engine)
    first_day, issued = job.first_day, {claim.number: claim.issue_date for claim in found}
    problems = [
        f"config/open_items.csv: {number}: {problem}"
        for number in first_day.still_open
        if (problem := _problem(number, issued, first_day.since))
    ]
    if problems:
        raise ConfigError(problems)
    return receivables(found, recorded_payments(job.engine), as_of or today(job), first_day)


def _problem(number: str, issued: Mapping[str, date], since: date | None) -> str:
    if number not in issued:
        return "no such document was issued; correct the number"
    if since is not None and issued[number] >= since:
        return f"was issued on {issued[number]}, so it counts anyway; remove the row"
    return ""


def receivables_figures(job: Job) -> dict[str, Any]:
    """What is open, overdue and in clients' favour today, in cents, and the newest day that a statement tells of."""
    found = load_receivables(job)
    newest = newest_statement_day(job.engine)
    due = [item for item in found.open_items if item.open_cents > 0]
    overdue = [item for item in due if item.days_overdue(found.as_of)]
    return {
        "open_cents": found.total_open_cents,
        "open_documents": len(found.open_items),
        "overdue_cents": sum(item.open_cents for item in overdue),
        "overdue_documents": len(overdue),
        "credit_cents": sum(found.credit_balances.values()),
        "ageing": found.ageing(),
        "newest_statement": None if newest is None else newest.isoformat(),
    }
