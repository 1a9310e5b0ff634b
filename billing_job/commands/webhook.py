"""Commands about webhooks: receive them, or import them from a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_job.commands.options import WEBHOOK_SECRET_VARIABLE, emit, json_option
from billing_job.commands.supplier import ledger_of
from billing_job.core.errors import ConfigError

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation
    from billing_job.core.event import Event


@click.group(short_help="Receive DIDfarm's events, or import them.")
def webhook() -> None:
    """Receive DIDfarm's events, or import them: which number was live on which trunk, since when.

    Example: billing-job webhook import events.jsonl
    """


@webhook.command(short_help="Receive events over HTTP.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8043, show_default=True, help="0 takes any free one.")
@click.pass_obj
def serve(invocation: Invocation, host: str, port: int) -> int:
    """Receive events at POST /webhooks/didfarm until stopped; put a proxy with TLS before it.

    The secret that signs them comes from DIDFARM_WEBHOOK_SECRET. An event is stored before it is answered.

    Example: billing-job webhook serve --port 8043
    """
    from billing_job.didfarm.webhook_server import serve as receive
    from billing_job.ledger.events import store_event

    secret = invocation.secret(WEBHOOK_SECRET_VARIABLE)
    if not secret:
        raise ConfigError(
            f"{WEBHOOK_SECRET_VARIABLE} is not set: it is the webhook secret (DIDfarm: Account, Webhooks)"
        )
    with ledger_of(invocation) as engine:
        receive(
            secret,
            lambda event: store_event(engine, event, invocation.clock.now()),
            host,
            port,
            on_ready=lambda url: click.echo(f"Receiving {url}"),
        )
    return 0


@webhook.command("import", short_help="Import events from a file, one JSON object a line.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE.jsonl")
@json_option
@click.pass_obj
def import_(invocation: Invocation, file: Path, as_json: bool) -> int:
    """Import events from a file that holds one delivered body a line; events that are stored already change nothing.

    Example: billing-job webhook import events.jsonl
    """
    from billing_job.ledger.events import store_events

    found = _events_of(file)
    with ledger_of(invocation) as engine:
        new = store_events(engine, found, invocation.clock.now())
    if as_json:
        emit({"schema": "billing-job/webhook-import@1", "events": len(found), "new": new})
    else:
        click.echo(f"{len(found)} events in {file}, {new} of them new")
    return 0


def _events_of(file: Path) -> list[Event]:
    """The events of a file; ConfigError names every line that is none, and then nothing is imported."""
    from billing_job.didfarm.webhooks import read_event

    found: list[Event] = []
    problems: list[str] = []
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            found.append(read_event(line.strip()))
        except ValueError as error:
            problems.append(f"{file}, line {number}: {error}")
    if problems:
        raise ConfigError(problems)
    return found
