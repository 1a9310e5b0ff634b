"""What a user decided about an exception."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """A transaction is this client's, or (with an empty client_id) the house pays it; never edited, only superseded."""

    transaction_id: str
    client_id: str
    reason: str
    decided_at: str
    """ISO 8601 UTC."""
    decided_by: str

    @property
    def is_house(self) -> bool:
        """Whether the house pays, so that no client is billed."""
        return not self.client_id
