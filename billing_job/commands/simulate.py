"""`simulate`: billed months under other plans or prices."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from billing_job.commands.options import emit, json_option, month_option, period, xlsx_option
from billing_job.core.errors import ConfigError

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation
    from billing_job.core.files.spreadsheet_writer import Table

_FILE = click.Path(dir_okay=False, path_type=Path)
_AMOUNTS = ("billed", "simulated", "difference", "cost", "billed_margin", "margin")


@click.command(short_help="Work out billed months under other plans or prices.")
@click.option("--plan", "plans", type=_FILE, metavar="FILE", help="[[plans]] as in billing.toml, in place of those.")
@click.option("--prices", type=_FILE, metavar="FILE", help="A price list in place of prices.csv.")
@month_option(required=True)
@click.option("--months", type=click.IntRange(1, 120), default=1, metavar="N", help="So many months, from --month on.")
@xlsx_option
@json_option
@click.pass_obj
def simulate(
    invocation: Invocation,
    plans: Path | None,
    prices: Path | None,
    month: str,
    months: int,
    xlsx: Path | None,
    as_json: bool,
) -> int:
    """Work out what billed months would have come to under other plans or prices; nothing is stored.

    The same stages bill the same history once more, run by run, in a ledger that goes away with it. A plan of the file
    takes the place of the one of its name; clients of other plans, and charges of one's own, stay as they were billed.
    Example: billing-job simulate --plan other-plans.toml --month 2026-01 --months 12
    """
    from billing_job.config.price_list import load_prices
    from billing_job.config.settings_file import load_plans
    from billing_job.month.other_terms import Instead
    from billing_job.month.session import locked_job
    from billing_job.operations.simulate import simulated

    if plans is None and prices is None:
        raise ConfigError("--plan: name a file with other [[plans]], or another price list with --prices")
    if prices is not None and not prices.exists():
        raise ConfigError(f"--prices {prices}: there is no such file; write it as prices.csv is written")
    first = period(month)
    session = invocation.session()
    other = {} if plans is None else load_plans(plans, invocation.config)
    with locked_job(session) as job:
        categories = list(dict.fromkeys(job.settings.categories.values()))
        listed = None if prices is None else load_prices(prices, list(job.clients), categories)
        found = simulated(job, first, months, Instead(other, listed))
    invocation.console.warn(*found["notes"])
    if xlsx is not None:
        invocation.write_spreadsheet(xlsx, {"simulate": _by_month(found)})
    if as_json:
        emit(found)
    elif xlsx is None:
        click.echo(_by_client(found))
    return 0


def _by_client(found: Mapping[str, Any]) -> str:
    """A row for each client and one for all."""
    from billing_job.commands.text_tables import table
    from billing_job.core.money import decimal_text

    rows = [
        (each["client_id"], *(decimal_text(each[f"{name}_cents"]) for name in _AMOUNTS))
        for each in (*found["clients"], {"client_id": "all", **found["total"]})
    ]
    heads = ("client", *(name.replace("_", " ") for name in _AMOUNTS))
    months = found["months"]
    span = months[0] if len(months) == 1 else f"{months[0]} to {months[-1]}"
    return f"{span}, net {found['currency']}\n\n" + table(heads, rows, right=heads[1:])


def _by_month(found: Mapping[str, Any]) -> Table:
    """A row for each client and month."""
    from billing_job.core.money import decimal_text

    rows = [
        (
            client["client_id"],
            client["client_name"],
            month["month"],
            *(decimal_text(month[f"{a}_cents"]) for a in _AMOUNTS),
        )
        for client in found["clients"]
        for month in client["months"]
    ]
    return ("client_id", "client_name", "month", *_AMOUNTS), rows
