"""What a VAT return is made for: a calendar month, or a quarter of three."""

import re
from dataclasses import dataclass
from datetime import date

from billing_job.core.period import Period


@dataclass(frozen=True, slots=True, order=True)
class TaxPeriod:
    """One month, or the three of a quarter, in the seller's calendar."""

    first: Period
    length: int
    """Months: 1 or 3."""

    @classmethod
    def parse(cls, text: str) -> "TaxPeriod":
        """Read 2026Q4 or 2026-10; ValueError names what is expected."""
        quarter = re.fullmatch(r"(20\d\d)Q([1-4])", text)
        if quarter is not None:
            return cls(Period(int(quarter[1]), 3 * int(quarter[2]) - 2), 3)
        try:
            return cls(Period.parse(text), 1)
        except ValueError:
            raise ValueError(
                f"period {text!r} is neither a quarter nor a month: write it as YYYYQn, for example 2026Q4, or as"
                " YYYY-MM, for example 2026-10"
            ) from None

    @classmethod
    def quarter_of(cls, month: Period) -> "TaxPeriod":
        """The quarter that a month is in."""
        return cls(Period(month.year, (month.month - 1) // 3 * 3 + 1), 3)

    def __str__(self) -> str:
        return f"{self.first.year:04d}Q{(self.first.month + 2) // 3}" if self.length > 1 else str(self.first)

    @property
    def months(self) -> tuple[Period, ...]:
        """Its months, in their order."""
        found = [self.first]
        while len(found) < self.length:
            found.append(found[-1].next)
        return tuple(found)

    @property
    def first_day(self) -> date:
        """The first day that is in it."""
        return self.first.first_day

    @property
    def last_day(self) -> date:
        """The last day that is in it."""
        return self.months[-1].last_day
