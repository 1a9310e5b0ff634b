"""Buying numbers: what they cost is known before, and whether they were bought is known after."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from billing_job.core.errors import ConfigError, MayHaveHappened
from billing_job.core.money import MICROS_PER_CENT
from billing_job.core.wallet import Transaction
from billing_job.didfarm.client import Client
from billing_job.didfarm.models import Item, Offer, Purchase

_LOOK_BACK = timedelta(days=1)
"""How far the wallet is read for orders: more than any two clocks differ."""


def offers(client: Client, country: str, number_type: str, city: str = "") -> Iterator[Offer]:
    """All numbers of a search, page after page as they are asked for."""
    page = 1
    seen = 0
    while True:
        found = client.search_numbers(country, number_type, city, page)
        yield from found.offers
        seen += len(found.offers)
        if not found.offers or seen >= found.total:
            return
        page += 1


def offers_of(client: Client, numbers: Sequence[str], country: str, number_type: str) -> tuple[Offer, ...]:
    """The offers of these numbers, in their order; ConfigError names those that are not on sale."""
    wanted = dict.fromkeys(numbers)
    found: dict[str, Offer] = {}
    for offer in offers(client, country, number_type):
        if offer.number in wanted:
            found[offer.number] = offer
        if len(found) == len(wanted):
            break
    missing = [number for number in wanted if number not in found]
    if missing:
        raise ConfigError(
            f"{', '.join(missing)}: not on sale as {country} {number_type}; see `billing-job api numbers search`"
        )
    return tuple(found[number] for number in wanted)


@dataclass(frozen=True, slots=True)
class Asked:
    """A checkout just before it is sent: what it would cost, and which orders the wallet knew by then."""

    items: tuple[Item, ...]
    cents: int
    since: int
    """Orders are looked for from this moment on, in microseconds since 1970 UTC."""
    known_orders: tuple[str, ...]


def ask(client: Client, wanted: Sequence[Offer], now: datetime) -> Asked:
    """Note what is needed to find a checkout again whose answer is lost."""
    since = int((now.astimezone(UTC) - _LOOK_BACK).timestamp()) * 1_000_000
    known = tuple(sorted({row.reference_id for row in client.orders_since(since)}))
    items = tuple(Item(offer.number, offer.country, offer.number_type) for offer in wanted)
    return Asked(items, sum(offer.first_cents for offer in wanted), since, known)


def new_orders(client: Client, asked: Asked) -> tuple[Transaction, ...]:
    """The wallet's orders that were not there before the checkout was sent."""
    return tuple(row for row in client.orders_since(asked.since) if row.reference_id not in asked.known_orders)


def orders_of(asked: Asked, orders: Sequence[Transaction]) -> tuple[Transaction, ...]:
    """Those of the orders that name one of the checkout's numbers, or else those that cost what it would have."""
    named = [row for row in orders if any(item.number in row.description for item in asked.items)]
    return tuple(named or [row for row in orders if row.micros == -asked.cents * MICROS_PER_CENT])


def buy(client: Client, asked: Asked) -> Purchase:
    """Check out once. MayHaveHappened, when the answer is lost, says what the wallet shows of it."""
    try:
        return client.checkout(asked.items)
    except MayHaveHappened as error:
        raise MayHaveHappened(f"{error}. {_what_the_wallet_shows(client, asked)}", status=error.status) from None


def _what_the_wallet_shows(client: Client, asked: Asked) -> str:
    rows = orders_of(asked, new_orders(client, asked))
    if not rows:
        return "The wallet shows no such order up to now"
    orders = ", ".join(f"order {row.reference_id} (transaction {row.transaction_id})" for row in rows)
    return f"The wallet shows {orders}: it was carried out"
