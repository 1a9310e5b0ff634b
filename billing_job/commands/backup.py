"""Commands that keep the ledger safe: backup, restore, adopt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_job.commands.options import emit, json_option, output_option

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation


@click.command(short_help="Copy the ledger while it is in use.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def backup(invocation: Invocation, file: Path) -> int:
    """Copy the ledger into FILE, also while a run is at work, and prove that the copy is whole.

    FILE must not be there yet; only its owner can read it.

    Example: billing-job backup billing-backup.db
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

    Example: billing-job restore billing-backup.db
    """
    from billing_job.ledger.database import database_path
    from billing_job.ledger.run_lock import run_lock
    from billing_job.operations.backup import restore as put_back

    settings = invocation.settings()
    url = settings.storage.database_url
    ledger = database_path(url)
    if not yes and ledger.exists():
        click.confirm(f"Put {file} in the place of {ledger}?", abort=True, err=True)
    with run_lock(url):
        restored = put_back(
            file.absolute(),
            ledger,
            invocation.clock.now(),
            invocation.console.run_id,
            reminds=bool(settings.reminders.levels),
        )
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
    if restored.clients_in_doubt:
        console.warn(
            f"{restored.clients_in_doubt} clients may have been reminded after this copy was made: those that are"
            " overdue are uncertain until `billing-job remind --confirm` or `--resend` names them"
        )
    console.warn(
        "VAT periods that were closed after this copy was made are open in it, so that what is issued late would change"
        " a return that was filed: `billing-job vat close --period … --on DAY` for each; decisions on exceptions and on"
        " entries of the bank are to be taken again, too"
    )
    console.warn(
        "run `billing-job verify --deep` now. Documents that were issued after this copy was made are not in it:"
        " `billing-job adopt` takes them back from the output folder, and no month is billed before"
    )
    return 0


@click.command(short_help="Take documents back from the output folder.")
@output_option
@json_option
@click.pass_obj
def adopt(invocation: Invocation, output: Path | None, as_json: bool) -> int:
    """Take the documents of the output folder into a ledger that is older than it, with all that they settled.

    For a ledger that was restored from a copy, or lost. Nothing is rendered, numbered or sent.

    Example: billing-job adopt
    """
    from billing_job.month.session import locked_job
    from billing_job.operations.adopt import adopt as take_back

    console = invocation.console
    with locked_job(invocation.session(output), makes_ledger=True) as job:
        numbers, in_doubt = take_back(job, console.run_id)
    if as_json:
        emit({"schema": "billing-job/adopt@1", "documents": numbers, "in_doubt": in_doubt})
    console.info(f"{len(numbers)} documents are in the ledger again{': ' if numbers else ''}{', '.join(numbers[:20])}")
    if in_doubt:
        console.warn(
            f"{in_doubt} documents may have been e-mailed already: they are uncertain until"
            " `billing-job send --confirm` or `--resend` names them"
        )
    return 0
