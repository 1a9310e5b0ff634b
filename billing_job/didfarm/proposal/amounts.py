"""Every way in which the amounts of these rows may be read: fields, units, marks, directions and states.

Nothing here decides: a candidate is settings for the one reader of rows, and the wallet tells which of them is true.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from billing_job.didfarm.proposal.columns import (
    Column,
    Columns,
    all_or_none,
    every,
    full_name,
    is_number,
    plain_name,
    ranked,
    words_of,
)
from billing_job.didfarm.wire_json import Json

UNITS = ("cents", "decimal", "1/1000", "1/10000", "1/100000", "1/1000000")
AMOUNTS = (
    "amount", "value", "amountcents", "amountincents", "amountminor", "minoramount", "amountmicros", "signedamount",
    "amountvalue", "total", "totalamount", "netamount", "grossamount", "net", "gross", "sum", "delta", "change",
    "price", "cost", "charge", "money", "eur", "euros", "cents", "amounteur", "amounteuro",
)  # fmt: skip
DEBITS = ("debit", "debitamount", "amountout", "moneyout", "paidout", "out", "outgoing", "withdrawal", "withdrawn",
          "spent", "debited", "debitcents", "debits")  # fmt: skip
CREDITS = ("credit", "creditamount", "amountin", "moneyin", "paidin", "in", "incoming", "deposit", "deposited",
           "received", "credited", "creditcents", "credits")  # fmt: skip
USUAL_IN = ("credit", "cr", "in", "incoming", "deposit", "+")
USUAL_OUT = ("debit", "dr", "out", "outgoing", "withdraw", "withdrawal", "-")
"""What settings know without being told."""
PAIRS = (("c", "d"), ("inbound", "outbound"), ("income", "expense"), ("plus", "minus"), ("positive", "negative"),
         ("received", "sent"), ("added", "deducted"), ("topup", "charge"))  # fmt: skip
"""Other words for the two directions, each with its opposite."""
FLAGS_IN = ("iscredit", "credit", "incoming", "isincoming", "ispositive", "isdeposit")
FLAGS_OUT = ("isdebit", "debit", "outgoing", "isoutgoing", "isnegative", "iswithdrawal")
CAME_IN = {"topup", "deposit", "credit", "refund", "cashback", "reimbursement", "recharge", "prepayment", "incoming"}
WENT_OUT = {
    "renewal", "purchase", "sms", "call", "message", "debit", "charge", "fee", "withdrawal", "withdraw", "subscription",
    "rental", "setup", "order", "usage", "number", "did", "voice", "minutes", "invoice", "outgoing", "trunk", "mms",
    "checkout", "porting", "activation",
}  # fmt: skip
MOST_UNKNOWN_TYPES = 4
"""Types of unknown direction whose directions are all tried; with more of them, chance would find one that adds up."""
MOST_UNNAMED = 4
_MARKS = ((".", ""), (".", ","), (",", "."), (",", ""), (".", " "), (",", " "), (".", "'"), (",", "'"))


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to read the money of a row: keys of `[api.transactions]`, and of its `fields`."""

    settings: Mapping[str, Json]
    fields: Mapping[str, str]
    is_signed: bool
    """Whether the sign of the amount itself tells the direction."""


def amount_candidates(columns: Columns, type_path: str) -> Iterator[Candidate]:
    """The candidates, the likeliest first."""
    for fields, used in [*_amount_fields(columns), *_column_fields(columns)]:
        values = [value for path in used for value in columns[path]]
        for unit in _units(used, values):
            for marks in _marks(values):
                for directed in _directed(columns, fields, values, type_path):
                    yield Candidate(
                        {"amount_unit": unit, **marks, **directed.settings}, directed.fields, directed.is_signed
                    )


def _amount_fields(columns: Columns) -> Iterator[tuple[dict[str, str], tuple[str, ...]]]:
    named = ranked(columns, AMOUNTS, every(is_number))[:4] or ranked(columns, AMOUNTS, all_or_none(is_number))[:2]
    for path in named or list(_unnamed_numbers(columns))[:MOST_UNNAMED]:
        yield {"amount": path}, (path,)


def _unnamed_numbers(columns: Columns) -> Iterator[str]:
    """Numbers under names that say nothing to us, but for what is an id; the wallet may still prove one of them."""
    if next(_column_fields(columns), None) is None:
        for path, column in columns.items():
            if every(is_number)(column) and not plain_name(path).endswith(("id", "number")):
                yield path


def _column_fields(columns: Columns) -> Iterator[tuple[dict[str, str], tuple[str, ...]]]:
    debits, credits_ = (ranked(columns, names, all_or_none(_is_number_or_empty)) for names in (DEBITS, CREDITS))
    for debit in debits[:2]:
        for credit in credits_[:2]:
            yield {"debit": debit, "credit": credit}, (debit, credit)


def _units(paths: Sequence[str], values: Sequence[Json]) -> Sequence[str]:
    """What the amounts may count: what their name says, or else all units, the likelier first."""
    named = {unit for path in paths for unit in [unit_named(path)] if unit}
    if len(named) == 1:
        return tuple(named)
    return ("decimal", *(unit for unit in UNITS if unit != "decimal")) if any(map(shows_fraction, values)) else UNITS


def unit_named(path: str) -> str:
    """The unit that a field's name tells; empty when it tells none.

    >>> unit_named("amount_cents"), unit_named("balance.minor"), unit_named("amount")
    ('cents', 'cents', '')
    """
    name = full_name(path)
    if (
        name.endswith(("cents", "cent", "minor", "minorunits", "minoramount", "incents", "pence"))
        or "amountminor" in name
    ):
        return "cents"
    if name.endswith(("micros", "microunits", "millionths")):
        return "1/1000000"
    return "1/1000" if name.endswith(("millis", "mills", "thousandths")) else ""


def shows_fraction(value: Json) -> bool:
    """Whether a value has decimals: a JSON number with a point, or a text with a mark and digits behind it."""
    if isinstance(value, Decimal):
        return True
    return isinstance(value, str) and any(mark in value for mark in ".,")


def _marks(values: Sequence[Json]) -> Iterator[dict[str, Json]]:
    """The choices of marks that these texts leave open."""
    texts = [value.strip() for value in values if isinstance(value, str)]
    always: dict[str, Json] = {}
    negatives = [mark for mark in ("\u2212", "\u2013") if any(mark in text for text in texts)]
    negatives += ["()"] if any(text.startswith("(") and text.endswith(")") for text in texts) else []
    negatives += ["1-"] if any(text.endswith("-") for text in texts) else []
    if negatives:
        always["negative_marks"] = negatives
    symbols = {
        "".join(c for c in text if not c.isdigit() and c not in " .,'\u2019()+-\u2212\u2013\u00a0\u2009\u202f")
        for text in texts
    }
    if found := sorted(symbols - {""}):
        always["currency_marks"] = found
    is_marked = any(set(text) & set(",'\u2019 \u00a0\u2009\u202f") for text in texts)
    groups = any(len(text.rpartition(".")[2]) == 3 and "." in text for text in texts)
    for decimal, thousands in _MARKS if is_marked or groups else _MARKS[:1]:
        chosen = {"decimal_mark": decimal, "thousands_mark": thousands}
        usual = {"decimal_mark": ".", "thousands_mark": ""}
        yield {name: mark for name, mark in chosen.items() if mark != usual[name]} | always


def _directed(
    columns: Columns, fields: Mapping[str, str], values: Sequence[Json], type_path: str
) -> Iterator[Candidate]:
    """How the direction may be told."""
    if "debit" in fields:
        yield Candidate({}, fields, is_signed=False)
        return
    if any(_is_negative(value) for value in values):
        yield Candidate({}, fields, is_signed=True)
        yield Candidate({"sign": "inverted"}, fields, is_signed=True)
        return
    for path, column in columns.items():
        if words := _direction_words(path, column):
            yield Candidate(words if words.keys() != {"usual"} else {}, {**fields, "direction": path}, is_signed=False)
    yield from (
        Candidate({"sign": "by_type", "credit_types": list(came_in)}, fields, is_signed=False)
        for came_in in _credit_types(columns.get(type_path, ()))
    )
    yield Candidate({}, fields, is_signed=True)


def _direction_words(path: str, column: Column) -> dict[str, Json]:
    """in_words and out_words of a column that tells directions; {"usual": True} where the usual ones do; else empty."""
    if not column or any(value is None for value in column):
        return {}
    words = {word.lower().strip() for word in words_of(column)}
    if all(isinstance(value, bool) for value in column):
        if plain_name(path) in FLAGS_IN:
            return {"in_words": ["true"], "out_words": ["false"]}
        return {"in_words": ["false"], "out_words": ["true"]} if plain_name(path) in FLAGS_OUT else {}
    known = {*USUAL_IN, *USUAL_OUT, *(word for pair in PAIRS for word in pair)}
    if not all(isinstance(value, str) for value in column) or not words <= known:
        return {}
    if words <= {*USUAL_IN, *USUAL_OUT}:
        return {"usual": True}
    # A word names its opposite: a list without a top-up still tells which way its rows went.
    pairs = [pair for pair in PAIRS if words & {*pair}]
    return {
        "in_words": [*USUAL_IN, *(into for into, _ in pairs)],
        "out_words": [*USUAL_OUT, *(out for _, out in pairs)],
    }


def is_direction(column: Column) -> bool:
    """Whether all of a column's words tell directions."""
    return bool(_direction_words("", column))


def _credit_types(column: Column) -> Iterator[tuple[str, ...]]:
    """The sets of types that may have come in: the known ones, with every choice of those that could be either."""
    types = [word.lower() for word in words_of(column)]
    known_in = [type_ for type_ in types if direction_of(type_) == "in"]
    unknown = [type_ for type_ in types if not direction_of(type_)]
    if not column or len(unknown) > MOST_UNKNOWN_TYPES:
        return
    for count in range(len(unknown) + 1):
        for more in combinations(unknown, count):
            yield tuple(sorted({"topup", "refund", *known_in, *more}))


def direction_of(type_: str) -> str:
    """The way that movements of a type usually go, in or out; empty for a type that tells none.

    >>> direction_of("wallet_topup"), direction_of("sms"), direction_of("adjustment")
    ('in', 'out', '')
    """
    name = plain_name(type_)
    if any(word in name for word in CAME_IN):
        return "in"
    return "out" if any(word in name for word in WENT_OUT) else ""


def _is_negative(value: Json) -> bool:
    if isinstance(value, str):
        text = value.strip()
        return text.startswith("(") or any(mark in text for mark in "-\u2212\u2013")
    return isinstance(value, int | Decimal) and value < 0


def _is_number_or_empty(value: Json) -> bool:
    return is_number(value) or value == ""
