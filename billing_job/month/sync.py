"""`sync`: the supplier's transactions, trunks and balance, mirrored."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from billing_job.core.errors import ExitCode
from billing_job.core.period import Period
from billing_job.core.sentences import counted
from billing_job.ledger.billed_facts import documents_of
from billing_job.ledger.documents import billed_periods
from billing_job.ledger.last_look import known_difference, note_difference
from billing_job.ledger.mirror import LedgerMirror
from billing_job.ledger.sums import moved_since, newest_row
from billing_job.month.attributing import billed_and_changed
from billing_job.month.gate import gate_of
from billing_job.month.job import Job
from billing_job.month.narration import other_books, tell_wallet
from billing_job.month.reading_in_effect import doubts
from billing_job.month.session import CommandResult, Session, connected, locked_job
from billing_job.month.wallet_proof import WalletProof, wallet_proof

MOST = 5
"""Transactions that are named one by one."""

if TYPE_CHECKING:
    from billing_job.didfarm.http import Http
    from billing_job.didfarm.mirroring import WalkReport


def sync(session: Session, *, full: bool) -> CommandResult:
    """Mirror transactions, trunks and balance."""
    session.key()  # before anything is made or locked
    with locked_job(session, makes_ledger=True) as job, connected(session) as http:
        report = fetched(job, http, session, full=full)
        gate = gate_of(job)
        proof = gate.proof
        tell_wallet(gate, job, session.console)
        if otherwise := sorted(billed_and_changed(job)):
            billed = documents_of(job.engine, otherwise[:MOST])
            named = [f"{id_} {billed.get(id_, '')}".rstrip() for id_ in otherwise[:MOST]]
            session.console.warn(
                f"not as it was billed any more, {counted(len(otherwise), 'transaction')}:"
                f" {'; '.join(named)}{' …' if len(otherwise) > MOST else ''}: see `billing-job exceptions`"
            )
        object_ = {
            "schema": "billing-job/sync@1",
            "full": report.full,
            "transactions": report.total,
            "new": report.new,
            "changed": list(report.changed),
            "vanished": list(report.absent),
            "anomalies": list(report.anomalies),
            "wallet": proof.figures(),
            "requests": http.requests,
        }
        return CommandResult(ExitCode.DONE if proof.matches else ExitCode.EXCEPTIONS_WAIT, object_)


def fetched(job: Job, http: "Http", session: Session, *, full: bool, run_now: Period | None = None) -> "WalkReport":
    """Read the supplier's list into the ledger and say what was read, changed or gone; errors are those of `fetch`.

    Months that were run before, and of which something moved the wallet since, are named, but for the one that is
    `run_now`: what was imported of their books lacks it.
    """
    from billing_job.didfarm.sync import fetch

    console = session.console
    ledger = LedgerMirror(job.engine, session.clock)
    newest = newest_row(job.engine)

    def read_anew() -> WalletProof:
        job.read_again()
        return wallet_proof(job)

    def explained() -> bool | None:
        proof = read_anew()
        return None if proof.balance is None else proof.matches

    def looks_whole() -> bool:
        proof = read_anew()
        if proof.balance is None or proof.matches:
            return True
        known = known_difference(job.engine)
        return known is not None and abs(proof.difference_micros - known) < proof.balance.last_place

    report = fetch(
        http,
        job.reading(),
        ledger,
        full=full,
        explained=explained,
        looks_whole=looks_whole,
        on_page=console.page_progress(),
        on_trouble=console.warn,
        balance=session.settings.balance_reading,
    )
    if report.full and report.quiet and (proof := read_anew()).balance is not None:
        note_difference(job.engine, proof.difference_micros)
    console.read()
    console.info(
        f"Read {report.total} transactions at {session.settings.api.base_url}: {report.new} new,"
        f" {http.requests} requests"
    )
    console.warn(*report.anomalies)
    console.warn(*doubts(job.engine, job.read_again(), job.settings.billing.zone))
    if report.new or report.changed:
        spans = {each: Period.parse(each).span(job.settings.billing.zone) for each in billed_periods(job.engine)[0]}
        console.info(*(other_books(month) for month in moved_since(job.engine, newest, spans) if month != str(run_now)))
    if report.changed:
        console.warn(
            f"{len(report.changed)} transactions changed their content; both versions are kept: {_some(report.changed)}"
        )
    if report.absent:
        console.warn(f"{len(report.absent)} transactions are no longer listed; they are kept: {_some(report.absent)}")
    return report


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST]) + (" …" if len(names) > MOST else "")
