"""`open`: what clients owe, by client and age."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from billing_job.commands.completing import client_ids
from billing_job.commands.options import day, emit, json_option, say
from billing_job.core.errors import ConfigError

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation
    from billing_job.receivables.late_claims import UnpaidClaim
    from billing_job.receivables.open_items import Receivables


@click.command("open", short_help="List what clients owe, and how long it is overdue.")
@click.option("--client", metavar="ID", help="Only this client's.", shell_complete=client_ids)
@click.option("--as-of", metavar="YYYY-MM-DD", help="As it stood at the end of this day; by default today.")
@json_option
@click.pass_obj
def open_(invocation: Invocation, client: str | None, as_of: str | None, as_json: bool) -> int:
    """List open items: gross less credit notes and payments, with the days that they are overdue.

    Example: billing-job open --client acme
    """
    from billing_job.month.receivables import load_receivables, open_in_other_money, other_money_notes
    from billing_job.month.reminded import all_claimed
    from billing_job.month.session import locked_job

    asked = day(as_of, "--as-of")
    with locked_job(invocation.session()) as job:
        found = load_receivables(job, asked)
        claimed = all_claimed(job, found)
        if client is not None:
            if client not in job.clients and all(item.client_id != client for item in found.items):
                raise ConfigError(f"--client {client}: there is no such client in clients.csv, nor on any document")
            found = found.of_client(client)
        own = {item.number: item.client_id for item in found.items}
        claimed = [each for each in claimed if each.document in own]
        others = open_in_other_money(job, asked, client)
        if as_json:
            beside = {
                "claimed": [claimed_json(each, own[each.document]) for each in claimed],
                "other_currencies": [{"currency": each, "open_cents": cents} for each, cents in others.items()],
            }
            emit(open_json(found) | beside)
        else:
            say(open_text(found, job.settings.billing.currency, claimed))
        invocation.console.warn(*other_money_notes(others, job.settings.billing.currency))
    return 0


def open_json(found: Receivables) -> dict[str, Any]:
    """The JSON object of `open`; cents."""
    return {
        "schema": "billing-job/open@1",
        "as_of": found.as_of.isoformat(),
        "items": [
            {
                "number": item.number,
                "kind": item.kind.value,
                "client_id": item.client_id,
                "issue_date": item.issue_date.isoformat(),
                "due_date": item.due_date.isoformat(),
                "gross_cents": item.gross_cents,
                "paid_cents": item.paid_cents,
                "credited_cents": item.credited_cents,
                "open_cents": item.open_cents,
                "days_overdue": item.days_overdue(found.as_of),
            }
            for item in found.open_items
        ],
        "credit_balances": [{"client_id": id_, "cents": cents} for id_, cents in found.credit_balances.items()],
        "total_open_cents": found.total_open_cents,
        "ageing": found.ageing(),
    }


def claimed_json(claim: UnpaidClaim, client_id: str) -> dict[str, Any]:
    """What a reminder claimed beside a document and nobody paid; cents, in no total."""
    return {
        "document": claim.document,
        "client_id": client_id,
        "day": claim.day.isoformat(),
        "interest_cents": claim.interest_cents,
        "costs_cents": claim.costs_cents,
    }


def open_text(found: Receivables, currency: str, claimed: Sequence[UnpaidClaim] = ()) -> str:
    """Open items by client, what is overdue by age, and what reminders claimed beside them."""
    from billing_job.commands.text_tables import table
    from billing_job.core.money import grouped_text, money_text

    def signed(cents: int) -> str:
        return f"{'-' if cents < 0 else ''}{grouped_text(cents)}"

    beside = "".join(
        f"\nclaimed beside {each.document} by the reminder of {each.day}, unpaid and in no total:"
        f" {money_text(each.cents, currency)}"
        for each in claimed
    )
    if not found.open_items and not found.credit_balances:
        return f"Nothing is open on {found.as_of}.{beside}"
    rows = [
        (
            item.client_id,
            item.number,
            item.due_date.isoformat(),
            str(item.days_overdue(found.as_of) or ""),
            *map(signed, (item.gross_cents, item.paid_cents, item.credited_cents, item.open_cents)),
        )
        for item in sorted(found.open_items, key=lambda item: item.client_id)
    ]
    rows += [
        (client, "credit balance", "", "", "", "", "", signed(-cents))
        for client, cents in found.credit_balances.items()
    ]
    columns = ("client", "document", "due", "days", "gross", "paid", "credited", "open")
    overdue = ", ".join(
        f"{name.replace('_', ' ')} {money_text(cents, currency)}" for name, cents in found.ageing().items() if cents
    )
    total = f"open on {found.as_of}: {money_text(found.total_open_cents, currency)}"
    ages = f" (by age: {overdue})" if overdue else ""
    return table(columns, rows, right=columns[3:], short=("client",)) + f"\n\n{total}{ages}{beside}"
