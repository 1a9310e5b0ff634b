"""How an onboarding's checkout and purchase stand in the ledger, as JSON values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from billing_job.didfarm.checkout import Asked
from billing_job.didfarm.models import BoughtNumber, Item, Purchase


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout that was recorded before it was sent."""

    asked: Asked
    prices: Mapping[str, int]
    """What each number costs, in cents."""
    requires_regulatory: bool
    day: date
    """From when on its numbers are the client's."""


def checkout_value(checkout: Checkout) -> dict[str, Any]:
    """Everything that a later call needs to find the checkout again."""
    asked = checkout.asked
    return {
        "items": [[item.number, item.country, item.number_type] for item in asked.items],
        "cents": asked.cents,
        "since": asked.since,
        "known_orders": list(asked.known_orders),
        "prices": dict(checkout.prices),
        "requires_regulatory": checkout.requires_regulatory,
        "day": checkout.day.isoformat(),
    }


def checkout_from(value: dict[str, Any]) -> Checkout:
    """What `checkout_value` wrote."""
    items = tuple(Item(*item) for item in value["items"])
    asked = Asked(items, value["cents"], value["since"], tuple(value["known_orders"]))
    return Checkout(asked, value["prices"], value["requires_regulatory"], date.fromisoformat(value["day"]))


def purchase_value(purchase: Purchase) -> dict[str, Any]:
    """Order and numbers."""
    return {
        "order_id": purchase.order_id,
        "numbers": [[number.number, number.did_number_id] for number in purchase.numbers],
        "requires_regulatory": purchase.requires_regulatory,
    }


def purchase_from(value: dict[str, Any]) -> Purchase:
    """What `purchase_value` wrote."""
    numbers = tuple(BoughtNumber(*number) for number in value["numbers"])
    return Purchase(value["order_id"], numbers, value["requires_regulatory"])
