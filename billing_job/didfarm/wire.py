"""What a transaction looks like on the wire, and how it is read; every assumption about it stands here.

The guide shows no transaction body, so DESIGN ("Transactions on the wire") settles one. A row that cannot be read is
kept raw, with the reason; nothing is guessed and nothing is dropped.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from billing_job.core.moments import microseconds
from billing_job.core.money import MICROS_PER_CENT, micros_from_decimal
from billing_job.core.wallet import Transaction

Json = Any
"""A value of a parsed JSON answer, numbers with a fraction as Decimal."""

REFERENCE_TYPES = {
    "order": "order",
    "number": "number",
    "did": "number",
    "didnumber": "number",
    "trunk": "trunk",
    "siptrunk": "trunk",
}
"""Last part of a reference type, singular, its letters alone and small → the word we use."""

FIELDS = ("id", "type", "amount", "currency", "description", "reference_type", "reference_id", "created_at")


class Reading(Protocol):
    """`[api.transactions]`: how amounts, signs and field names are read."""

    @property
    def amount_unit(self) -> str:
        """What an amount counts: "cents", "decimal", or "auto" to tell by how it is written."""

    @property
    def sign(self) -> str:
        """How an amount tells its direction: "signed" is negative for what left the wallet, "by_type" has no sign."""

    @property
    def credit_types(self) -> tuple[str, ...]:
        """Types that came into the wallet, for "by_type"."""

    @property
    def fields(self) -> Mapping[Any, str]:
        """Our names of fields → the supplier's, where they differ."""


def read_transaction(row: Json, reading: Reading) -> Transaction:
    """Read one element of `data`; never raises, an unreadable row says why in `problem`."""
    raw = canonical_json(row)
    fallback_id = f"row-{hashlib.sha256(raw.encode()).hexdigest()[:16]}"
    if not isinstance(row, dict):
        return Transaction(fallback_id, "", None, "", "", "", "", None, "the row is not a JSON object", raw)
    names = {field: reading.fields.get(field, field) for field in FIELDS}
    values = {field: row.get(name) for field, name in names.items()}
    problems: list[str] = []

    def attempt(field: str, read: Any, otherwise: Any) -> Any:
        try:
            return read(values[field])
        except ValueError as error:
            problems.append(f"{names[field]}: {error}")
            return otherwise

    transaction_id = attempt("id", read_id, fallback_id)
    type_ = attempt("type", _required_text, "")
    micros = attempt("amount", lambda value: read_amount(value, type_, reading), None)
    currency = attempt("currency", _required_text, "").upper()
    created_at = attempt("created_at", read_moment, None)
    return Transaction(
        transaction_id=transaction_id,
        type=type_.lower(),
        micros=micros,
        currency=currency,
        description=_text(values["description"]),
        reference_type=read_reference_type(values["reference_type"]),
        reference_id=_text(values["reference_id"]),
        created_at=created_at,
        problem="; ".join(problems),
        raw=raw,
    )


def read_id(value: Json) -> str:
    """An id is an int or a string without control characters."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = _required_text(value)
    if len(text) > 200 or not text.isprintable():
        raise ValueError("is longer than 200 characters or holds control characters")
    return text


def read_amount(value: Json, type_: str, reading: Reading) -> int:
    """Signed micros of an amount; ValueError says what is ambiguous or finer than a millionth."""
    micros = _unsigned_or_signed(value, reading.amount_unit)
    if reading.sign == "signed":
        return micros
    if micros < 0:
        raise ValueError(f'{value!s} is negative, but sign = "by_type" expects unsigned amounts')
    return micros if type_.lower() in {credit.lower() for credit in reading.credit_types} else -micros


def _unsigned_or_signed(value: Json, unit: str) -> int:
    if value is None or isinstance(value, bool | dict | list):
        raise ValueError("is missing" if value is None else "is neither a number nor a string")
    if isinstance(value, Decimal) and unit == "auto":
        raise ValueError(
            f'{value} is a number with a fraction: cents or euros? Set amount_unit to "cents" or "decimal"'
        )
    if unit == "decimal" or (unit == "auto" and isinstance(value, str)):
        return micros_from_decimal(str(value))
    text = str(value).strip()
    if not re.fullmatch(r"[+-]?\d{1,100}(\.0*)?", text):
        raise ValueError(f"{text!r} is not a whole number of cents")
    return int(text.partition(".")[0]) * MICROS_PER_CENT


def read_moment(value: Json) -> int:
    """Microseconds since 1970 of an ISO 8601 moment; without an offset it is UTC."""
    text = _required_text(value)
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter for the first and the last day that there is, in another zone
        raise ValueError(f"{text!r} is not a moment such as 2026-10-05T14:30:00Z") from None
    return microseconds(moment)


def read_reference_type(value: Json) -> str:
    r"""order, number or trunk for every known spelling; any other word in lower case; empty for none.

    >>> [read_reference_type(word) for word in ("Orders", "App\\Models\\SipTrunk", "DID", "campaign", None)]
    ['order', 'trunk', 'number', 'campaign', '']
    """
    text = _text(value)
    last = re.split(r"[\\/.:]", text)[-1]
    letters = re.sub(r"[-_\s]", "", last).lower()
    return REFERENCE_TYPES.get(letters) or REFERENCE_TYPES.get(letters.removesuffix("s")) or text.lower()


def canonical_json(value: Json) -> str:
    """ASCII JSON with sorted keys; numbers with a fraction keep every digit that came."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"))
    except TypeError:
        return _with_decimals(value)


def _with_decimals(value: Json) -> str:
    if isinstance(value, Decimal):
        # 150e0 came as a number with an exponent and must not come back as the integer 150: that would be cents.
        text = str(value)
        return text if set(text) & set(".E") else f"{text}e0"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{_with_decimals(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_with_decimals(item) for item in value) + "]"
    return json.dumps(value)


def parse_json(text: str | bytes) -> Json:
    """Parse an answer without losing a digit; ValueError when it is not JSON."""
    try:
        return json.loads(text, parse_float=_decimal, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text[:40]} is beyond every number") from None


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def _text(value: Json) -> str:
    if value is None:
        return ""
    return _storable(value.strip()) if isinstance(value, str) else canonical_json(value)


def _storable(text: str) -> str:
    """Halves of surrogate pairs and NUL are legal in JSON and refused by databases; `raw` keeps them."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")


def _required_text(value: Json) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("is missing" if value is None or value == "" else f"{canonical_json(value)} is not a text")
    return _storable(value.strip())
