"""Trunks, orders and numbers of a sandbox world: what its customers hold, since when, and what moved between them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from billing_job.core.period import Period
from billing_job.didfarm.sandbox.clients import Customer
from billing_job.didfarm.sandbox.holdings import Assignment, Number, Order, Trunk

FIRST_TRUNK_ID = 7
FIRST_DID_NUMBER_ID = 42
FIRST_ORDER_ID = 1042
MOVE_DAY = 15


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of number on offer: prefixes in E.164, digits that follow, prices in cents."""

    number_type: str
    prefixes: tuple[str, ...]
    digits: int
    monthly_rate_cents: int
    setup_fee_cents: int
    sms_enabled: bool


# Every number of these ranges is a valid one of its country's plan, whatever digits follow.
_LOCAL, _MOBILE = "local", "mobile"
OFFER: dict[str, tuple[Kind, ...]] = {
    "NL": (
        Kind(_LOCAL, ("+3120", "+3110", "+3130"), 7, 150, 0, False),
        Kind(_MOBILE, ("+31612", "+31641"), 6, 450, 250, True),
        Kind("national", ("+3185",), 7, 175, 0, False),
        Kind("toll_free", ("+31800",), 7, 1250, 1500, False),
    ),
    "BE": (Kind(_LOCAL, ("+3271",), 6, 195, 0, False), Kind(_MOBILE, ("+32470",), 6, 550, 250, True)),
    "DE": (Kind(_LOCAL, ("+4930", "+4989"), 8, 180, 100, False), Kind(_MOBILE, ("+491512",), 7, 690, 500, True)),
    "FR": (Kind(_LOCAL, ("+33142",), 6, 210, 0, False), Kind(_MOBILE, ("+33612",), 6, 590, 250, True)),
    "GR": (Kind(_LOCAL, ("+30210",), 7, 260, 100, False), Kind(_MOBILE, ("+30694",), 7, 720, 250, True)),
    "BG": (Kind(_LOCAL, ("+3592",), 7, 240, 100, False), Kind(_MOBILE, ("+35987",), 7, 680, 250, True)),
    "GB": (Kind(_LOCAL, ("+442071",), 6, 135, 0, False),),
    "CH": (Kind(_LOCAL, ("+4144",), 7, 320, 200, False), Kind(_MOBILE, ("+4179",), 7, 890, 500, True)),
    "US": (Kind(_LOCAL, ("+121264", "+141553"), 5, 100, 0, True),),
}


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that the customers hold; every number has one assignment, or two when it moved."""

    trunks: tuple[Trunk, ...]
    orders: tuple[Order, ...]
    assignments: tuple[Assignment, ...]
    test_order: Order | None
    """An order that was only a test: refunded, its number given back."""

    @property
    def numbers(self) -> tuple[Number, ...]:
        """Every number that was bought, order by order; the test order's, since given back, among them."""
        return tuple(number for order in self.orders for number in order.numbers)


def inventory(
    customers: Sequence[Customer], transactions: int, month: Period, zone: ZoneInfo, rng: Random
) -> Inventory:
    """Let the customers buy their numbers in the two months before `month`, so that each is renewed in it.

    A world with few transactions has fewer numbers, so that their renewals do not crowd out everything else.
    """
    wanted = sum(customer.numbers for customer in customers)
    start = month.previous.previous
    trunks = _trunks(customers, rng)
    shop = _Shop(rng)
    orders: list[Order] = []
    for customer, trunk in zip(customers, trunks, strict=True):
        held = max(1, min(customer.numbers, customer.numbers * transactions // (4 * wanted)))
        first = start.next if customer.first_month else start
        orders.extend(shop.orders(customer, trunk, held, first, zone))
    assignments = [Assignment(n, order.trunk, _day(order, zone)) for order in orders for n in order.numbers]
    test_order = None
    if len(customers) > 1:
        test_order = shop.test_order(customers[-1], trunks[-1], month, zone)
        orders.append(test_order)
        assignments.append(_returned(test_order, zone))
    return Inventory(trunks, tuple(orders), tuple(_moved(assignments, trunks, month)), test_order)


class _Shop:
    """Hands out ids in order and each phone number once."""

    def __init__(self, rng: Random):
        self._rng = rng
        self._order_ids = count(FIRST_ORDER_ID)
        self._did_number_ids = count(FIRST_DID_NUMBER_ID)
        self._free: dict[tuple[str, str], Iterator[str]] = {}

    def orders(self, customer: Customer, trunk: Trunk, held: int, month: Period, zone: ZoneInfo) -> Iterator[Order]:
        """Buy `held` numbers, a basket a day, from one of the month's first days on."""
        basket = 100 if held > 60 else 20
        day = month.first_day + timedelta(days=self._rng.randrange(1, 10))
        for bought in range(0, held, basket):
            moment = datetime.combine(day, time(9 + self._rng.randrange(9), self._rng.randrange(60)), zone)
            kinds = [self._kind(customer, index, held) for index in range(bought, min(bought + basket, held))]
            yield self._order(trunk, customer.country_of_numbers, kinds, moment)
            day += timedelta(days=1)

    def test_order(self, customer: Customer, trunk: Trunk, month: Period, zone: ZoneInfo) -> Order:
        moment = datetime.combine(month.first_day + timedelta(days=5), time(11, 20), zone)
        return self._order(trunk, customer.country_of_numbers, [OFFER[customer.country_of_numbers][0]], moment)

    def _order(self, trunk: Trunk, country: str, kinds: Sequence[Kind], moment: datetime) -> Order:
        order_id = next(self._order_ids)
        numbers = tuple(
            Number(
                next(self._free.setdefault((country, kind.number_type), self._range(kind))),
                next(self._did_number_ids),
                country,
                kind.number_type,
                kind.monthly_rate_cents,
                kind.setup_fee_cents,
                kind.sms_enabled,
                order_id,
            )
            for kind in kinds
        )
        return Order(order_id, trunk, numbers, moment.astimezone(UTC))

    def _kind(self, customer: Customer, index: int, held: int) -> Kind:
        """Mostly local numbers; one customer's last two are the country's next kind, mobile where there is one."""
        offer = OFFER[customer.country_of_numbers]
        if held > 60:
            return offer[0] if index % 20 else offer[-1]
        return offer[1 % len(offer)] if index >= held - 2 else offer[0]

    def _range(self, kind: Kind) -> Iterator[str]:
        """Walk the kind's ranges in steps that visit every number of them once before any comes again."""
        size = 10**kind.digits
        start, step = self._rng.randrange(size), self._rng.randrange(size // 10) * 10 + 7
        for index in range(size * len(kind.prefixes)):
            position = (start + index * step) % size
            yield f"{kind.prefixes[index % len(kind.prefixes)]}{position:0{kind.digits}d}"


def _trunks(customers: Sequence[Customer], rng: Random) -> tuple[Trunk, ...]:
    """One trunk a customer; the uuids look random and never repeat, because the step is odd."""
    start = rng.getrandbits(32)
    return tuple(
        Trunk(
            FIRST_TRUNK_ID + position,
            f"trk_{(start + position * 0x9E3779B1) % 2**32:08x}",
            customer.client.name,
            f"{customer.client.client_id.partition('-')[0]}_{rng.getrandbits(20):05x}",
            customer.client.client_id,
        )
        for position, customer in enumerate(customers)
    )


def _day(order: Order, zone: ZoneInfo) -> date:
    return order.created_at.astimezone(zone).date()


def _returned(order: Order, zone: ZoneInfo) -> Assignment:
    """A test number, given back four days after it was bought."""
    day = _day(order, zone)
    return Assignment(order.numbers[0], order.trunk, day, day + timedelta(days=4))


def _moved(assignments: Sequence[Assignment], trunks: Sequence[Trunk], month: Period) -> Iterator[Assignment]:
    """Move the last number of every tenth customer, and of two known ones, to the customer after it, mid-month."""
    last_of = {assignment.trunk.trunk_id: assignment for assignment in assignments if assignment.valid_to is None}
    moving = {
        last_of[trunks[giver].trunk_id].number.number: trunks[giver + 1]
        for giver in (0, 4, *range(12, len(trunks), 10))
        if giver + 1 < len(trunks)
    }
    day = date(month.year, month.month, MOVE_DAY)
    for assignment in assignments:
        taker = moving.get(assignment.number.number)
        if taker is None:
            yield assignment
        else:
            yield replace(assignment, valid_to=day)
            yield Assignment(assignment.number, taker, day)
