"""`statement`: a client's account as PDF and CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_job.commands.completing import client_ids
from billing_job.commands.options import day, emit, json_option, output_option

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation


@click.command(short_help="Write statements of account: opening, movements, closing, ageing.")
@click.option(
    "--client",
    metavar="ID",
    shell_complete=client_ids,
    help="Only this client's; by default every client's that has moved or owes.",
)
@click.option("--as-of", metavar="YYYY-MM-DD", help="As it stands at the end of this day; by default today.")
@click.option(
    "--from", "first", metavar="YYYY-MM-DD", help="First day that is shown; by default three months and more before."
)
@output_option
@json_option
@click.pass_obj
def statement(
    invocation: Invocation, client: str | None, as_of: str | None, first: str | None, output: Path | None, as_json: bool
) -> int:
    """Write a client's account as PDF and CSV below output/statements/, in the client's language.

    The PDF has a payment code for the balance. Example: billing-job statement --client acme --as-of 2026-11-30
    """
    from billing_job.core.money import money_text
    from billing_job.month.session import locked_job
    from billing_job.operations.statements import write_statements

    last, start = day(as_of, "--as-of"), day(first, "--from")
    with locked_job(invocation.session(output)) as job:
        written = write_statements(job, client, last, start)
        currency = job.settings.billing.currency
    if as_json:
        emit(
            {
                "schema": "billing-job/statement@1",
                "statements": [
                    {
                        "client_id": each.statement.client_id,
                        "from": each.statement.first.isoformat(),
                        "as_of": each.statement.as_of.isoformat(),
                        "opening_cents": each.statement.opening_cents,
                        "closing_cents": each.statement.closing_cents,
                        "ageing": dict(each.statement.ageing),
                        "claimed": each.claimed,
                        "files": {"pdf": each.pdf, "csv": each.csv},
                    }
                    for each in written
                ],
            }
        )
    for each in written:
        sign = "-" if each.statement.closing_cents < 0 else ""
        balance = f"{sign}{money_text(each.statement.closing_cents, currency)}"
        invocation.console.info(f"{each.statement.client_id}: {balance} on {each.statement.as_of}: {each.pdf}")
    if not written:
        invocation.console.info("no client has moved or owes anything")
    return 0
