"""The exceptions queue: list it, decide about what stands in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from billing_job.commands.completing import client_ids, months, waiting_causes
from billing_job.commands.options import cents, emit, json_option, period, say, told, xlsx_option
from billing_job.core.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation
    from billing_job.month.resolving import Choice, Resolution
    from billing_job.reporting.exceptions_csv import Waiting

F = TypeVar("F", bound=Callable[..., Any])


def _choosing(function: F) -> F:
    """The options that narrow the queue down."""
    for option in (
        click.option("--type", "type_", metavar="TYPE", default="", help="Only this type of transaction."),
        click.option("--number", metavar="NUMBER", default="", help="Only what is about this number, order or trunk."),
        click.option("--cause", metavar="REASON", default="", help="Only what waits for this reason, such as"
                     " unknown_reference.", shell_complete=waiting_causes),
        click.option("--month", metavar="YYYY-MM", help="Only this month, and older ones that were billed.",
                     shell_complete=months),
    ):  # fmt: skip
        function = option(function)
    return function


@click.group(invoke_without_command=True, short_help="List the transactions that wait, and decide about them.")
@_choosing
@click.option("--all", "whole", is_flag=True, help="Show every one, not the first 20 of each kind.")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print a CSV table on standard output, to fill in decisions.")
@xlsx_option
@click.pass_context
def exceptions(
    context: click.Context,
    month: str | None,
    cause: str,
    number: str,
    type_: str,
    whole: bool,
    as_json: bool,
    as_csv: bool,
    xlsx: Path | None,
) -> None:
    """List what waits: transactions that no client could be found for, or that could not be read.

    They are put together by what helps: one row of numbers.csv may free hundreds. Without options all that waits is
    listed. The table of --csv or --xlsx comes back with decisions by `exceptions resolve --csv FILE`. Exit code 3 while
    something waits. Example: billing-job exceptions --month 2026-10
    """
    if context.invoked_subcommand is not None:
        return
    from billing_job.commands.exceptions_text import exceptions_text
    from billing_job.core.files.csv_writer import csv_text
    from billing_job.month.resolving import chosen_rows
    from billing_job.month.session import locked_job
    from billing_job.reporting.exceptions_csv import DESK_COLUMNS, desk_rows

    invocation: Invocation = context.obj
    with locked_job(invocation.session()) as job:
        found = chosen_rows(job, _choice(month, cause, number, type_))
        if xlsx is not None:
            invocation.write_spreadsheet(xlsx, {"exceptions": (DESK_COLUMNS, desk_rows(found))})
        if as_json:
            emit({"schema": "billing-job/exceptions@1", "exceptions": list(map(_entry, found))})
        elif as_csv:
            click.echo(csv_text(DESK_COLUMNS, desk_rows(found)).decode(), nl=False)
        elif xlsx is None:
            say(exceptions_text(found, job.settings.billing.currency, whole=whole))
    context.exit(ExitCode.EXCEPTIONS_WAIT if found else ExitCode.DONE)


def _entry(each: Waiting) -> dict[str, Any]:
    from billing_job.core.money import cents_of
    from billing_job.core.remedies import remedy_of

    return {
        "transaction_id": each.transaction_id,
        "cents": cents_of(each.micros or 0),
        "micros": each.micros or 0,
        "reason": each.reason,
        "created_at": each.created_at,
        "type": each.type,
        "reference_type": each.reference_type,
        "reference_id": each.reference_id,
        "suggestion": each.suggestion,
        "first_seen": each.first_seen,
        "age_days": each.age_days,
        "description": each.description,
        "number": each.number,
        "source": each.source,
        "client_id": each.client_id,
        "remedy": remedy_of(each.reason, each.reference_type).how,
    }


def _choice(month: str | None, cause: str, number: str, type_: str) -> Choice:
    from billing_job.month.resolving import Choice

    return Choice(cause.strip(), period(month), number.strip(), type_.strip())


@exceptions.command(short_help="Say whose a waiting transaction is.")
@click.argument("transaction_ids", metavar="[ID]…", nargs=-1)
@_choosing
@click.option(
    "--csv",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Decisions of a file: `exceptions --csv` or --xlsx with client_id, house or accept filled in.",
)
@click.option("--client", metavar="ID", help="This client pays; its next invoice bills it.", shell_complete=client_ids)
@click.option("--house", is_flag=True, help="The house pays; no client is billed.")
@click.option("--amount", metavar="NET", help="What a refund without an original gives --client back, such as 12.50.")
@click.option("--accept", is_flag=True, help="A billed row that DIDfarm changed: its documents stay as they are.")
@click.option("--reason", default="", metavar="TEXT", help="Why; kept with who decided and when.")
@click.option("--yes", is_flag=True, help="Do not ask before all that fits is decided.")
@json_option
@click.pass_obj
def resolve(
    invocation: Invocation,
    transaction_ids: tuple[str, ...],
    month: str | None,
    cause: str,
    number: str,
    type_: str,
    file: Path | None,
    client: str | None,
    house: bool,
    amount: str | None,
    accept: bool,
    reason: str,
    yes: bool,
    as_json: bool,
) -> int:
    """Decide about waiting transactions: those named by ID, all that --cause, --month, --number or --type fits, or a file.

    A later decision takes the place of an earlier one; both are kept. On a terminal it asks before all that fits is
    decided. Example: billing-job exceptions resolve 90122 --client acme --reason "test call of their PBX"
    """  # noqa: E501 - the first line is what --help prints
    from billing_job.month.resolving import Wanted, resolve_chosen, resolve_exceptions

    narrowed = any((month is not None, cause, number, type_))
    if bool(transaction_ids) + narrowed + (file is not None) != 1:
        raise ConfigError(
            "say which: ids of transactions, or --cause, --month, --number or --type for all that fits, or --csv FILE"
        )
    session, who = invocation.session(), invocation.user()
    if file is not None:
        if client or house or accept or amount is not None:
            raise ConfigError("--csv: the file decides: take --client, --house, --accept and --amount away")
        return told(resolve_exceptions(session, _filed(file, reason.strip()), who), as_json=as_json)
    if (client is not None) + house + accept != 1:
        raise ConfigError("say who pays, --client ID or --house; or --accept a changed row: one of the three")
    if not reason.strip():
        raise ConfigError("--reason: say why, in a few words")
    resolution = _resolution(client, amount, accept=accept)
    if transaction_ids:
        wanted = [Wanted(id_, resolution, reason.strip()) for id_ in dict.fromkeys(transaction_ids)]
        return told(resolve_exceptions(session, wanted, who), as_json=as_json)
    choice = _choice(month, cause, number, type_)

    def agree(question: str) -> None:
        invocation.ask(question, yes=yes or as_json)

    return told(resolve_chosen(session, choice, resolution, reason.strip(), who, agree), as_json=as_json)


def _resolution(client: str | None, amount: str | None, *, accept: bool) -> Resolution:
    from billing_job.month.resolving import Resolution

    given_back = cents(amount, "--amount")
    if given_back is not None and given_back <= 0:
        raise ConfigError("--amount: write what the client gets back, more than 0.00; --house gives nothing back")
    return Resolution(client or "", given_back, accept)


def _filed(file: Path, reason: str) -> Sequence[Any]:
    from billing_job.config.decision_file import read_decisions
    from billing_job.month.resolving import Resolution, Wanted

    return [
        Wanted(each.transaction_id, Resolution(each.client_id, each.amount_cents, each.accepts), each.why, each.place)
        for each in read_decisions(file, reason)
    ]
