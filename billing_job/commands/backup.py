"""Commands that keep the ledger safe: backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation


@click.command(short_help="Copy the ledger while it is in use.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def backup(invocation: Invocation, file: Path) -> int:
    """Copy the ledger into FILE, also while a run is at work, and prove that the copy is whole.

    FILE must not be there yet; only its owner can read it.
    """
    from billing_job.ledger.database import database_path
    from billing_job.operations.backup import back_up

    copied = back_up(database_path(invocation.settings().storage.database_url), file.absolute())
    invocation.console.info(
        f"{copied.path}: {copied.documents} documents, {copied.transactions} transactions, checked;"
        f" SHA-256 {copied.sha256}"
    )
    return 0


@click.command(short_help="Put a copy in the ledger's place.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def restore(invocation: Invocation, file: Path, yes: bool) -> int:
    """Put the copy FILE in the ledger's place; the ledger that is there stays beside it under another name.

    Refused while a run is at work. E-mails that may have left after the copy was made are marked as uncertain.
    """
    from billing_job.ledger.database import database_path
    from billing_job.ledger.run_lock import run_lock
    from billing_job.operations.backup import restore as put_back

    url = invocation.settings().storage.database_url
    ledger = database_path(url)
    if not yes and ledger.exists():
        click.confirm(f"Put {file} in the place of {ledger}?", abort=True, err=True)
    with run_lock(url):
        restored = put_back(file.absolute(), ledger, invocation.clock.now(), invocation.console.run_id)
    console = invocation.console
    console.info(
        f"{ledger}: {restored.ledger.documents} documents, {restored.ledger.transactions} transactions, from {file}"
    )
    if restored.kept is not None:
        console.info(f"The ledger before it: {restored.kept}")
    if restored.in_doubt:
        console.warn(
            f"{restored.in_doubt} documents may have been e-mailed after this copy was made: they are uncertain until"
            " `billing-job send --confirm` or `--resend` names them"
        )
    console.warn(
        "run `billing-job verify --deep` now: documents that were issued after this copy was made are not in it"
    )
    return 0
