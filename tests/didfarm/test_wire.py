"""Reading transactions: nothing raises, nothing is lost, nothing is guessed."""

import contextlib
import json
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_job.config.reading import TransactionsReading
from billing_job.core.wallet import Balance, Transaction
from billing_job.didfarm.dotted_paths import at_path
from billing_job.didfarm.parsing import read_balance
from billing_job.didfarm.wire import FIELDS, read_transaction
from billing_job.didfarm.wire_amounts import PlainMarks, decided, read_number, to_micros
from billing_job.didfarm.wire_json import canonical_json, parse_json
from billing_job.didfarm.wire_reading import BalanceReading
from billing_job.didfarm.wire_words import read_reference_type

AUTO = TransactionsReading()
CENTS = TransactionsReading(amount_unit="cents")
DECIMAL = TransactionsReading(amount_unit="decimal")
BY_TYPE = TransactionsReading(sign="by_type", credit_types=("topup", "Refund"))
CENT = 10_000
EURO = 1_000_000

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


def _under(**settings: Any) -> TransactionsReading:
    return TransactionsReading.model_validate(settings)


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


@pytest.mark.parametrize("levels", [51, 98, 600, 5000])
def test_one_deep_row_costs_no_page(levels: int) -> None:
    """A row nested beyond reason waits by its id, whole as text; the rows beside it are read."""
    deep = (
        '{"id":7,"type":"sms","amount":-1,"currency":"EUR","created_at":"2026-10-05","x":' + "[" * levels + "]" * levels
    )
    body = parse_json('{"data":[' + canonical_json(ROW) + "," + deep + "}]}")
    plain, strange = (read_transaction(row, AUTO) for row in body["data"])
    assert plain.problem == ""
    assert (strange.transaction_id, strange.problem) == ("7", "the row is nested more than 50 levels deep")
    assert strange.raw.count("[") == levels
    assert read_transaction(parse_json(strange.raw), AUTO) == strange


def test_every_digit_is_kept() -> None:
    """A number with a fraction stays as it was written, and so does one of thirty digits."""
    text = '{"amount":1.50,"rate":0.1000000000000000055511151231257827,"big":123456789012345678901234567890}'
    assert parse_json(canonical_json(parse_json(text))) == parse_json(text)
    assert '"amount":1.50,' in canonical_json(parse_json(text))


# Amounts.


@pytest.mark.parametrize(
    ("amount", "settings", "micros"),
    [
        (-150, {}, -150 * CENT),
        ("-1.50", {}, -1_500_000),
        (" +1.5 ", {}, 1_500_000),
        ("0.0075", {}, 7_500),
        ("0.750", {}, 750_000),  # no thousands begin with a zero
        ("1234.500", {}, 1_234_500_000),  # nor have they four digits
        (0, {}, 0),
        ("-0", {}, 0),
        ("0.00", {}, 0),
        ("007.50", {}, 7_500_000),
        (-12_345_678_901_234_567_890, {}, -12_345_678_901_234_567_890 * CENT),
        ("-123456789012345678.90", {}, -12_345_678_901_234_567_890 * CENT),
        ("-150", {"amount_unit": "cents"}, -150 * CENT),
        ("-0.75", {"amount_unit": "cents"}, -7_500),
        (Decimal("-150.0"), {"amount_unit": "cents"}, -150 * CENT),
        (-150, {"amount_unit": "decimal"}, -150 * EURO),
        ("150", {"amount_unit": "decimal"}, 150 * EURO),
        ("1.234", {"amount_unit": "decimal"}, 1_234_000),
        (Decimal("-1.5"), {"amount_unit": "decimal"}, -1_500_000),
        (Decimal("7.5e-6"), {"amount_unit": "decimal"}, None),
        (Decimal("7.0e-6"), {"amount_unit": "decimal"}, 7),
        (Decimal("1E+2"), {"amount_unit": "decimal"}, 100 * EURO),
        (-1505, {"amount_unit": "1/1000"}, -1_505_000),
        ("-15025", {"amount_unit": "1/10000"}, -1_502_500),
        (-1, {"amount_unit": "1/1000000"}, -1),
        (15, {"amount_unit": "1/10"}, 1_500_000),
        ("1,234.50", {"thousands_mark": ","}, 1_234_500_000),
        ("-1,50", {"decimal_mark": ","}, -1_500_000),
        ("1.234,56", {"decimal_mark": ",", "thousands_mark": "."}, 1_234_560_000),
        ("-1\u00a0250.00", {"thousands_mark": " "}, -1_250 * EURO),
        ("1'250.00", {"thousands_mark": "'"}, 1_250 * EURO),
        ("\u22121.50", {"negative_marks": ["\u2212"]}, -1_500_000),
        ("(1.50)", {"negative_marks": ["()"]}, -1_500_000),
        ("1.50-", {"negative_marks": ["1-"]}, -1_500_000),
        ("-€ 1.50", {"currency_marks": ["€"]}, -1_500_000),
        ("€-1.50", {"currency_marks": ["€"]}, -1_500_000),
        ("1.50 EUR", {"currency_marks": ["EUR"]}, 1_500_000),
        (150, {"sign": "by_type"}, -150 * CENT),
        (0, {"sign": "by_type"}, 0),
        (150, {"sign": "inverted"}, -150 * CENT),
    ],
)
def test_amounts_are_exact(amount: Any, settings: dict[str, Any], micros: int | None) -> None:
    """Whatever unit and marks the settings tell, of any length, to a millionth of the currency."""
    row = _read(_under(**settings), amount=amount)
    assert (row.micros, bool(row.problem)) == (micros, micros is None)


@pytest.mark.parametrize("type_", ["topup", "TOPUP", "refund"])
def test_credit_types_come_in(type_: str) -> None:
    """With unsigned amounts the type decides, in whatever case it is written."""
    assert _read(BY_TYPE, amount=150, type=type_).micros == 150 * CENT


@pytest.mark.parametrize(
    ("amount", "reading", "message"),
    [
        (Decimal("-1.5"), AUTO, "cents or euros"),
        (Decimal("1E+2"), AUTO, "cents or euros"),
        ("-3800", AUTO, "cents or euros"),
        ("1.234", AUTO, 'Set amount_unit = "decimal", or decimal_mark = "," and thousands_mark = "."'),
        ("0.0000005", AUTO, "finer than a millionth"),
        ("1,234", AUTO, 'set thousands_mark = "," or decimal_mark = ","'),
        ("1,234.50", AUTO, 'set thousands_mark = ","'),
        ("1.234,56", DECIMAL, 'set decimal_mark = "," and thousands_mark = "."'),
        ("1,50", AUTO, 'set decimal_mark = ","'),
        ("1 250.00", AUTO, 'set thousands_mark = " "'),
        ("\u22121.50", AUTO, 'set negative_marks = ["\u2212"]'),
        ("(1.50)", AUTO, 'set negative_marks = ["()"]'),
        ("1.50-", AUTO, 'set negative_marks = ["1-"]'),
        ("EUR 1.50", AUTO, 'set currency_marks = ["EUR"]'),
        ("€1.234,50", AUTO, 'set decimal_mark = "," and thousands_mark = "." and currency_marks = ["€"]'),
        ("12,34,567.00", _under(thousands_mark=","), "is not an amount"),
        ("-\u0661\u0665\u0660", CENTS, "digits other than 0 to 9"),
        ("\uff11\uff15\uff10", CENTS, "digits other than 0 to 9"),
        ("1e2", DECIMAL, "an exponent"),
        ("--1.50", DECIMAL, "not an amount"),
        ("- 1.50", DECIMAL, "not an amount"),
        (".50", DECIMAL, "not an amount"),
        ("NaN", DECIMAL, "not an amount"),
        ("0x10", DECIMAL, "not an amount"),
        ("", AUTO, "is empty"),
        (None, AUTO, "is missing"),
        (True, AUTO, "neither a number nor a string"),
        ([150], AUTO, "neither a number nor a string"),
        ("9" * 101, CENTS, "more than 100 digits"),
        (Decimal("1e999999"), DECIMAL, "more than 100 digits"),
        (-150, BY_TYPE, "expects unsigned"),
    ],
)
def test_doubtful_amounts_are_refused(amount: Any, reading: TransactionsReading, message: str) -> None:
    """What could mean two things waits as an exception, and says which setting would help."""
    row = _read(reading, amount=amount)
    assert row.micros is None
    assert row.problem.startswith("amount: ")
    assert message in row.problem


_UNITS = {"cents": 10_000, "decimal": 1_000_000} | {f"1/{10**n}": 10 ** (6 - n) for n in range(1, 7)}


@given(
    st.integers(-(10**18), 10**18),
    st.sampled_from(sorted(_UNITS)),
    st.sampled_from([(".", ""), (".", ","), (",", "."), (".", " "), (",", "'")]),
)
def test_what_is_written_is_read(micros: int, unit: str, marks: tuple[str, str]) -> None:
    """The text of an amount in any unit and marks reads back to the same millionths."""
    whole, rest = divmod(abs(micros), _UNITS[unit])
    places = len(str(_UNITS[unit])) - 1
    fraction = f"{marks[0]}{rest:0{places}d}" if places else ""
    text = ("-" if micros < 0 else "") + f"{whole:,}".replace(",", marks[1]) + fraction
    assert to_micros(read_number(text, PlainMarks(*marks)), unit) == micros


@given(st.text(st.characters(categories=["Nd", "Nl", "No", "Sc", "Pd", "Zs", "Po"]) | st.sampled_from("0159.,-+eE")))
def test_no_foreign_mark_is_ever_a_number(text: str) -> None:
    """What is read without settings is ASCII digits with one hyphen or plus and one point, and nothing else."""
    try:
        number = read_number(text, PlainMarks())
    except ValueError:
        return
    bare = text.strip()
    assert set(bare) <= set("0123456789.+-")
    assert Fraction(bare) == Fraction(number.digits, 10**number.places)


@pytest.mark.parametrize(
    ("forms", "unit"),
    [
        ((), ""),
        (("integer", "", "integer"), "cents"),
        (("point", "three"), "decimal"),
        (("three",), "three"),
        (("whole",), "whole"),
        (("fraction",), "fraction"),
        (("integer", "fraction"), "fraction+integer"),
        (("whole", "point"), "point+whole"),
        (("point", "integer"), "integer+point"),
    ],
)
def test_auto_decides_for_all(forms: tuple[str, ...], unit: str) -> None:
    """Only all-integers and all-decimals decide, in whatever order they came; what is zero decides nothing."""
    assert decided(forms) == decided(reversed(forms)) == unit


@pytest.mark.parametrize(
    ("came_to", "amount", "micros"),
    [
        ("cents", -150, -150 * CENT),
        ("cents", "-1.50", None),
        ("cents", "0.00", 0),
        ("decimal", "-1.234", -1_234_000),
        ("decimal", -150, None),
        ("decimal", "-150", None),
        ("integer+point", -150, None),
        ("integer+point", "-1.50", None),
        ("integer+point", 0, 0),
        ("whole", "-3800", None),
    ],
)
def test_a_row_of_another_form_waits(came_to: str, amount: Any, micros: int | None) -> None:
    """Once the ledger has decided, another form waits; while rows disagree none is read but zeros."""
    row = _read(AUTO.model_copy(update={"amount_unit": f"auto:{came_to}"}), amount=amount)
    assert row.micros == micros
    assert ("Set amount_unit" in row.problem) == (micros is None)


DIRECTED = _under(fields={"direction": "dc"}, in_words=["C", "true"], out_words=["D", "false"])
COLUMNS = _under(fields={"debit": "out", "credit": "in"})


@pytest.mark.parametrize(
    ("reading", "changes", "micros", "problem"),
    [
        (DIRECTED, {"amount": 150, "dc": "d"}, -150 * CENT, ""),
        (DIRECTED, {"amount": 150, "dc": " C "}, 150 * CENT, ""),
        (DIRECTED, {"amount": -150, "dc": False}, -150 * CENT, ""),
        (DIRECTED, {"amount": 150, "dc": True}, 150 * CENT, ""),
        (DIRECTED, {"amount": -150, "dc": "C"}, None, "direction (dc): 'c' came in, but the amount is negative"),
        (DIRECTED, {"amount": 150, "dc": "x"}, None, "direction (dc): 'x' is in neither in_words nor out_words"),
        (DIRECTED, {"amount": 150}, None, "direction (dc): 'missing' is in neither in_words nor out_words"),
        (COLUMNS, {"out": "1.50", "in": None}, -1_500_000, ""),
        (COLUMNS, {"out": "0.00", "in": "1.50"}, 1_500_000, ""),
        (COLUMNS, {"out": 150, "in": 0}, -150 * CENT, ""),
        (COLUMNS, {"in": "2.00"}, 2 * EURO, ""),
        (COLUMNS, {"out": "", "in": "0.00"}, 0, ""),
        (COLUMNS, {"out": "1.50", "in": "1.50"}, None, "debit (out): and credit are both set: which moved money?"),
        (COLUMNS, {}, None, "debit (out): is missing, as is credit"),
        (COLUMNS, {"out": "-1.50"}, None, "debit (out): '-1.50' is negative, though the column tells the direction"),
        (COLUMNS, {"in": "x"}, None, "credit (in): 'x' is not an amount such as -1.50"),
    ],
)
def test_direction_and_columns_decide_by_themselves(
    reading: TransactionsReading, changes: dict[str, Any], micros: int | None, problem: str
) -> None:
    """A mapped direction, or columns of debit and credit, tell which way an amount went, whatever `sign` says."""
    row = _read(reading, **changes)
    assert (row.micros, row.problem) == (micros, problem)


STATUS = {"fields": {"status": "state"}, "settled_words": ["Completed", "true"], "void_words": ["failed", "false"]}
DELETED = {"fields": {"status": "state"}, "settled_words": ["null", "missing"], "void_words": ["set"]}


@pytest.mark.parametrize(
    ("settings", "changes", "standing"),
    [
        (STATUS, {"state": "completed"}, "settled"),
        (STATUS, {"state": True}, "settled"),
        (STATUS, {"state": "FAILED"}, "void"),
        (STATUS, {"state": False}, "void"),
        (STATUS, {"state": "pending"}, "pending"),
        (STATUS, {"state": None}, "pending"),
        (STATUS, {}, "pending"),
        (DELETED, {"state": None}, "settled"),
        (DELETED, {}, "settled"),
        (DELETED, {"state": "2026-10-31T10:00:00Z"}, "void"),
    ],
)
def test_a_status_tells_what_moved_money(settings: dict[str, Any], changes: dict[str, Any], standing: str) -> None:
    """Words, booleans, null and what is not there; a word that no list has waits, and so does a missing field."""
    row = _read(_under(**settings), **changes)
    assert row.standing == standing
    assert row.problem == ("status (state): is missing" if standing == "pending" and not changes else "")


@pytest.mark.parametrize(
    ("value", "quantity", "problem"),
    [
        (3, 3, ""),
        ("120", 120, ""),
        (Decimal("2.0"), 2, ""),
        (0, 0, ""),
        (None, None, ""),
        (-1, None, "quantity (units): -1 is not a whole number from 0 to 1000000000"),
        ("1.5", None, "quantity (units): '1.5' is not a whole number from 0 to 1000000000"),
        ("\u0663", None, "quantity (units): '\u0663' has digits other than 0 to 9"),
    ],
)
def test_a_quantity_is_a_whole_number(value: Any, quantity: int | None, problem: str) -> None:
    """Null tells no units; other than whole ones are a problem; a charge must not lack the field, a top-up may."""
    reading = _under(fields={"quantity": "units"})
    row = _read(reading, units=value)
    assert (row.quantity, row.problem) == (quantity, problem)
    assert _read(reading).problem == "quantity (units): is missing"
    assert _read(reading, amount=150).problem == ""
    assert _read(units=value).quantity is None


# Balances.


@pytest.mark.parametrize(
    ("body", "settings", "balance"),
    [
        ({"balance": "142.50", "currency": "EUR"}, {}, Balance(142_500_000, "EUR", 2)),
        ({"data": {"balance": "142.50", "currency": "eur"}}, {}, Balance(142_500_000, "EUR", 2)),
        ({"balance": Decimal("142.5")}, {"otherwise": "EUR"}, Balance(142_500_000, "EUR", 2)),
        ({"balance": "142.5075", "currency": "EUR"}, {}, Balance(142_507_500, "EUR", 4)),
        ({"balance": 14250, "currency": "EUR"}, {"amount_unit": "cents"}, Balance(142_500_000, "EUR", 2)),
        ({"balance": 142507, "currency": "EUR"}, {"amount_unit": "1/1000"}, Balance(142_507_000, "EUR", 3)),
        (
            {"balance": {"amount": "1.00", "currency": "USD"}},
            {"amount": "balance.amount", "currency": "balance.currency"},
            Balance(EURO, "USD", 2),
        ),
        ("1.00", {"otherwise": "EUR"}, Balance(EURO, "EUR", 2)),
        ("1,234.00", {"otherwise": "EUR", "marks": PlainMarks(".", ",")}, Balance(1_234 * EURO, "EUR", 2)),
        ({"balance": "1.00", "currency": "€"}, {"currencies": {"€": "EUR"}}, Balance(EURO, "EUR", 2)),
        ({"balance": "1.00"}, {}, "currency"),
        ({"balance": "1.00", "currency": 978}, {"otherwise": "EUR"}, "currency"),
        ({"balance": {"amount": "1.00"}}, {}, "is an object of amount"),
        ({"balance": None, "currency": "EUR"}, {}, "is missing"),
        ({"balance": "\u0661", "currency": "EUR"}, {}, "digits other than 0 to 9"),
        ([], {}, "neither a number nor a string"),
    ],
)
def test_balances_are_read_as_settings_say(body: Any, settings: dict[str, Any], balance: Balance | str) -> None:
    """A number, text or object, anywhere in the answer, with a currency or without; the places it shows are kept."""
    reading = BalanceReading(**settings)
    if isinstance(balance, Balance):
        assert read_balance(body, reading) == balance
    else:
        with pytest.raises(ValueError, match=balance):
            read_balance(body, reading)


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
    assert _read(reference_type=value).reference_type == word


@pytest.mark.parametrize("spelling", ["did_order", "DID Orders", "DidOrder", "App\\Models\\DidOrder"])
def test_reference_types_of_the_settings(spelling: str) -> None:
    """An alias is known in every spelling that the known words are known in."""
    assert _read(_under(reference_types={"did_order": "order"}), reference_type=spelling).reference_type == "order"


TWO_THIRTY = 1_791_210_600_000_000
"""2026-10-05T14:30:00Z"""


@pytest.mark.parametrize(
    ("value", "settings", "micros"),
    [
        ("2026-10-05T14:30:00Z", {}, TWO_THIRTY),
        ("2026-10-05T14:30:00", {}, TWO_THIRTY),
        ("2026-10-05 14:30:00", {}, TWO_THIRTY),
        ("2026-10-05T16:30:00+02:00", {"timezone": "Asia/Tokyo"}, TWO_THIRTY),
        ("2026-10-05T14:30:00.000000Z", {}, TWO_THIRTY),
        ("20261005T143000Z", {}, TWO_THIRTY),
        ("2026-10-05 16:30:00", {"timezone": "Europe/Amsterdam"}, TWO_THIRTY),
        (1_791_210_600, {}, TWO_THIRTY),
        ("1791210600", {"timezone": "Asia/Tokyo"}, TWO_THIRTY),
        (Decimal("1791210600.25"), {}, TWO_THIRTY + 250_000),
        (2_000_000_000, {"moment_format": "epoch"}, 2_000_000_000_000_000),
        (1_791_210_600_250, {"moment_format": "epoch_ms"}, TWO_THIRTY + 250_000),
        ("1791210600000001", {"moment_format": "epoch_us"}, TWO_THIRTY + 1),
        ("05/10/2026 14:30:00", {"moment_format": "%d/%m/%Y %H:%M:%S"}, TWO_THIRTY),
        ("05.10.2026 16:30", {"moment_format": "%d.%m.%Y %H:%M", "timezone": "Europe/Amsterdam"}, TWO_THIRTY),
        ("Mon, 05 Oct 2026 14:30:00 +0000", {"moment_format": "%a, %d %b %Y %H:%M:%S %z"}, TWO_THIRTY),
        # 25 October 2026, 03:30 in Amsterdam is after the clocks were put back, 01:30 before it: UTC+1, UTC+2.
        ("2026-10-25 03:30:00", {"timezone": "Europe/Amsterdam"}, 1_792_895_400_000_000),
        ("2026-10-25 01:30:00", {"timezone": "Europe/Amsterdam"}, 1_792_884_600_000_000),
    ],
)
def test_moments_are_read_as_settings_say(value: Any, settings: dict[str, Any], micros: int) -> None:
    """ISO 8601 in its usual forms, seconds since 1970 and fractions of them, strptime's formats; UTC without a zone."""
    row = _read(_under(**settings), created_at=value)
    assert (row.created_at, row.problem, row.is_day) == (micros, "", False)


@pytest.mark.parametrize(
    ("value", "settings", "message"),
    [
        (None, {}, "is missing"),
        ("", {}, "is missing"),
        ("yesterday", {}, "set moment_format"),
        ("05/10/2026", {}, "set moment_format"),
        ("14:30:00", {}, "not a moment"),
        (42, {}, "not a moment"),
        ("2610051430", {}, 'set moment_format = "epoch"'),
        (True, {}, "not a moment"),
        (1_791_210_600_000, {}, 'set moment_format = "epoch_ms"'),
        ("1791210600000000", {}, 'set moment_format = "epoch_us"'),
        ("2026-10-05", {"moment_format": "epoch"}, "not a count since 1970"),
        ("1791210600", {"moment_format": "%d/%m/%Y"}, "not a moment of the form %d/%m/%Y"),
        ("\u0662\u0660\u0662\u0666-10-05", {}, "other characters than ASCII"),
        ("\u0660\u0665/10/2026", {"moment_format": "%d/%m/%Y"}, "other characters than ASCII"),
        ("2026-10-25 02:30:00", {"timezone": "Europe/Amsterdam"}, "was twice on the clocks of Europe/Amsterdam"),
        ("2026-03-29 02:30:00", {"timezone": "Europe/Amsterdam"}, "was never on the clocks of Europe/Amsterdam"),
        ("0001-01-01T00:00:00+14:00", {}, "beyond the calendar"),
        ("9999-12-31T23:59:59-14:00", {}, "beyond the calendar"),
        ("9" * 18, {"moment_format": "epoch_ms"}, "not a moment as epoch_ms has it"),
        # A supplier's empty date, and what no --month could bill: were they moments, nobody would be told of them.
        ("1970-01-01T00:00:00Z", {}, "not in the years 2000 to 2099"),
        (0, {"moment_format": "epoch"}, "not in the years 2000 to 2099"),
        ("0026-10-05T14:30:00Z", {}, "not in the years 2000 to 2099"),
        ("9999-12-31T23:59:59Z", {}, "not in the years 2000 to 2099"),
    ],
)
def test_other_moments_set_the_row_aside(value: Any, settings: dict[str, Any], message: str) -> None:
    """What is no moment, or could be two, waits, and says which setting would help."""
    row = _read(_under(**settings), created_at=value)
    assert row.created_at is None
    assert row.problem.startswith("created_at: ")
    assert message in row.problem


@pytest.mark.parametrize(
    ("value", "settings", "micros"),
    [
        ("2026-10-31", {}, 1_793_404_800_000_000),
        (
            "31.10.2026",
            {"moment_format": "%d.%m.%Y", "timezone": "Europe/Amsterdam"},
            1_793_401_200_000_000,
        ),
        # Clocks in Havana are put back from 01:00 to midnight on 1 November 2026: the day begins once, at UTC-4.
        ("2026-11-01", {"timezone": "America/Havana"}, 1_793_505_600_000_000),
    ],
)
def test_a_day_begins_at_midnight_in_the_suppliers_zone(value: str, settings: dict[str, Any], micros: int) -> None:
    """A day without a time is its first moment there, and is known as one."""
    row = _read(_under(**settings), created_at=value)
    assert (row.created_at, row.is_day, row.problem) == (micros, True, "")


# Paths and names.


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a.b", 1),
        ("a.c.1.d", 2),
        ("x.y", 3),
        ("x.y.z", "none"),
        ("n.m.o", None),
        ("a.c.2", "none"),
        ("a.c.-1", "none"),
        ("a.c.\u0661", "none"),
        ("p.q.r", 4),
        ("nowhere", "none"),
    ],
)
def test_one_function_walks_a_path(path: str, value: Any) -> None:
    """Through objects and lists; a key that has the dots in itself comes first; below null all is null."""
    wire = {
        "a": {"b": 1, "c": [0, {"d": 2}]},
        "x.y": 3,
        "x": {"y": 5},
        "n": None,
        "p.q": {"r": 4},
        "p": {"q": {"r": 6}},
    }
    assert at_path(wire, path, "none") == value


def test_fields_may_stand_elsewhere() -> None:
    """`[api.transactions.fields]` says where; problems name our field and the path."""
    paths = {
        "id": "uuid", "amount": "money.value", "currency": "money.currency.code", "created_at": "times.0",
        "reference_type": "about.type", "reference_id": "about.id",
    }  # fmt: skip
    reading = _under(fields=paths)
    wire: dict[str, Any] = {
        "uuid": "tx_1", "type": "sms", "money": {"value": "-1.50", "currency": {"code": "eur"}},
        "times": ["2026-10-05T14:30:00Z"], "about": {"type": "did", "id": 42},
    }  # fmt: skip
    row = read_transaction(wire, reading)
    assert (row.transaction_id, row.micros, row.currency, row.created_at) == ("tx_1", -1_500_000, "EUR", TWO_THIRTY)
    assert (row.reference_type, row.reference_id, row.problem) == ("number", "42", "")
    assert read_transaction(wire | {"about": None}, reading).problem == ""
    assert read_transaction(wire | {"money": {"currency": {"code": "EUR"}}}, reading).problem == (
        "amount (money.value): is missing"
    )


@pytest.mark.parametrize(
    ("settings", "value", "currency"),
    [
        ({"currency": "EUR"}, None, "EUR"),
        ({"currency": "EUR"}, "", "EUR"),
        ({"currency": "EUR"}, "usd", "USD"),
        ({"currencies": {"€": "EUR"}}, "€", "EUR"),
        ({}, None, ""),
        ({"currency": "EUR"}, {"code": "EUR"}, ""),
    ],
)
def test_a_rows_own_currency_wins(settings: dict[str, Any], value: Any, currency: str) -> None:
    """The configured one is for rows that name none; a sign is a currency where settings say which."""
    row = _read(_under(**settings), currency=value)
    assert (row.currency, row.problem.startswith("currency: ")) == (currency, not currency)


@pytest.mark.parametrize(
    "settings",
    [
        {"amount_unit": "1/100000000"},
        {"decimal_mark": ",", "thousands_mark": ","},
        {"fields": {"debit": "out"}},
        {"fields": {"debit": "out", "credit": "in", "amount": "value"}},
        {"fields": {"debit": "out", "credit": "in", "direction": "dc"}},
        {"fields": {"status": "state"}},
        {"settled_words": ["completed"]},
        {"fields": {"status": "state"}, "settled_words": ["Done"], "void_words": ["done"]},
        {"in_words": ["x"], "out_words": ["X"]},
        {"fields": {"colour": "c"}},
        {"fields": {"amount": "a..b"}},
        {"timezone": "Europe/Amsterdm"},
        {"moment_format": "%d/%m %H:%M"},
        {"moment_format": "%d/%m/%Y %I:%M"},
        {"moment_format": "%d/%m/%Y %H:%M %Z"},
        {"moment_format": "seconds"},
        {"currency": "euro"},
        {"currency_marks": ["1"]},
        {"negative_marks": ["~"]},
        {"reference_types": {"x": "invoice"}},
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings: dict[str, Any]) -> None:
    """A mapping that could be read in two ways, or not at all, never comes as far as a row."""
    with pytest.raises(ValueError, match="TransactionsReading"):
        _under(**settings)


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
