"""`remind`: one letter to each client that is overdue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_job.commands.options import anyway_option, emit, json_option, output_option
from billing_job.core.errors import ExitCode

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation
    from billing_job.core.console import Console
    from billing_job.delivery.reminder_report import ReminderRound


@click.command(short_help="Remind clients of what is overdue, each level once.")
@click.option("--dry-run", is_flag=True, help="Say who would be reminded of what; send and note nothing.")
@click.option("--confirm", multiple=True, metavar="CLIENT", help="It has its uncertain reminder; may be repeated.")
@click.option("--resend", multiple=True, metavar="CLIENT", help="It has not: send it again; may be repeated.")
@anyway_option
@output_option
@json_option
@click.pass_obj
def remind(
    invocation: Invocation,
    dry_run: bool,
    confirm: tuple[str, ...],
    resend: tuple[str, ...],
    anyway: bool,
    output: Path | None,
    as_json: bool,
) -> int:
    """Send today's reminders: one e-mail or letter a client with all that is overdue, at the level that it has reached.

    Never for what is paid, held, disputed or being collected, and no level twice. Exit codes: 0 done, 3 a reminder was
    refused, is uncertain or waits. Example: billing-job remind --dry-run
    """
    from billing_job.commands.send import transport_of
    from billing_job.delivery.reminding import remind as remind_clients
    from billing_job.month.folder_guard import check_folder
    from billing_job.month.preconditions import check_facts
    from billing_job.month.receivables import check_statements
    from billing_job.month.session import locked_job

    if dry_run and (confirm or resend):
        raise click.UsageError("--dry-run goes without --confirm and --resend: it notes nothing")
    session = invocation.session(output)
    mail = session.settings.mail
    transport = None if mail is None or dry_run else transport_of(invocation, mail)
    with locked_job(session) as job:
        check_folder(job)
        check_facts(job)
        check_statements(job, anyway=anyway)
        found = remind_clients(
            job, mail, transport, invocation.console, dry_run=dry_run, confirm=confirm, resend=resend
        )
        currency = job.settings.billing.currency
    _tell(found, currency, invocation.console)
    if as_json:
        emit(found.json)
    return ExitCode.DONE if found.is_done else ExitCode.EXCEPTIONS_WAIT


def _tell(found: ReminderRound, currency: str, console: Console) -> None:
    """The round for people."""
    from billing_job.core.money import money_text
    from billing_job.core.sentences import counted

    for reminder, sent_to in found.sent:
        extras = [
            f"{what} {money_text(cents, currency)}"
            for what, cents in (("interest", reminder.interest_cents), ("costs", reminder.costs.cents))
            if cents
        ]
        numbers = ", ".join(item.number for item in reminder.items)
        sums = ", ".join((f"open {money_text(reminder.open_cents, currency)}", *extras))
        console.info(f"{reminder.client_id}, level {reminder.level}, to {sent_to}: {numbers}; {sums}")
    verb = "would leave" if found.dry_run else "left"
    console.info(f"{counted(len(found.sent), 'reminder')} {verb}")
    for left in found.left_out:
        console.info(f"{left.number} ({left.client_id}): not reminded of, {left.reason}")
    for each in found.claimed:
        cents = money_text(each.cents, currency)
        console.info(f"{each.document}: is paid, but not the {cents} of interest and costs claimed on {each.day}")
    console.warn(*found.notes)
    for unsent in found.unsent:
        console.warn(f"{unsent.client_id}: not reminded, {unsent.reason}")
    for doubt in found.uncertain:
        if doubt.is_doubt:
            console.warn(
                f"{doubt.client_id}: may have been reminded before the ledger was restored from a backup on"
                f" {doubt.day}; look into your sent mail, then use --confirm or --resend"
            )
            continue
        console.warn(
            f"{doubt.client_id}: nobody knows whether the reminder of {doubt.day} to {doubt.recipient} has arrived; ask"
            " the client, then use --confirm or --resend"
        )
    if found.stopped:
        console.error(found.stopped)
