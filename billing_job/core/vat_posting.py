"""What the journal has of a document under one account: what its VAT return is tied to."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

Figure = Literal["net", "vat"]
"""Which of the two that a VAT return declares."""


@dataclass(frozen=True, slots=True)
class VatPosting:
    """A revenue (net) or VAT posting of a document, with the document's sign; cents."""

    number: str
    issue_date: date
    figure: Figure
    case: str
    """A value of `accounts.VAT_CASES`."""
    rate: str
    currency: str
    account: str
    account_name: str
    cents: int
