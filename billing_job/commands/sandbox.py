"""Commands to try things out without an account: demo, sandbox."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_job.commands.options import (
    KEY_VARIABLE,
    WEBHOOK_SECRET_VARIABLE,
    json_option,
    period,
    told,
    workers_option,
)
from billing_job.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from billing_job.commands.invocation import Invocation


@click.command(short_help="Bill an invented month from an embedded sandbox.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("output/demo"),
    show_default=True,
    metavar="DIR",
    help="Where the documents and the demo's ledger go.",
)
@workers_option
@json_option
@click.pass_obj
def demo(invocation: Invocation, output: Path, workers: int | None, as_json: bool) -> int:
    """Bill a month of an invented reseller, served by an embedded sandbox; needs no account and no configuration.

    Example: billing-job demo
    """
    from billing_job.operations.demo import demo as run_demo

    outcome = run_demo(output.absolute(), invocation.clock, invocation.console, workers=workers or invocation.workers)
    return told(outcome, as_json=as_json)


@click.command(short_help="Serve a stand-in for DIDfarm on loopback.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8042, show_default=True, help="0 takes any free one.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same world.")
@click.option(
    "--clients", type=click.IntRange(1, 10_000), default=12, show_default=True, help="Clients of the invented reseller."
)
@click.option(
    "--transactions",
    type=click.IntRange(1, 10_000_000),
    default=2_000,
    show_default=True,
    help="Rows of the wallet; more when what the clients hold makes more.",
)
@click.option(
    "--month", metavar="YYYY-MM", default="2026-10", show_default=True, help="The last full month of the world."
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[:ARG]",
    help="A fault to play; may be repeated. See --list-faults.",
)
@click.option("--list-faults", is_flag=True, help="Print what can go wrong, and stop.")
@click.option(
    "--shape",
    metavar="NAME",
    default="plain",
    show_default=True,
    help="How answers are worded; see --list-shapes. A shape brings its own page size.",
)
@click.option("--list-shapes", is_flag=True, help="Print the shapes that answers may have, and stop.")
@click.option("--rate", type=click.IntRange(0), default=60, show_default=True, help="Requests a minute; 0 is no limit.")
@click.option(
    "--page-size", type=click.IntRange(1, 1_000), default=100, show_default=True, help="Transactions on a page."
)
@click.option(
    "--write-config",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write clients.csv, trunks.csv and numbers.csv of this world, and stop.",
)
@click.option(
    "--bank",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a bank statement in which the clients of a ledger that bills the sandbox pay, and stop.",
)
@click.option(
    "--webhook-url",
    default="",
    metavar="URL",
    help="Send events there, signed with DIDFARM_WEBHOOK_SECRET.",
)
@click.option(
    "--access-point",
    type=click.IntRange(0, 65_535),
    metavar="PORT",
    help="Play an access point of Peppol there too, phoss AP and e-invoice.be at once, with the same key.",
)
@click.option(
    "--peppol-fault",
    "peppol_faults",
    multiple=True,
    metavar="NAME[:PARTICIPANT]",
    help="A fault that the access point plays, to one participant or to all; may be repeated. See --list-faults.",
)
@click.pass_obj
def sandbox(
    invocation: Invocation,
    port: int,
    seed: int,
    clients: int,
    transactions: int,
    month: str,
    faults: tuple[str, ...],
    list_faults: bool,
    shape: str,
    list_shapes: bool,
    rate: int,
    page_size: int,
    write_config: Path | None,
    bank: Path | None,
    webhook_url: str,
    access_point: int | None,
    peppol_faults: tuple[str, ...],
) -> int:
    """Serve a stand-in for DIDfarm on loopback, to try things out; it can also misbehave on request.

    Its key is DIDFARM_API_KEY, or made and printed.

    Example: billing-job sandbox --port 8042 --clients 3
    """
    from contextlib import ExitStack
    from zoneinfo import ZoneInfo

    from billing_job.delivery.peppol.stand_in import FAULTS as PEPPOL_FAULTS
    from billing_job.delivery.peppol.stand_in import RunningStandIn
    from billing_job.didfarm.sandbox.config_files import write_config as write_config_files
    from billing_job.didfarm.sandbox.faults import FAULTS, parse_fault, usage
    from billing_job.didfarm.sandbox.page_faults import PAGE_FAULTS
    from billing_job.didfarm.sandbox.running import serve
    from billing_job.didfarm.sandbox.server import Sandbox
    from billing_job.didfarm.sandbox.shapes.table import PLAIN, SHAPES
    from billing_job.didfarm.sandbox.world import make_world

    if list_faults:
        for name, description in FAULTS.items():
            click.echo(f"{usage(name)}\n    {description}")
        click.echo("\nOf the access point (--peppol-fault):")
        for name, description in PEPPOL_FAULTS.items():
            click.echo(f"{name}[:PARTICIPANT]\n    {description}")
        return 0
    if list_shapes:
        for known in SHAPES.values():
            click.echo(f"{known.name}\n    {known.sentence}")
        return 0
    if shape not in SHAPES:
        raise ConfigError(f"--shape {shape}: there is no such shape; --list-shapes prints them")
    world = make_world(seed, clients, transactions, period(month), ZoneInfo("Europe/Amsterdam"))
    if write_config is not None:
        write_config_files(world, write_config)
        invocation.console.info(f"Wrote clients.csv, trunks.csv and numbers.csv of this world into {write_config}")
        return 0
    if bank is not None:
        from billing_job.month.session import locked_job
        from billing_job.operations.sandbox_bank import write_statement

        with locked_job(invocation.session()) as job:
            count = write_statement(job, bank)
        invocation.console.info(f"Wrote a statement of {count} entries into {bank}: `billing-job bank import {bank}`")
        return 0
    played = [parse_fault(text) for text in faults]
    if shape != PLAIN and (struck := [fault.name for fault in played if fault.name in PAGE_FAULTS]):
        raise ConfigError(f"--fault {struck[0]}: it strikes pages of the plain shape; leave --shape {shape} out")
    key = invocation.secret(KEY_VARIABLE)
    if not key:
        key = f"df_test_{secrets.token_hex(16)}"
        click.echo(f"{KEY_VARIABLE}={key}")
    with ExitStack() as beside:
        if access_point is not None:
            stand_in = beside.enter_context(RunningStandIn(key, access_point))
            stand_in.state.faults.update(_played_to(peppol_faults, PEPPOL_FAULTS))
            click.echo(f"Access point at {stand_in.url}")
        sandbox = Sandbox(
            world,
            key,
            invocation.clock,
            requests_per_minute=rate,
            page_size=page_size,
            faults=played,
            webhook_url=webhook_url,
            webhook_secret=invocation.secret(WEBHOOK_SECRET_VARIABLE),
            shape=shape,
        )
        serve(sandbox, port, on_ready=lambda url: click.echo(f"Serving {url}"))
    return 0


def _played_to(texts: tuple[str, ...], known: Mapping[str, str]) -> dict[str, str]:
    """Participant, empty for all → fault."""
    played = {}
    for text in texts:
        name, _, participant = text.partition(":")
        if name not in known:
            raise ConfigError(f"--peppol-fault {text}: there is no such fault; --list-faults prints them")
        played[participant] = name
    return played
