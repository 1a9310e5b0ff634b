"""Xero: sales invoices, credit notes in a file of their own, and the wallet as a manual journal.

Xero computes the VAT of each line again and takes no VAT amount; where its cent differs from ours it is said by name.
"""

from collections.abc import Iterable, Mapping

from billing_job.accounting.accounts import Account, AccountKey, Accounts
from billing_job.accounting.entry import Entry, EntryKind, PostingVat
from billing_job.accounting.export import Export, chunks, cut, date_text, numbered, one_line
from billing_job.accounting.journal import Journal, payments_left_out
from billing_job.accounting.options import AccountingOptions, XeroOptions
from billing_job.accounting.parties import party_codes
from billing_job.core.files.csv_writer import csv_text
from billing_job.core.money import decimal_text, vat_cents
from billing_job.core.parties import Client
from billing_job.core.sentences import counted, listed

INVOICE_COLUMNS = (
    "*ContactName", "EmailAddress", "POAddressLine1", "POAddressLine2", "POAddressLine3", "POAddressLine4", "POCity",
    "PORegion", "POPostalCode", "POCountry", "*InvoiceNumber", "Reference", "*InvoiceDate", "*DueDate",
    "InventoryItemCode", "*Description", "*Quantity", "*UnitAmount", "Discount", "*AccountCode", "*TaxType",
    "TrackingName1", "TrackingOption1", "TrackingName2", "TrackingOption2", "Currency", "BrandingTheme",
)  # fmt: skip
JOURNAL_COLUMNS = (
    "*Narration", "*Date", "Description", "*AccountCode", "*TaxRate", "*Amount", "TrackingName1", "TrackingOption1",
    "TrackingName2", "TrackingOption2",
)  # fmt: skip
INVOICES_PER_FILE = 500
JOURNAL_LINES_PER_FILE = 300
_CONTACT_LENGTH = 255


def write_xero(journal: Journal, accounts: Accounts, options: AccountingOptions) -> Export:
    """Files of at most 500 documents, and the differences that Xero's own VAT will make."""
    chart = accounts.chart("xero", journal.keys())
    contacts = party_codes(journal, accounts, "xero", _contact)
    files: dict[str, bytes] = {}
    for kind, stem in ((EntryKind.INVOICE, "xero_sales_invoices"), (EntryKind.CREDIT_NOTE, "xero_credit_notes")):
        sign = -1 if kind == EntryKind.CREDIT_NOTE and options.xero.credit_note_amounts == "positive" else 1
        documents = [
            _invoice_rows(entry, contacts[client.client_id], client, journal.currency, chart, options.xero, sign)
            for entry, client in journal.documents()
            if entry.kind == kind
        ]
        lots = chunks(documents, INVOICES_PER_FILE, lambda _: 1)
        files |= numbered(stem, "csv", [csv_text(INVOICE_COLUMNS, lot) for lot in lots])
    journals = [_journal_rows(entry, chart, options.xero) for entry in journal.wallet_entries()]
    lots = chunks(journals, JOURNAL_LINES_PER_FILE)
    files |= numbered("xero_manual_journal", "csv", [csv_text(JOURNAL_COLUMNS, lot) for lot in lots])
    return Export(files, (*_vat_differences(journal), *payments_left_out(journal)))


def _invoice_rows(
    entry: Entry,
    contact: str,
    client: Client,
    currency: str,
    chart: Mapping[AccountKey, Account],
    options: XeroOptions,
    sign: int,
) -> list[list[str]]:
    """One row for each category and VAT case; the amount is net (tax exclusive)."""
    day, due = (date_text(moment, options.date_format) for moment in (entry.day, entry.due_date or entry.day))
    address = [one_line(client.street), "", "", "", one_line(client.city), "", one_line(client.postal_code)]
    email = one_line(client.first_email)
    head = [contact, email, *address, client.country, entry.reference, entry.corrects, day, due, ""]
    rows = []
    for posting, vat in entry.revenue():
        account = chart[posting.key]
        line = [posting.text, "1", decimal_text(sign * vat.net_cents), "", account.code, account.tax_code]
        rows.append([*head, *line, "", "", "", "", currency, ""])
    return rows


def _journal_rows(entry: Entry, chart: Mapping[AccountKey, Account], options: XeroOptions) -> list[list[str]]:
    """Debit positive, credit negative; rows with one narration and date are one journal."""
    rows = []
    for posting in entry.postings:
        account = chart[posting.key]
        head = [entry.narration, date_text(entry.day, options.date_format), posting.text]
        rows.append([*head, account.code, account.tax_code, decimal_text(posting.cents), "", "", "", ""])
    return rows


def recomputed_vat(vats: Iterable[PostingVat]) -> int:
    """The VAT of a document as Xero computes it: each line rounded on its own."""
    return sum(vat_cents(vat.net_cents, vat.rate) for vat in vats)


def _vat_differences(journal: Journal) -> list[str]:
    """One sentence with every document whose VAT will differ, and by how much."""
    differences: dict[str, int] = {}
    for entry, _ in journal.documents():
        vats = [vat for _, vat in entry.revenue()]
        difference = recomputed_vat(vats) - sum(vat.vat_cents for vat in vats)
        if difference:
            differences[entry.reference] = difference
    if not differences:
        return []
    named = listed([f"{reference} by {decimal_text(cents)}" for reference, cents in differences.items()])
    return [
        f"Xero computes VAT line by line, which differs for {counted(len(differences), 'document')}, in sum"
        f" {decimal_text(sum(differences.values()))}: {named}; correct their VAT in Xero after the import"
    ]


def _contact(client: Client) -> str:
    return cut(client.name, _CONTACT_LENGTH) or client.client_id
