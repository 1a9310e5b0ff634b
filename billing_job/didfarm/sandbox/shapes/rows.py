"""Edits of a row: how a supplier may word amounts, direction, moments, references and status (one thing an edit)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from billing_job.didfarm.sandbox.holdings import WireRow
from billing_job.didfarm.sandbox.shapes.shape import Edit, Json, Truth

CURRENCY = "EUR"
LOCAL = ZoneInfo("Europe/Amsterdam")
CLASS_NAMES = {"order": "App\\Models\\Order", "number": "App\\Models\\DidNumber", "trunk": "App\\Models\\SipTrunk"}

Worded = Callable[[int], Json]
"""Micros → what stands on the wire."""


def decimals(places: int, *, mark: str = ".", thousands: str = "", minus: str = "-", plus: str = "") -> Worded:
    """A text of the currency with so many places: "-1.50"."""

    def worded(micros: int) -> Json:
        text = f"{abs(Decimal(micros)) / 1_000_000:,.{places}f}"
        text = text.replace(",", "t").replace(".", mark).replace("t", thousands)
        return (minus if micros < 0 else plus) + text

    return worded


def integers(per_unit: int) -> Worded:
    """A whole number of units of `per_unit` micros: cents are 10,000."""
    return lambda micros: micros // per_unit if micros >= 0 else -(-micros // per_unit)


def texts(worded: Worded) -> Worded:
    """The same as a JSON string."""
    return lambda micros: str(worded(micros))


def number(micros: int) -> Json:
    """A JSON number of the currency as PHP writes it: -1.5, and 25 without a point."""
    value = Decimal(micros) / 1_000_000
    return int(value) if value == int(value) else value.normalize()


def number_with_point(per_unit: int) -> Worded:
    """A JSON number that always shows a point: -150.0."""
    return lambda micros: Decimal(micros // per_unit).quantize(Decimal("0.1"))


def unsigned(worded: Worded) -> Worded:
    """The same without its sign."""
    return lambda micros: worded(abs(micros))


def negated(worded: Worded) -> Worded:
    """What left the wallet is positive."""
    return lambda micros: worded(-micros)


def amount(worded: Worded, name: str = "amount") -> Edit:
    """The amount in other words, and perhaps under another name."""
    return lambda row, truth: _without(row, "amount") | {name: worded(truth.micros)}


def amount_object(worded: Worded, key: str = "amount") -> Edit:
    """{"amount": …, "currency": "EUR"} in place of the amount; the row itself then names no currency."""
    return lambda row, truth: _without(row, "currency") | {"amount": {key: worded(truth.micros), "currency": CURRENCY}}


def columns(worded: Worded, debit: str, credit: str, empty: Json) -> Edit:
    """Two columns in place of the amount; the other one is `empty`."""

    def edit(row: WireRow, truth: Truth) -> WireRow:
        sides = {debit: empty, credit: empty}
        sides[debit if truth.micros < 0 else credit] = worded(abs(truth.micros))
        return _without(row, "amount") | sides

    return edit


def direction(name: str, out: Json, into: Json) -> Edit:
    """A word for the direction."""
    return lambda row, truth: row | {name: out if truth.micros < 0 else into}


def after(worded: Worded, name: str = "balance_after") -> Edit:
    """The wallet's balance after the row."""
    return lambda row, truth: row | {name: worded(truth.after)}


def moment(worded: Callable[[datetime], Json], name: str = "created_at") -> Edit:
    """The moment in other words, and perhaps under another name."""

    def edit(row: WireRow, truth: Truth) -> WireRow:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=truth.moment)
        return _without(row, "created_at") | {name: worded(at)}

    return edit


def utc_as(pattern: str) -> Callable[[datetime], Json]:
    """strftime's pattern, in UTC."""
    return lambda at: at.strftime(pattern)


def local_as(pattern: str) -> Callable[[datetime], Json]:
    """strftime's pattern, in the seller's zone."""
    return lambda at: at.astimezone(LOCAL).strftime(pattern)


def with_offset(at: datetime) -> Json:
    """ISO 8601 with the seller's offset."""
    return at.astimezone(LOCAL).isoformat()


def epoch(per_second: int) -> Callable[[datetime], Json]:
    """Seconds since 1970, or milliseconds."""
    return lambda at: int(at.timestamp()) * per_second


def mail_date(at: datetime) -> Json:
    """As in an e-mail: Mon, 05 Oct 2026 14:30:00 +0000."""
    return format_datetime(at)


def renamed(**names: str) -> Edit:
    """Fields under other names, in their places."""
    return lambda row, truth: {names.get(name, name): value for name, value in row.items()}


def without(*names: str) -> Edit:
    """A row that lacks these fields."""
    return lambda row, truth: _without(row, *names)


def changed(name: str, word: Callable[[Json], Json]) -> Edit:
    """One field's value in other words; null stays null."""
    return lambda row, truth: row | {name: None if row[name] is None else word(row[name])}


def added(**fields: Json) -> Edit:
    """Fields that all rows have alike."""
    return lambda row, truth: row | fields


def nested(name: str, **keys: str) -> Edit:
    """Fields moved into an object; reference_type="type" in "reference" makes reference.type."""

    def edit(row: WireRow, truth: Truth) -> WireRow:
        inner = {inside: row[outside] for outside, inside in keys.items() if outside in row}
        return _without(row, *keys) | {name: inner}

    return edit


def attributes(row: WireRow, truth: Truth) -> WireRow:
    """JSON:API: id and type outside, everything else in `attributes`."""
    inner = _without(row, "id", "type") | {"kind": row["type"]}
    return {"id": row["id"], "type": "wallet-transactions", "attributes": inner}


def status(name: str, moved: Json, idle: Json) -> Edit:
    """A field that tells what moved money."""
    return lambda row, truth: row | {name: moved if truth.has_moved else idle}


def _without(row: WireRow, *names: str) -> WireRow:
    return {name: value for name, value in row.items() if name not in names}
