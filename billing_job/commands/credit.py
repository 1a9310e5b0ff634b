"""The command that corrects: credit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from billing_job.commands.completing import document_numbers
from billing_job.commands.options import cents, json_option, told

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation


@click.command(short_help="Undo an issued document by a credit note.")
@click.argument("number", shell_complete=document_numbers)
@click.option("--line", "lines", multiple=True, type=click.IntRange(1), metavar="N", help="Only this line; repeatable.")
@click.option("--amount", metavar="NET", help="Only this net amount, such as 12.50, shared out over the lines.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is printed on the credit note.")
@click.option("--rebill", is_flag=True, help="Free the transactions, to be billed again.")
@click.option("--dry-run", is_flag=True, help="Say what it would be; issue nothing.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@json_option
@click.pass_obj
def credit(
    invocation: Invocation,
    number: str,
    lines: tuple[int, ...],
    amount: str | None,
    reason: str,
    rebill: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Issue a credit note for the document NUMBER: whole, by line, or by amount.

    It is dated today and stands in the folder of today's month. Never more than what is left of the document. With
    --rebill the next invoice bills what was undone; a document undone whole is billed anew by a run of its month. On a
    terminal it asks first, for an issued credit note cannot be undone.

    Example: billing-job credit INV-2026-00001 --line 1 --reason "number was cancelled" --dry-run
    """
    from billing_job.billing.invoicing.credit_note import Request
    from billing_job.core.errors import ConfigError
    from billing_job.month.corrections import credit_document

    if not reason.strip():
        raise ConfigError("--reason: say why, in a few words; the client reads it on the credit note")

    def agree(question: str) -> None:
        invocation.ask(question, yes=yes or as_json)

    request = Request(reason.strip(), lines, cents(amount, "--amount"), rebill)
    outcome = credit_document(invocation.session(), number, request, dry_run=dry_run, agree=agree)
    return told(outcome, as_json=as_json)
