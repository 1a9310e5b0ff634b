"""The numbers that the sandbox sells: the same ones every time, sixteen of each area or range."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from billing_job.didfarm.sandbox.inventory import OFFER, Kind

PER_PREFIX = 16
_STEP = 1237
"""Coprime to every power of ten, so that the sixteen of a range differ."""

CITY_OF_PREFIX = {
    "+3120": "Amsterdam",
    "+3110": "Rotterdam",
    "+3130": "Utrecht",
    "+3271": "Charleroi",
    "+4930": "Berlin",
    "+4989": "München",
    "+33142": "Paris",
    "+30210": "Athens",
    "+3592": "Sofia",
    "+442071": "London",
    "+4144": "Zürich",
    "+121264": "New York",
    "+141553": "San Francisco",
}

REGULATED = {("NL", "local"), ("DE", "local")}
"""Country and type of numbers that need documents (guide: Search Available Numbers, requires_regulatory)."""


@dataclass(frozen=True, slots=True)
class ForSale:
    """A number on offer, with its price in cents."""

    number: str
    country: str
    city: str
    kind: Kind

    @property
    def requires_regulatory(self) -> bool:
        """Whether documents must be handed in before it works."""
        return (self.country, self.kind.number_type) in REGULATED

    @property
    def cents(self) -> int:
        """The setup fee and the first month."""
        return self.kind.setup_fee_cents + self.kind.monthly_rate_cents

    def wire(self) -> dict[str, object]:
        """As the guide shows it."""
        return {
            "number": self.number,
            "country": self.country,
            "type": self.kind.number_type,
            "city": self.city,
            "monthly_rate": self.kind.monthly_rate_cents,
            "setup_fee": self.kind.setup_fee_cents,
            "sms_enabled": self.kind.sms_enabled,
            "requires_regulatory": self.requires_regulatory,
        }


def on_sale(held: Collection[str]) -> Iterator[ForSale]:
    """Everything on offer that nobody holds."""
    for country, kinds in OFFER.items():
        for kind in kinds:
            for index in range(PER_PREFIX):
                for prefix in kind.prefixes:
                    digits = (index + 1) * _STEP % 10**kind.digits
                    number = f"{prefix}{digits:0{kind.digits}d}"
                    if number not in held:
                        yield ForSale(number, country, CITY_OF_PREFIX.get(prefix, ""), kind)
