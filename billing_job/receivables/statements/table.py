"""CSV statements, with the columns that `[bank.csv]` names."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal

from billing_job.core.bank_entry import BankEntry, EntryPart, Statement
from billing_job.core.files.csv_reader import separator_of
from billing_job.receivables.statements.ours import (
    CsvColumns,
    House,
    cents_of,
    days_of,
    decimal_of,
    foreign_iban,
    our_account,
)

_TWO_WAYS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
_CAME = frozenset({"bij", "c", "cr", "crdt", "credit", "h", "haben", "+"})
_WENT = frozenset({"af", "d", "db", "dr", "dbit", "debit", "debet", "s", "soll", "-"})
"""What banks write in a column beside amounts without a sign: in Dutch, English, German and as ISO 20022 has it."""
_NOT_BOOKED = frozenset(
    {
        "pending", "pdng", "declined", "failed", "rejected", "reverted", "canceled", "cancelled", "vorgemerkt",
        "umsatz vorgemerkt", "reserviert", "gereserveerd", "in behandeling", "en attente",
    }
)  # fmt: skip
"""What banks write in a column of their own beside what moved nothing, or not yet."""
_REST_OF_MOMENT = re.compile(r"(?:[T ].*)?")


def csv_statements(content: bytes, house: House) -> list[Statement]:
    """A statement for each account of the file; ValueError names row and column."""
    columns = house.columns
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text), strict=True)
    try:
        rows = [[cell.strip() for cell in row] for row in reader]
    except csv.Error as error:
        raise ValueError(f"row {reader.line_num}: is not readable as CSV ({error})") from None
    header = [name.casefold() for name in rows[0]] if rows else []
    needed = (columns.date, columns.amount, *([columns.direction] if columns.direction else []))
    missing = [name for name in needed if name.casefold() not in header]
    if missing:
        raise ValueError(
            f"is neither CAMT, MT940 nor a CSV with the columns {' and '.join(needed)}: it has no"
            f" {' and no '.join(missing)}; name its columns in [bank.csv]"
        )
    twice = sorted({name for name in _names(columns) if header.count(name) > 1})
    if twice:
        raise ValueError(f"has the column {twice[0]} twice: say by another name in [bank.csv] which one is meant")
    if not columns.direction:
        _refuse_unsigned(rows, header, columns)
    named = {*_names(columns)}
    unnamed = [place for place, name in enumerate(header) if name not in named]
    by_account: dict[str, list[BankEntry]] = {}
    for number, row in enumerate(rows[1:], 2):
        if not any(row):
            continue
        if len(row) != len(header):
            raise ValueError(f"row {number}: has {len(row)} cells, the first row has {len(header)}")
        # As in CAMT: a statement of a later day tells it, mostly under another date.
        if any(row[place].casefold() in _NOT_BOOKED for place in unnamed):
            continue
        try:
            entry = _entry(dict(zip(header, row, strict=True)), house)
        except ValueError as error:
            raise ValueError(f"row {number}: {error}") from None
        by_account.setdefault(entry.account, []).append(entry)
    if not by_account:
        by_account[our_account(house.accounts[0] if house.accounts else "", house)] = []
    return [Statement("csv", account, "", tuple(own), *days_of(own)) for account, own in by_account.items()]


def _refuse_unsigned(rows: list[list[str]], header: list[str], columns: CsvColumns) -> None:
    """ValueError where a column that nobody named says that an amount without a sign went out."""
    amount, told = header.index(columns.amount.casefold()), {*_names(columns)}
    for place, name in enumerate(header):
        words = [(row[place].casefold(), row[amount]) for row in rows[1:] if len(row) == len(header) and row[place]]
        said = {word for word, _ in words}
        # A hyphen alone stands for an empty cell.
        if name in told or not said - {"-"} or not said <= _CAME | _WENT:
            continue
        if any(word in _WENT and not cents.startswith("-") and not cents.endswith("-") for word, cents in words):
            raise ValueError(
                f"its amounts have no sign, and the column {rows[0][place]} says which way they went: set"
                f' bank.csv.direction = "{rows[0][place]}" in billing.toml'
            )


def _names(columns: CsvColumns) -> Iterator[str]:
    told = (columns.date, columns.amount, columns.currency, columns.text, columns.reference, columns.iban, columns.name)
    return (name.casefold() for name in (*told, columns.id, columns.account, columns.direction) if name)


def _entry(cells: Mapping[str, str], house: House) -> BankEntry:
    columns = house.columns

    def cell(name: str) -> str:
        return cells.get(name.casefold(), "") if name else ""

    account = our_account(cell(columns.account) or (house.accounts[0] if house.accounts else ""), house)
    cents = cents_of(_amount(cell(columns.amount), comma=columns.decimal_comma), f"column {columns.amount}")
    if columns.direction:
        cents = _directed(cents, cell(columns.direction), columns.direction)
    currency = cell(columns.currency).upper() or house.currency
    iban = re.sub(r"\s", "", cell(columns.iban)).upper()
    text = cell(columns.text)
    reference = cell(columns.reference)
    part = EntryPart(
        cents,
        cell(columns.name),
        iban if iban not in house.accounts else foreign_iban(text, house.accounts),
        (reference,) if reference else (),
        "",
        text,
    )
    return BankEntry(account, _day(cell(columns.date), columns.date_format), cents, currency, cell(columns.id), (part,))


def _amount(text: str, *, comma: bool) -> Decimal:
    try:
        value = decimal_of(re.sub(r"[\s\u00a0']", "", text), comma=comma)
    except ValueError:
        mark, other = ("point", "false") if comma else ("comma", "true")
        hint = f"; set bank.csv.decimal_comma = {other} if it has a decimal {mark}" if text else ""
        raise ValueError(f"{text!r} is not an amount{hint}") from None
    if _TWO_WAYS.fullmatch(text):
        raise ValueError(f"{text!r} may be thousands or three decimals: let the bank write amounts with two decimals")
    return value


def _directed(cents: int, told: str, column: str) -> int:
    """The amount with the sign of its direction; one that is signed already must have it."""
    word = told.casefold()
    if word not in _CAME | _WENT:
        raise ValueError(
            f"column {column}: {told!r} does not say whether it came in (Bij, C, H) or went out (Af, D, S)"
        )
    if cents < 0 and word in _CAME:
        raise ValueError(f"column {column}: {told!r} says that it came in, and the amount is below zero")
    return abs(cents) if word in _CAME else -abs(cents)


def _day(text: str, date_format: str) -> date:
    try:
        if date_format:
            return datetime.strptime(text, date_format).date()  # noqa: DTZ007
        if not _REST_OF_MOMENT.fullmatch(text[10:]):
            raise ValueError
        return date.fromisoformat(text[:10])
    except ValueError:
        expected = f"a day written as {date_format}" if date_format else "a day such as 2026-11-20; see date_format"
        raise ValueError(f"{text!r} is not {expected}") from None
