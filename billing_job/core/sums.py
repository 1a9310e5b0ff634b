"""Counts and cents that are compared between stages."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Sum:
    """A number of transactions and their wallet cents, signed as on the wire."""

    count: int = 0
    cents: int = 0

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.count + other.count, self.cents + other.cents)


When = Literal["undated", "before", "within", "after"]


@dataclass(frozen=True, slots=True)
class Flow:
    """What a category of a client cost the house and brought it in one month, in cents of cost and of net charge."""

    month: str
    client_id: str
    category: str
    cost_cents: int
    charge_cents: int


@dataclass(frozen=True, slots=True)
class Movement:
    """Transactions of one type in one span of time, in wallet cents."""

    when: When
    type: str
    count: int
    cents: int
