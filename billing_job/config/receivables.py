"""`[receivables]` and `[bank]`: from which day on open items count, our accounts, and how a CSV statement is read."""

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from billing_job.config.seller import iban_of
from billing_job.core.claim import FirstDay
from billing_job.core.errors import ConfigError
from billing_job.core.files.csv_reader import Row, typed_rows
from billing_job.core.money import cents_from_decimal
from billing_job.core.toml import Money, Table, expecting


class ReceivablesTable(Table):
    """`[receivables]`: documents issued before `since` are settled elsewhere, but those in open_items.csv.

    After so many returns in a row a mandate is no longer used, and its client's documents are paid by transfer.
    """

    since: date | None = None
    returns_before_transfer: Annotated[int, Field(ge=1, le=10)] = 2


class BankCsv(Table):
    """`[bank.csv]`: what a CSV statement calls its columns; an empty name: it has no such column."""

    date: Annotated[str, Field(min_length=1)] = "date"
    amount: Annotated[str, Field(min_length=1)] = "amount"
    currency: str = "currency"
    text: str = "text"
    reference: str = "reference"
    iban: str = "iban"
    name: str = "name"
    id: str = "id"
    account: str = "account"
    direction: str = ""
    """Of amounts without a sign: says whether they came in or went out (Af/Bij, S/H, D/C)."""
    date_format: str = ""
    """strptime; empty: ISO 8601."""
    decimal_comma: bool = False
    """Amounts are written 1.234,50."""


class Bank(Table):
    """`[bank]`: the accounts that statements may be of, beside seller.iban, and the folder in which they arrive."""

    accounts: tuple[Annotated[str, AfterValidator(iban_of)], ...] = ()
    inbox: Path | None = None
    csv: BankCsv = BankCsv()


class OpenItemRow(Row):
    """A row of open_items.csv."""

    number: str
    open: Annotated[
        Money, expecting("write what was open on the first day, such as 121.00, or leave it empty for all of it")
    ] = ""


def load_first_day(path: Path, table: ReceivablesTable, currency: str) -> FirstDay:
    """The first day and the older documents that are still open; ConfigError lists every bad row."""
    problems: list[str] = []
    still_open: dict[str, int | None] = {}
    for row, item in typed_rows(path, OpenItemRow, problems, optional=True):
        if table.since is None:
            problems.append(f"{row.place}: counts only with a first day: set receivables.since in billing.toml")
            break
        if item.number in still_open:
            problems.append(row.wrong("number", "stands in the file twice; remove one"))
        still_open[item.number] = cents_from_decimal(item.open) if item.open else None
    if problems:
        raise ConfigError(problems)
    return FirstDay(table.since, still_open, currency)
