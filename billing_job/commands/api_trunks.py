"""Commands for SIP trunks: list, create, new credentials."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_job.commands.options import emit, json_option
from billing_job.commands.supplier import (
    client_of,
    confirm,
    hand_over,
    password_file_option,
    password_json,
    yes_option,
)

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation


@click.group(short_help="SIP trunks: list, create, new credentials.")
def trunks() -> None:
    """SIP trunks: list, create, new credentials.

    Example: billing-job api trunks list
    """


@trunks.command("list", short_help="All trunks.")
@json_option
@click.pass_obj
def list_trunks(invocation: Invocation, as_json: bool) -> int:
    """All trunks.

    Example: billing-job api trunks list
    """
    from billing_job.commands.text_tables import table

    with client_of(invocation) as client:
        found = client.trunks()
    if as_json:
        emit({"schema": "billing-job/trunks@1", "trunks": [asdict(trunk) for trunk in found]})
    else:
        rows = [(t.trunk_id, t.uuid, t.name, t.username, t.status) for t in found]
        click.echo(table(("id", "uuid", "name", "username", "status"), rows))
    return 0


@trunks.command(short_help="Make a trunk.")
@click.argument("name")
@click.option("--auth-type", default="digest", show_default=True, help="How its PBX says who it is.")
@password_file_option
@json_option
@click.pass_obj
def create(invocation: Invocation, name: str, auth_type: str, password_file: Path | None, as_json: bool) -> int:
    """Make a trunk; DIDfarm shows its password only now.

    Example: billing-job api trunks create "Acme B.V." --password-file acme.txt
    """
    from billing_job.operations.onboarding.credentials_file import check_free

    check_free(password_file)
    with client_of(invocation) as client:
        made = client.create_trunk(name, auth_type)
    if not as_json:
        click.echo(f"Trunk {made.trunk.uuid} {made.trunk.name}, {made.trunk.status}")
    hand_over(invocation, made.credentials, password_file, as_json=as_json)
    if as_json:
        emit({"schema": "billing-job/trunk@1", **asdict(made.trunk), **password_json(made.credentials, password_file)})
    return 0


@trunks.command(short_help="Give a trunk another password.")
@click.argument("uuid")
@password_file_option
@yes_option
@json_option
@click.pass_obj
def regenerate(invocation: Invocation, uuid: str, password_file: Path | None, yes: bool, as_json: bool) -> int:
    """Give a trunk another password; its PBX is disconnected until it has it.

    Example: billing-job api trunks regenerate trk_a1b2c3d4
    """
    from billing_job.operations.onboarding.credentials_file import check_free

    check_free(password_file)
    confirm(f"Disconnect the PBX on {uuid} until it has the new password?", yes=yes, as_json=as_json)
    with client_of(invocation) as client:
        credentials = client.regenerate_credentials(uuid)
    hand_over(invocation, credentials, password_file, as_json=as_json)
    if as_json:
        emit(
            {
                "schema": "billing-job/credentials@1",
                "uuid": uuid,
                "username": credentials.username,
                **password_json(credentials, password_file),
            }
        )
    return 0
