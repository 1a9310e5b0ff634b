"""What a run tells people."""

import pandas as pd

from billing_job.core.columns.row_values import sum_of
from billing_job.core.console import Console
from billing_job.core.document import Kind
from billing_job.core.money import money_text, wallet_text
from billing_job.core.period import Period
from billing_job.core.sentences import counted
from billing_job.documents.einvoice.profiles import profile_notes
from billing_job.month.folder import WrittenMonth
from billing_job.month.gate import Because, Gate
from billing_job.month.job import Job
from billing_job.month.pipeline import Billed
from billing_job.month.session import Session
from billing_job.month.units_set_by_hand import units_set_by_hand

MOST_NOTES = 10
"""Reasons for plain EN 16931 that are told one by one; the month's page has them all."""


def tell(
    job: Job,
    period: Period,
    billed: Billed,
    written: WrittenMonth,
    session: Session,
    *,
    draft: bool,
) -> None:
    """The run for people."""
    console, currency = session.console, job.settings.billing.currency
    documents = written.documents
    invoices = sum(document.kind is Kind.INVOICE for document in documents)
    net, vat, gross = (sum(getattr(d, name) for d in documents) for name in ("net_cents", "vat_cents", "gross_cents"))
    kinds = f"{counted(invoices, 'invoice')}, {counted(len(documents) - invoices, 'credit note')}"
    fresh = "drafts" if draft else f"{len(billed.issued)} of them new"
    figures = (("net", net), ("VAT", vat), ("gross", gross))
    console.figures(f"{period}: {kinds}, {fresh}", [(name, money_text(cents, currency)) for name, cents in figures])
    if billed.placed.sums_of_month.rows == 0:
        console.info(f"the wallet has no transaction of {period}")
    exceptions = billed.placed.exceptions
    if not exceptions.empty:
        reasons = ", ".join(f"{count} {reason}" for reason, count in exceptions["reason"].value_counts().items())
        verb = "waits as an exception" if len(exceptions) == 1 else "wait as exceptions"
        console.warn(
            f"{counted(len(exceptions), 'transaction')} of {wallet_text(-sum_of(exceptions).micros, currency)} {verb}"
            f" ({reasons}): see exceptions.csv or `billing-job exceptions`"
        )
        console.warn(*_many_of_one_file(exceptions))
    if late := billed.waiting.count:
        console.warn(
            f"{counted(late, 'transaction')} of {wallet_text(-billed.waiting.micros, currency)} came after the client's"
            " invoice: to be billed on the next one, or on one of its own now with --supplementary"
        )
    if older := billed.placed.never_run.count:
        console.info(
            f"{counted(older, 'older transaction')} of {wallet_text(-billed.placed.never_run.micros, currency)}"
            f" {'belongs' if older == 1 else 'belong'} to months that were never run"
            + ("" if job.settings.billing.first_month else "; if they were billed elsewhere, set billing.first_month")
        )
    tell_wallet(billed.gate, job, console)
    if billed.because:
        made = "these are drafts, and a run would issue nothing" if draft else "nothing was issued"
        console.warn(f"{made}: {_why(billed, period, job)}")
    notes = profile_notes(documents)
    for note in notes[:MOST_NOTES]:
        console.info(f"{note}. Its XML is plain EN 16931")
    if len(notes) > MOST_NOTES:
        console.info(f"{len(notes) - MOST_NOTES} more documents are plain EN 16931: see report.html, or `run --json`")
    console.info(*written.notes)
    where = job.draft_folder(period) if draft else job.folder(period)
    console.info(f"Files: {where.where()}")


def _many_of_one_file(exceptions: pd.DataFrame) -> list[str]:
    """That numbers.csv can be proposed, where it is what lacks."""
    lacking = (exceptions["reason"] == "unknown_reference") & exceptions["reference_type"].isin(["number", "order"])
    count = int(lacking.sum())
    if not count:
        return []
    lacks = "lacks its row" if count == 1 else "lack their rows"
    return [f"{count} of them {lacks} in numbers.csv: `billing-job init --from-ledger` proposes them"]


def _why(billed: Billed, period: Period, job: Job) -> str:
    """Why nothing is issued, and how to go on."""
    if billed.because == Because.UNPROVEN:
        return (
            "the wallet must prove once how DIDfarm's amounts are read, for an invoice cannot be taken back. Correct"
            " config/billing.toml and run again, or, when you know why the wallet differs,"
            f' `billing-job run --month {period} --accept-difference "the reason"`'
        )
    if billed.because == Because.WAITING:
        limit, share = job.settings.billing.max_waiting_percent, billed.share
        return (
            f"{wallet_text(share.waiting_micros, job.settings.billing.currency)} of the month's costs of"
            f" {wallet_text(share.cost_micros, job.settings.billing.currency)} have no owner, which is more than"
            f" billing.max_waiting_percent = {limit} allows. Add what is missing to trunks.csv and numbers.csv"
            " (exceptions.csv says what each row lacks; `billing-job init --from-ledger` proposes rows), or decide"
            " with `billing-job exceptions resolve`, and run"
            f" again; or set max_waiting_percent to {max(share.percent, limit)} or more to bill the others now"
        )
    return 'billing.on_exception = "block", and something waits'


def tell_wallet(gate: Gate, job: Job, console: Console) -> None:
    """Say whether opening balance and movements explain the wallet's balance; if not, by how much and why it may be."""
    currency, proof = job.settings.billing.currency, gate.proof
    if proof.balance_micros is None:
        console.warn("the wallet's balance is not known yet, or is in another currency: run `billing-job sync`")
    elif proof.matches:
        console.info(f"Wallet: balance {wallet_text(proof.balance_micros, currency)}, {proof.how_exact(currency)}")
        if gate.proven is None and (doubt := units_set_by_hand(job)):
            console.warn(doubt)
        if gate.says_nothing:
            console.warn(
                "all movements together come to nothing, in whatever unit and sign they are read: the balance proves"
                " nothing yet, so look at the amounts before you send anything"
            )
    else:
        console.warn(
            f"the wallet holds {wallet_text(proof.balance_micros, currency)}, opening balance and movements explain"
            f" {wallet_text(proof.explained_micros, currency)}: a difference of"
            f" {wallet_text(proof.difference_micros, currency)}"
        )
        console.warn(
            *(f"likely cause: {cause}" for cause in gate.causes),
            "other causes: DIDfarm's history is cut off, or rows are still arriving (sync again)",
        )
    if gate.accepted is not None:
        console.warn(f"this difference was accepted at {gate.accepted.accepted}: {gate.accepted.reason}")


def other_books(month: str) -> str:
    """What to do where the books of a month that was run before are others by now."""
    return (
        f"{month} was run before, and its books are other ones now: `billing-job run --month {month}` writes them anew;"
        " import them again where you have"
    )
