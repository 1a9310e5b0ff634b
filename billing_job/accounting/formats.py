"""The formats by name: which program reads each, through which menu, and the function that writes it."""

from collections.abc import Callable, Mapping
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
