"""Counts and amounts that are compared between stages."""

from dataclasses import dataclass
from typing import Literal

from billing_job.core.money import cents_of


@dataclass(frozen=True, slots=True)
class Sum:
    """A number of transactions and their wallet micros, signed as on the wire."""

    count: int = 0
    micros: int = 0

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.count + other.count, self.micros + other.micros)

    def figures(self) -> dict[str, int]:
        """What programs are told: the exact micros, and the cents that they round to."""
        return {"count": self.count, "cents": cents_of(self.micros), "micros": self.micros}


When = Literal["undated", "before", "within", "after"]


@dataclass(frozen=True, slots=True)
class Flow:
    """What a category of a client cost the house and brought it in one month: micros of cost, cents of net charge."""

    month: str
    client_id: str
    category: str
    cost_micros: int
    charge_cents: int


@dataclass(frozen=True, slots=True)
class Movement:
    """Transactions of one type in one span of time, in wallet micros."""

    when: When
    type: str
    count: int
    micros: int
