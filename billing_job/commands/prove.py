"""The commands that prove what was done, and keep the proof: reconcile, verify, archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_job.commands.options import emit, json_option, month_option, output_option, period
from billing_job.core.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation


@click.command(short_help="Prove that every cent of the wallet has its place.")
@json_option
@click.pass_obj
def reconcile(invocation: Invocation, as_json: bool) -> int:
    """Prove the wallet: every cent is billed, excluded, an exception, or waits for its month.

    Example: billing-job reconcile
    """
    from billing_job.commands.prove_text import reconcile_text
    from billing_job.month.session import locked_job
    from billing_job.operations.reconcile import reconcile as prove

    with locked_job(invocation.session()) as job:
        proof = prove(job)
        if as_json:
            emit(proof)
        else:
            click.echo(reconcile_text(proof, job.settings.billing.currency))
    is_clean = proof["wallet"]["matches"] and not proof["billed_row_changed"]
    return ExitCode.DONE if is_clean else ExitCode.EXCEPTIONS_WAIT


@click.command(short_help="Check hashes and invariants again.")
@month_option(otherwise="every month")
@click.option("--deep", is_flag=True, help="Every row, document, file and e-mail of all months; takes longer.")
@click.option(
    "--archive",
    "archived",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="An archive, or the folder that one was unpacked into: checked by itself, on any machine.",
)
@output_option
@json_option
@click.pass_obj
def verify(
    invocation: Invocation, month: str | None, deep: bool, archived: Path | None, output: Path | None, as_json: bool
) -> int:
    """Check every hash of the manifests and every invariant again; with --deep over all of history.

    With --archive PATH an archive is checked by itself, without ledger and configuration.

    Example: billing-job verify --deep
    """
    from billing_job.commands.prove_text import changed_words
    from billing_job.month.session import locked_job
    from billing_job.operations.reconcile import billed_rows_changed
    from billing_job.operations.verify import verify as check
    from billing_job.operations.verify import verify_deep

    if archived is not None:
        if month is not None or deep or output is not None:
            raise click.UsageError("--archive checks the archive alone: leave --month, --deep and --output out")
        return _verify_archive(invocation, archived, as_json=as_json)
    with locked_job(invocation.session(output)) as job:
        problems = verify_deep(job) if deep else []
        # A ledger that is damaged is named once; what follows from it would only repeat it.
        count, more = (0, []) if problems else check(job, period(month))
        problems += more
        # Such rows wait, so the ledger is sound; yet nobody should take their documents for right.
        waits = [] if problems else billed_rows_changed(job)
        currency = job.settings.billing.currency
    if as_json:
        emit({"schema": "billing-job/verify@1", "documents": count, "problems": problems, "billed_row_changed": waits})
    invocation.console.error(*problems)
    invocation.console.warn(*(changed_words(each, currency) for each in waits))
    if not problems:
        invocation.console.info(f"{count} documents and their files are as they were issued")
    if problems:
        return ExitCode.FAILED
    return ExitCode.EXCEPTIONS_WAIT if waits else ExitCode.DONE


def _verify_archive(invocation: Invocation, path: Path, *, as_json: bool) -> int:
    from billing_job.operations.archive_check import check_archive

    check = check_archive(path)
    if as_json:
        told = {"archive": str(path), "documents": check.documents, "files": check.files, "problems": check.problems}
        emit({"schema": "billing-job/verify-archive@1", **told})
    invocation.console.error(*check.problems)
    if check.problems:
        return ExitCode.FAILED
    invocation.console.info(f"{path}: {check.documents} documents in {check.files} files are as they were archived")
    return ExitCode.DONE


@click.command(short_help="Keep a year's documents, books and evidence in one file.")
@click.argument("year", type=click.IntRange(2000, 9998))
@click.option(
    "--output",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The file to write, by default archive/YEAR.tar in the output folder; one that is there is never replaced.",
)
@json_option
@click.pass_obj
def archive(invocation: Invocation, year: int, target: Path | None, as_json: bool) -> int:
    """Write every document, journal and manifest of a YEAR's months, with the evidence, into one file.

    `billing-job verify --archive FILE` proves it on any machine. Example: billing-job archive 2026
    """
    from billing_job.month.session import locked_job
    from billing_job.operations.archive import archive as write

    session = invocation.session()
    directory = session.settings.output.directory
    if target is None and isinstance(directory, str):
        raise ConfigError("the output is an object store, and an archive is one local file: name it with --output")
    with locked_job(session) as job:
        made = write(job, year, target or Path(directory) / "archive" / f"{year}.tar")
    if as_json:
        emit(
            {
                "schema": "billing-job/archive@1",
                "file": str(made.path),
                "sha256": made.sha256,
                "documents": made.documents,
                "files": made.files,
                "keep": [{"what": what, "until": until, "source": source} for what, until, source in made.keep],
            }
        )
    console = invocation.console
    console.info(f"{made.path}: {made.documents} documents in {made.files} files, SHA-256 {made.sha256}")
    for what, until, source in made.keep:
        console.info(f"keep {what} until {until} ({source})")
    if not made.keep:
        console.warn("how long the law of the seller's country wants it kept is not known here: ask your accountant")
    return ExitCode.DONE
