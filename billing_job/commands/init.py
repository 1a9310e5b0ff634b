"""The command that makes a first configuration: init."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_job.commands.options import KEY_VARIABLE, emit, json_option
from billing_job.core.errors import ConfigError, SupplierError

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation
    from billing_job.config.api import Api
    from billing_job.core.wallet import Trunk

SELLER = (
    ("name", "Your name, as your clients know it"),
    ("legal_name", "Your name in the register, if it is another one"),
    ("street", "Street and number"),
    ("postal_code", "Postal code"),
    ("city", "City"),
    ("country", "Country, two letters such as NL"),
    ("vat_id", "VAT id, such as NL861994772B01"),
    ("email", "E-mail address for questions about invoices"),
    ("iban", "IBAN that clients pay to"),
)
"""What a person is asked for on a terminal; an empty answer leaves the key open."""


@click.command(short_help="Make a first configuration from your trunks.")
@click.option("--base-url", metavar="URL", help="DIDfarm's address, when billing.toml does not say it yet.")
@click.option("--offline", is_flag=True, help="Ask DIDfarm nothing; clients and trunks are yours to fill in.")
@click.option("--from-ledger", is_flag=True, help="Propose numbers.csv for what the wallet shows and no row knows.")
@json_option
@click.pass_obj
def init(invocation: Invocation, base_url: str | None, offline: bool, from_ledger: bool, as_json: bool) -> int:
    """Make a first configuration in the folder of --config: a client for each trunk, by its name.

    It works without a key and offline, too; on a terminal it asks who you are. Files that are there already are left
    alone; rows that they lack are printed. With --from-ledger nothing is asked of DIDfarm: numbers.csv, which says on
    which trunk each number and order is, is proposed from the transactions mirrored so far, each row a comment until
    you confirm it. Example: billing-job init, then billing-job sync, then billing-job init --from-ledger
    """
    from billing_job.config.first_files import table_text, write_new
    from billing_job.config.mapping_columns import CLIENT_COLUMNS, NUMBER_COLUMNS, TRUNK_COLUMNS

    columns = {"clients.csv": CLIENT_COLUMNS, "trunks.csv": TRUNK_COLUMNS, "numbers.csv": NUMBER_COLUMNS}
    folder = invocation.config.absolute().parent
    if from_ledger:
        fixed: dict[str, str] = {}
        rows = _numbers(invocation)
    else:
        asks = invocation.on_terminal and not as_json and not invocation.config.exists()
        fixed, rows = _from_trunks(invocation, base_url, _asked() if asks else {}, offline=offline)
    tables = {name: table_text(columns[name], found) for name, found in rows.items() if found or not from_ledger}
    empty = {name: table_text(of_file, []) for name, of_file in columns.items()}
    written = write_new(folder, {**fixed, **tables}, empty)
    left_alone = [name for name in (*fixed, *tables) if name not in written]
    proposed = {name: found for name, found in rows.items() if found and name in left_alone}
    invocation.console.info(*(f"{folder / name}: written" for name in written))
    invocation.console.warn(*(f"{folder / name}: is there already and was left alone" for name in left_alone))
    if as_json:
        emit({"schema": "billing-job/init@1", "written": written, "left_alone": left_alone, "proposed": proposed})
        return 0
    for name, found in proposed.items():
        click.echo(f"{name} lacks:\n{table_text(columns[name], found)}")
    invocation.console.info(*(_next_of_numbers(rows["numbers.csv"]) if from_ledger else _next_steps(invocation, rows)))
    return 0


def _asked() -> dict[str, str]:
    """What a person says about the seller."""
    click.echo("Who are the invoices from? Press Enter to leave something open.", err=True)
    return {key: click.prompt(f"{question}", default="", show_default=False, err=True) for key, question in SELLER}


def _from_trunks(
    invocation: Invocation, base_url: str | None, seller: dict[str, str], *, offline: bool
) -> tuple[dict[str, str], dict[str, list[list[str]]]]:
    """The files that are the same for everybody, and the rows that clients.csv and trunks.csv lack."""
    from billing_job.config.first_files import api_of, clients_and_trunks, known_in, settings_text
    from billing_job.core.resources import shipped_config

    api = api_of(invocation.config, base_url)
    known = known_in(invocation.config.absolute().parent)
    trunks = [] if offline else _trunks(invocation, api)
    shipped = {
        name: (shipped_config() / name).read_text(encoding="utf-8")
        for name in ("billing.toml", "vat_rates.csv", "accounts.csv")
    }
    settings = {invocation.config.name: settings_text(shipped.pop("billing.toml"), base_url, seller)}
    return settings | shipped, clients_and_trunks(trunks, known)


def _trunks(invocation: Invocation, api: Api) -> list[Trunk]:
    """The live trunks; none where there is no key yet or DIDfarm cannot be reached, which is said."""
    from billing_job.didfarm.http import connect
    from billing_job.didfarm.sync import read_trunks

    again = "clients.csv and trunks.csv stay empty; `billing-job init` fills them in once it can"
    if not invocation.variable(KEY_VARIABLE) and api.key_file is None:
        invocation.console.warn(
            f"there is no API key in {KEY_VARIABLE} or api.key_file, so no trunks are known: {again}"
        )
        return []
    try:
        with connect(api, lambda: invocation.key(api.key_file), invocation.clock, invocation.console.warn) as http:
            trunks = list(read_trunks(http))
    except SupplierError as error:
        invocation.console.warn(f"trunks cannot be read ({error}): {again}")
        return []
    invocation.console.info(f"DIDfarm lists {len(trunks)} trunks at {api.base_url}")
    return trunks


def _numbers(invocation: Invocation) -> dict[str, list[list[str]]]:
    """The rows that numbers.csv lacks."""
    from billing_job.config.first_files import Seen, number_rows
    from billing_job.month.session import locked_job
    from billing_job.operations.reconcile import unknown_references

    with locked_job(invocation.session()) as job:
        trunks = sorted({fact.trunk for fact in job.mapping.trunks})
        return {"numbers.csv": number_rows((Seen(*each) for each in unknown_references(job)), trunks)}


def _next_of_numbers(rows: list[list[str]]) -> list[str]:
    if not rows:
        return ["The ledger shows no number or order that numbers.csv lacks (`billing-job sync` reads what is new)"]
    return [
        f"{len(rows)} rows for numbers.csv: write the trunk into each row that is right, and take its # away; what"
        " stays a comment bills nobody. Then look at the month: `billing-job preview`"
    ]


def _next_steps(invocation: Invocation, rows: dict[str, list[list[str]]]) -> list[str]:
    """What a new user does now, in the order in which it helps."""
    folder = invocation.config.parent
    has_trunks = _has_rows(folder / "trunks.csv")
    steps = [
        f"fill in [seller] of {invocation.config}" if _seller_is_open(invocation) else "",
        f"complete each client's country, address and VAT id in {folder / 'clients.csv'}",
        "" if rows["trunks.csv"] or has_trunks else f"say in {folder / 'trunks.csv'} which trunk is whose",
        "read the wallet: `billing-job sync`",
        f"let {folder / 'numbers.csv'} be proposed from it: `billing-job init --from-ledger`",
        "see what is missing: `billing-job doctor`",
        "look at the month before you bill it: `billing-job preview`",
    ]
    return ["Next:", *(f"  {place}. {step}" for place, step in enumerate(filter(None, steps), 1))]


def _has_rows(path: Path) -> bool:
    """Whether a table has more than its head."""
    return path.exists() and len(path.read_bytes().splitlines()) > 1


def _seller_is_open(invocation: Invocation) -> bool:
    """Whether billing.toml cannot be read yet for want of the seller."""
    from billing_job.config.settings_file import load_settings

    try:
        load_settings(invocation.config)
    except ConfigError:
        return True
    return False
