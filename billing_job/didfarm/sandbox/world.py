"""A seeded world for the sandbox: a reseller's clients, what they hold at the supplier, and the wallet's history."""

from dataclasses import dataclass
from random import Random
from zoneinfo import ZoneInfo

from billing_job.core.parties import Client
from billing_job.core.period import Period
from billing_job.didfarm.sandbox.clients import customers
from billing_job.didfarm.sandbox.history import history
from billing_job.didfarm.sandbox.holdings import Assignment, Number, Order, Trunk, WireRow
from billing_job.didfarm.sandbox.inventory import inventory

PLANS = ("standard", "wholesale", "premium")
"""The plan names that clients of a world have; the configuration beside it must define them."""

DEMO_SEED = 1
DEMO_CLIENTS = 12
DEMO_TRANSACTIONS = 2000
DEMO_MONTH = Period(2026, 10)
DEMO_ZONE = "Europe/Amsterdam"


@dataclass(frozen=True, slots=True)
class World:
    """What the supplier knows (trunks, numbers, orders, transactions) and what the reseller knows (whose they are).

    Transactions are wire rows, oldest first; each but a top-up belongs to a client by the assignments.
    """

    seed: int
    month: Period
    zone: ZoneInfo
    clients: tuple[Client, ...]
    trunks: tuple[Trunk, ...]
    orders: tuple[Order, ...]
    assignments: tuple[Assignment, ...]
    transactions: tuple[WireRow, ...]

    @property
    def numbers(self) -> tuple[Number, ...]:
        """Every number that was bought, order by order."""
        return tuple(number for order in self.orders for number in order.numbers)


def make_world(seed: int, clients: int, transactions: int, month: Period, zone: ZoneInfo) -> World:
    """The world of a seed: the same on every machine, whatever the version of Python or of a library.

    `month` is the last full month; the history covers it, two months before and four days after. It has exactly
    `transactions` rows unless what the clients hold makes more. ValueError when there would be no client.
    """
    if clients < 1:
        raise ValueError("a world needs at least one client")
    rng = Random(seed)  # noqa: S311 - a test world, not a secret
    who = customers(clients, rng)
    held = inventory(who, transactions, month, zone, rng)
    rows = history(who, held, transactions, month, zone, rng)
    return World(
        seed=seed,
        month=month,
        zone=zone,
        clients=tuple(customer.client for customer in who),
        trunks=held.trunks,
        orders=held.orders,
        assignments=held.assignments,
        transactions=rows,
    )


def demo_world() -> World:
    """The world that the demo bills and that the example configuration's CSV files describe."""
    return make_world(DEMO_SEED, DEMO_CLIENTS, DEMO_TRANSACTIONS, DEMO_MONTH, ZoneInfo(DEMO_ZONE))
