"""`sales.csv` and `journal.csv`: the month for people, spreadsheets and programs without a format of their own."""

from collections.abc import Iterable
from decimal import Decimal

from billing_job.accounting.accounts import AccountKind, Accounts
from billing_job.accounting.entry import DOCUMENTS, Entry, Posting, PostingVat
from billing_job.accounting.export import one_line
from billing_job.accounting.journal import Journal
from billing_job.core.files.csv_writer import csv_text
from billing_job.core.money import decimal_text, rate_text

SALES_COLUMNS = (
    "document_number", "document_type", "issue_date", "due_date", "period_start", "period_end", "client_id",
    "client_name", "client_country", "client_vat_id", "currency", "vat_category", "vat_rate", "net", "vat", "gross",
    "revenue_account", "reference",
)  # fmt: skip
"""DESIGN: accounting/sales.csv."""
JOURNAL_COLUMNS = (
    "entry", "line", "date", "period", "type", "document_number", "reference", "due_date", "client_id", "client_name",
    "client_country", "client_vat_id", "account", "account_name", "description", "debit", "credit", "amount",
    "currency", "vat_category", "vat_rate", "vat_base", "vat_amount", "tax_code",
)  # fmt: skip


def sales_file(entries: Iterable[Entry], currency: str) -> bytes:
    """sales.csv: a row for each document, VAT category and rate, in the journal's order; a credit note's are negative.

    `reference` is the number a credit note corrects, otherwise the payment reference: the document's own number.
    `revenue_account` joins several accounts of one row with " + ".
    """
    return csv_text(
        SALES_COLUMNS, (row for entry in entries if entry.kind in DOCUMENTS for row in _sales_rows(entry, currency))
    )


def journal_file(journal: Journal, accounts: Accounts) -> bytes:
    """journal.csv: one row per posting, with debit and credit apart and `amount` signed (debit positive).

    `vat_base` and `vat_amount` have the sign of `amount`. The rows of one entry add up to 0.00.
    """
    chart = accounts.chart("csv", journal.keys())
    return csv_text(
        JOURNAL_COLUMNS,
        (
            _journal_row(journal, number, entry, line, posting, chart[posting.key].tax_code)
            for number, entry in enumerate(journal.entries, 1)
            for line, posting in enumerate(entry.postings, 1)
        ),
    )


def _sales_rows(entry: Entry, currency: str) -> Iterable[list[str]]:
    cases: dict[tuple[str, Decimal], list[tuple[Posting, PostingVat]]] = {}
    for posting, vat in entry.revenue():
        cases.setdefault((vat.category, vat.rate), []).append((posting, vat))
    for (category, rate), sides in cases.items():
        net = sum(vat.net_cents for _, vat in sides)
        vat_cents = sum(vat.vat_cents for _, vat in sides)
        accounts = dict.fromkeys(posting.account for posting, _ in sides)
        yield [
            entry.reference,
            entry.kind.value,
            entry.day.isoformat(),
            _day(entry.due_date),
            _day(entry.period_start),
            _day(entry.period_end),
            *_party(entry),
            currency,
            category,
            rate_text(rate),
            decimal_text(net),
            decimal_text(vat_cents),
            decimal_text(net + vat_cents),
            " + ".join(accounts),
            entry.corrects or entry.reference,
        ]


def _journal_row(
    journal: Journal, number: int, entry: Entry, line: int, posting: Posting, tax_code: str
) -> list[str | int]:
    vat = posting.vat
    vat_cells = ["", "", "", ""]
    if vat is not None:
        base, amount = (-vat.net_cents, -vat.vat_cents)
        vat_cells = [vat.category, rate_text(vat.rate), decimal_text(base), decimal_text(amount)]
    is_party_side = posting.key.kind == AccountKind.RECEIVABLE
    return [
        number,
        line,
        entry.day.isoformat(),
        str(journal.period),
        entry.kind.value,
        entry.reference,
        posting.document or entry.corrects or entry.reference,
        _day(entry.due_date) if is_party_side else "",
        *_party(entry),
        posting.account,
        posting.account_name,
        posting.text if not is_party_side else entry.narration,
        decimal_text(posting.cents) if posting.cents > 0 else "",
        decimal_text(-posting.cents) if posting.cents < 0 else "",
        decimal_text(posting.cents),
        journal.currency,
        *vat_cells,
        tax_code,
    ]


def _party(entry: Entry) -> list[str]:
    party = entry.party
    return [party.client_id, one_line(party.name), party.country, party.vat_id] if party else ["", "", "", ""]


def _day(day: object) -> str:
    return "" if day is None else str(day)
