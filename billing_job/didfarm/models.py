"""What the supplier's API takes and gives, as frozen values (guide: Connect API Integration Guide).

Prices are integer cents, as the guide gives them. Ids are texts, whether the wire has them as numbers or strings. What
the guide shows but an answer leaves out is empty.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Offer:
    """A number on sale (guide: Search Available Numbers)."""

    number: str
    country: str
    number_type: str
    city: str
    monthly_rate_cents: int
    setup_fee_cents: int
    sms_enabled: bool
    requires_regulatory: bool

    @property
    def first_cents(self) -> int:
        """What buying it takes out of the wallet: the setup fee and the first month."""
        return self.setup_fee_cents + self.monthly_rate_cents


@dataclass(frozen=True, slots=True)
class Offers:
    """One page of a search, and how many numbers it found in all."""

    offers: tuple[Offer, ...]
    total: int
    page: int


@dataclass(frozen=True, slots=True)
class Item:
    """A number to buy (guide: Purchase a Number)."""

    number: str
    country: str
    number_type: str


@dataclass(frozen=True, slots=True)
class BoughtNumber:
    """A number of an order; routing and transactions speak of its `did_number_id`."""

    number: str
    did_number_id: str


@dataclass(frozen=True, slots=True)
class Purchase:
    """A checkout's order; with `requires_regulatory` its numbers go live when documents were approved."""

    order_id: str
    numbers: tuple[BoughtNumber, ...]
    requires_regulatory: bool


@dataclass(frozen=True, slots=True)
class SipTrunk:
    """A trunk as the list shows it (guide: List Trunks); routing speaks of its numeric id, webhooks of its uuid."""

    trunk_id: str
    uuid: str
    name: str
    sip_server: str
    username: str
    status: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a PBX registers with; the password is shown this once and kept out of every repr."""

    uuid: str
    sip_server: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewTrunk:
    """A trunk just made, with its credentials (guide: Create Client SIP Trunks)."""

    trunk: SipTrunk
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that was accepted; the guide shows no answer, so both may be empty."""

    message_id: str
    status: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A file for the regulator: its kind (such as passport), name, content and media type."""

    kind: str
    name: str
    content: bytes = field(repr=False)
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Submission:
    """Documents that wait for review (guide: FAQ on regulatory requirements); both may be empty."""

    submission_id: str
    status: str
