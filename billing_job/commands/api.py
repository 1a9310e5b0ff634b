"""Commands for the supplier's endpoints: numbers, trunks, routing, messages, balance, regulatory documents."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_job.commands.api_trunks import trunks
from billing_job.commands.options import emit, json_option, pair
from billing_job.commands.supplier import client_of, confirm, ledger_of, price_text, yes_option
from billing_job.core.errors import ConfigError

if TYPE_CHECKING:
    from billing_job.commands.invocation import Invocation
    from billing_job.didfarm.models import Offer, Paper

country_option = click.option("--country", metavar="CC", help="ISO 3166, such as NL; by default the numbers' own.")
type_option = click.option("--type", "number_type", default="local", show_default=True, help="local, mobile, …")


@click.group(short_help="DIDfarm's own functions: numbers, trunks, messages.")
def api() -> None:
    """DIDfarm's own functions: numbers, trunks, routing, messages, the balance, documents.

    Example: billing-job api balance
    """


api.add_command(trunks)


@api.group(short_help="Search and buy numbers.")
def numbers() -> None:
    """Search and buy numbers.

    Example: billing-job api numbers search --country NL
    """


@numbers.command(short_help="Numbers on sale, with their prices.")
@click.option("--country", metavar="CC", required=True, help="ISO 3166, such as NL.")
@type_option
@click.option("--city", default="", help="Only numbers of this city.")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True, help="Page of the results.")
@json_option
@click.pass_obj
def search(invocation: Invocation, country: str, number_type: str, city: str, page: int, as_json: bool) -> int:
    """Numbers on sale, with their prices.

    Example: billing-job api numbers search --country NL --type mobile
    """
    with client_of(invocation) as client:
        found = client.search_numbers(country.upper(), number_type, city, page)
    if as_json:
        emit({"schema": "billing-job/numbers@1", **asdict(found)})
        return 0
    click.echo(_offers_table(found.offers))
    click.echo(f"\nPage {found.page}: {len(found.offers)} of {found.total} numbers")
    return 0


@numbers.command(short_help="Buy numbers out of the wallet.")
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER…")
@country_option
@type_option
@yes_option
@json_option
@click.pass_obj
def buy(
    invocation: Invocation, numbers: tuple[str, ...], country: str | None, number_type: str, yes: bool, as_json: bool
) -> int:
    """Buy numbers out of the wallet: all of them or none, after the price was shown.

    A purchase whose answer is lost is not repeated: the command says so, and what the wallet shows of it.

    Example: billing-job api numbers buy +31612001237
    """
    from billing_job.core.phone import country_of
    from billing_job.didfarm.checkout import ask, offers_of
    from billing_job.didfarm.checkout import buy as check_out
    from billing_job.ledger.onboarding import save_bought

    with ledger_of(invocation) as engine, client_of(invocation) as client:
        offers = offers_of(client, numbers, country.upper() if country else country_of(numbers[0]), number_type)
        asked = ask(client, offers, invocation.clock.now())
        if not as_json:
            click.echo(_offers_table(offers), err=True)
        confirm(f"Buy for {price_text(asked.cents)} out of the wallet?", yes=yes, as_json=as_json)
        purchase = check_out(client, asked)
        save_bought(
            engine, purchase.order_id, {n.number: n.did_number_id for n in purchase.numbers}, invocation.clock.now()
        )
    if as_json:
        emit({"schema": "billing-job/purchase@1", "cents": asked.cents, **asdict(purchase)})
        return 0
    click.echo(f"Order {purchase.order_id}, {price_text(asked.cents)}")
    for number in purchase.numbers:
        click.echo(f"  {number.number}  did_number_id {number.did_number_id}")
    if purchase.requires_regulatory:
        click.echo("Documents are needed before they go live: `billing-job api regulatory submit`")
    return 0


@api.command(short_help="Put a number on a trunk.")
@click.argument("did_number_id")
@click.argument("trunk")
@json_option
@click.pass_obj
def route(invocation: Invocation, did_number_id: str, trunk: str, as_json: bool) -> int:
    """Put the number DID_NUMBER_ID on a TRUNK, given by its uuid or its numeric id.

    Who pays follows numbers.csv: `billing-job move` does both.

    Example: billing-job api route 42 trk_a1b2c3d4
    """
    with client_of(invocation) as client:
        found = next((known for known in client.trunks() if trunk in (known.uuid, known.trunk_id)), None)
        if found is None:
            raise ConfigError(f"{trunk}: there is no such trunk; see `billing-job api trunks list`")
        client.route(did_number_id, found.trunk_id)
    if as_json:
        emit({"schema": "billing-job/routing@1", "did_number_id": did_number_id, "trunk": found.uuid})
    else:
        click.echo(f"did_number_id {did_number_id} is on {found.uuid} {found.name}")
    return 0


@api.command(short_help="Send an SMS.")
@click.argument("sender", metavar="FROM")
@click.argument("recipient", metavar="TO")
@click.argument("text")
@yes_option
@json_option
@click.pass_obj
def sms(invocation: Invocation, sender: str, recipient: str, text: str, yes: bool, as_json: bool) -> int:
    """Send an SMS; DIDfarm charges each message to the wallet, and its guide names no price.

    A message whose answer is lost is not sent again: the command says so, and what the wallet shows of it.

    Example: billing-job api sms +31612001237 +31687654321 "Your bike is ready."
    """
    from billing_job.didfarm.sms import send_once

    categories = invocation.settings().categories
    confirm(f"Send {len(text)} characters to {recipient}, charged to the wallet?", yes=yes, as_json=as_json)
    with client_of(invocation) as client:
        types = [name for name, category in categories.items() if category == "message"]
        sent = send_once(client, sender, recipient, text, message_types=types, now=invocation.clock.now())
    if as_json:
        emit({"schema": "billing-job/message@1", **asdict(sent)})
    else:
        click.echo(f"Message {sent.message_id} {sent.status}".rstrip())
    return 0


@api.command(short_help="What is in the wallet.")
@json_option
@click.pass_obj
def balance(invocation: Invocation, as_json: bool) -> int:
    """What is in the wallet.

    Example: billing-job api balance
    """
    from billing_job.core.money import cents_of, wallet_text

    with client_of(invocation) as client:
        found = client.balance()
    if as_json:
        emit({"schema": "billing-job/balance@1", "cents": cents_of(found.micros), **asdict(found)})
    else:
        click.echo(wallet_text(found.micros, found.currency))
    return 0


@api.group(short_help="Documents that a number needs before it goes live.")
def regulatory() -> None:
    """Documents that a number needs before it goes live.

    Example: billing-job api regulatory submit 42 --file passport=id.pdf
    """


@regulatory.command(short_help="Submit documents for review.")
@click.argument("did_number_id")
@click.option("--file", "files", multiple=True, required=True, metavar="KIND=FILE", help="For example passport=id.pdf.")
@click.option("--field", "fields", multiple=True, metavar="NAME=VALUE", help="A further field of the form.")
@json_option
@click.pass_obj
def submit(
    invocation: Invocation, did_number_id: str, files: tuple[str, ...], fields: tuple[str, ...], as_json: bool
) -> int:
    """Submit documents for the number DID_NUMBER_ID; the event regulatory.approved tells when they were accepted.

    Example: billing-job api regulatory submit 42 --file passport=id.pdf
    """
    papers = [_paper(*pair(text, "--file", "passport=id.pdf")) for text in files]
    details = dict(pair(text, "--field", "company=Acme Corp") for text in fields)
    with client_of(invocation) as client:
        said = client.submit_regulatory(did_number_id, papers, details)
    if as_json:
        emit({"schema": "billing-job/regulatory@1", **asdict(said)})
    else:
        click.echo(f"{len(papers)} documents submitted {said.submission_id} {said.status}".rstrip())
    return 0


def _paper(kind: str, name: str) -> Paper:
    import mimetypes

    from billing_job.didfarm.models import Paper

    try:
        content = Path(name).read_bytes()
    except OSError as error:
        raise ConfigError(f"--file {kind}={name}: cannot be read ({error.strerror})") from None
    return Paper(kind, Path(name).name, content, mimetypes.guess_type(name)[0] or "application/octet-stream")


def _offers_table(offers: tuple[Offer, ...]) -> str:
    from billing_job.commands.text_tables import table

    columns = ("number", "city", "a month", "setup", "SMS", "documents")
    rows = [
        (
            offer.number,
            offer.city,
            price_text(offer.monthly_rate_cents),
            price_text(offer.setup_fee_cents),
            "yes" if offer.sms_enabled else "",
            "needed" if offer.requires_regulatory else "",
        )
        for offer in offers
    ]
    return table(columns, rows, right=("a month", "setup"))
