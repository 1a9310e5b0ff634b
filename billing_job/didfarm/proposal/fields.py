"""What the fields besides money may be: id, type, description, currency, reference, quantity."""

from collections.abc import Iterator

from billing_job.didfarm.proposal.amounts import AMOUNTS, is_direction
from billing_job.didfarm.proposal.columns import (
    Column,
    Columns,
    all_or_none,
    every,
    full_name,
    is_number,
    is_text,
    plain_name,
    ranked,
    words_of,
)
from billing_job.didfarm.proposal.moments import formats_of
from billing_job.didfarm.wire_json import Json
from billing_job.didfarm.wire_words import REFERENCE_TYPES, read_reference_type

IDS = ("id", "transactionid", "txnid", "txid", "uuid", "guid", "transactionuuid", "entryid", "ledgerid", "movementid",
       "transactionnumber", "number", "reference", "ref", "code", "key", "hash")  # fmt: skip
TYPES = ("type", "transactiontype", "txntype", "kind", "category", "operation", "event", "action", "reason", "subtype",
         "service", "product", "entrytype", "name", "source")  # fmt: skip
DESCRIPTIONS = ("description", "memo", "note", "notes", "details", "detail", "label", "title", "narrative", "text",
                "comment", "remark", "remarks", "message", "summary", "subject", "desc", "name")  # fmt: skip
CURRENCIES = ("currency", "currencycode", "ccy", "currencyiso", "amountcurrency", "iso", "currencyname", "curr")
QUANTITIES = ("quantity", "qty", "units", "unitcount")
FEWEST_ROWS = 10
"""Rows among which a value of its own in each is no accident."""
MOST_TYPES = 20
"""Words of a column that may be the type though its name does not say so."""
REFERENCE_STEMS = ("reference", "ref", "referenceable", "source", "subject", "related", "entity", "object",
                   "model", "resource", "target", "payable", "item", "owner", "transactionable", "billable",
                   "document")  # fmt: skip


def other_fields(columns: Columns) -> Iterator[tuple[str, str]]:
    """Our names of fields and the paths that hold them, as far as names and values tell."""
    finders = {
        "id": ranked(columns, IDS, is_identity) or list(_unnamed_identities(columns)),
        "type": _types(columns),
        "description": ranked(columns, DESCRIPTIONS, all_or_none(lambda value: isinstance(value, str))),
        "quantity": ranked(columns, QUANTITIES, every(lambda value: str(value).isdigit())),
    }
    for field, paths in finders.items():
        if paths:
            yield field, paths[0]
    yield from _reference(columns).items()


def currency_path(columns: Columns) -> str:
    """The column that names a currency; empty when there is none."""
    found = [
        path for path, column in columns.items() if full_name(path) == "currencycode" and all_or_none(is_text)(column)
    ]
    found += ranked(columns, CURRENCIES, all_or_none(is_text))
    return found[0] if found else ""


def is_identity(column: Column) -> bool:
    """Whether each row has a value of its own, a number or a text."""
    fits = all(isinstance(value, int | str) and not isinstance(value, bool) and value != "" for value in column)
    return fits and len(set(map(str, column))) == len(column)


def _unnamed_identities(columns: Columns) -> Iterator[str]:
    """Columns under names that say nothing to us, in which many rows differ and that are neither money nor moments."""
    for path, column in columns.items():
        is_money = plain_name(path) in AMOUNTS or any(isinstance(value, int) and value <= 0 for value in column)
        if (
            len(column) >= FEWEST_ROWS
            and is_identity(column)
            and not is_money
            and next(formats_of(column), None) is None
        ):
            yield path


def _types(columns: Columns) -> list[str]:
    """Columns of types: those of several words come before one that is the same everywhere, or tells directions."""
    found = ranked(columns, TYPES, every(_is_word)) or [
        path
        for path, column in columns.items()
        if every(_is_word)(column) and 1 < len(set(column)) <= MOST_TYPES and not any(map(is_number, column))
    ]
    return sorted(
        found, key=lambda path: (is_direction(columns[path]), len(set(columns[path])) == 1 and len(found) > 1)
    )


def _is_word(value: Json) -> bool:
    return is_text(value) and len(value) <= 60


def _reference(columns: Columns) -> dict[str, str]:
    """The pair of columns that names what a row is about: a type and an id of one stem."""
    pairs: list[tuple[int, str, str]] = []
    for type_path, column in columns.items():
        stem = _stem(type_path, ("type", "kind", "class"))
        if stem not in REFERENCE_STEMS or not all_or_none(is_text)(column):
            continue
        for id_path in columns:
            if (
                _stem(id_path, ("id", "uuid", "key")) == stem
                and id_path.rpartition(".")[0] == type_path.rpartition(".")[0]
            ):
                known = sum(alias_of(word) != "" for word in words_of(column))
                pairs.append((-known, type_path, id_path))
    if not pairs:
        return {}
    _, type_path, id_path = min(pairs, key=lambda pair: pair[0])
    return {"reference_type": type_path, "reference_id": id_path}


def _stem(path: str, endings: tuple[str, ...]) -> str:
    for name in (plain_name(path), full_name(path)):
        for ending in endings:
            if name.endswith(ending) and name != ending:
                return name.removesuffix(ending)
    return ""


def alias_of(word: str) -> str:
    """order, number or trunk where the last word of a reference's type says so; empty when it says none of them.

    >>> [alias_of(word) for word in ("did_order", "DidNumber", "order", "campaign")]
    ['order', 'number', 'order', '']
    """
    known = set(REFERENCE_TYPES.values())
    if (read := read_reference_type(word)) in known:
        return read
    spaced = "".join(f" {c}" if c.isupper() else c for c in word).replace("_", " ").replace("-", " ")
    last = spaced.split()[-1].lower().removesuffix("s") if spaced.split() else ""
    words = {"order": "order", "purchase": "order", "checkout": "order", "number": "number", "did": "number",
             "phone": "number", "trunk": "trunk", "sip": "trunk"}  # fmt: skip
    return words.get(last, "")


def reference_aliases(column: Column) -> dict[str, str]:
    """The words of a reference's type that settings must name, because the reader does not know them by itself."""
    return {
        word.lower(): alias_of(word)
        for word in words_of(column)
        if alias_of(word) and read_reference_type(word) != alias_of(word)
    }
