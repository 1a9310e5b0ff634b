"""What a refund gives back: what was charged for its original after discount, in whole or in proportion to the costs.

Parts are cumulated, so that they add up to the whole and never exceed it; what a credit note undid is not given twice.
"""

from billing_job.core.money import half_away_from_zero
from billing_job.core.settlement import Original


def given_back(original: Original, refund_micros: int) -> int:
    """Net cents that a refund of so many wallet micros gives back of a settled original, with the sign of its net."""
    return _next_share(
        original.net_cents, original.cost_micros, original.refunded_micros, refund_micros,
        original.given_cents, original.net_cents - original.credited_cents - original.given_cents,
    )  # fmt: skip


def share_of_charge(
    charge_cents: int, cost_micros: int, refunded_micros: int, refund_micros: int, given_cents: int
) -> int:
    """The same of an original that is billed by the same document: charge cents before discount."""
    return _next_share(
        charge_cents, cost_micros, refunded_micros, refund_micros, given_cents, charge_cents - given_cents
    )


def units_given_back(units: int, cost_micros: int, refunded_micros: int, refund_micros: int) -> int:
    """How many of an original's units a refund gives back: in proportion to the costs, cumulated, at least one.

    >>> [units_given_back(3, 300, before, now) for before, now in ((0, 300), (0, 100), (0, 150), (150, 150))]
    [3, 1, 2, 1]
    """

    def share(micros: int) -> int:
        return units if micros >= cost_micros else half_away_from_zero(units * micros, cost_micros)

    return max(1, share(refunded_micros + refund_micros) - share(refunded_micros))


def _next_share(whole: int, cost: int, refunded: int, refund: int, given: int, left: int) -> int:
    """The share of `whole` up to the cost refunded by now, less what was given, and no more than what is left."""
    so_far = min(refunded + refund, cost)
    target = whole if so_far == cost else half_away_from_zero(whole * so_far, cost)
    share = target - given
    low, high = sorted((0, left))
    return max(low, min(share, high))
