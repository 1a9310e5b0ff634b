"""Commands that provision and bill as one: onboard, offboard, move."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_job.commands.completing import client_ids
from billing_job.commands.options import day, emit, json_option, pair
from billing_job.commands.supplier import (
    client_of,
    confirm,
    hand_over,
    password_file_option,
    price_text,
    yes_option,
)
from billing_job.core.errors import ConfigError
from billing_job.core.sentences import counted

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation
    from billing_job.didfarm.models import Credentials, Offer
    from billing_job.month.job import Job

_CLIENT_OPTIONS = ("street", "postal_code", "vat_id", "email", "language", "plan")
"""Options of `onboard` that are columns of clients.csv."""


@dataclass(slots=True)
class _Conversation:
    """An onboarding's questions, on the terminal."""

    invocation: Invocation
    password_file: Path | None
    yes: bool
    as_json: bool
    password: str = ""

    def confirm(self, wanted: tuple[Offer, ...], cents: int) -> None:
        names = ", ".join(offer.number for offer in wanted)
        confirm(f"Buy {names} for {price_text(cents)} out of the wallet?", yes=self.yes, as_json=self.as_json)

    def hand_over(self, credentials: Credentials) -> None:
        self.password = credentials.password
        hand_over(self.invocation, credentials, self.password_file, as_json=self.as_json)


@click.command(short_help="Give a client numbers and a trunk, and bill it from then on.")
@click.argument("client_id")
@click.option("--name", default="", help="The client's name, on its trunk and invoices; needed for a new client.")
@click.option("--country", metavar="CC", required=True, help="Country of the numbers, such as NL.")
@click.option("--type", "number_type", default="local", show_default=True, help="local, mobile, …")
@click.option("--city", default="", help="Only numbers of this city.")
@click.option("--count", type=click.IntRange(1, 100), default=1, show_default=True, help="How many numbers.")
@click.option("--client-country", metavar="CC", default="", help="Country of the client; by default --country.")
@click.option("--client-city", default="", help="City of the client, for its invoices.")
@click.option("--street", default="", help="Street of the client.")
@click.option("--postal-code", default="", help="Postal code of the client.")
@click.option("--vat-id", default="", help="VAT id of the client.")
@click.option("--email", default="", help="Where its invoices go.")
@click.option("--language", default="", help="Language of its invoices, such as nl.")
@click.option("--plan", default="", help="A plan of billing.toml; by default the first one.")
@click.option(
    "--did-number-id",
    "did_number_ids",
    multiple=True,
    metavar="NUMBER=ID",
    help="What the portal shows, when the answer of a purchase was lost; may be repeated.",
)
@click.option("--anew", is_flag=True, help="Forget a purchase whose answer was lost and that was not carried out.")
@password_file_option
@yes_option
@json_option
@click.pass_obj
def onboard(
    invocation: Invocation,
    /,
    client_id: str,
    name: str,
    country: str,
    number_type: str,
    city: str,
    count: int,
    client_country: str,
    client_city: str,
    did_number_ids: tuple[str, ...],
    anew: bool,
    password_file: Path | None,
    yes: bool,
    as_json: bool,
    **more: str,
) -> int:
    """Buy numbers for CLIENT_ID, make its trunk, put the numbers on it, and write all of it into the mapping.

    Stopped half-way, run it again: it goes on where it was, and buys nothing twice.

    Example: billing-job onboard acme --name "Acme B.V." --country NL --type mobile
    """
    from billing_job.ledger.onboarding import steps_under_way
    from billing_job.month.session import locked_job
    from billing_job.operations.onboarding.checks import check_wish
    from billing_job.operations.onboarding.credentials_file import check_free
    from billing_job.operations.onboarding.desk import OnboardingContext, OnboardingRequest
    from billing_job.operations.onboarding.onboard import onboard as take_the_steps

    session = invocation.session()
    with locked_job(session, makes_ledger=True) as job, client_of(invocation) as client:
        if not steps_under_way(job.engine, client_id):
            check_free(password_file)
        row = {"name": name, "country": (client_country or country).upper(), "city": client_city}
        row |= {column: more[column] for column in _CLIENT_OPTIONS}
        wish = OnboardingRequest(
            client_id, _known_row(job, client_id) or row, country.upper(), number_type, city, count
        )
        check_wish(session.config_folder, wish, [plan.name for plan in job.settings.plans])
        talk = _Conversation(invocation, password_file, yes, as_json)
        desk = OnboardingContext(
            job.engine, job.mapping, session.config_folder, job.settings.billing.zone, job.clock, client, talk
        )
        known_ids = dict(pair(text, "--did-number-id", "+31201234567=42") for text in did_number_ids)
        found = take_the_steps(desk, wish, known_ids, anew=anew)
    if as_json:
        emit(
            {
                "schema": "billing-job/onboarding@1",
                **asdict(found),
                "valid_from": found.valid_from.isoformat(),
                "password": talk.password if password_file is None else "",
                "password_file": "" if password_file is None else str(password_file),
            }
        )
        return 0
    click.echo(f"Client {client_id}: order {found.order_id}, {price_text(found.cents)}, trunk {found.trunk_uuid}")
    for number in found.numbers:
        click.echo(f"  {number.number}  did_number_id {number.did_number_id}, from {found.valid_from} on")
    if found.requires_regulatory:
        click.echo("Before they go live, documents are needed. Submit them with, for example:")
        for number in found.numbers:
            click.echo(f"  billing-job api regulatory submit {number.did_number_id} --file passport=FILE")
    return 0


@click.command(short_help="Move a number to another client.")
@click.argument("number")
@click.option(
    "--to",
    "client_id",
    required=True,
    metavar="CLIENT_ID",
    help="The client that has it from then on.",
    shell_complete=client_ids,
)
@click.option("--at", metavar="YYYY-MM-DD", help="The first day of the new client; by default today.")
@json_option
@click.pass_obj
def move(invocation: Invocation, number: str, client_id: str, at: str | None, as_json: bool) -> int:
    """Put NUMBER on another client's trunk, and its charges on that client's invoice from the day on.

    Example: billing-job move +31612001237 --to acme --at 2026-12-01
    """
    from billing_job.month.session import locked_job
    from billing_job.operations.onboarding.move_and_leave import check_move, planned_move, write_move

    session = invocation.session()
    with locked_job(session, makes_ledger=True) as job:
        today = job.today
        plan = planned_move(job.mapping, number, client_id, day(at, "--at") or today)
        check_move(session.config_folder)
        is_routed = plan.day <= today
        if is_routed:
            if not plan.did_number_id:
                raise ConfigError(
                    f"{plan.number}: numbers.csv has no did_number_id for it, which routing needs; add it"
                )
            with client_of(invocation) as client:
                trunk = next((t for t in client.trunks() if plan.to_trunk in (t.uuid, t.trunk_id)), None)
                if trunk is None:
                    raise ConfigError(f"trunk {plan.to_trunk}: DIDfarm lists none of that name; correct trunks.csv")
                if not trunk.trunk_id:
                    raise ConfigError(
                        f"trunk {plan.to_trunk}: DIDfarm's list of trunks shows no id for it, which routing needs: put"
                        " the number on it in the portal"
                    )
                client.route(plan.did_number_id, trunk.trunk_id)
        write_move(session.config_folder, plan)
        zone = job.settings.billing.timezone
    if as_json:
        emit({"schema": "billing-job/move@1", **asdict(plan), "day": plan.day.isoformat(), "routed": is_routed})
        return 0
    click.echo(f"{plan.number} is client {client_id}'s from {plan.day} 00:00 {zone} on, trunk {plan.to_trunk}")
    if not is_routed:
        click.echo(f"On that day: billing-job api route {plan.did_number_id} {plan.to_trunk}")
    return 0


@click.command(short_help="End a client's numbers and trunks.")
@click.argument("client_id", shell_complete=client_ids)
@click.option("--at", metavar="YYYY-MM-DD", help="The first day that is no longer the client's; by default tomorrow.")
@yes_option
@json_option
@click.pass_obj
def offboard(invocation: Invocation, client_id: str, at: str | None, yes: bool, as_json: bool) -> int:
    """End what CLIENT_ID holds. Its last invoice comes with the month; later charges wait as exceptions.

    DIDfarm's API cannot give numbers back: release them in its portal, or they go on costing.

    Example: billing-job offboard acme --at 2026-12-01
    """
    from billing_job.month.session import locked_job
    from billing_job.operations.onboarding.move_and_leave import planned_leaving, write_leaving

    session = invocation.session()
    with locked_job(session, makes_ledger=True) as job:
        plan = planned_leaving(job.mapping, client_id, day(at, "--at") or job.today + timedelta(days=1))
        what = f"{counted(len(plan.numbers), 'number')} and {counted(len(plan.trunks), 'trunk')} of client {client_id}"
        confirm(f"End {what} on {plan.day}?", yes=yes, as_json=as_json)
        write_leaving(session.config_folder, plan)
    if as_json:
        emit({"schema": "billing-job/offboarding@1", **asdict(plan), "day": plan.day.isoformat()})
        return 0
    click.echo(f"Ended on {plan.day}: {what}")
    if plan.numbers:
        click.echo(f"Release in DIDfarm's portal, or they go on costing: {', '.join(plan.numbers)}")
    return 0


def _known_row(job: Job, client_id: str) -> dict[str, str] | None:
    client = job.clients.get(client_id)
    return None if client is None else {"name": client.name, "country": client.country}
