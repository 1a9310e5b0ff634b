"""What is open at a day, from the ledger under the first day that the configuration names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from billing_job.core.claim import Claim, FirstDay
from billing_job.core.errors import ConfigError, RunFailed
from billing_job.core.money import decimal_text, money_text
from billing_job.ledger.payments import claims, newest_statement_day, recorded_payments
from billing_job.month.session import OpenLedger
from billing_job.receivables.open_items import Receivables, receivables

if TYPE_CHECKING:
    from billing_job.month.job import Job

STATEMENTS_AGE = 5
"""Days by which the newest statement may be older than a reminder or a collection."""


def check_statements(job: Job, *, anyway: bool) -> None:
    """ConfigError without a first day, RunFailed on old statements: who has paid must not be asked again."""
    if anyway:
        return
    if job.first_day.since is None:
        raise ConfigError(
            "receivables.since: is not set, so a document that was paid before this program read statements counts as"
            " open: set it to the day from which your statements are imported, or say --anyway"
        )
    newest = newest_statement_day(job.engine)
    if newest is None or (job.today - newest).days > STATEMENTS_AGE:
        found = "no bank statement was imported" if newest is None else f"the newest bank statement is of {newest}"
        raise RunFailed(
            f"{found}, and who has paid since would be asked again: import newer ones (`billing-job bank import`), or"
            " say --anyway"
        )


def load_receivables(job: Job | OpenLedger, as_of: date | None = None) -> Receivables:
    """Items and credit balances at the end of a day, by default today.

    ConfigError for a row of open_items.csv that names no document, one that is open anyway, or more than its amount.
    """
    found = claims(job.engine)
    first_day, issued = job.first_day, {claim.number: claim for claim in found}
    problems = [
        f"config/open_items.csv: {number}: {problem}"
        for number, cents in first_day.still_open.items()
        if (problem := _problem(issued.get(number), cents, first_day))
    ]
    if problems:
        raise ConfigError(problems)
    return receivables(found, recorded_payments(job.engine), as_of or job.today, first_day)


def open_in_other_money(
    job: Job | OpenLedger, as_of: date | None = None, client_id: str | None = None
) -> dict[str, int]:
    """Currency → open cents of documents, of one client or all, from when `[billing]` had it: in no sum of ours."""
    found = claims(job.engine)
    others = sorted({claim.currency for claim in found if not job.first_day.is_own(claim)})
    if not others:
        return {}
    paid, day = recorded_payments(job.engine), as_of or job.today
    states = {each: receivables(found, paid, day, replace(job.first_day, currency=each)) for each in others}
    asked = {each: state if client_id is None else state.of_client(client_id) for each, state in states.items()}
    return {each: state.total_open_cents for each, state in asked.items() if state.total_open_cents}


def other_money_notes(found: Mapping[str, int], currency: str) -> list[str]:
    """What is said of them beside what is open in our own currency."""
    return [
        f"{money_text(cents, each)} more are open of documents in {each}: they are in no sum in {currency}, and neither"
        " paid, reminded nor collected here; follow them where that money is kept"
        for each, cents in found.items()
    ]


def _problem(claim: Claim | None, cents: int | None, first_day: FirstDay) -> str:
    if claim is None:
        return "no such document was issued; correct the number"
    if not first_day.is_own(claim):
        return f"is in {claim.currency}, and what is open is in {first_day.currency}; remove the row"
    if first_day.since is not None and claim.issue_date >= first_day.since:
        return f"was issued on {claim.issue_date}, so it counts anyway; remove the row"
    if cents is not None and not min(0, claim.gross_cents) <= cents <= max(0, claim.gross_cents):
        return (
            f"{decimal_text(cents)} cannot be open of a document over {decimal_text(claim.gross_cents)}; correct it, or"
            " leave it empty for all of it"
        )
    return ""


def check_holds(job: Job) -> None:
    """ConfigError for a row of reminder_holds.csv that names no document of its client: it would hold nothing."""
    owners = {claim.number: claim.client_id for claim in claims(job.engine)}
    problems = []
    for hold in job.receivables_files.holds:
        owner = owners.get(hold.document)
        if hold.document and owner is None:
            problems.append(f"{hold.source}, column document: {hold.document!r}: no such document was issued")
        elif hold.document and owner in job.clients and owner != hold.client_id:
            problems.append(f"{hold.source}, column client_id: {hold.client_id!r}: {hold.document} is of {owner}")
    if problems:
        raise ConfigError(problems)


def receivables_figures(job: Job | OpenLedger) -> dict[str, Any]:
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
