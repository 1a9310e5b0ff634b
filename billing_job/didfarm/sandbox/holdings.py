"""What the reseller of a sandbox world holds at the supplier: trunks, numbers, orders, and whose they are when."""

from dataclasses import dataclass
from datetime import date, datetime

WireRow = dict[str, object]
"""A transaction as the supplier's list shows it: JSON values by field name (DESIGN: transactions on the wire)."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """A SIP trunk of one client; the supplier knows it by a number and by a uuid (guide: Create Client SIP Trunks)."""

    trunk_id: int
    uuid: str
    name: str
    username: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Number:
    """A phone number that an order bought; prices in cents (guide: Search Available Numbers)."""

    number: str
    did_number_id: int
    country: str
    number_type: str
    monthly_rate_cents: int
    setup_fee_cents: int
    sms_enabled: bool
    order_id: int


@dataclass(frozen=True, slots=True)
class Order:
    """A checkout of numbers for one trunk; it debits each number's setup fee and first month."""

    order_id: int
    trunk: Trunk
    numbers: tuple[Number, ...]
    created_at: datetime
    """UTC."""

    @property
    def cents(self) -> int:
        """What the checkout debits: all setup fees and first months, positive cents."""
        return sum(number.setup_fee_cents + number.monthly_rate_cents for number in self.numbers)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A number is on a trunk in [valid_from, valid_to), days of the seller's calendar; None is open."""

    number: Number
    trunk: Trunk
    valid_from: date
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the number is on the trunk that day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)
