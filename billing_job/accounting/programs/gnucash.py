"""GnuCash: customers and invoices for its business importers, payments for that of transactions.

VAT is a row of its own to the VAT account, with our cents: a tax table would compute it again, and one that does not
exist would make it zero without a word. Amounts are fractions (`10000/100`), which no locale misreads. GnuCash reads
lines of at most 999 bytes and splits longer ones, so names are cut.
"""

from collections.abc import Mapping, Sequence

from billing_job.accounting.accounts import Account, AccountKey, AccountKind, Accounts
from billing_job.accounting.entry import Entry
from billing_job.accounting.export import Export, cut, date_text
from billing_job.accounting.journal import Journal
from billing_job.accounting.options import AccountingOptions
from billing_job.core.errors import DocumentError
from billing_job.core.files.csv_writer import defused
from billing_job.core.money import decimal_text
from billing_job.core.parties import Client

PAYMENT_COLUMNS = ("Date", "Transaction ID", "Number", "Description", "Account", "Amount")
"""Of File › Import › Import Transactions from CSV, several splits a transaction; the dialogue asks which is which.
"""
_LINE_BYTES = 999
_TEXT_LENGTH = 60


def write_gnucash(journal: Journal, accounts: Accounts, options: AccountingOptions) -> Export:
    """Customers and invoices; a credit note is an invoice with negative quantities.

    Payments are transactions for another importer, and close no invoice there: assign them as payments. The wallet's
    entries are no invoices: a warning says their amounts. DocumentError when a line cannot be shortened.
    """
    chart = accounts.chart("gnucash", journal.keys())
    date_format = options.gnucash.date_format
    rows = [row for entry, client in journal.documents() for row in _invoice(entry, client, chart, date_format)]
    clients = {client.client_id: client for _, client in journal.documents()}
    paid = [row for entry, _ in journal.receipts() for row in _payment(entry, chart, date_format)]
    payments = {"gnucash_payments.csv": _file([PAYMENT_COLUMNS, *paid])} if paid else {}
    return Export(
        {
            "gnucash_customers.csv": _file([_customer(client) for _, client in sorted(clients.items())]),
            "gnucash_invoices.csv": _file(rows),
            **payments,
        },
        tuple(_wallet_warning(entry, chart) for entry in journal.wallet_entries()),
    )


def _invoice(entry: Entry, client: Client, chart: Mapping[AccountKey, Account], date_format: str) -> list[list[str]]:
    """One row for each revenue and VAT posting; what speaks of the whole document stands in its first row."""
    (receivable,) = (posting for posting in entry.postings if posting.key.kind == AccountKind.RECEIVABLE)
    day = date_text(entry.day, date_format)
    head = [entry.reference, day, _cell(client.client_id), _cell(entry.corrects), _cell(entry.narration)]
    tail = [day, date_text(entry.due_date or entry.day, date_format), chart[receivable.key].code, entry.reference, "N"]
    rows = []
    for posting in entry.postings:
        if posting is not receivable:
            quantity, price = ("-1", posting.cents) if posting.cents > 0 else ("1", -posting.cents)
            account = _cell(chart[posting.key].code, _LINE_BYTES)
            line = [day, _cell(posting.text), "", account, quantity, f"{price}/100", "", "", "", "N", "N", ""]
            rows.append([*head, *line, *tail])
            head, tail = [entry.reference, "", "", "", ""], ["", "", "", "", ""]
    return rows


def _payment(entry: Entry, chart: Mapping[AccountKey, Account], date_format: str) -> list[list[str]]:
    """A row for each split; the rows of one id are one transaction."""
    day = date_text(entry.day, date_format)
    return [
        [
            day, entry.reference, _cell(posting.document or entry.reference), _cell(entry.narration),
            _cell(chart[posting.key].code, _LINE_BYTES), decimal_text(posting.cents),
        ]
        for posting in entry.postings
    ]  # fmt: skip


def _customer(client: Client) -> list[str]:
    """id, company, name, four address lines, phone, fax, e-mail, notes and an empty shipping address."""
    name = _cell(client.name) or client.client_id
    town = _cell(f"{client.postal_code} {client.city}")
    notes = _cell(client.vat_id)
    address = [_cell(client.street), town, client.country, ""]
    return [_cell(client.client_id), name, name, *address, "", "", _cell(client.first_email, 254), notes, *[""] * 8]


def _file(rows: Sequence[Sequence[str]]) -> bytes:
    lines = [";".join(row) for row in rows]
    for line in lines:
        if len(line.encode()) > _LINE_BYTES:
            raise DocumentError(f"gnucash reads lines of {_LINE_BYTES} bytes and this is longer: shorten {line[:80]!r}")
    return "".join(f"{line}\n" for line in lines).encode()


def _cell(text: str, length: int = _TEXT_LENGTH) -> str:
    """Without separators and quotation marks, so that the importer's choices with and without them both fit."""
    return defused(cut(text.replace(";", ",").replace('"', "'"), length))


def _wallet_warning(entry: Entry, chart: Mapping[AccountKey, Account]) -> str:
    (wallet,) = (posting for posting in entry.postings if posting.key.kind == AccountKind.WALLET)
    sides = ", ".join(f"{chart[posting.key].code} {decimal_text(posting.cents)}" for posting in entry.postings)
    return (
        f"the invoice import carries no wallet: enter {entry.reference} over"
        f" {decimal_text(abs(wallet.cents))} by hand ({sides})"
    )
