"""What the commands share that ask DIDfarm for something: the client, a question before money moves, passwords."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_job.core.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from billing_job.commands.invocation import Invocation
    from billing_job.didfarm.client import Client
    from billing_job.didfarm.models import Credentials

CURRENCY = "EUR"
"""The guide's prices are in EUR cents."""

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
password_file_option = click.option(
    "--password-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the credentials here (mode 0600) instead of showing them once.",
)


@contextmanager
def client_of(invocation: Invocation) -> Iterator[Client]:
    """The supplier's API as configured."""
    from billing_job.didfarm.client import Client
    from billing_job.month.session import connected

    session = invocation.session()
    with Client(connected(session), session.settings.api.transactions, session.settings.balance_reading) as client:
        yield client


@contextmanager
def ledger_of(invocation: Invocation) -> Iterator[Engine]:
    """The ledger, without the lock of a run: what is only added waits for nobody."""
    from billing_job.ledger.database import open_engine

    engine = open_engine(invocation.settings().storage.database_url)
    try:
        yield engine
    finally:
        engine.dispose()


def confirm(question: str, *, yes: bool, as_json: bool) -> None:
    """Ask a person; with --json there is none, so --yes must have been given."""
    if yes:
        return
    if as_json:
        raise ConfigError("--json asks nobody: add --yes")
    click.confirm(question, abort=True, err=True)


def hand_over(invocation: Invocation, credentials: Credentials, password_file: Path | None, *, as_json: bool) -> None:
    """Show the password this once, or put it into a file; from here on no log line can hold it."""
    from billing_job.operations.onboarding.credentials_file import write_credentials

    invocation.console.redactor.add(credentials.password)
    if password_file is not None:
        write_credentials(password_file, credentials)
        invocation.console.info(f"credentials of {credentials.uuid} are in {password_file}")
    elif not as_json:
        click.echo(
            f"server    {credentials.sip_server}\nusername  {credentials.username}\npassword  {credentials.password}"
            "\nThe password is shown this once."
        )


def price_text(cents: int) -> str:
    """Cents for people."""
    from billing_job.core.money import money_text

    return money_text(cents, CURRENCY)


def password_json(credentials: Credentials, password_file: Path | None) -> dict[str, str]:
    """For programs: the password itself, or where it was put."""
    if password_file is None:
        return {"password": credentials.password}
    return {"password_file": str(password_file)}
