"""Sage 50 UK: audit trail transactions. SI and SC rows carry net and our own VAT, JD and JC rows the wallet.

Amounts are always positive: what is below zero changes its type. The file is Windows-1252, as Sage reads it.
"""

import re
from collections.abc import Iterator, Mapping

from billing_job.accounting.accounts import Account, AccountKey, AccountKind, Accounts
from billing_job.accounting.entry import Entry, EntryKind
from billing_job.accounting.export import Export, cut, date_text, encodable
from billing_job.accounting.journal import Journal
from billing_job.accounting.options import AccountingOptions
from billing_job.accounting.parties import party_codes, short_code
from billing_job.core.files.csv_writer import csv_text
from billing_job.core.money import decimal_text
from billing_job.core.parties import Client

COLUMNS = (
    "Type", "Account Reference", "Nominal A/C Ref", "Department Code", "Date", "Reference", "Details", "Net Amount",
    "Tax Code", "Tax Amount", "Exchange Rate", "Extra Reference", "User Name", "Project Refn", "Cost Code Refn",
)  # fmt: skip
ENCODING = "cp1252"
_ACCOUNT_LENGTH = 8
_REFERENCE_LENGTH = 30
_DETAILS_LENGTH = 60


def write_sage50(journal: Journal, accounts: Accounts, options: AccountingOptions) -> Export:
    """One file; rows of 0.00 are left out, and ConfigError names clients whose short references would be one."""
    chart = accounts.chart("sage50", journal.keys())
    references = party_codes(journal, accounts, "sage50", _account_reference)
    rows = [
        row
        for entry in journal.entries
        for row in (
            _receipt_rows(entry, references[entry.party.client_id], chart)
            if entry.party and entry.kind is EntryKind.RECEIPT
            else _document_rows(entry, references[entry.party.client_id], chart)
            if entry.party
            else _wallet_rows(entry, chart)
        )
    ]
    text = csv_text(COLUMNS, rows).decode()
    return Export({"sage50_audit_trail.csv": encodable(text, ENCODING).encode(ENCODING)})


def _document_rows(entry: Entry, reference: str, chart: Mapping[AccountKey, Account]) -> Iterator[list[str]]:
    for posting, vat in entry.revenue():
        if vat.net_cents or vat.vat_cents:
            kind = "SI" if vat.net_cents > 0 else "SC"
            amounts = (abs(vat.net_cents), abs(vat.vat_cents))
            yield _row(kind, reference, entry, chart[posting.key], posting.text, amounts)


def _receipt_rows(entry: Entry, reference: str, chart: Mapping[AccountKey, Account]) -> Iterator[list[str]]:
    """SA, money on account, for what a client paid, SI without VAT for what went back; JD and JC for the rest."""
    bank = chart[AccountKey(AccountKind.BANK)]
    for posting in entry.postings:
        if posting.key.kind is AccountKind.RECEIVABLE:
            kind = "SA" if posting.cents < 0 else "SI"
            yield _row(kind, reference, entry, bank, posting.text, (abs(posting.cents), 0))
        elif posting.key.kind is not AccountKind.BANK:
            for account, cents in ((chart[posting.key], posting.cents), (bank, -posting.cents)):
                yield _row("JD" if cents > 0 else "JC", "", entry, account, posting.text, (abs(cents), 0))


def _wallet_rows(entry: Entry, chart: Mapping[AccountKey, Account]) -> Iterator[list[str]]:
    for posting in entry.postings:
        kind = "JD" if posting.cents > 0 else "JC"
        yield _row(kind, "", entry, chart[posting.key], posting.text, (abs(posting.cents), 0))


def _row(kind: str, reference: str, entry: Entry, account: Account, text: str, amounts: tuple[int, int]) -> list[str]:
    net, vat = amounts
    return [
        kind, reference, account.code, "0", date_text(entry.day, "uk"), cut(entry.reference, _REFERENCE_LENGTH),
        cut(text, _DETAILS_LENGTH), decimal_text(net), account.tax_code, decimal_text(vat), "1",
        cut(entry.corrects, _REFERENCE_LENGTH), "", "", "",
    ]  # fmt: skip


def _account_reference(client: Client) -> str:
    """The client's id as a customer account: capitals and digits, at most eight."""
    letters = re.sub(r"[^A-Z0-9]", "", encodable(client.client_id.upper(), "ascii"))
    return short_code(letters, _ACCOUNT_LENGTH) or "CLIENT"
