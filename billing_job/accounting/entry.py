"""One balanced booking: what it books, its sides, and how they are taxed.

Cents are signed as in a ledger: debit is positive, credit negative.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from billing_job.accounting.accounts import AccountKey, AccountKind
from billing_job.accounting.export import one_line
from billing_job.core.parties import Client


class EntryKind(StrEnum):
    """What an entry books; in this order those of one day."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    RECEIPT = "receipt"
    WALLET_COST = "wallet_cost"
    TOP_UP = "top_up"


DOCUMENTS = frozenset({EntryKind.INVOICE, EntryKind.CREDIT_NOTE})
"""The kinds of entries that are documents."""


@dataclass(frozen=True, slots=True)
class PostingVat:
    """How a revenue or VAT posting is taxed; cents have the document's sign (an invoice's are positive)."""

    case: str
    """A value of `accounts.VAT_CASES`."""
    category: str
    """EN 16931 BT-151."""
    rate: Decimal
    net_cents: int
    """The taxable base: of a revenue posting its own net, of a VAT posting the sum of its case."""
    vat_cents: int
    """Of a revenue posting: its share of the case's VAT, so that the shares add up to the VAT posting."""
    vat_id: str = ""
    """The client's, of the month that is billed."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of an entry: debit positive, credit negative; `account` is of the chart for all formats."""

    key: AccountKey
    account: str
    account_name: str
    cents: int
    text: str
    vat: PostingVat | None = None
    document: str = ""
    """Of a payment: the number of the document that this side settles; empty for a credit balance."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One balanced booking; due date and period belong to documents, party to payments, too; the wallet has none."""

    reference: str
    """The document's number, BANK- and the entry's id, or WALLET-YYYY-MM and TOPUP-YYYY-MM: unique in a journal."""
    day: date
    kind: EntryKind
    narration: str
    postings: tuple[Posting, ...]
    party: Client | None = None
    due_date: date | None = None
    period_start: date | None = None
    period_end: date | None = None
    corrects: str = ""
    """On a credit note of an issued document: that document's number."""

    @property
    def settles(self) -> tuple[str, ...]:
        """Of a payment: the documents that it settles, each once."""
        return tuple(dict.fromkeys(posting.document for posting in self.postings if posting.document))

    @property
    def receivable_cents(self) -> int:
        """The document's gross, a payment's amount with its sign turned; 0 for the wallet's entries."""
        return sum(posting.cents for posting in self.postings if posting.key.kind == AccountKind.RECEIVABLE)

    def order(self) -> tuple[date, int, str]:
        """By day, invoices before credit notes, payments and the wallet, then by number."""
        return self.day, list(EntryKind).index(self.kind), self.reference

    def revenue(self) -> Iterator[tuple[Posting, PostingVat]]:
        """The revenue postings with their VAT, one for each category and VAT case."""
        return (
            (posting, posting.vat)
            for posting in self.postings
            if posting.vat is not None and posting.key.kind == AccountKind.REVENUE
        )


def category_text(category: str) -> str:
    """A category in words: number_rental is "Number rental"."""
    return one_line(category.replace("_", " ")).capitalize() or "Other"
