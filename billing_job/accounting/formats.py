"""The formats by name: which program reads each, through which menu, and the function that writes it."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from billing_job.accounting.accounts import Accounts
from billing_job.accounting.csv_files import journal_file, sales_file
from billing_job.accounting.export import Export
from billing_job.accounting.journal import Journal
from billing_job.accounting.options import AccountingOptions
from billing_job.accounting.programs.beancount import write_beancount
from billing_job.accounting.programs.datev import write_datev
from billing_job.accounting.programs.exact import write_exact
from billing_job.accounting.programs.fec import write_fec
from billing_job.accounting.programs.gnucash import write_gnucash
from billing_job.accounting.programs.hledger import write_hledger
from billing_job.accounting.programs.quickbooks import write_quickbooks
from billing_job.accounting.programs.sage50 import write_sage50
from billing_job.accounting.programs.xaf import write_xaf
from billing_job.accounting.programs.xero import write_xero


@dataclass(frozen=True, slots=True)
class Format:
    """One format; `write` gives whole files by name and says what they could not carry."""

    name: str
    program: str
    how_imported: str
    """The menu or command, as the program names it."""
    write: Callable[[Journal, Accounts, AccountingOptions], Export]


def _write_csv(journal: Journal, accounts: Accounts, options: AccountingOptions) -> Export:
    """sales.csv and journal.csv."""
    return Export(
        {
            "sales.csv": sales_file(journal.entries, journal.currency),
            "journal.csv": journal_file(journal, accounts),
        }
    )


_FORMATS = (
    Format(
        "csv",
        "any spreadsheet, and programs with a column mapper of their own",
        "open it, or map its columns once in the program's import profile",
        _write_csv,
    ),
    Format(
        "hledger",
        "hledger 1.25 or later",
        "add `include YYYY-MM.journal` to your main journal, or `hledger -f YYYY-MM.journal`",
        write_hledger,
    ),
    Format(
        "beancount",
        "beancount 3, Fava",
        'add `include "YYYY-MM.beancount"` to your ledger (with accounting.beancount.standalone = false), or open it',
        write_beancount,
    ),
    Format(
        "gnucash",
        "GnuCash 4 or later",
        "File, Import, Import Customers & Vendors, then Import Bills & Invoices: semicolon separated, type Invoice",
        write_gnucash,
    ),
    Format(
        "datev",
        "DATEV Rechnungswesen",
        "Bestand, Importieren, ASCII-Daten: the batch stands under DATEV-Format, Stapelverarbeitung",
        write_datev,
    ),
    Format(
        "exact",
        "Exact Online",
        "Import/Export, XML/CSV import, General ledger: Transactions",
        write_exact,
    ),
    Format(
        "xero",
        "Xero",
        "Business, Invoices, Import (amounts are tax exclusive); Accounting, Manual journals, Import for the wallet",
        write_xero,
    ),
    Format(
        "quickbooks",
        "QuickBooks Online (outside the US)",
        "Settings, Import data, Invoices (exclusive of VAT); Credit notes; Journal entries for the wallet",
        write_quickbooks,
    ),
    Format(
        "sage50",
        "Sage 50 Accounts (UK and Ireland)",
        "File, Import, Audit trail transactions, CSV; tick that the first row holds headings",
        write_sage50,
    ),
    Format(
        "fec",
        "French accounting programs that import the FEC layout",
        "import of entries (écritures), format FEC; it is not the legal FEC of the year",
        write_fec,
    ),
    Format(
        "xaf",
        "Dutch accounting and audit programs that read XML Auditfile Financieel 4.0",
        "import of an auditfile (XAF); it is not the legal auditfile of the year",
        write_xaf,
    ),
)
FORMATS: Mapping[str, Format] = {known.name: known for known in _FORMATS}
"""By name, in the order of `accounts.FORMAT_NAMES`; `csv` is always written."""

_OF_NO_MONTH = re.compile(
    r"(gnucash|quickbooks|xero)_(?:customers|(?:sales_)?invoices|credit_notes|payments|(?:manual_)?journal)(?:_\d+)?\.csv"
)
"""Names that say no month, of formats that write some files only where there is something for them."""
_OF_A_CALENDAR_MONTH = re.compile(r"EXTF_.*\.csv")
"""Two months that are billed one after the other both have bookings of the second one."""


def left_behind(names: Iterable[str], formats: Collection[str], export: Export) -> list[str]:
    """Of the files of a folder those that an earlier export in these formats wrote and this one does not.

    Beside this one's files they would be imported once more, or for another month.
    """
    told = ((name, _OF_NO_MONTH.fullmatch(name)) for name in names if name not in export.files)
    return [name for name, match in told if match is not None and match[1] in formats]


def may_be_of_two_months(name: str) -> bool:
    """Whether two months, exported into one folder, may each write a file of this name, with other bookings."""
    return _OF_A_CALENDAR_MONTH.fullmatch(name) is not None
