"""The formats by name: which program reads each, through which menu, and the function that writes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from billing_job.accounting.accounts import Accounts
from billing_job.accounting.export import Export
from billing_job.accounting.hledger import write_hledger
from billing_job.accounting.journal import Journal
from billing_job.accounting.options import AccountingOptions
from billing_job.accounting.sales import journal_file, sales_file


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
        "`include 2026-10.journal` in your main journal, or `hledger -f 2026-10.journal`",
        write_hledger,
    ),
)
FORMATS: Mapping[str, Format] = {known.name: known for known in _FORMATS}
