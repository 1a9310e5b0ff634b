"""`run` and `preview`: a month from the lock to the exit code."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from billing_job.core.console import Console
from billing_job.core.document import Document, Heading
from billing_job.core.errors import BillingJobError, ConfigError, ExitCode, RunFailed, SupplierError
from billing_job.core.files.object_store import files_at
from billing_job.core.moments import moment_text
from billing_job.core.period import Period
from billing_job.ledger.documents import documents_in_folder
from billing_job.ledger.runs import begin_run, end_run
from billing_job.month.folder import WrittenMonth, told_of, write_drafts, write_month
from billing_job.month.folder_guard import check_folder, note_numbers
from billing_job.month.gate import Because, accept_difference
from billing_job.month.job import Job
from billing_job.month.narration import tell
from billing_job.month.pipeline import Billed, bill
from billing_job.month.plan_terms import plan_terms
from billing_job.month.preconditions import check_facts, check_ledger_is_whole, check_month
from billing_job.month.preview import previewed
from billing_job.month.run_json import document_json, empty_run_json, run_json
from billing_job.month.session import CommandResult, Session, connected, locked_job
from billing_job.month.standing import leave_figures
from billing_job.month.sync import fetched
from billing_job.month.vat_ids import ask_before_reverse_charge


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of `run`."""

    month: str | None = None
    offline: bool = False
    clients: tuple[str, ...] = ()
    supplementary: bool = False
    draft: bool = False
    workers: int = 1
    accept_difference: str = ""
    """Why the wallet's present difference is billed with; empty: it is not accepted."""


def run(session: Session, options: RunOptions) -> CommandResult:
    """The whole month; an error ends it with its own exit code and still gives the JSON object."""
    month = options.month or ""
    requests = 0
    try:
        if not options.offline:
            session.key()  # before anything is made or locked
        with locked_job(session, makes_ledger=True) as job:
            period = job.last_month() if options.month is None else _asked(options.month)
            month = str(period)
            check_month(job, period, may_be_unfinished=options.draft)
            files_at(session.settings.output.directory).check()
            started = moment_text(session.clock.now())
            begin_run(job.engine, session.console.run_id, month, started)
            outcome = None
            try:
                if not options.offline:
                    with connected(session) as http:
                        try:
                            fetched(job, http, session, full=False, run_now=period)
                        finally:
                            requests = http.requests
                    ask_before_reverse_charge(job, session, period, options.clients)
                outcome = _billed(job, period, session, options, requests)
                return outcome
            finally:
                status = outcome.json["status"] if outcome else "failed"
                end_run(job.engine, session.console.run_id, moment_text(session.clock.now()), status)
    except BillingJobError as error:
        session.console.error(str(error))
        status = "incomplete" if isinstance(error, SupplierError) else "failed"
        clean = session.console.redactor.clean(str(error))
        return CommandResult(error.exit_code, empty_run_json(month, status, clean, requests))


def _asked(month: str) -> Period:
    try:
        return Period.parse(month)
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _billed(job: Job, period: Period, session: Session, options: RunOptions, requests: int) -> CommandResult:
    """Everything after fetching."""
    console = session.console
    if not options.draft:
        check_ledger_is_whole(job, period)
        check_folder(job)
        check_facts(job, period)
    if options.accept_difference and accept_difference(job, options.accept_difference).accepted is None:
        console.info("The wallet is explained: there is no difference to accept")
    billed = bill(job, period, only=options.clients, supplementary=options.supplementary, draft=options.draft)
    try:
        written, more = _written(job, period, billed, options, console)
    except RunFailed as error:
        # The numbers are given, whatever became of the files: programs must learn of them.
        console.error(str(error))
        headings = told_of(documents_in_folder(job.engine, str(period)))
        object_ = run_json(
            period,
            "failed",
            _documents_json(headings, period, billed, options),
            billed,
            requests,
            issued=not options.draft and not billed.because,
        )
        return CommandResult(error.exit_code, object_ | {"error": console.redactor.clean(str(error))})
    without_tax = _untaxable_without_rows(billed, job, period)
    console.warn(*billed.notes, *without_tax)
    waits = bool(without_tax or billed.because) or not billed.placed.exceptions.empty or not billed.gate.proof.matches
    status = "unproven" if billed.because == Because.UNPROVEN else "exceptions" if waits else "done"
    tell(job, period, billed, written, session, draft=options.draft)
    if not options.draft:
        leave_figures(job)
    documents = _documents_json(written.documents, period, billed, options)
    issued = not options.draft and not billed.because
    object_ = run_json(period, status, documents, billed, requests, issued=issued) | more
    return CommandResult(ExitCode.EXCEPTIONS_WAIT if waits else ExitCode.DONE, object_)


def _written(
    job: Job, period: Period, billed: Billed, options: RunOptions, console: Console
) -> tuple[WrittenMonth, dict[str, Any]]:
    """The files of the month or of its drafts, and what a preview tells; RunFailed when some cannot be written."""
    more: dict[str, Any] = {}
    if options.draft:
        written = write_drafts(job, period, billed.drafts, workers=options.workers, progress=console.progress)
        more = previewed(job, period, billed)
        console.warn(*more["anomalies"])
    else:
        note_numbers(job)
        written = write_month(job, period, billed.placed, workers=options.workers, progress=console.progress)
    console.warn(*written.warnings)
    if written.problems:
        raise RunFailed(
            "; ".join(written.problems[:20]) + ". The other documents are written; correct this and run again:"
            " nothing is issued twice"
        )
    return written, more


def _documents_json(
    documents: Sequence[Document | Heading], period: Period, billed: Billed, options: RunOptions
) -> list[dict[str, Any]]:
    """The `documents` of `run --json`: all of the month's folder, or those of --client."""
    fresh = set(billed.issued)
    folder = f"drafts/{period}" if options.draft else str(period)
    return [
        document_json(document, folder, new=options.draft or document.number in fresh)
        for document in documents
        if not options.clients or document.client.client_id in options.clients
    ]


def _untaxable_without_rows(billed: Billed, job: Job, period: Period) -> list[str]:
    """Clients that owe what no transaction waits for, but cannot be taxed: a fee, a minimum, charges of one's own."""
    waiting = set(billed.placed.exceptions["client_id"])
    placed = billed.placed
    asked = [owner for owner in placed.untaxable if owner[1] == str(period) or owner in placed.left_out]
    owners = [owner for owner in asked if owner[0] not in waiting]
    owing = plan_terms(job, placed.client_months, owners, owners)
    charged = {(row.client_id, row.month) for row in placed.own.open_rows}
    owing_clients = charged | {owner for owner in owners if owner in owing}
    return list(dict.fromkeys(reason for owner, reason in placed.untaxable.items() if owner in owing_clients))
