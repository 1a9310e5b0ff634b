"""What a user decided: about an exception, or about a bank entry. Never edited, only superseded."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Decision:
    """A transaction is this client's, or (with an empty client_id) the house pays it."""

    transaction_id: str
    client_id: str
    reason: str
    decided_at: str
    """ISO 8601 UTC."""
    decided_by: str
    amount_cents: int | None = None
    """What a refund without an original gives back, net; None for every other."""
    accepts: bool = False
    """The transaction is settled already; the supplier changed or withdrew it, and the documents stay as they are."""
    accepted_micros: int | None = None
    """Wallet micros that it costs the house from now on, negative for what left the wallet; 0 for a withdrawn one."""

    @property
    def is_house(self) -> bool:
        """Whether the house pays, so that no client is billed."""
        return not self.client_id and not self.accepts


Action = Literal["match", "other", "undo"]
"""It pays documents or is a client's credit balance; it is no client's money; what was booked of it is taken back."""


@dataclass(frozen=True, slots=True)
class BankDecision:
    """What one bank entry is."""

    entry: str
    action: Action
    documents: tuple[str, ...]
    client_id: str
    """Whose credit balance it is, where no document is named."""
    reason: str
    decided_at: str
    """ISO 8601 UTC."""
    decided_by: str
