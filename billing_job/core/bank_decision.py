"""What a user decided about a bank entry."""

from dataclasses import dataclass
from typing import Literal

Action = Literal["match", "other", "undo"]
"""It pays documents or is a client's credit balance; it is no client's money; what was booked of it is taken back."""


@dataclass(frozen=True, slots=True)
class BankDecision:
    """Never edited, only superseded."""

    entry: str
    action: Action
    documents: tuple[str, ...]
    client_id: str
    """Whose credit balance it is, where no document is named."""
    reason: str
    decided_at: str
    """ISO 8601 UTC."""
    decided_by: str
