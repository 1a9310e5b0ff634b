"""The exceptions queue: list it, decide about what stands in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from billing_job.commands.options import emit, json_option, month_option, period, told
from billing_job.core.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation


@click.group(invoke_without_command=True, short_help="List the transactions that wait, and decide about them.")
@month_option()
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print the columns of exceptions.csv on standard output.")
@click.pass_context
def exceptions(context: click.Context, month: str | None, as_json: bool, as_csv: bool) -> None:
    """List what waits: transactions that no client could be found for, or that could not be read.

    Without --month all that waits is listed. Exit code 3 while something does.
    """
    if context.invoked_subcommand is not None:
        return
    from billing_job.commands.text_tables import exceptions_table
    from billing_job.core.money import cents_of
    from billing_job.month.exceptions import waiting, waiting_rows
    from billing_job.month.session import locked_job
    from billing_job.reporting.exceptions_csv import exceptions_csv

    invocation: Invocation = context.obj
    with locked_job(invocation.session()) as job:
        found = waiting_rows(job, waiting(job, period(month)))
        if as_json:
            entries = [
                {
                    "transaction_id": each.transaction_id,
                    "cents": cents_of(each.micros or 0),
                    "micros": each.micros or 0,
                    "reason": each.reason,
                    "created_at": each.created_at,
                    "type": each.type,
                    "reference_type": each.reference_type,
                    "reference_id": each.reference_id,
                    "suggestion": each.suggestion,
                    "first_seen": each.first_seen,
                    "age_days": each.age_days,
                }
                for each in found
            ]
            emit({"schema": "billing-job/exceptions@1", "exceptions": entries})
        elif as_csv:
            click.echo(exceptions_csv(found).decode(), nl=False)
        else:
            click.echo(exceptions_table(found, job.settings.billing.currency))
    context.exit(ExitCode.EXCEPTIONS_WAIT if found else ExitCode.DONE)


@exceptions.command(short_help="Say whose a waiting transaction is.")
@click.argument("transaction_ids", metavar="ID…", nargs=-1, required=True)
@click.option("--client", metavar="ID", help="This client pays; its next invoice bills it.")
@click.option("--house", is_flag=True, help="The house pays; no client is billed.")
@click.option("--amount", metavar="NET", help="What a refund without an original gives --client back, such as 12.50.")
@click.option("--accept", is_flag=True, help="A billed row that DIDfarm changed: its documents stay as they are.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; kept with who decided and when.")
@json_option
@click.pass_obj
def resolve(
    invocation: Invocation,
    transaction_ids: tuple[str, ...],
    client: str | None,
    house: bool,
    amount: str | None,
    accept: bool,
    reason: str,
    as_json: bool,
) -> int:
    """Decide about waiting transactions. A later decision takes the place of an earlier one; both are kept."""
    from billing_job.core.money import cents_from_decimal
    from billing_job.month.corrections import Resolution, resolve_exceptions

    if (client is not None) + house + accept != 1:
        raise ConfigError("say who pays, --client ID or --house; or --accept a changed row: one of the three")
    try:
        cents = None if amount is None else cents_from_decimal(amount)
    except ValueError as error:
        raise ConfigError(f"--amount: {error}") from None
    if cents is not None and cents <= 0:
        raise ConfigError("--amount: write what the client gets back, more than 0.00; --house gives nothing back")
    if not reason.strip():
        raise ConfigError("--reason: say why, in a few words")
    outcome = resolve_exceptions(
        invocation.session(),
        transaction_ids,
        Resolution(client or "", cents, accept),
        reason.strip(),
        invocation.user(),
    )
    return told(outcome, as_json=as_json)
