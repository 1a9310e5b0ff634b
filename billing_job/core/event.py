"""What the supplier's webhooks tell, as values."""

from dataclasses import dataclass

ACTIVATED, SUSPENDED, RELEASED = "number.activated", "number.suspended", "number.released"


EVENTS = (
    ACTIVATED,
    SUSPENDED,
    RELEASED,
    "regulatory.approved",
    "regulatory.rejected",
    "trunk.registered",
    "trunk.offline",
    "message.received",
)
"""The guide's eight events (guide: Webhooks)."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event as delivered; a field that its `data` does not carry is empty.

    `event_id` is the SHA-256 of the raw body, so that a replay is the same event; `timestamp` is in microseconds since
    1970-01-01T00:00:00Z.
    """

    event_id: str
    event: str
    timestamp: int
    body: str
    number: str
    """E.164."""
    country: str
    number_type: str
    trunk_uuid: str
    order_id: str
    did_number_id: str
