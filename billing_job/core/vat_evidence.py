"""What VIES said of a VAT id: the evidence on which a reverse charge rests."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

NO_EVIDENCE: "Mapping[str, VatIdAnswer]" = {}


@dataclass(frozen=True, slots=True)
class VatIdAnswer:
    """One definite answer; an outage is none, and so is never kept."""

    vat_id: str
    requester: str
    """The seller's VAT id at that time; empty where it asked without one."""
    valid: bool
    consultation_number: str
    """VIES' requestIdentifier: what proves to a tax office that it was asked; some member states give none."""
    name: str
    address: str
    asked: str
    """ISO 8601 UTC."""
    body: str
    """The answer as it came."""

    def is_fresh(self, requester: str, now: datetime, days: int) -> bool:
        """Whether it says yes to the same requester, and is not older than so many days."""
        age = now - datetime.fromisoformat(self.asked.replace("Z", "+00:00"))
        return self.valid and self.requester == requester and age < timedelta(days=days)


def answer_json(answer: VatIdAnswer | None) -> dict[str, str]:
    """What a definite answer says, empty texts for none."""
    names = ("requester", "consultation_number", "name", "address", "asked")
    return {name: getattr(answer, name) if answer else "" for name in names}


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """An answer as the ledger keeps it, and whether a document was issued on its strength."""

    seq: int
    answer: VatIdAnswer
    relied_on: bool = False
