"""`[accounting.<format>]`: what a program wants to know beside the accounts; the defaults give files that import."""

from typing import Annotated, Literal

from pydantic import Field

from billing_job.core.toml import Table, expecting


class BeancountOptions(Table):
    """`[accounting.beancount]`."""

    standalone: bool = True
    """Open the accounts and assert their balances, so that the file is a whole ledger; false for use with `include`."""


class GnucashOptions(Table):
    """`[accounting.gnucash]`."""

    date_format: Literal["iso", "uk", "us", "ce"] = "iso"
    """The one chosen in Edit, Preferences, Date/Time: under another one GnuCash refuses or misreads the dates."""


class DatevOptions(Table):
    """`[accounting.datev]`: from the tax adviser."""

    consultant_number: Annotated[int, Field(ge=1001, le=9_999_999)] = 1001
    """Beraternummer."""
    client_number: Annotated[int, Field(ge=1, le=99_999)] = 1
    """Mandantennummer."""
    account_length: Annotated[int, Field(ge=4, le=8)] = 4
    """Sachkontenlänge; personal accounts are one digit longer."""
    fiscal_year_start_month: Annotated[int, Field(ge=1, le=12)] = 1
    chart: Literal["03", "04", ""] = "03"
    """Sachkontenrahmen: SKR03, SKR04 or none of the two."""
    collective_debtor: Annotated[int, Field(ge=10_000, le=699_999_999)] = 10_000
    """The debtor account of clients that have no party row in accounts.csv."""
    initials: Annotated[str, Field(pattern=r"^[A-Za-z]{0,2}$"), expecting("write at most two letters")] = ""
    """Diktatkürzel."""
    lock: bool = False
    """Festschreibung: true when the bookings may not be changed after the import."""


class ExactOptions(Table):
    """`[accounting.exact]`."""

    sales_journal: Annotated[str, Field(min_length=1)] = "70"
    general_journal: Annotated[str, Field(min_length=1)] = "90"


class XeroOptions(Table):
    """`[accounting.xero]`."""

    date_format: Literal["uk", "us"] = "uk"
    """us only for organisations in the United States."""
    credit_note_amounts: Literal["negative", "positive"] = "negative"
    """How Xero's import wants a credit note; try one in its demo company."""


class QuickbooksOptions(Table):
    """`[accounting.quickbooks]`."""

    date_format: Literal["uk", "us"] = "uk"
    """The one chosen in the import's dialogue."""


class FecOptions(Table):
    """`[accounting.fec]`."""

    siren: Annotated[str, Field(pattern=r"^(\d{9})?$"), expecting("write the nine digits of the SIREN")] = ""
    """Nine digits; empty takes them from the seller's French VAT id or registration id."""
    sales_journal: Annotated[str, Field(min_length=1)] = "VE"
    general_journal: Annotated[str, Field(min_length=1)] = "OD"
    bank_journal: Annotated[str, Field(min_length=1)] = "BQ"


class XafOptions(Table):
    """`[accounting.xaf]`."""

    sales_journal: Annotated[str, Field(min_length=1, max_length=35)] = "VK"
    general_journal: Annotated[str, Field(min_length=1, max_length=35)] = "MEMO"
    bank_journal: Annotated[str, Field(min_length=1, max_length=35)] = "BANK"


class AccountingOptions(Table):
    """All sub-tables of `[accounting]`."""

    beancount: BeancountOptions = BeancountOptions()
    gnucash: GnucashOptions = GnucashOptions()
    datev: DatevOptions = DatevOptions()
    exact: ExactOptions = ExactOptions()
    xero: XeroOptions = XeroOptions()
    quickbooks: QuickbooksOptions = QuickbooksOptions()
    fec: FecOptions = FecOptions()
    xaf: XafOptions = XafOptions()
