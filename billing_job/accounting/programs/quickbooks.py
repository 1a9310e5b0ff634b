"""QuickBooks Online: invoices and credit notes with our own VAT amounts, and the wallet as journal entries.

The revenue account comes from the product or service (the `account` of accounts.csv), not from the file.
"""

from collections.abc import Mapping

from billing_job.accounting.accounts import Account, AccountKey, Accounts
from billing_job.accounting.entry import Entry, EntryKind
from billing_job.accounting.export import Export, chunks, cut, date_text, numbered
from billing_job.accounting.journal import Journal, payments_left_out
from billing_job.accounting.options import AccountingOptions, QuickbooksOptions
from billing_job.accounting.parties import party_codes
from billing_job.core.files.csv_writer import csv_text
from billing_job.core.money import decimal_text
from billing_job.core.parties import Client
from billing_job.core.sentences import counted, listed

INVOICE_COLUMNS = (
    "*InvoiceNo", "*Customer", "*InvoiceDate", "*DueDate", "Terms", "Location", "Memo", "Item(Product/Service)",
    "ItemDescription", "ItemQuantity", "ItemRate", "*ItemAmount", "*ItemTaxCode", "ItemTaxAmount", "Currency",
    "Service Date",
)  # fmt: skip
JOURNAL_COLUMNS = ("Journal No.", "Journal Date", "Account Name", "Description", "Debits", "Credits")
DOCUMENTS_PER_FILE = 100
_CUSTOMER_LENGTH = 100


def write_quickbooks(journal: Journal, accounts: Accounts, options: AccountingOptions) -> Export:
    """Files of at most 100 documents; says which invoices hold a line below zero, which the import refuses."""
    chart = accounts.chart("quickbooks", journal.keys())
    customers = party_codes(journal, accounts, "quickbooks", _customer)
    files: dict[str, bytes] = {}
    for kind, stem in (
        (EntryKind.INVOICE, "quickbooks_invoices"),
        (EntryKind.CREDIT_NOTE, "quickbooks_credit_notes"),
    ):
        sign = -1 if kind == EntryKind.CREDIT_NOTE else 1
        documents = [
            _rows(entry, customers[client.client_id], journal.currency, chart, options.quickbooks, sign)
            for entry, client in journal.documents()
            if entry.kind == kind
        ]
        lots = chunks(documents, DOCUMENTS_PER_FILE, lambda _: 1)
        files |= numbered(stem, "csv", [csv_text(INVOICE_COLUMNS, lot) for lot in lots])
    wallet = [row for entry in journal.wallet_entries() for row in _journal_rows(entry, chart, options.quickbooks)]
    if wallet:
        files["quickbooks_journal.csv"] = csv_text(JOURNAL_COLUMNS, wallet)
    return Export(files, (*_warnings(journal), *payments_left_out(journal)))


def _rows(
    entry: Entry,
    customer: str,
    currency: str,
    chart: Mapping[AccountKey, Account],
    options: QuickbooksOptions,
    sign: int,
) -> list[list[str]]:
    """One row for each category and VAT case; a credit note's amounts are positive."""
    day, due = (date_text(moment, options.date_format) for moment in (entry.day, entry.due_date or entry.day))
    service = date_text(entry.period_end, options.date_format) if entry.period_end else ""
    rows = []
    for posting, vat in entry.revenue():
        account = chart[posting.key]
        net, tax = decimal_text(sign * vat.net_cents), decimal_text(sign * vat.vat_cents)
        head = [entry.reference, customer, day, due, "", "", entry.corrects]
        rows.append([*head, account.code, posting.text, "1", net, net, account.tax_code, tax, currency, service])
    return rows


def _journal_rows(entry: Entry, chart: Mapping[AccountKey, Account], options: QuickbooksOptions) -> list[list[str]]:
    rows = []
    for posting in entry.postings:
        sides = [decimal_text(cents) if cents > 0 else "" for cents in (posting.cents, -posting.cents)]
        text = f"{entry.narration}: {posting.text}"
        day = date_text(entry.day, options.date_format)
        rows.append([entry.reference, day, chart[posting.key].code, text, *sides])
    return rows


def _warnings(journal: Journal) -> list[str]:
    """Documents with a line against their own sign."""
    mixed = [
        entry.reference
        for entry, _ in journal.documents()
        if len({vat.net_cents > 0 for _, vat in entry.revenue() if vat.net_cents}) > 1
    ]
    if not mixed:
        return []
    return [
        f"{counted(len(mixed), 'document')} with a line below zero, which its import may refuse; enter by"
        f" hand: {listed(mixed)}"
    ]


def _customer(client: Client) -> str:
    return cut(client.name, _CUSTOMER_LENGTH) or client.client_id
