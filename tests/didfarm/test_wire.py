"""Reading transactions: nothing raises, nothing is lost, nothing is guessed."""

import contextlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_job.config.reading import TransactionsReading
from billing_job.core.wallet import Transaction
from billing_job.didfarm.wire import (
    FIELDS,
    canonical_json,
    parse_json,
    read_amount,
    read_moment,
    read_reference_type,
    read_transaction,
)

AUTO = TransactionsReading()
CENTS = TransactionsReading(amount_unit="cents")
DECIMAL = TransactionsReading(amount_unit="decimal")
BY_TYPE = TransactionsReading(sign="by_type", credit_types=("topup", "Refund"))

ROW = {
    "id": 90122,
    "type": "renewal",
    "amount": -150,
    "currency": "EUR",
    "description": "Monthly rental +31201234567",
    "reference_type": "number",
    "reference_id": 42,
    "created_at": "2026-10-05T14:30:00Z",
}


def _read(reading: TransactionsReading = AUTO, **changes: Any) -> Transaction:
    return read_transaction(ROW | changes, reading)


def test_the_row_of_the_design_is_read() -> None:
    """Every field of the agreed example, moments in microseconds of UTC, the row itself kept."""
    row = _read()
    assert (row.transaction_id, row.type, row.micros, row.currency) == ("90122", "renewal", -1_500_000, "EUR")
    assert (row.reference_type, row.reference_id, row.problem) == ("number", "42", "")
    assert row.created_at == 1_791_210_600_000_000
    assert json.loads(row.raw) == ROW


# Anything may come.

_TEXT = st.text(st.characters(exclude_categories=()))  # halves of surrogate pairs too: JSON can carry them
_SCALARS = st.none() | st.booleans() | st.integers() | _TEXT | st.decimals(allow_nan=False, allow_infinity=False)
_JSON = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4))
_LIKELY = _JSON | st.from_regex(r"-?\d{1,30}(\.\d{1,4})?", fullmatch=True) | st.datetimes().map(str)
_ROWS = _JSON | st.dictionaries(st.sampled_from(FIELDS), _LIKELY)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_ROWS, st.sampled_from((AUTO, CENTS, DECIMAL, BY_TYPE)))
def test_no_row_is_too_strange_to_be_kept(row: Any, reading: TransactionsReading) -> None:
    """Reading never raises, and what is kept reads back as what came; an unreadable row says why."""
    read = read_transaction(row, reading)
    assert parse_json(read.raw) == row
    assert read_transaction(parse_json(read.raw), reading) == read
    assert bool(read.problem) == (
        read.micros is None or read.created_at is None or not (read.type and read.currency)
    ) or (isinstance(row, Mapping) and read.transaction_id.startswith("row-"))
    for text in (read.transaction_id, read.type, read.currency, read.description, read.reference_id):
        text.encode()  # a database takes no halves of surrogate pairs
        assert "\0" not in text


def test_a_whole_number_with_an_exponent_stays_ambiguous() -> None:
    """-150e0 is refused when it comes, and again when the stored row is read anew: it never turns into cents."""
    row = parse_json('{"id": 1, "type": "call", "amount": -150e0, "currency": "EUR", "created_at": "2026-10-05"}')
    first = read_transaction(row, TransactionsReading())
    assert (first.micros, read_transaction(parse_json(first.raw), TransactionsReading())) == (None, first)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text() | st.binary())
def test_no_answer_is_too_strange_to_be_refused(text: str | bytes) -> None:
    """A body is JSON or a ValueError, nothing else."""
    with contextlib.suppress(ValueError):
        parse_json(text)


@pytest.mark.parametrize("body", ["NaN", "[Infinity]", "[" * 100_000, "1e9999999999999999999999", "9" * 5000, b"\xff"])
def test_bodies_that_break_parsers_are_refused(body: str | bytes) -> None:
    """Constants that are not JSON, depth and numbers beyond reason, and bytes that are no text."""
    with pytest.raises(ValueError):  # noqa: PT011 - the messages are the parser's own
        parse_json(body)


def test_every_digit_is_kept() -> None:
    """A number with a fraction stays as it was written, and so does one of thirty digits."""
    text = '{"amount":1.50,"rate":0.1000000000000000055511151231257827,"big":123456789012345678901234567890}'
    assert parse_json(canonical_json(parse_json(text))) == parse_json(text)
    assert '"amount":1.50,' in canonical_json(parse_json(text))


# Amounts.


@pytest.mark.parametrize(
    ("amount", "reading", "cents"),
    [
        (-150, AUTO, -150),
        ("-1.50", AUTO, -150),
        ("150", AUTO, 15_000),
        (" +1.5 ", AUTO, 150),
        ("1.500", AUTO, 150),
        (-12_345_678_901_234_567_890, AUTO, -12_345_678_901_234_567_890),
        ("-123456789012345678.90", AUTO, -12_345_678_901_234_567_890),
        ("-150", CENTS, -150),
        (Decimal("-150.0"), CENTS, -150),
        (-150, CENTS, -150),
        (-150, DECIMAL, -15_000),
        (Decimal("-1.5"), DECIMAL, -150),
        ("-1.50", DECIMAL, -150),
        (150, BY_TYPE, -150),
        (0, BY_TYPE, 0),
    ],
)
def test_amounts_are_exact(amount: Any, reading: TransactionsReading, cents: int) -> None:
    """Cents or euros by what the JSON is or by what the settings say, of any length, signed."""
    assert read_amount(amount, "renewal", reading) == cents * 10_000


@pytest.mark.parametrize("type_", ["topup", "TOPUP", "refund"])
def test_credit_types_come_in(type_: str) -> None:
    """With unsigned amounts the type decides, in whatever case it is written."""
    assert read_amount(150, type_, BY_TYPE) == 1_500_000


@pytest.mark.parametrize(
    ("amount", "reading", "message"),
    [
        (Decimal("-1.5"), AUTO, "cents or euros"),
        (Decimal("1E+2"), AUTO, "cents or euros"),
        (Decimal("1.5"), CENTS, "not a whole number of cents"),
        ("1.0000005", AUTO, "finer than a millionth"),
        ("1,50", AUTO, "not a decimal amount"),
        ("EUR 1.50", AUTO, "not a decimal amount"),
        ("1e2", DECIMAL, "not a decimal amount"),
        ("", AUTO, "not a decimal amount"),
        (None, AUTO, "is missing"),
        (True, AUTO, "neither a number nor a string"),
        ([150], AUTO, "neither a number nor a string"),
        (-150, BY_TYPE, "expects unsigned"),
    ],
)
def test_doubtful_amounts_are_refused(amount: Any, reading: TransactionsReading, message: str) -> None:
    """What could mean two things, or is no whole cent, waits as an exception and says why."""
    row = _read(reading, amount=amount)
    assert row.micros is None
    assert row.problem.startswith("amount: ")
    assert message in row.problem


# The other fields.


@pytest.mark.parametrize("plural", ["", "s"])
@pytest.mark.parametrize(
    ("names", "word"),
    [
        (("order", "Order", "ORDER"), "order"),
        (("number", "Number", "did", "DID", "did_number", "DidNumber", "DIDNumber", "DID number"), "number"),
        (("trunk", "TRUNK", "sip_trunk", "SipTrunk", "SIPTrunk", "sip-trunk", "SIP_TRUNK"), "trunk"),
    ],
)
def test_reference_types_in_every_spelling(names: tuple[str, ...], word: str, plural: str) -> None:
    """Any case, singular or plural, snake, kebab or camel case, and as the name of a Laravel class."""
    for name in names:
        for spelling in (
            name + plural,
            f"App\\Models\\{name}{plural}",
            f"app/models/{name}{plural}",
            f" {name}{plural} ",
        ):
            assert read_reference_type(spelling) == word


@pytest.mark.parametrize(("value", "word"), [(None, ""), ("", ""), ("Campaign", "campaign"), ("s", "s"), (7, "7")])
def test_other_reference_types_stay_what_they_are(value: Any, word: str) -> None:
    """None for none, and an unknown word as it came, in small letters."""
    assert read_reference_type(value) == word


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-05T14:30:00Z",
        "2026-10-05T14:30:00",
        "2026-10-05 14:30:00",
        "2026-10-05T16:30:00+02:00",
        "2026-10-05T14:30:00.000000Z",
        "20261005T143000Z",
    ],
)
def test_moments_without_an_offset_are_utc(text: str) -> None:
    """ISO 8601 in its usual forms, all the same moment."""
    assert read_moment(text) == 1_791_210_600_000_000


@pytest.mark.parametrize(
    "value", [None, "", "yesterday", 1_791_210_600, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
)
def test_other_moments_set_the_row_aside(value: Any) -> None:
    """Also those that an offset leads out of the calendar."""
    row = _read(created_at=value)
    assert row.created_at is None
    assert row.problem.startswith("created_at: ")


def test_fields_may_have_other_names() -> None:
    """`[api.transactions.fields]` says which; problems name the field as it is on the wire."""
    reading = TransactionsReading(fields={"created_at": "date", "amount": "value"})
    wire = {**ROW, "date": ROW["created_at"], "value": "-1.50"}
    del wire["created_at"], wire["amount"]
    assert (read_transaction(wire, reading).micros, read_transaction(wire, reading).problem) == (-1_500_000, "")
    assert read_transaction(wire | {"value": None}, reading).problem == "value: is missing"


@pytest.mark.parametrize("value", [None, "", " ", 1.5, True, [1], "a\nb", "x" * 201])
def test_a_row_without_a_usable_id_gets_one_of_its_content(value: Any) -> None:
    """The same content gives the same id, so that reading it again adds nothing."""
    row = _read(id=value)
    assert row.transaction_id.startswith("row-")
    assert row.problem.startswith("id: ")
    assert row.transaction_id == _read(id=value).transaction_id != _read(id=value, amount=1).transaction_id


def test_what_nobody_announced_is_kept() -> None:
    """An unknown field changes nothing but the row that is kept, and what tells its versions apart."""
    row = _read(carrier_note={"hops": 2})
    assert json.loads(row.raw)["carrier_note"] == {"hops": 2}
    assert row.sha256 != _read().sha256
    assert row.problem == ""
