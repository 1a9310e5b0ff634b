"""Which account, name and tax code a posting has in each program: accounts.csv, and shipped rows for what it lacks.

A row matches a posting when every cell that is not `*` (or empty) equals the posting's. Of the rows that match, one for
the format itself wins over one for all formats; then the one with most cells filled in; then, from left to right, the
one whose first differing cell is filled in.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from billing_job.accounting.export import one_line
from billing_job.core.errors import ConfigError
from billing_job.core.files.csv_reader import Row, typed_rows
from billing_job.core.money import rate_text
from billing_job.core.resources import shipped_config
from billing_job.core.toml import Country, PositiveDecimal, expecting

VAT_CASES = ("S", "OSS", "AE", "DRC", "O", "E", "Z")
"""EN 16931 categories (BT-151), and two of our own.

OSS is category S at the rate of a client's country that is not the seller's, DRC reverse charge within one country.
"""
FORMAT_NAMES = (
    "csv", "hledger", "beancount", "gnucash", "datev", "exact", "xero", "quickbooks", "sage50", "fec", "xaf",
)  # fmt: skip
"""Names of the formats, as `--format` and `[accounting] formats` say them; `csv` reads the rows for all formats."""

_CONDITIONS = ("client_id", "category", "vat_case", "rate", "country")


class AccountKind(StrEnum):
    """What a posting is, whatever the program calls its account; the value is the word of accounts.csv."""

    RECEIVABLE = "receivable"
    REVENUE = "revenue"
    VAT = "vat"
    EXPENSE = "expense"
    WALLET = "wallet"
    CLEARING = "clearing"
    BANK = "bank"
    BANK_CHARGE = "bank_charge"
    LATE_PAYMENT = "late_payment"
    """Interest and costs that a client paid after a reminder: compensation, outside the scope of VAT."""
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


def _one_of(names: Sequence[str]) -> AfterValidator:
    def checked(value: str) -> str:
        if value not in names:
            raise ValueError(f"write one of {', '.join(names)}, or * for all")
        return value

    return AfterValidator(checked)


def _some_client(value: str, info: ValidationInfo) -> str:
    if not value and info.data.get("kind") == AccountKind.PARTY:
        raise ValueError("a party row is one client's: write its client_id")
    return value


def _only_known_words(value: str) -> str:
    words = dict.fromkeys((*_CONDITIONS, "rate_1"), "")
    try:
        value.format_map(words)
    except (KeyError, ValueError, IndexError, AttributeError):
        names = ", ".join(f"{{{word}}}" for word in words)
        raise ValueError(f"the words that may stand in braces are {names}") from None
    return value


_Words = Annotated[str, AfterValidator(_only_known_words)]


class AccountRow(Row):
    """One row of accounts.csv; empty conditions match all. `{category}` and the like stand for the posting's own."""

    kind: AccountKind
    client_id: Annotated[str, AfterValidator(_some_client), Field(validate_default=True)] = ""
    category: str = ""
    vat_case: Annotated[str, _one_of(VAT_CASES)] = ""
    rate: Annotated[
        PositiveDecimal,
        AfterValidator(lambda value: rate_text(Decimal(value))),
        expecting("write the rate in percent, such as 21 or 25.5, or * for all"),
    ] = ""
    country: Country = ""
    format: Annotated[str, _one_of(FORMAT_NAMES)] = ""
    account: _Words
    name: _Words = ""
    tax_code: _Words = ""

    @model_validator(mode="before")
    @classmethod
    def _a_star_is_all(cls, cells: dict[str, str]) -> dict[str, str]:
        return {column: cell for column, cell in cells.items() if cell != "*" or column not in (*_CONDITIONS, "format")}

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
    """Read accounts.csv: columns in any order, with a BOM, with `;` or `,`; without it the shipped file holds alone.

    A file's rows replace the shipped rows of the same kind and format; the other shipped rows stay. ConfigError lists
    every bad row with file, row and column.
    """
    shipped = shipped_config() / "accounts.csv"
    problems: list[str] = []
    default = list(_rows(shipped, problems))
    own = [] if path is None else list(_rows(path, problems))
    if problems:
        raise ConfigError(problems)
    replaced = {(row.kind, row.format) for row in own}
    kept = [row for row in default if (row.kind, row.format) not in replaced]
    return Accounts((*own, *kept), str(path if own else shipped))


def _rows(path: Path, problems: list[str]) -> Iterator[AccountRow]:
    """The good rows of one file; what is wrong with the others goes to `problems`."""
    seen: dict[tuple[str, ...], str] = {}
    for place, row in typed_rows(path, AccountRow, problems, optional=True):
        first = seen.setdefault(row.conditions(), place.place)
        if first != place.place:
            same = first.removeprefix(f"{path}, ")
            problems.append(f"{place.place}: has the same conditions as {same}; remove one")
        yield row


def _word(text: str) -> str:
    """A posting's own word as part of an account's name: on one line, and no `:`, which would begin another part."""
    return one_line(text.replace(":", "-")) or "other"


def _one_place(rate: str) -> str:
    """A rate with at least one place, as some programs name their tax codes: "21" is "21.0"."""
    return rate if "." in rate or not rate else f"{rate}.0"
