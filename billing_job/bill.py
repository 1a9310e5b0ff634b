"""What issuing hands to the ledger: a document that waits for its number, and the transactions that it settles."""

from dataclasses import dataclass

from billing_job.model import Document


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
