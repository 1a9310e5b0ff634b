"""Commands that bill: run, sync, preview."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_job.commands.completing import client_ids
from billing_job.commands.options import (
    emit,
    json_option,
    month_option,
    offline_option,
    output_option,
    told,
    workers_option,
)
from billing_job.core.errors import BillingJobError

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation


@click.command(short_help="Bill a month: read, invoice, write every file.")
@month_option()
@output_option
@offline_option
@click.option(
    "--client",
    "clients",
    multiple=True,
    metavar="ID",
    help="Bill only this client; may be repeated.",
    shell_complete=client_ids,
)
@click.option("--supplementary", is_flag=True, help="Bill late transactions now instead of on the next invoice.")
@click.option("--draft", is_flag=True, help="Write drafts without numbers; issue nothing.")
@click.option(
    "--accept-difference",
    metavar="REASON",
    help="Bill though the wallet differs: a decision for this difference, kept with its reason.",
)
@click.option("--send", is_flag=True, help="E-mail the documents once every file is written; see `send`.")
@workers_option
@json_option
@click.pass_obj
def run(
    invocation: Invocation,
    month: str | None,
    output: Path | None,
    offline: bool,
    clients: tuple[str, ...],
    supplementary: bool,
    draft: bool,
    accept_difference: str | None,
    send: bool,
    workers: int | None,
    as_json: bool,
) -> int:
    """Bill a month: read the wallet, issue the invoices, write every file.

    Running a month again issues nothing twice and writes the same bytes. Nothing is issued before the wallet's balance
    has proven once how DIDfarm's amounts are read, nor while too much of the month has no owner.

    Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 done but something waits, 4 DIDfarm could not be
    read whole, 5 another run is at work.

    Example: billing-job run --month 2026-10 --send
    """
    if draft and send:
        raise click.UsageError("--draft and --send: a draft is not sent")
    if accept_difference is not None and not accept_difference.strip():
        raise click.UsageError("--accept-difference: say why, the reason is kept")
    if draft and accept_difference is not None:
        raise click.UsageError("--draft and --accept-difference: a draft decides nothing")
    from billing_job.commands.send import delivery_after_run, may_send, nothing_sent
    from billing_job.config.settings import Monitoring
    from billing_job.month.run import RunOptions
    from billing_job.month.run import run as run_month
    from billing_job.operations.monitoring import watched

    reason = (accept_difference or "").strip()
    options = RunOptions(month, offline, clients, supplementary, draft, workers or invocation.workers, reason)
    try:
        session = invocation.session(output)
    except BillingJobError as error:
        if not as_json:
            raise
        from billing_job.month.run_json import empty_run_json

        invocation.console.error(str(error))
        emit(empty_run_json(month or "", "failed", str(error), 0))
        return error.exit_code
    settings, console = session.settings, session.console
    # A draft is a look ahead, not the month's run: nobody waits for it.
    monitoring = Monitoring() if draft else settings.monitoring
    for address in filter(None, (settings.monitoring.ping_url, settings.monitoring.ping_failure_url)):
        console.redactor.add(address)
    with watched(monitoring, settings.billing.currency, session.clock, console.warn) as watch:
        outcome = run_month(session, options)
        code, result = outcome.exit_code, outcome.json
        if send and result["status"] in ("done", "exceptions", "unproven"):
            if may_send(result):
                result["delivery"], sent_code = delivery_after_run(invocation, result["month"], output)
                code = max(code, sent_code)
            else:
                result["delivery"] = nothing_sent(invocation.console, result["month"])
        watch.ended(code, result)
    if as_json:
        emit(result)
    return code


@click.command(short_help="Mirror the wallet into the ledger.")
@click.option("--full", is_flag=True, help="Read everything again and report what was edited or has vanished.")
@json_option
@click.pass_obj
def sync(invocation: Invocation, full: bool, as_json: bool) -> int:
    """Mirror transactions, trunks and the balance into the ledger.

    Example: billing-job sync
    """
    from billing_job.month.sync import sync as sync_ledger

    outcome = sync_ledger(invocation.session(), full=full)
    return told(outcome, as_json=as_json)


@click.command(short_help="Write drafts, and compare them with the month before.")
@month_option()
@output_option
@offline_option
@workers_option
@json_option
@click.pass_obj
def preview(
    invocation: Invocation, month: str | None, output: Path | None, offline: bool, workers: int | None, as_json: bool
) -> int:
    """Write drafts of a month, and compare them with the month before.

    Example: billing-job preview --month 2026-10
    """
    from billing_job.commands.run_text import changes_table, coming_table
    from billing_job.month.run import RunOptions
    from billing_job.month.run import run as run_month

    outcome = run_month(
        invocation.session(output), RunOptions(month, offline, draft=True, workers=workers or invocation.workers)
    )
    if as_json:
        emit(outcome.json)
    elif "changes" in outcome.json:
        click.echo(changes_table(outcome.json["changes"], invocation.settings().billing.currency))
        if coming := outcome.json["coming_charges"]:
            click.echo(f"\n{coming_table(coming)}\n\nWhat the next month's run bills beside the use, net")
    return outcome.exit_code
