"""Commands that answer questions and change nothing: list, show, why, status."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_job.commands.completing import client_ids, document_numbers
from billing_job.commands.options import emit, json_option, month_option, period, say, xlsx_option
from billing_job.core.categories import DOCUMENT_STATES
from billing_job.core.errors import ConfigError

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation


@click.command("list", short_help="List issued documents and what became of them.")
@month_option(otherwise="every month")
@click.option("--client", metavar="ID", help="Only this client's.", shell_complete=client_ids)
@click.option("--state", type=click.Choice(DOCUMENT_STATES), help="Only documents that are so far.")
@xlsx_option
@json_option
@click.pass_obj
def list_(
    invocation: Invocation, month: str | None, client: str | None, state: str | None, xlsx: Path | None, as_json: bool
) -> int:
    """List issued documents: number, client, amounts, and whether they were sent or credited.

    Without --month all of them. Example: billing-job list --month 2026-10 --state uncertain
    """
    from billing_job.commands.look_up_text import document_rows, documents_table
    from billing_job.month.session import locked_ledger
    from billing_job.operations.look_up import document_entries

    asked = period(month)
    with locked_ledger(invocation.session()) as ledger:
        found = document_entries(ledger, month=None if asked is None else str(asked), client_id=client, state=state)
    if xlsx is not None:
        invocation.write_spreadsheet(xlsx, {"documents": document_rows(found)})
    if as_json:
        emit({"schema": "billing-job/list@1", "documents": found})
    elif xlsx is None:
        click.echo(documents_table(found))
        if client is not None and not found:
            say(f"Is {client} the id of a client? `billing-job list` shows the ids of all that were billed")
    return 0


@click.command(short_help="Show an issued document with its history.")
@click.argument("number", shell_complete=document_numbers)
@json_option
@click.pass_obj
def show(invocation: Invocation, number: str, as_json: bool) -> int:
    """Show the document NUMBER: its lines, what happened to it, and its files.

    Example: billing-job show INV-2026-00007
    """
    from billing_job.commands.look_up_text import document_text
    from billing_job.month.session import locked_ledger
    from billing_job.operations.look_up import document_entry

    with locked_ledger(invocation.session()) as ledger:
        found = document_entry(ledger, number)
    if as_json:
        emit({"schema": "billing-job/show@1", **found})
    else:
        say(document_text(found))
    return 0


@click.command(short_help="Say whose a transaction is, why, and where it was billed.")
@click.argument("transaction_id", metavar="TRANSACTION")
@json_option
@click.pass_obj
def why(invocation: Invocation, transaction_id: str, as_json: bool) -> int:
    """Say of one TRANSACTION what the supplier sent, whose it is by which row of which file, its price, its document.

    Of a charge that no wallet holds, such as charge:support:2026-10, by which row it is owed.
    Example: billing-job why 90122
    """
    gc.disable()  # the process ends before there is garbage worth a search
    from billing_job.commands.look_up_text import charge_text, why_text
    from billing_job.month.session import locked_job
    from billing_job.operations.why import why as explain

    wanted = transaction_id.strip()
    if not wanted:
        raise ConfigError("TRANSACTION: write the id of a transaction, as exceptions.csv and attribution.csv list it")
    with locked_job(invocation.session()) as job:
        found = explain(job, wanted)
        currency = job.settings.billing.currency
    if as_json:
        emit(found)
    else:
        say(charge_text(found, currency) if "charge" in found else why_text(found))
    return 0


@click.command(short_help="Say where everything stands.")
@json_option
@click.pass_obj
def status(invocation: Invocation, as_json: bool) -> int:
    """Say where everything stands: ledger, wallet, the month that is next, what waits, what is unsent, the last run.

    Nothing is asked of the supplier. Example: billing-job status
    """
    from billing_job.commands.look_up_text import status_text
    from billing_job.month.session import locked_ledger
    from billing_job.operations.status import status as standing

    session = invocation.session()
    with locked_ledger(session) as ledger:
        found = standing(ledger, session.config_folder)
    text = status_text(found, session.settings.billing.currency)
    if as_json:
        emit(found)
    else:
        say(text)
    return 0
