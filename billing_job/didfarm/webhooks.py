"""A webhook delivery: is it genuine, and what does it say (guide: Webhooks)?"""

import hashlib
import hmac
from typing import Any

from billing_job.core.countries import numbering_country
from billing_job.core.event import Event
from billing_job.core.phone import e164_as_told
from billing_job.core.text import storable
from billing_job.didfarm.wire_json import Json, parse_json
from billing_job.didfarm.wire_moments import read_moment

PATH = "/webhooks/didfarm"
SIGNATURE_HEADER = "X-DIDfarm-Signature"
_PREFIX = "sha256="
_YEAR_2000, _YEAR_2100 = 946_684_800_000_000, 4_102_444_800_000_000
"""Microseconds since 1970: days outside of them cannot be told in every time zone."""
_LONGEST = 200


def signature_of(body: bytes, secret: str) -> str:
    """HMAC-SHA256 of the raw body under the webhook secret, in hex (guide: Verify webhooks)."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_genuine(body: bytes, signature: str, secret: str) -> bool:
    """Whether the header's signature is the body's, with or without "sha256=" before it; takes constant time."""
    given = signature.strip().removeprefix(_PREFIX).lower()
    return bool(secret) and hmac.compare_digest(given.encode(), signature_of(body, secret).encode())


def read_event(body: bytes, timezone: str = "UTC") -> Event:
    """Read a delivery; ValueError says what is wrong with it. An event that the guide does not know is read as well.

    `timezone` is that of moments without an offset, as of the supplier's rows.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("the body is not UTF-8") from None
    message = parse_json(text)
    if not isinstance(message, dict):
        raise ValueError('it is not {"event": "number.activated", "timestamp": "…", "data": {…}}')
    name = message.get("event")
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"event is {name!r}, not a name such as number.activated")
    try:
        timestamp = _moment(message.get("timestamp"), timezone)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"timestamp: {error}") from None
    if not _YEAR_2000 <= timestamp < _YEAR_2100:
        raise ValueError(f"timestamp: {message['timestamp']} is not of this century")
    data = message.get("data")
    if data is not None and not isinstance(data, dict):
        raise ValueError("data is not an object")
    found: dict[str, Any] = data or {}
    number, country = _text(found.get("number")), _country(_text(found.get("country")))
    return Event(
        event_id=hashlib.sha256(body).hexdigest(),
        event=storable(name.strip()),
        timestamp=timestamp,
        body=text,
        number=e164_as_told(number, country) or number,
        country=country,
        number_type=_text(found.get("type")),
        trunk_uuid=_text(found.get("trunk_uuid")),
        order_id=_text(found.get("order_id")),
        did_number_id=_text(found.get("did_number_id")),
    )


def _moment(value: Json, timezone: str) -> int:
    """Microseconds since 1970. An hour that the clocks of a zone have twice, or never, is taken as UTC."""
    try:
        return read_moment(value, timezone).micros
    except ValueError:
        return read_moment(value).micros


def _country(text: str) -> str:
    """A code of ISO 3166; empty for another word (UK, NLD), as of an event that names none: the number tells it."""
    try:
        return numbering_country(text)
    except ValueError:
        return ""


def _text(value: Json) -> str:
    """A string or an integer as text; anything else, and what cannot be printed, is as good as missing."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = value.strip() if isinstance(value, str) else ""
    return text if text.isprintable() and len(text) <= _LONGEST else ""
