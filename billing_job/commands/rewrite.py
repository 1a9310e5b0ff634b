"""The commands that write a billed month's files again: render, export, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_job.commands.completing import document_numbers, months
from billing_job.commands.completing import formats as completed_formats
from billing_job.commands.options import month_option, output_option, period, workers_option, xlsx_option
from billing_job.core.errors import ExitCode

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation
    from billing_job.core.period import Period
    from billing_job.month.folder import WrittenMonth
    from billing_job.month.job import Job


@click.command(short_help="Write a month's documents again.")
@month_option(required=True)
@click.option(
    "--number",
    "numbers",
    multiple=True,
    metavar="N",
    help="Only this document; may be repeated.",
    shell_complete=document_numbers,
)
@output_option
@workers_option
@click.pass_obj
def render(
    invocation: Invocation, month: str, numbers: tuple[str, ...], output: Path | None, workers: int | None
) -> int:
    """Write the files of a month's issued documents again.

    Example: billing-job render --month 2026-10 --number INV-2026-00001
    """
    from billing_job.month.folder import render_again
    from billing_job.month.session import locked_job

    with locked_job(invocation.session(output)) as job:
        billed = period(month)
        written = render_again(
            job, billed, numbers, workers=workers or invocation.workers, progress=invocation.console.progress
        )
        return _told(written, invocation, f"{len(written.documents)} documents stand in {job.folder(billed).where()}")


@click.command(short_help="Write accounting files of a billed month again.")
@click.option("--month", metavar="YYYY-MM", help="The month to write; it must have been billed.", shell_complete=months)
@click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="NAME",
    help="A format of --list; may be repeated.",
    shell_complete=completed_formats,
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write here instead of into accounting/ of the month's folder.",
)
@xlsx_option
@click.option("--list", "list_formats", is_flag=True, help="Say which program reads each format, and how; then stop.")
@click.pass_obj
def export(
    invocation: Invocation,
    month: str | None,
    formats: tuple[str, ...],
    output: Path | None,
    xlsx: Path | None,
    list_formats: bool,
) -> int:
    """Write the accounting files of a billed month, any time later; all that are asked for, or none.

    --xlsx writes a workbook of the month's sales, journal and margin, beside formats or alone.

    What is exported by hand is written this once: a later `run` that changes the month removes it again, and says so.
    `run` keeps the formats of [accounting] formats up to date.

    Example: billing-job export --month 2026-10 --format datev
    """
    from billing_job.core.files.spreadsheet_writer import table_of
    from billing_job.month.accounting_files import check_billed, check_formats, export_books, month_tables
    from billing_job.month.session import locked_job

    if list_formats:
        click.echo(_formats_table())
        return 0
    if month is None or not (formats or xlsx):
        raise click.UsageError("export needs --month, and --format or --xlsx; --list shows the formats")
    billed = period(month)
    check_formats(formats)
    with locked_job(invocation.session()) as job:
        check_billed(job, billed)
        if xlsx is not None:
            tables = month_tables(job, billed)
            invocation.write_spreadsheet(xlsx, {name: table_of(content) for name, content in tables.items()})
            if not formats:
                return ExitCode.DONE
        if output is None:
            written = _brought_up_to_date(job, billed, invocation, formats)
            return _told(written, invocation, f"Files: {job.folder(billed).where('accounting')}")
        exported = export_books(job, billed, formats, output.absolute())
    invocation.console.warn(*exported.warnings)
    invocation.console.info(*(str(output / name) for name in exported.files))
    return 0


@click.command(short_help="Write a month's page again.")
@month_option(required=True)
@output_option
@click.pass_obj
def report(invocation: Invocation, month: str, output: Path | None) -> int:
    """Write the page of a billed month, report.html, as the ledger stands today.

    Example: billing-job report --month 2026-10
    """
    from billing_job.month.accounting_files import check_billed
    from billing_job.month.session import locked_job

    billed = period(month)
    with locked_job(invocation.session(output)) as job:
        check_billed(job, billed)
        written = _brought_up_to_date(job, billed, invocation)
        return _told(written, invocation, f"Page: {job.folder(billed).where('report.html')}")


def _brought_up_to_date(job: Job, month: Period, invocation: Invocation, formats: tuple[str, ...] = ()) -> WrittenMonth:
    """Write the month's whole folder, so that its manifest stays true; what is there with the right bytes stays."""
    from billing_job.month.folder import write_month
    from billing_job.month.placing import place

    return write_month(
        job, month, place(job, month), workers=invocation.workers, progress=invocation.console.progress, formats=formats
    )


def _told(written: WrittenMonth, invocation: Invocation, where: str) -> int:
    invocation.console.warn(*written.warnings)
    invocation.console.error(*written.problems)
    invocation.console.info(*written.notes, where)
    return ExitCode.FAILED if written.problems else ExitCode.DONE


def _formats_table() -> str:
    from billing_job.accounting.formats import FORMATS

    return "\n\n".join(f"{known.name:12}{known.program}\n{'':12}{known.how_imported}" for known in FORMATS.values())
