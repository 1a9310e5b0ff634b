"""The commands that bill: sync, run and preview, from the lock to the exit code."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from billing_job.config.settings import Settings
from billing_job.core.clock import Clock
from billing_job.core.columns.row_values import sum_of
from billing_job.core.console import Console
from billing_job.core.document import Document, Heading, Kind
from billing_job.core.errors import BillingJobError, RunFailed, SupplierError
from billing_job.core.files.object_store import files_at
from billing_job.core.moments import moment_text
from billing_job.core.money import money_text
from billing_job.core.period import Period
from billing_job.job import Job, open_job
from billing_job.ledger.documents import headings_in_folder
from billing_job.ledger.mirror import LedgerMirror
from billing_job.ledger.run_lock import run_lock
from billing_job.ledger.runs import begin_run, end_run
from billing_job.month_folder import WrittenMonth, write_drafts, write_month
from billing_job.month_preview import previewed
from billing_job.pipeline import Billed, bill, check_ledger_is_whole, check_month, plan_terms
from billing_job.summary import WalletProof, document_json, empty_run_json, run_json, wallet_proof

if TYPE_CHECKING:
    import httpx

    from billing_job.didfarm.http import Http
    from billing_job.didfarm.walk import WalkReport

DONE, FAILED, EXCEPTIONS_WAIT = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the command line knows and no stage may look up by itself."""

    settings: Settings
    config_folder: Path
    key: Callable[[], str]
    """The API key; ConfigError when there is none."""
    clock: Clock
    console: Console
    transport: "httpx.BaseTransport | None" = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The exit code and the JSON object of a command."""

    exit_code: int
    json: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of `run`."""

    month: str | None = None
    offline: bool = False
    clients: tuple[str, ...] = ()
    supplementary: bool = False
    draft: bool = False
    workers: int | None = None


@contextmanager
def locked_job(around: Surroundings) -> Iterator[Job]:
    """The job, with the ledger's lock held."""
    with run_lock(around.settings.storage.database_url):
        job = open_job(around.settings, around.config_folder, around.clock)
        try:
            yield job
        finally:
            job.close()


def connected(around: Surroundings) -> "Http":
    """The supplier's API as configured."""
    # A run from the ledger alone does not wait for the HTTP client to load.
    from billing_job.didfarm.http import connect

    return connect(around.settings.api, around.key(), around.clock, around.console.warn, around.transport)


def sync(around: Surroundings, *, full: bool) -> Outcome:
    """Mirror transactions, trunks and balance."""
    around.key()  # before anything is made or locked
    with locked_job(around) as job, connected(around) as http:
        report = _fetched(job, http, around, full=full)
        proof = wallet_proof(job)
        _tell_wallet(proof, job, around.console)
        object_ = {
            "schema": "billing-job/sync@1",
            "full": report.full,
            "transactions": report.total,
            "new": report.new,
            "changed": list(report.changed),
            "vanished": list(report.absent),
            "anomalies": list(report.anomalies),
            "wallet": asdict(proof),
            "requests": http.requests,
        }
        return Outcome(DONE if proof.matches else EXCEPTIONS_WAIT, object_)


def run(around: Surroundings, options: RunOptions) -> Outcome:
    """The whole month; an error ends it with its own exit code and still gives the JSON object."""
    month = options.month or ""
    requests = 0
    try:
        if not options.offline:
            around.key()  # before anything is made or locked
        with locked_job(around) as job:
            period = Period.parse(options.month) if options.month else job.last_month()
            month = str(period)
            check_month(job, period, may_be_unfinished=options.draft)
            files_at(around.settings.output.directory).check()
            started = moment_text(around.clock.now())
            begin_run(job.engine, around.console.run_id, month, started)
            outcome = None
            try:
                if not options.offline:
                    with connected(around) as http:
                        try:
                            _fetched(job, http, around, full=False)
                        finally:
                            requests = http.requests
                outcome = _billed(job, period, around, options, requests)
                return outcome
            finally:
                status = outcome.json["status"] if outcome else "failed"
                end_run(job.engine, around.console.run_id, moment_text(around.clock.now()), status)
    except BillingJobError as error:
        around.console.error(str(error))
        status = "incomplete" if isinstance(error, SupplierError) else "failed"
        clean = around.console.redactor.clean(str(error))
        return Outcome(error.exit_code, empty_run_json(month, status, clean, requests))


def _billed(job: Job, period: Period, around: Surroundings, options: RunOptions, requests: int) -> Outcome:
    """Everything after fetching."""
    console = around.console
    if not options.draft:
        check_ledger_is_whole(job, period)
    billed = bill(job, period, only=options.clients, supplementary=options.supplementary, draft=options.draft)
    try:
        written, more = _written(job, period, billed, options, console)
    except RunFailed as error:
        # The numbers are given, whatever became of the files: programs must learn of them.
        console.error(str(error))
        issued = headings_in_folder(job.engine, str(period))
        object_ = run_json(
            period,
            "failed",
            _documents_json(issued, period, billed, options),
            billed.placed,
            wallet_proof(job),
            requests,
        )
        return Outcome(error.exit_code, object_ | {"error": console.redactor.clean(str(error))})
    proof = wallet_proof(job)
    without_tax = _untaxable_without_rows(billed, job, period)
    for reason in without_tax:
        console.warn(reason)
    waits = bool(without_tax) or not billed.placed.rows("exception").empty or not proof.matches
    status = "exceptions" if waits else "done"
    _tell(job, period, billed, written, proof, around, draft=options.draft)
    documents = _documents_json(written.documents, period, billed, options)
    object_ = run_json(period, status, documents, billed.placed, proof, requests) | more
    return Outcome(EXCEPTIONS_WAIT if waits else DONE, object_)


def _written(
    job: Job, period: Period, billed: Billed, options: RunOptions, console: Console
) -> tuple[WrittenMonth, dict[str, Any]]:
    """The files of the month or of its drafts, and what a preview tells; RunFailed when some cannot be written."""
    workers = options.workers or os.cpu_count() or 1
    more: dict[str, Any] = {}
    if options.draft:
        written = write_drafts(job, period, billed.new, workers=workers, progress=console.progress)
        more = previewed(job, period, billed)
        for text in more["anomalies"]:
            console.warn(text)
    else:
        written = write_month(job, period, billed.placed, workers=workers, progress=console.progress, new=billed.new)
    for warning in written.warnings:
        console.warn(warning)
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
    fresh = {document.number for document in billed.new}
    folder = f"drafts/{period}" if options.draft else str(period)
    return [
        document_json(document, folder, new=options.draft or document.number in fresh)
        for document in documents
        if not options.clients or document.client.client_id in options.clients
    ]


def _untaxable_without_rows(billed: Billed, job: Job, period: Period) -> list[str]:
    """Clients that owe a fee or a minimum, but cannot be taxed, and have no transaction that could wait for them."""
    waiting = set(billed.placed.rows("exception")["client_id"])
    owing = plan_terms(job, period, [client_id for client_id in billed.placed.untaxable if client_id not in waiting])
    return [billed.placed.untaxable[client_id] for client_id in owing]


def _fetched(job: Job, http: "Http", around: Surroundings, *, full: bool) -> "WalkReport":
    from billing_job.didfarm.sync import fetch

    console = around.console
    ledger = LedgerMirror(job.engine, around.clock)
    report = fetch(
        http,
        around.settings.api.transactions,
        ledger,
        full=full,
        explained=lambda: wallet_proof(job).matches,
        on_page=console.page_progress(),
    )
    console.info(
        f"Read {report.total} transactions at {around.settings.api.base_url}: {report.new} new,"
        f" {http.requests} requests"
    )
    for anomaly in report.anomalies:
        console.warn(anomaly)
    if report.changed:
        console.warn(
            f"{len(report.changed)} transactions changed their content; both versions are kept: {_some(report.changed)}"
        )
    if report.absent:
        console.warn(f"{len(report.absent)} transactions are no longer listed; they are kept: {_some(report.absent)}")
    return report


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")


def _tell(
    job: Job,
    period: Period,
    billed: Billed,
    written: WrittenMonth,
    proof: WalletProof,
    around: Surroundings,
    *,
    draft: bool,
) -> None:
    """The run for people."""
    console, currency = around.console, job.settings.billing.currency
    documents = written.documents
    invoices = sum(document.kind is Kind.INVOICE for document in documents)
    kinds = f"{invoices} invoices, {len(documents) - invoices} credit notes"
    net, vat, gross = (sum(getattr(d, name) for d in documents) for name in ("net_cents", "vat_cents", "gross_cents"))
    fresh = "drafts" if draft else f"{len(billed.new)} of them new"
    console.info(
        f"{period}: {kinds}, {fresh}; net {money_text(net, currency)}, VAT {money_text(vat, currency)},"
        f" gross {money_text(gross, currency)}"
    )
    exceptions = billed.placed.rows("exception")
    if not exceptions.empty:
        reasons = ", ".join(f"{count} {reason}" for reason, count in exceptions["reason"].value_counts().items())
        console.warn(
            f"{len(exceptions)} transactions of {money_text(-sum_of(exceptions).cents, currency)} wait as exceptions"
            f" ({reasons}): see exceptions.csv or `billing-job exceptions`"
        )
    if billed.blocked:
        console.warn('nothing was issued, because billing.on_exception = "block"')
    if billed.waiting.count:
        console.warn(
            f"{billed.waiting.count} transactions of {money_text(-billed.waiting.cents, currency)} came after their"
            " client's invoice: they go on the next one, or on one of their own now with --supplementary"
        )
    if billed.placed.never_run.count:
        console.warn(
            f"{billed.placed.never_run.count} older transactions of"
            f" {money_text(-billed.placed.never_run.cents, currency)} belong to months that were never run"
        )
    _tell_wallet(proof, job, console)
    where = job.draft_folder(period) if draft else job.folder(period)
    console.info(f"Files: {where.where()}")


def _tell_wallet(proof: WalletProof, job: Job, console: Console) -> None:
    currency = job.settings.billing.currency
    if proof.balance_cents is None:
        console.warn("the wallet's balance is not known yet: run `billing-job sync`")
    elif proof.matches:
        console.info(f"Wallet: balance {money_text(proof.balance_cents, currency)}, explained to the cent")
    else:
        console.warn(
            f"the wallet holds {money_text(proof.balance_cents, currency)}, opening balance and movements explain"
            f" {money_text(proof.opening_cents + proof.movements_cents, currency)}: a difference of"
            f" {money_text(proof.difference_cents, currency)}. Likely causes: billing.opening_balance is wrong, the"
            " supplier's history is cut off, or rows are still arriving (sync again)"
        )
