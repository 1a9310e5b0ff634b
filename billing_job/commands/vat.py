"""`vat`: VAT ids before VIES, what the tax office is told of a period, and its end."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_job.commands.completing import client_ids
from billing_job.commands.options import json_option, output_option, told

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation

period_option = click.option(
    "--period", "period_text", required=True, metavar="PERIOD", help="The tax period: 2026Q4, or 2026-10 for a month."
)


@click.group(short_help="VAT returns, EC sales lists, VAT ids.")
def vat() -> None:
    """Ask VIES about VAT ids; make the figures of VAT returns, EC sales lists and the One Stop Shop.

    Example: billing-job vat return --period 2026Q4
    """


@vat.command(short_help="Ask VIES about clients' VAT ids.")
@click.option(
    "--client",
    "clients",
    multiple=True,
    metavar="ID",
    help="Only this client, in any case; repeatable.",
    shell_complete=client_ids,
)
@click.option("--again", is_flag=True, help="Ask also about ids that VIES confirmed lately.")
@json_option
@click.pass_obj
def check(invocation: Invocation, clients: tuple[str, ...], again: bool, as_json: bool) -> int:
    """Ask VIES about the VAT ids of clients, and keep its answers with their consultation numbers as evidence.

    An outage is no answer and changes nothing. Exit code 3 when an id is invalid or could not be asked.
    Example: billing-job vat check --client acme
    """
    from billing_job.month.vat_ids import check_vat_ids

    return told(check_vat_ids(invocation.session(), clients, again=again), as_json=as_json)


@vat.command("return", short_help="Write the figures of a tax period.")
@period_option
@output_option
@json_option
@click.pass_obj
def return_(invocation: Invocation, period_text: str, output: Path | None, as_json: bool) -> int:
    """Write return.csv, ec_sales_list.csv, oss.csv and the page return.html of a tax period into output/vat/PERIOD.

    Every figure is a sum over issued documents and is tied to the accounts of the journal.
    Example: billing-job vat return --period 2026Q4
    """
    from billing_job.month.vat_returns import return_of

    return told(return_of(invocation.session(output), period_text), as_json=as_json)


@vat.command(short_help="Record that a period's return was filed.")
@period_option
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="The day on which it was filed, if not today: later documents were not in it.",
)
@json_option
@click.pass_obj
def close(invocation: Invocation, period_text: str, on: datetime | None, as_json: bool) -> int:
    """Close a tax period whose return was filed; it cannot be opened again.

    What is issued later for its months is declared in the first open month, and no document is dated into it.
    Example: billing-job vat close --period 2026Q4
    """
    from billing_job.month.vat_returns import close_period

    filed: date | None = None if on is None else on.date()
    return told(close_period(invocation.session(), period_text, filed, invocation.user()), as_json=as_json)
