"""The commands that prove what was done: reconcile, verify."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_job.commands.options import emit, json_option, month_option, output_option, period
from billing_job.core.errors import ExitCode

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation


@click.command(short_help="Prove that every cent of the wallet has its place.")
@json_option
@click.pass_obj
def reconcile(invocation: Invocation, as_json: bool) -> int:
    """Prove the wallet: every cent is billed, excluded, an exception, or waits for its month.

    Example: billing-job reconcile
    """
    from billing_job.commands.text_tables import reconcile_text
    from billing_job.month.session import locked_job
    from billing_job.operations.reconcile import reconcile as prove

    with locked_job(invocation.session()) as job:
        proof = prove(job)
        if as_json:
            emit(proof)
        else:
            click.echo(reconcile_text(proof, job.settings.billing.currency))
    is_clean = proof["wallet"]["matches"] and not proof["billed_row_changed"]
    return ExitCode.DONE if is_clean else ExitCode.EXCEPTIONS_WAIT


@click.command(short_help="Check hashes and invariants again.")
@month_option()
@click.option("--deep", is_flag=True, help="Every row, document, file and e-mail of all months; takes longer.")
@output_option
@json_option
@click.pass_obj
def verify(invocation: Invocation, month: str | None, deep: bool, output: Path | None, as_json: bool) -> int:
    """Check every hash of the manifests and every invariant again; with --deep over all of history.

    Example: billing-job verify --deep
    """
    from billing_job.commands.text_tables import changed_words
    from billing_job.month.session import locked_job
    from billing_job.operations.reconcile import billed_rows_changed
    from billing_job.operations.verify import verify as check
    from billing_job.operations.verify import verify_deep

    with locked_job(invocation.session(output)) as job:
        problems = verify_deep(job) if deep else []
        # A ledger that is damaged is named once; what follows from it would only repeat it.
        count, more = (0, []) if problems else check(job, period(month))
        problems += more
        # Such rows wait, so the ledger is sound; yet nobody should take their documents for right.
        waits = [] if problems else billed_rows_changed(job)
        currency = job.settings.billing.currency
    if as_json:
        emit({"schema": "billing-job/verify@1", "documents": count, "problems": problems, "billed_row_changed": waits})
    invocation.console.error(*problems)
    invocation.console.warn(*(changed_words(each, currency) for each in waits))
    if not problems:
        invocation.console.info(f"{count} documents and their files are as they were issued")
    if problems:
        return ExitCode.FAILED
    return ExitCode.EXCEPTIONS_WAIT if waits else ExitCode.DONE
