"""The command that makes a first configuration: init."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from billing_job.commands.options import emit, json_option

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation


@click.command(short_help="Make a first configuration from your trunks.")
@click.option("--base-url", metavar="URL", help="DIDfarm's address, when billing.toml does not say it yet.")
@click.option("--from-ledger", is_flag=True, help="Propose numbers.csv for what the wallet shows and no row knows.")
@json_option
@click.pass_obj
def init(invocation: Invocation, base_url: str | None, from_ledger: bool, as_json: bool) -> int:
    """Make a first configuration in the folder of --config: a client for each trunk, by its name.

    Files that are there already are left alone; rows that they lack are printed. With --from-ledger nothing is asked of
    DIDfarm: numbers.csv is proposed from the transactions mirrored so far.
    """
    from billing_job.config.first_files import table_text, write_new
    from billing_job.config.mapping import CLIENT_COLUMNS, NUMBER_COLUMNS, TRUNK_COLUMNS

    columns = {"clients.csv": CLIENT_COLUMNS, "trunks.csv": TRUNK_COLUMNS, "numbers.csv": NUMBER_COLUMNS}
    folder = invocation.config.absolute().parent
    fixed, rows = ({}, _numbers(invocation)) if from_ledger else _from_trunks(invocation, base_url)
    tables = {name: table_text(columns[name], found) for name, found in rows.items() if found or not from_ledger}
    written = write_new(folder, {**fixed, **tables})
    left_alone = [name for name in (*fixed, *tables) if name not in written]
    proposed = {name: found for name, found in rows.items() if found and name in left_alone}
    invocation.console.info(*(f"{folder / name}: written" for name in written))
    invocation.console.warn(*(f"{folder / name}: is there already and was left alone" for name in left_alone))
    if as_json:
        emit({"schema": "billing-job/init@1", "written": written, "left_alone": left_alone, "proposed": proposed})
        return 0
    for name, found in proposed.items():
        click.echo(f"{name} lacks:\n{table_text(columns[name], found)}")
    _tell_next(invocation, written, rows)
    return 0


def _from_trunks(invocation: Invocation, base_url: str | None) -> tuple[dict[str, str], dict[str, list[list[str]]]]:
    """The files that are the same for everybody, and the rows that clients.csv and trunks.csv lack."""
    from billing_job.config.first_files import api_of, clients_and_trunks, known_in, settings_text
    from billing_job.core.resources import shipped_config
    from billing_job.didfarm.http import connect
    from billing_job.didfarm.sync import read_trunks

    api = api_of(invocation.config, base_url)
    known = known_in(invocation.config.absolute().parent)
    with connect(api, lambda: invocation.key(api.key_file), invocation.clock, invocation.console.warn) as http:
        trunks = read_trunks(http)
    invocation.console.info(f"DIDfarm lists {len(trunks)} trunks at {api.base_url}")
    shipped = {
        name: (shipped_config() / name).read_text(encoding="utf-8")
        for name in ("billing.toml", "vat_rates.csv", "accounts.csv")
    }
    shipped["billing.toml"] = settings_text(shipped["billing.toml"], base_url)
    settings = {invocation.config.name: shipped.pop("billing.toml")}
    return settings | shipped, clients_and_trunks(trunks, known)


def _numbers(invocation: Invocation) -> dict[str, list[list[str]]]:
    """The rows that numbers.csv lacks."""
    from billing_job.config.first_files import Seen, number_rows
    from billing_job.month.session import locked_job
    from billing_job.operations.reconcile import unknown_references

    with locked_job(invocation.session()) as job:
        return {"numbers.csv": number_rows(Seen(*each) for each in unknown_references(job))}


def _tell_next(invocation: Invocation, written: list[str], rows: dict[str, list[list[str]]]) -> None:
    if invocation.config.name in written:
        invocation.console.info(
            "Next: fill in [seller] of billing.toml and each client's country in clients.csv, then `billing-job doctor`"
        )
    if rows.get("numbers.csv"):
        invocation.console.info(
            f"{len(rows['numbers.csv'])} rows for numbers.csv: write each one's trunk behind it and take the # away"
        )
