"""What a plan adds to a client's month: its fee, its discount, and what is missing to its minimum."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing_job.core.categories import MONTHLY_FEE, is_of_plan
from billing_job.core.document import DetailRow, Line, Vat
from billing_job.core.money import MICROS_PER_CENT, half_away_from_zero
from billing_job.core.period import Period
from billing_job.core.settlement import Settlement
from billing_job.core.units import unit_of_category

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Minimum:
    """What a month's net comes to at least, of a category or, with an empty one, of all use, fee and top-ups.

    `cents` is 0 where none is owed any more; `net_cents` is what earlier documents billed of the month, refunds taken
    off, and `billed_cents` what they topped it up by.
    """

    category: str = ""
    cents: int = 0
    net_cents: int = 0
    billed_cents: int = 0
    part: int = 0
    """How often it was billed or taken back so far."""
    is_freed: bool = False
    """Whether a credit note freed it, so that it is asked anew: once, though that comes to nothing."""


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """What a plan asks of one client's month beside the use; the discount in millionths (12.5 % = 125_000).

    `fee_cents` is 0 once the fee is billed.
    """

    account: str = ""
    """The client under which the month was first billed."""
    fee_cents: int = 0
    fee_is_freed: bool = False
    """Whether a credit note freed it, so that it is asked anew: once, though that comes to nothing."""
    discount_millionths: int = 0
    minimums: tuple[Minimum, ...] = ()
    """Those of categories first: what they add counts for that of the month, which comes last."""


def discount_shares(charged: Sequence[Settlement], millionths: int) -> list[int]:
    """What the discount takes from each charge, cents.

    It is rounded once on their sum, half away from zero, and shared out by largest remainder; in a tie the lower
    transaction id comes first, and the fee last (DESIGN: prices). A sum below zero is not discounted.
    """
    charges = [settlement.charge_cents for settlement in charged]
    total = sum(charges)
    if not millionths or total < 0:
        return [0] * len(charges)
    discount = half_away_from_zero(total * millionths, MILLION)
    shares = [charge * millionths // MILLION for charge in charges]

    def turn(place: int) -> tuple[int, bool, int, str, int]:
        id_, part = charged[place].transaction_id, charged[place].part
        return -(charges[place] * millionths % MILLION), is_of_plan(id_), len(id_), id_, part

    for place in sorted(range(len(charges)), key=turn)[: discount - sum(shares)]:
        shares[place] += 1
    return shares


def minimum_difference(minimum: Minimum, net_cents: int) -> int:
    """What the minimum line of a document comes to whose rows of the month and category have this net.

    It is negative where less is missing than was billed before.
    """
    if not minimum.cents and not minimum.billed_cents:
        return 0
    return max(0, minimum.cents - minimum.net_cents - net_cents) - minimum.billed_cents


def plan_line(category: str, cents: int, vat: Vat, period: Period, of_category: str = "") -> Line:
    """A line without transactions; its number is given when the document is put together.

    A minimum `of_category` has that as its description.
    """
    quantity = 1 if cents > 0 else -1
    return Line(
        line=0,
        category=category,
        description=of_category,
        number="",
        trunk="",
        quantity=quantity,
        net_cents=cents,
        vat=vat,
        period_start=period.first_day,
        period_end=period.last_day,
        rows=(DetailRow("", period.last_day, of_category, "", "", quantity, cents),),
        unit=unit_of_category(category, ""),
        unit_price_micros=abs(cents) * MICROS_PER_CENT if category == MONTHLY_FEE else None,
    )
