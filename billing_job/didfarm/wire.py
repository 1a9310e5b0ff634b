"""What a transaction looks like on the wire, and how it is read.

The guide shows no transaction body, so DESIGN ("Transactions on the wire") settles one. A row that cannot be read is
kept raw, with the reason; nothing is guessed and nothing is dropped. `wire_json` parses the answer that it stands in,
`wire_reading` has what settings say of it; `wire_amounts`, `wire_moments` and `wire_words` read single values.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from billing_job.core.text import storable
from billing_job.core.wallet import PENDING, SETTLED, VOID, Standing, Transaction
from billing_job.didfarm.dotted_paths import MISSING, at_path
from billing_job.didfarm.wire_amounts import Form, Number, PlainMarks, read_number, to_micros, unit_of
from billing_job.didfarm.wire_json import Json, canonical_json, parse_json
from billing_job.didfarm.wire_moments import read_moment
from billing_job.didfarm.wire_reading import Reading
from billing_job.didfarm.wire_words import read_reference_type, small_words, word_of

Read = TypeVar("Read")

FIELDS = ("id", "type", "amount", "currency", "description", "reference_type", "reference_id", "created_at")
"""Fields that are read under their own names unless settings map them; others are read where they are mapped."""
DEEPEST_ROW = 50
"""Levels of a row that can be read; a deeper one waits."""
MOST_UNITS = 10**9


@dataclass(frozen=True, slots=True)
class _Fields:
    """A row by our names, and what is wrong with it."""

    row: Json
    paths: Mapping[Any, str]
    problems: list[str] = field(default_factory=list)

    def value(self, name: str) -> Json:
        """What stands under the field's path, MISSING where nothing does."""
        return at_path(self.row, self.paths.get(name, name), MISSING)

    def word(self, name: str) -> str:
        """The same as a word in small letters, "missing" where nothing stands."""
        value = self.value(name)
        return "missing" if value is MISSING else word_of(value)

    def attempt(self, name: str, read: Callable[[Json], Read], otherwise: Read) -> Read:
        """What is read from a field; a ValueError becomes a problem in the row's words."""
        value = self.value(name)
        try:
            return read(None if value is MISSING else value)
        except ValueError as error:
            self.problem(name, error)
            return otherwise

    def problem(self, name: str, error: object) -> None:
        """Note what is wrong with a field."""
        path = self.paths.get(name, name)
        self.problems.append(f"{name}: {error}" if path == name else f"{name} ({path}): {error}")


def read_transaction(row: Json, reading: Reading) -> Transaction:
    """Read one element of the list; never raises, an unreadable row says why in `problem`."""
    return _read(row, canonical_json(row), reading)


def read_stored(raw: str, reading: Reading) -> Transaction:
    """Read a row as the ledger has it, which is as `canonical_json` writes it."""
    return _read(parse_json(raw), raw, reading)


def _read(row: Json, raw: str, reading: Reading) -> Transaction:
    if not isinstance(row, dict):
        return Transaction(_id_of(raw), "", None, "", "", "", "", None, "the row is not a JSON object", raw)
    fields = _Fields(row, reading.fields)
    # It has at least as many brackets as levels.
    if raw.count("{") + raw.count("[") > DEEPEST_ROW and _is_deep(row):
        fields.problems.append(f"the row is nested more than {DEEPEST_ROW} levels deep")
    transaction_id = fields.attempt("id", read_id, "") or _id_of(raw)
    type_ = fields.attempt("type", _required_text, "").lower()
    micros, form = _read_amount(fields, type_, reading)
    currency = fields.attempt("currency", lambda value: _read_currency(value, reading), "")
    moment = fields.attempt(
        "created_at", lambda value: read_moment(value, reading.timezone, reading.moment_format), None
    )
    standing = _read_standing(fields, reading)
    quantity = _read_quantity(fields, micros) if "quantity" in reading.fields else None
    return Transaction(
        transaction_id=transaction_id,
        type=type_,
        micros=micros,
        currency=currency,
        description=_text(fields.value("description")),
        reference_type=read_reference_type(_text(fields.value("reference_type")), reading.reference_types),
        reference_id=_text(fields.value("reference_id")),
        created_at=None if moment is None else moment.micros,
        problem="; ".join(fields.problems),
        raw=raw,
        standing=standing,
        quantity=quantity,
        amount_form=form,
        is_day=moment is not None and moment.is_day,
    )


def _id_of(raw: str) -> str:
    """What a row without an id of its own goes by."""
    return f"row-{hashlib.sha256(raw.encode()).hexdigest()[:16]}"


def read_id(value: Json) -> str:
    """An id is an int or a string without control characters."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = _required_text(value)
    if len(text) > 200 or not text.isprintable():
        raise ValueError("is longer than 200 characters or holds control characters")
    return text


def _read_amount(fields: _Fields, type_: str, reading: Reading) -> tuple[int | None, Form]:
    """Signed micros, and the form that decides about `auto`; None with a problem that is noted."""
    name = "amount"
    form: Form = ""
    try:
        if "debit" in reading.fields:
            side = _debit_or_credit(fields, reading)
            if side is None:
                return None, ""
            name, number = side
            form = number.tells
            micros = to_micros(number, unit_of(number, reading.amount_unit))
            return (-micros if name == "debit" else micros), form
        value = fields.value("amount")
        number = read_number(None if value is MISSING else value, reading)
        form = number.tells
        micros = to_micros(number, unit_of(number, reading.amount_unit))
        if "direction" in reading.fields:
            name = "direction"
            return _directed(micros, fields.word("direction"), reading), form
        return _signed(micros, type_, reading), form
    except ValueError as error:
        fields.problem(name, error)
        return None, form


def _debit_or_credit(fields: _Fields, reading: Reading) -> tuple[str, Number] | None:
    """Which of the two columns says something, and what; None with a problem that is noted."""
    sides: dict[str, Number] = {}
    for name in ("debit", "credit"):
        value = fields.value(name)
        if value is MISSING or value is None or (isinstance(value, str) and not value.strip()):
            continue
        try:
            sides[name] = read_number(value, reading)
            if sides[name].digits < 0:
                raise ValueError(f"{sides[name].shown} is negative, though the column tells the direction")
        except ValueError as error:
            fields.problem(name, error)
            return None
    told = {name: number for name, number in sides.items() if number.digits}
    if not sides or len(told) == 2:
        fields.problem("debit", "and credit are both set: which moved money?" if sides else "is missing, as is credit")
        return None
    return next(iter((told or sides).items()))


def _directed(micros: int, word: str, reading: Reading) -> int:
    """An amount whose direction is told by a word; one with a sign must say the same."""
    comes_in, leaves = word in small_words(reading.in_words), word in small_words(reading.out_words)
    if not comes_in and not leaves:
        raise ValueError(f"{word!r} is in neither in_words nor out_words")
    if comes_in and micros < 0:
        raise ValueError(f"{word!r} came in, but the amount is negative")
    return micros if comes_in else -abs(micros)


def _signed(micros: int, type_: str, reading: Reading) -> int:
    if reading.sign == "signed":
        return micros
    if reading.sign == "inverted":
        return -micros
    if micros < 0:
        raise ValueError('is negative, but sign = "by_type" expects unsigned amounts')
    if not type_:
        raise ValueError('has no direction: sign = "by_type" needs the type')
    return micros if type_ in small_words(reading.credit_types) else -micros


def _read_currency(value: Json, reading: Reading) -> str:
    if (value is None or value == "") and reading.currency:
        return reading.currency
    text = _required_text(value)
    return reading.currencies.get(text, text).upper()


def _read_standing(fields: _Fields, reading: Reading) -> Standing:
    """Whether a row moved money; "set" stands for whatever says something and is not in the other words."""
    if "status" not in reading.fields:
        return SETTLED
    value = fields.value("status")
    word, settled, void = fields.word("status"), small_words(reading.settled_words), small_words(reading.void_words)
    if word in settled or word in void:
        return SETTLED if word in settled else VOID
    if value is MISSING:
        fields.problem("status", "is missing")
    elif value is not None and value is not False and word and ("set" in settled or "set" in void):
        return SETTLED if "set" in settled else VOID
    return PENDING


def _read_quantity(fields: _Fields, micros: int | None) -> int | None:
    """The whole number of units; None where a row tells none, which is a problem if it is not there and money left."""
    value = fields.value("quantity")
    if value is None or (value is MISSING and micros is not None and micros >= 0):
        return None
    try:
        number = read_number(None if value is MISSING else value, PlainMarks())
        whole: int = 10**number.places
        units, part = divmod(number.digits, whole)
        if part or not 0 <= units <= MOST_UNITS:
            raise ValueError(f"{number.shown} is not a whole number from 0 to {MOST_UNITS}")
    except ValueError as error:
        fields.problem("quantity", error)
        return None
    return units


def _is_deep(row: Json) -> bool:
    layer, levels = [row], 1
    while layer := [inner for outer in layer for inner in _inside(outer) if isinstance(inner, dict | list)]:
        levels += 1
        if levels > DEEPEST_ROW:
            return True
    return False


def _inside(value: Json) -> Iterator[Json]:
    yield from value.values() if isinstance(value, dict) else value


def _text(value: Json) -> str:
    if value is None or value is MISSING:
        return ""
    return storable(value.strip()) if isinstance(value, str) else canonical_json(value)


def _required_text(value: Json) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("is missing" if value is None or value == "" else f"{canonical_json(value)} is not a text")
    return storable(value.strip())
