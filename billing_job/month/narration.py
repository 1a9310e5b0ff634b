"""What a run tells people."""

from billing_job.core.columns.row_values import sum_of
from billing_job.core.console import Console
from billing_job.core.document import Kind
from billing_job.core.money import money_text, wallet_text
from billing_job.core.period import Period
from billing_job.month.folder import WrittenMonth
from billing_job.month.job import Job
from billing_job.month.pipeline import Billed
from billing_job.month.session import Session
from billing_job.month.wallet_proof import WalletProof


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
            f"{len(exceptions)} transactions of {wallet_text(-sum_of(exceptions).micros, currency)} wait as exceptions"
            f" ({reasons}): see exceptions.csv or `billing-job exceptions`"
        )
    if billed.blocked:
        console.warn('nothing was issued, because billing.on_exception = "block"')
    if billed.waiting.count:
        console.warn(
            f"{billed.waiting.count} transactions of {wallet_text(-billed.waiting.micros, currency)} came after their"
            " client's invoice: they go on the next one, or on one of their own now with --supplementary"
        )
    if billed.placed.never_run.count:
        console.warn(
            f"{billed.placed.never_run.count} older transactions of"
            f" {wallet_text(-billed.placed.never_run.micros, currency)} belong to months that were never run"
        )
    tell_wallet(proof, job, console)
    where = job.draft_folder(period) if draft else job.folder(period)
    console.info(f"Files: {where.where()}")


def tell_wallet(proof: WalletProof, job: Job, console: Console) -> None:
    """Say whether opening balance and movements explain the wallet's balance; if not, by how much and why it may be."""
    currency = job.settings.billing.currency
    if proof.balance_micros is None:
        console.warn("the wallet's balance is not known yet, or is in another currency: run `billing-job sync`")
    elif proof.matches:
        console.info(f"Wallet: balance {wallet_text(proof.balance_micros, currency)}, {proof.how_exact(currency)}")
    else:
        console.warn(
            f"the wallet holds {wallet_text(proof.balance_micros, currency)}, opening balance and movements explain"
            f" {wallet_text(proof.explained_micros, currency)}: a difference of"
            f" {wallet_text(proof.difference_micros, currency)}. Likely causes: billing.opening_balance is wrong, the"
            " supplier's history is cut off, or rows are still arriving (sync again)"
        )
