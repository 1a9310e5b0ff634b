"""`collect`: the SEPA direct debit files of a day."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_job.commands.options import anyway_option, day, emit, json_option, output_option
from billing_job.core.errors import ExitCode

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation


@click.command(short_help="Write the SEPA direct debit file of what is due.")
@click.option("--due", metavar="YYYY-MM-DD", required=True, help="The day on which the bank is to collect.")
@anyway_option
@click.option(
    "--bank-has-none",
    is_flag=True,
    help="After a restore: the bank was told of no collection that the ledger does not know.",
)
@click.option(
    "--announced",
    is_flag=True,
    help="Clients were told of the debits that their invoices do not announce.",
)
@output_option
@json_option
@click.pass_obj
def collect(
    invocation: Invocation,
    due: str,
    anyway: bool,
    bank_has_none: bool,
    announced: bool,
    output: Path | None,
    as_json: bool,
) -> int:
    """Write output/collections/DAY-SCHEME.xml (pain.008.001.08) of what is due from clients that pay by direct debit.

    One file a day and scheme: asked again, it gives the same bytes. Exit code 3: something due is not in it, with the
    reason. Example: billing-job collect --due 2026-12-15
    """
    from billing_job.core.money import money_text
    from billing_job.core.sentences import counted
    from billing_job.month.folder_guard import check_folder
    from billing_job.month.preconditions import check_facts
    from billing_job.month.receivables import check_statements
    from billing_job.month.session import locked_job
    from billing_job.operations.collecting import collect as collect_due

    wanted = day(due, "--due")
    console = invocation.console
    with locked_job(invocation.session(output)) as job:
        check_folder(job)
        check_facts(job)
        check_statements(job, anyway=anyway)
        found = collect_due(job, wanted, console, bank_has_none=bank_has_none, all_announced=announced)
    for file in found.files:
        debits = counted(len(file.collection.debits), "direct debit")
        again = "" if file.new else " (made before; the same bytes)"
        console.info(f"collections/{file.name}: {debits}, {money_text(file.collection.cents, 'EUR')}{again}")
    if not found.files:
        console.info(f"nothing is to be collected on {wanted}")
    for each in found.waiting:
        console.warn(f"{each.number} ({each.client_id}): not collected, {each.reason}")
    if as_json:
        emit(found.json)
    return ExitCode.EXCEPTIONS_WAIT if found.waiting else ExitCode.DONE
