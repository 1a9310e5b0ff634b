"""`charges`: what is sold beside the wallet, period by period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from billing_job.commands.options import emit, json_option, month_option, period

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation


@click.group(short_help="Charges of one's own: what will be billed, and what was.")
def charges() -> None:
    """What config/charges.csv sells beside the wallet: phones, installation, support, flat fees, discounts.

    Example: billing-job charges list --month 2026-10
    """


@charges.command("list", short_help="List the periods of charges, and where they were billed.")
@month_option()
@json_option
@click.pass_obj
def list_(invocation: Invocation, month: str | None, as_json: bool) -> int:
    """List what the run of a month bills of config/charges.csv, also of a month to come; without --month all so far.

    Example: billing-job charges list --month 2026-10
    """
    from billing_job.commands.text_tables import table
    from billing_job.core.money import decimal_text
    from billing_job.month.session import locked_job
    from billing_job.operations.charges_list import listed_charges

    asked = period(month)
    with locked_job(invocation.session()) as job:
        found = listed_charges(job, asked)
    invocation.console.warn(*found["contradictions"])
    if as_json:
        emit(found)
    elif not found["charges"]:
        click.echo("No charges: config/charges.csv has none for these runs.")
    else:
        columns = ("charge", "client", "description", "quantity", "net", "run", "document")
        rows = [
            (
                each["transaction_id"],
                each["client_id"],
                each["description"],
                each["quantity"],
                decimal_text(each["net_cents"]),
                each["run"],
                each["document"] or each["state"],
            )
            for each in found["charges"]
        ]
        click.echo(table(columns, rows, right=("quantity", "net")))
    return 0
