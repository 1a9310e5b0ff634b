"""Which account, name and tax code a posting has in each program: accounts.csv, and shipped rows for what it lacks.

A row matches a posting when every cell that is not `*` (or empty) equals the posting's. Of the rows that match, one for
the format itself wins over one for all formats; then the one with most cells filled in; then, from left to right, the
one whose first differing cell is filled in.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from billing_job.accounting.export import one_line
from billing_job.core.errors import ConfigError
from billing_job.core.resources import shipped_config

COLUMNS = (
    "kind", "client_id", "category", "vat_case", "rate", "country", "format", "account", "name", "tax_code",
)  # fmt: skip
"""Columns of accounts.csv; `kind` and `account` are required, the others may be empty or missing."""
VAT_CASES = ("S", "OSS", "AE", "O", "E", "Z")
"""EN 16931 categories (BT-151), and OSS: category S at the rate of a client's country that is not the seller's."""
FORMAT_NAMES = (
    "csv", "hledger", "beancount", "gnucash", "datev", "exact", "xero", "quickbooks", "sage50", "fec",
)  # fmt: skip
"""Names of the formats, as `--format` and `[accounting] formats` say them; `csv` reads the rows for all formats."""

_CONDITIONS = ("client_id", "category", "vat_case", "rate", "country")
_ANY = ("", "*")


class AccountKind(StrEnum):
    """What a posting is, whatever the program calls its account; the value is the word of accounts.csv."""

    RECEIVABLE = "receivable"
    REVENUE = "revenue"
    VAT = "vat"
    EXPENSE = "expense"
    WALLET = "wallet"
    CLEARING = "clearing"
    PARTY = "party"
    """Not a posting: the client's own number in the program's address book, such as a DATEV debtor account."""


@dataclass(frozen=True, slots=True)
class AccountKey:
    """What decides an account: the posting's kind, category, VAT case, rate in percent ("21") and client's country."""

    kind: AccountKind
    client_id: str = ""
    category: str = ""
    vat_case: str = ""
    rate: str = ""
    country: str = ""

    def __str__(self) -> str:
        conditions = (f"{name} {getattr(self, name)}" for name in _CONDITIONS if getattr(self, name))
        return f"kind {self.kind}" + "".join(f", {condition}" for condition in conditions)


@dataclass(frozen=True, slots=True)
class Account:
    """An account of one program: its number or full name, what it is called, and the program's tax code with it."""

    code: str
    name: str
    tax_code: str


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One row of accounts.csv; empty conditions match all. `{category}` and the like stand for the posting's own."""

    kind: AccountKind
    client_id: str
    category: str
    vat_case: str
    rate: str
    country: str
    format: str
    account: str
    name: str
    tax_code: str

    def conditions(self) -> tuple[str, ...]:
        """All that decides whether the row matches; two rows of a file that agree in it contradict each other."""
        return (self.kind, self.format, *(getattr(self, name) for name in _CONDITIONS))

    def matches(self, format_name: str, key: AccountKey) -> bool:
        """Whether the row speaks of this posting in this program."""
        return (
            self.kind == key.kind
            and self.format in ("", format_name)
            and all(getattr(self, name) in ("", getattr(key, name)) for name in _CONDITIONS)
        )

    def precedence(self) -> tuple[bool, int, tuple[bool, ...]]:
        """Larger wins: the format first, then how many conditions are filled in, then which."""
        filled = tuple(bool(getattr(self, name)) for name in _CONDITIONS)
        return bool(self.format), sum(filled), filled

    def account_of(self, key: AccountKey) -> Account:
        """The account with the posting's own words in place of the braces."""
        words = {name: _word(getattr(key, name)) for name in _CONDITIONS} | {"rate_1": _one_place(key.rate)}
        return Account(*(text.format_map(words) for text in (self.account, self.name, self.tax_code)))


@dataclass(frozen=True, slots=True)
class Accounts:
    """All rows; `source` is the file to add to when one is missing."""

    rows: tuple[AccountRow, ...]
    source: str
    _found: dict[tuple[str, AccountKey], Account | None] = field(default_factory=dict, init=False, compare=False)
    """What was looked up before: thousands of documents ask for the same few accounts."""

    def chart(self, format_name: str, keys: Iterable[AccountKey]) -> Mapping[AccountKey, Account]:
        """The accounts of one program for these keys; ConfigError names every row to add, all at once."""
        found = {key: self.find(format_name, key) for key in dict.fromkeys(keys)}
        missing = [
            f"{self.source}: no account for {key} in format {format_name}: add a row with these cells and its account"
            for key, account in found.items()
            if account is None
        ]
        if missing:
            raise ConfigError(missing)
        return {key: account for key, account in found.items() if account is not None}

    def find(self, format_name: str, key: AccountKey) -> Account | None:
        """The account of one key, or None."""
        if (format_name, key) not in self._found:
            matching = [row for row in self.rows if row.matches(format_name, key)]
            best = max(matching, key=AccountRow.precedence).account_of(key) if matching else None
            self._found[format_name, key] = best
        return self._found[format_name, key]

    def party(self, format_name: str, client_id: str) -> str | None:
        """The client's own number in a program's address book, or None when no row gives it."""
        account = self.find(format_name, AccountKey(AccountKind.PARTY, client_id=client_id))
        return account.code if account else None


def load_accounts(path: Path | None) -> Accounts:
    """Read accounts.csv: columns in any order, with a BOM, with `;` or `,`; None is the shipped file alone.

    A file's rows replace the shipped rows of the same kind and format; the other shipped rows stay. ConfigError lists
    every bad row with file, row and column.
    """
    shipped = shipped_config() / "accounts.csv"
    problems: list[str] = []
    default = _readable_rows(shipped, problems)
    own = [] if path is None else _readable_rows(path, problems)
    if problems:
        raise ConfigError(problems)
    replaced = {(row.kind, row.format) for row in own}
    kept = [row for row in default if (row.kind, row.format) not in replaced]
    return Accounts((*own, *kept), str(path or shipped))


def _readable_rows(path: Path, problems: list[str]) -> list[AccountRow]:
    try:
        return list(_rows(path, problems))
    except csv.Error as error:
        problems.append(f"{path}: is not readable as CSV ({error})")
        return []


def _rows(path: Path, problems: list[str]) -> Iterator[AccountRow]:
    """The good rows of one file; what is wrong with the others goes to `problems`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{path}: cannot be read ({error}); check the path and that it is saved as 'CSV UTF-8'")
        return
    first_line = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if first_line.count(";") else ",")
    header = [name.strip().lower() for name in next(reader, [])]
    unknown = [name for name in header if name not in COLUMNS]
    wrong = [f"column {name}: is unknown; the columns are {', '.join(COLUMNS)}" for name in unknown]
    twice = sorted({name for name in header if header.count(name) > 1})
    wrong += [f"column {name}: is there twice; remove one" for name in twice]
    wrong += [f"column {name}: is missing; add it" for name in ("kind", "account") if name not in header]
    if wrong:
        problems.extend(f"{path}, row 1, {problem}" for problem in wrong)
        return
    seen: dict[tuple[str, ...], str] = {}
    for number, cells in enumerate(reader, 2):
        if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
            continue
        place = f"{path}, row {number}"
        if len(cells) > len(header):
            problems.append(f"{place}: has {len(cells)} cells, the first row has {len(header)}")
            continue
        values = dict.fromkeys(COLUMNS, "") | dict(zip(header, (cell.strip() for cell in cells), strict=False))
        complaints = list(_complaints(values))
        problems.extend(f"{place}, column {column}: {values[column]!r}: {what}" for column, what in complaints)
        if complaints:
            continue
        row = _row(values)
        if row.conditions() in seen:
            problems.append(f"{place}: has the same conditions as {seen[row.conditions()]}; remove one")
        seen.setdefault(row.conditions(), f"row {number}")
        yield row


def _row(values: Mapping[str, str]) -> AccountRow:
    conditions = {name: "" if values[name] in _ANY else values[name] for name in (*_CONDITIONS, "format")}
    if "." in conditions["rate"]:
        conditions["rate"] = conditions["rate"].rstrip("0").rstrip(".")
    texts = {name: values[name] for name in ("account", "name", "tax_code")}
    return AccountRow(kind=AccountKind(values["kind"]), **conditions, **texts)


def _complaints(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Column and remedy for everything wrong with a row."""
    if values["kind"] not in list(AccountKind):
        yield "kind", f"write one of {', '.join(AccountKind)}"
    if values["vat_case"] not in (*_ANY, *VAT_CASES):
        yield "vat_case", f"write one of {', '.join(VAT_CASES)}, or * for all"
    if values["format"] not in (*_ANY, *FORMAT_NAMES):
        yield "format", f"write one of {', '.join(FORMAT_NAMES)}, or * for all"
    if values["rate"] not in _ANY and not values["rate"].replace(".", "", 1).isdecimal():
        yield "rate", "write the rate in percent, such as 21 or 25.5, or * for all"
    if values["country"] not in _ANY and not (len(values["country"]) == 2 and values["country"].isupper()):
        yield "country", "write the two-letter code of ISO 3166, such as NL, or * for all"
    if values["kind"] == AccountKind.PARTY and values["client_id"] in _ANY:
        yield "client_id", "a party row is one client's: write its client_id"
    if not values["account"]:
        yield "account", "it is required"
    words = dict.fromkeys((*_CONDITIONS, "rate_1"), "")
    for column in ("account", "name", "tax_code"):
        try:
            values[column].format_map(words)
        except (KeyError, ValueError, IndexError, AttributeError):
            yield column, f"the words that may stand in braces are {', '.join(f'{{{word}}}' for word in words)}"


def _word(text: str) -> str:
    """A posting's own word as part of an account's name: on one line, and no `:`, which would begin another part."""
    return one_line(text.replace(":", "-")) or "other"


def _one_place(rate: str) -> str:
    """A rate with at least one place, as some programs name their tax codes: "21" is "21.0"."""
    return rate if "." in rate or not rate else f"{rate}.0"
