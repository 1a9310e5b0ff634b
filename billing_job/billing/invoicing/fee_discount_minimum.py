"""The lines that a plan adds to a month: its fee, its discount, and what is missing to its minimum."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing_job.core.categories import DISCOUNT, MINIMUM, MONTHLY_FEE
from billing_job.core.document import DetailRow, Line, Vat
from billing_job.core.money import half_away_from_zero
from billing_job.core.period import Period


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """What a plan asks beside the use; the discount in millionths (12.5 % = 125_000)."""

    fee_cents: int = 0
    minimum_cents: int = 0
    discount_millionths: int = 0


def plan_lines(lines: Sequence[Line], terms: PlanTerms, vat: Vat, period: Period) -> list[Line]:
    """The fee, then the discount on use and fee, then what the net lacks to the minimum; each only if not zero.

    The discount is rounded once, half away from zero; a net below zero is not discounted.
    """
    added: list[Line] = []

    def add(category: str, cents: int) -> None:
        if cents:
            added.append(_line(len(lines) + len(added) + 1, category, cents, vat, period))

    add(MONTHLY_FEE, terms.fee_cents)
    net = sum(line.net_cents for line in lines) + terms.fee_cents
    discount = half_away_from_zero(max(0, net) * terms.discount_millionths, 1_000_000)
    add(DISCOUNT, -discount)
    if terms.minimum_cents:
        add(MINIMUM, max(0, terms.minimum_cents - (net - discount)))
    return added


def _line(number: int, category: str, cents: int, vat: Vat, period: Period) -> Line:
    quantity = 1 if cents > 0 else -1
    return Line(
        line=number,
        category=category,
        description="",
        number="",
        trunk="",
        quantity=quantity,
        net_cents=cents,
        vat=vat,
        period_start=period.first_day,
        period_end=period.last_day,
        rows=(DetailRow("", period.last_day, "", "", "", quantity, cents),),
    )
