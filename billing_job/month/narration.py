"""What a run tells people."""

from billing_job.core.columns.row_values import sum_of
from billing_job.core.console import Console
from billing_job.core.document import Kind
from billing_job.core.money import money_text
from billing_job.core.period import Period
from billing_job.documents.einvoice.profiles import profile_notes
from billing_job.month.folder import WrittenMonth
from billing_job.month.job import Job
from billing_job.month.pipeline import Billed
from billing_job.month.session import Session
from billing_job.month.wallet_proof import WalletProof

MOST_NOTES = 10
"""Reasons for plain EN 16931 that are told one by one; the month's page has them all."""


def tell(
    job: Job,
    period: Period,
    billed: Billed,
    written: WrittenMonth,
    proof: WalletProof,
    session: Session,
    *,
    draft: bool,
) -> None:
    """The run for people."""
    console, currency = session.console, job.settings.billing.currency
    documents = written.documents
    invoices = sum(document.kind is Kind.INVOICE for document in documents)
    kinds = f"{invoices} invoices, {len(documents) - invoices} credit notes"
    net, vat, gross = (sum(getattr(d, name) for d in documents) for name in ("net_cents", "vat_cents", "gross_cents"))
    fresh = "drafts" if draft else f"{len(billed.new)} of them new"
    console.info(
        f"{period}: {kinds}, {fresh}; net {money_text(net, currency)}, VAT {money_text(vat, currency)},"
        f" gross {money_text(gross, currency)}"
    )
    exceptions = billed.placed.exceptions
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
    tell_wallet(proof, job, console)
    notes = profile_notes(documents)
    for note in notes[:MOST_NOTES]:
        console.info(f"{note}. Its XML is plain EN 16931")
    if len(notes) > MOST_NOTES:
        console.info(f"{len(notes) - MOST_NOTES} more documents are plain EN 16931: see report.html, or `run --json`")
    where = job.draft_folder(period) if draft else job.folder(period)
    console.info(f"Files: {where.where()}")


def tell_wallet(proof: WalletProof, job: Job, console: Console) -> None:
    """Say whether opening balance and movements explain the wallet's balance; if not, by how much and why it may be."""
    currency = job.settings.billing.currency
    if proof.balance_cents is None:
        console.warn("the wallet's balance is not known yet, or is in another currency: run `billing-job sync`")
    elif proof.matches:
        console.info(f"Wallet: balance {money_text(proof.balance_cents, currency)}, explained to the cent")
    else:
        console.warn(
            f"the wallet holds {money_text(proof.balance_cents, currency)}, opening balance and movements explain"
            f" {money_text(proof.opening_cents + proof.movements_cents, currency)}: a difference of"
            f" {money_text(proof.difference_cents, currency)}. Likely causes: billing.opening_balance is wrong, the"
            " supplier's history is cut off, or rows are still arriving (sync again)"
        )
