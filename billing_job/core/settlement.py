"""What issuing hands to the ledger: a document that waits for its number, and the transactions that it settles."""

from collections.abc import Mapping
from dataclasses import dataclass

from billing_job.core.document import Document, Vat


@dataclass(frozen=True, slots=True)
class Settlement:
    """How one transaction was billed; `line` is None where the house paid or the charge came to nothing."""

    transaction_id: str
    part: int
    """0, or the client's share of an order of several clients."""
    line: int | None
    category: str
    number: str
    trunk: str
    cost_cents: int
    charge_cents: int


@dataclass(frozen=True, slots=True)
class Bill:
    """What a client gets for a period: a document without a number, or none, and the transactions that it settles."""

    client_id: str
    document: Document | None
    settlements: tuple[Settlement, ...]


@dataclass(frozen=True, slots=True)
class Undone:
    """What earlier credit notes undid of a document, with the document's own sign."""

    net_of_line: Mapping[int, int]
    """line → cents."""
    vat_of: Mapping[Vat, int]
    """VAT category and rate → VAT cents."""


@dataclass(frozen=True, slots=True)
class CreditedLine:
    """How much of a line of the original a line of the credit note undoes, with the credit note's sign."""

    credit_line: int
    line: int
    net_cents: int


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit note without a number, what it undoes, and the lines whose transactions it frees."""

    document: Document
    credited: tuple[CreditedLine, ...]
    freed_lines: tuple[int, ...]
