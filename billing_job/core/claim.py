"""What documents claim of clients, and what was paid on it: the facts from which open items are derived."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from billing_job.core.document import Kind


@dataclass(frozen=True, slots=True)
class Claim:
    """An issued document as a claim; cents are negative on a credit note: the house owes them."""

    number: str
    kind: Kind
    client_id: str
    issue_date: date
    due_date: date
    gross_cents: int
    corrects: str = ""
    """The document that this one undoes in whole or in part (BT-25), against which it is set first."""
    offered_cents: int = 0
    """What the invoice says that the client has in credit and may deduct."""
    currency: str = ""


class PaymentKind(StrEnum):
    """What moved; the value is the ledger's word for it."""

    RECEIPT = "receipt"
    """The client paid."""
    RETURN = "return"
    """The bank took a payment back."""
    PAID_BACK = "paid_back"
    """The house paid the client back."""
    SET_OFF = "set_off"
    """Of a credit balance: the client used it for what it paid with the same entry."""
    COSTS = "costs"
    """Costs of recovery that a reminder claimed beside the document; below zero they went back."""
    INTEREST = "interest"
    """The same of interest. Neither is part of the document, nor of what is open."""


BESIDE = (PaymentKind.COSTS, PaymentKind.INTEREST)
"""What is claimed beside a document, in the order in which it is paid once the document is."""


@dataclass(frozen=True, slots=True)
class Payment:
    """What one bank entry did to one document, or to a client's credit balance."""

    entry: str
    """The bank entry's id."""
    document: str | None
    """The document's number; None: the client's credit balance."""
    client_id: str
    cents: int
    """Positive: the client owes so much less."""
    day: date
    """When the bank booked it."""
    kind: PaymentKind
    rule: str = ""
    """By which it was booked: reference, end_to_end, number, account or hand."""
    why: str = ""
    """The same in words."""
    bank_reason: str = ""
    """Of a return: why, as the bank says."""
    charges_cents: int = 0
    """What the bank kept of it."""
    currency: str = ""
    """The entry's; empty where the ledger has none of it."""

    @property
    def is_beside(self) -> bool:
        """Whether it pays what a reminder claimed beside its document, and nothing of the document."""
        return self.kind in BESIDE

    @property
    def kind_of_return(self) -> PaymentKind:
        """What it is when the bank takes it back."""
        return self.kind if self.is_beside or self.kind is PaymentKind.SET_OFF else PaymentKind.RETURN


@dataclass(frozen=True, slots=True)
class LateClaim:
    """What reminders had claimed beside a document with the letter of a day, what was paid of it included."""

    document: str
    day: date
    costs_cents: int
    interest_cents: int
    gross_cents: int = 0
    """The document's."""
    open_cents: int = 0
    """What was open of it when the letter was written."""
    letter_day: date | None = None
    """Where `day` is that of a credit note which lessened the claim: the letter's."""

    def cents(self, kind: PaymentKind) -> int:
        """What was claimed of one kind."""
        return self.costs_cents if kind is PaymentKind.COSTS else self.interest_cents


@dataclass(frozen=True, slots=True)
class Offer:
    """A letter's word that what the client has in credit is taken off these documents."""

    documents: frozenset[str]
    day: date
    cents: int


@dataclass(frozen=True, slots=True)
class FirstDay:
    """`[receivables] since`: documents issued earlier are settled elsewhere, but for these; and so is other money.

    Without a day every document counts.
    """

    since: date | None = None
    still_open: Mapping[str, int | None] = field(default_factory=dict)
    """Number of an earlier document → the cents that were open on that day; None: all that credit notes leave."""
    currency: str = ""
    """That of `[billing]`: cents of another one are never added to it, nor paid with it. Empty: there is one only."""

    def is_own(self, one: Claim | Payment) -> bool:
        """Whether a document or a payment is in this money."""
        return "" in (self.currency, one.currency) or self.currency == one.currency
