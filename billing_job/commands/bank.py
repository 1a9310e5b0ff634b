"""`bank`: statements of the bank, what their entries pay, and what people decide about them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from billing_job.commands.completing import client_ids, document_numbers
from billing_job.commands.options import emit, json_option
from billing_job.core.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation
    from billing_job.operations.bank import BankReport


@click.group(short_help="Read the bank's statements, and say which entry pays what.")
def bank() -> None:
    """Read the bank's statements: CAMT.053 and .054, MT940, CSV. Each entry counts once, whatever file brings it.

    Example: billing-job bank import statement.xml
    """


@bank.command("import", short_help="Read statements and book what they pay.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="FILE...")
@json_option
@click.pass_obj
def import_(invocation: Invocation, files: tuple[Path, ...], as_json: bool) -> int:
    """Read every FILE, or every file of a folder, and book what its entries pay; without one, those of bank.inbox.

    The bank's reports on direct debits (pain.002) are read, too. All files are read before anything is kept. Exit code
    3 while an entry waits, a statement is missing, or a debit was rejected.

    Example: billing-job bank import statement.xml
    """
    from billing_job.month.preconditions import check_facts
    from billing_job.month.session import locked_job
    from billing_job.operations.bank import import_files, read_files

    session = invocation.session()
    with locked_job(session, makes_ledger=True) as job:
        check_facts(job)
        report = import_files(job, read_files(job, files), session.console.run_id)
        currency = job.settings.billing.currency
    found = {
        "schema": "billing-job/bank@1",
        "files": [
            {"file": one.file, "account": one.account, "entries": one.entries, "new": one.new, "cents": one.cents}
            for one in report.files
        ],
        **_booked_json(report),
        "gaps": list(report.gaps),
        "rejected": [asdict(one) for one in report.rejected],
    }
    for one in report.rejected:
        session.console.warn(
            f"{one.document} ({one.client_id}): the bank rejects its debit of {one.due}, {one.reason}; it stays open,"
            " and the next collection takes it"
        )
    for gap in report.gaps:
        session.console.warn(gap)
    _tell(found, currency, as_json=as_json)
    return ExitCode.EXCEPTIONS_WAIT if report.waiting or report.gaps or report.rejected else ExitCode.DONE


@bank.command("list", short_help="List the bank's entries, and what became of them.")
@click.option("--waiting", is_flag=True, help="Only entries that wait for a decision.")
@json_option
@click.pass_obj
def list_(invocation: Invocation, waiting: bool, as_json: bool) -> int:
    """List every entry with its id, what it pays, or why it waits.

    Example: billing-job bank list --waiting
    """
    from billing_job.commands.bank_text import entries_text
    from billing_job.month.session import locked_job
    from billing_job.operations.bank_list import entry_rows

    with locked_job(invocation.session()) as job:
        found = entry_rows(job, only_waiting=waiting)
        currency = job.settings.billing.currency
    if as_json:
        emit({"schema": "billing-job/bank_list@1", "entries": found})
    else:
        click.echo(entries_text(found, currency))
    return ExitCode.DONE


@bank.command("match", short_help="Say what an entry pays.")
@click.argument("entry")
@click.option(
    "--document",
    "documents",
    multiple=True,
    metavar="NUMBER",
    help="A document that it pays; repeatable.",
    shell_complete=document_numbers,
)
@click.option(
    "--client",
    metavar="ID",
    shell_complete=client_ids,
    help="It is this client's credit balance, and pays no document.",
)
@click.option("--other", is_flag=True, help="It is no client's money.")
@click.option("--reason", default="", metavar="TEXT", help="Why; it is kept with your name.")
@json_option
@click.pass_obj
def match(
    invocation: Invocation,
    entry: str,
    documents: tuple[str, ...],
    client: str | None,
    other: bool,
    reason: str,
    as_json: bool,
) -> int:
    """Say that ENTRY pays these documents; what is more than they are open over becomes the client's credit balance.

    Example: billing-job bank match 4f0c2a --document INV-2026-00007
    """
    if bool(documents) + bool(client) + other != 1:
        raise ConfigError(f"{entry}: say one of --document NUMBER (as often as needed), --client ID and --other")
    return _decided(invocation, entry, "other" if other else "match", documents, client or "", reason, as_json=as_json)


@bank.command("undo", short_help="Take back what was booked of an entry.")
@click.argument("entry")
@click.option("--reason", default="", metavar="TEXT", help="Why; it is kept with your name.")
@json_option
@click.pass_obj
def undo(invocation: Invocation, entry: str, reason: str, as_json: bool) -> int:
    """Take back what was booked of ENTRY, by a rule or by hand; it waits until it is matched.

    Example: billing-job bank undo 4f0c2a --reason "It was for last year"
    """
    return _decided(invocation, entry, "undo", (), "", reason, as_json=as_json)


def _decided(
    invocation: Invocation,
    entry: str,
    action: str,
    documents: tuple[str, ...],
    client: str,
    reason: str,
    *,
    as_json: bool,
) -> int:
    from billing_job.core.decision import BankDecision
    from billing_job.month.preconditions import check_facts
    from billing_job.month.session import locked_job
    from billing_job.operations.bank import decide

    who = invocation.user()

    def decision(id_: str, now: str) -> BankDecision:
        numbers = tuple(dict.fromkeys(documents))
        return BankDecision(id_, action, numbers, client, reason.strip(), now, who)  # type: ignore[arg-type]

    with locked_job(invocation.session()) as job:
        check_facts(job)
        id_, report = decide(job, entry, decision)
        currency = job.settings.billing.currency
    own = [one for one in report.waiting if one.entry == id_]
    found = {"schema": "billing-job/bank_decision@1", "entry": id_, "action": action, **_booked_json(report)}
    _tell(found, currency, as_json=as_json)
    return ExitCode.EXCEPTIONS_WAIT if own and action != "undo" else ExitCode.DONE


def _booked_json(report: BankReport) -> dict[str, Any]:
    return {
        "matched": [
            {
                "entry": one.entry,
                "document": one.document or "",
                "client_id": one.client_id,
                "cents": one.cents,
                "kind": one.kind.value,
                "why": one.why,
                "bank_reason": one.bank_reason,
            }
            for one in report.booked
        ],
        "waiting": [
            {"entry": one.entry, "cents": one.cents, "reason": one.reason, "suggestion": one.suggestion}
            for one in report.waiting
        ],
        "books": list(report.books),
    }


def _tell(found: dict[str, Any], currency: str, *, as_json: bool) -> None:
    from billing_job.commands.bank_text import report_text

    if as_json:
        emit(found)
    else:
        click.echo(report_text(found, currency))
