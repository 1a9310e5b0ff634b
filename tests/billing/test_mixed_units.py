"""Charges of costs in any mixture of units against fractions: whole cents, fractions of cents, single micros."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_job.billing.rating.charge_models import exact_charges
from billing_job.billing.rating.line_rounding import shared_out_by_line
from billing_job.billing.rating.plans import Rule, Tier
from tests.support.books import rounded

PERCENTS = ("0", "30", "-100", "7.5", "33.3333", "0.0001", "1000000")
PRICES = ("0", "1", "0.01", "0.0950", "0.0045", "1000000")
COSTS = st.one_of(
    st.integers(-300, 300).map(lambda cents: cents * 10_000),
    st.integers(-3_000, 3_000).map(lambda tenths: tenths * 1_000),
    st.sampled_from([7_500, -7_500, 1, -1, 5_000, -5_000, 333_333]),
    st.integers(-(10**9), 10**9),
    st.integers(-(10**16), 10**16),
)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Any rule."""
    price = st.sampled_from(PRICES)
    per = draw(st.sampled_from(("transaction", "quantity")))
    model = draw(st.sampled_from(("pass_through", "markup", "fixed", "package", "graduated", "volume", "absorb")))
    if model == "markup":
        return Rule(model="markup", percent=draw(st.sampled_from(PERCENTS)), fixed=draw(price), per=per)
    if model == "fixed":
        return Rule(model="fixed", price=draw(price), per=per)
    if model == "package":
        return Rule(model="package", included=draw(st.integers(0, 3)), price=draw(price), per=per)
    if model in ("graduated", "volume"):
        return Rule(model=model, tiers=(Tier(up_to=2, price=draw(price)), Tier(price=draw(price))), per=per)
    return Rule(model=model)


def charge(rule: Rule, micros: int, position: int, units: int, quantity: int) -> Fraction:
    """Exact cents of one row, as DESIGN has it; its first unit is the one at `position`, from 0."""
    cost, sign = Fraction(micros, 10_000), -1 if micros < 0 else 1
    counted = range(position, position + (quantity if rule.per == "quantity" else 1))
    if rule.model == "pass_through":
        return cost
    if rule.model == "markup":
        return cost * (1 + Fraction(rule.percent) / 100) + sign * len(counted) * Fraction(rule.fixed) * 100
    if rule.model == "absorb":
        return Fraction(0)
    if rule.model in ("fixed", "package"):
        paid = [unit for unit in counted if rule.model == "fixed" or unit >= (rule.included or 0)]
        return sign * len(paid) * Fraction(rule.price or "0") * 100
    low = [unit < 2 if rule.model == "graduated" else units <= 2 for unit in counted]
    return sign * sum((Fraction(rule.tiers[0 if first else 1].price) for first in low), Fraction(0)) * 100


Cells = tuple[int, int, int, int, int]
"""Cost, rule, position, units, and quantity of a row."""


@st.composite
def batches(draw: st.DrawFn) -> tuple[list[Rule], list[list[Cells]]]:
    """Some rules, and lines of rows."""
    plan = draw(st.lists(rules(), min_size=1, max_size=3))
    row = st.tuples(COSTS, st.integers(0, len(plan) - 1), st.integers(0, 4), st.integers(1, 5), st.integers(0, 4))
    return plan, draw(st.lists(st.lists(row, min_size=1, max_size=6), min_size=1, max_size=5))


@given(batches())
@settings(max_examples=150, deadline=None)
def test_any_mixture_is_exact_and_rounded_once_a_line(
    batch: tuple[list[Rule], list[list[Cells]]],
) -> None:
    """Every charge is the fraction, every line its rounded sum, every row less than a cent from its own."""
    plan, lines = batch
    rows = [row for line in lines for row in line]
    cost, rule_of, position, units, quantity = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    got = exact_charges(
        cost,
        rule_of,
        plan,
        position,
        units,
        np.where(np.array([plan[rule].per == "quantity" for rule in rule_of]), quantity, 1),
    )
    expected = [charge(plan[rule], micros, place, of, count) for micros, rule, place, of, count in rows]
    assert [Fraction(int(amount), got.per_cent) for amount in got.amounts.tolist()] == expected
    starts = np.cumsum([0, *(len(line) for line in lines[:-1])])
    shares = shared_out_by_line(got, starts, np.arange(len(rows))).tolist()
    for start, line in zip(starts.tolist(), lines, strict=True):
        exact, shown = (each[start : start + len(line)] for each in (expected, shares))
        assert sum(shown) == rounded(sum(exact, Fraction(0)))
        assert all(abs(share - one) < 1 for share, one in zip(shown, exact, strict=True))
        # Largest remainder, seen in the mirror for a negative line; ties go to the lower id.
        sign = -1 if (sum(shown), sum(exact)) < (0, 0) else 1
        order = sorted(range(len(line)), key=lambda place: (-(sign * exact[place] % 1), place))
        above = [sign * shown[place] > sign * exact[place] // 1 for place in order]
        assert above == sorted(above, reverse=True)


@pytest.mark.parametrize(
    ("cost", "rule", "per_cent"),
    [
        ([1_500_000, 70_000], Rule(model="pass_through"), 1),
        ([1_500_000, 70_000], Rule(model="markup", percent="30"), 10),
        ([1_500_000, 70_000], Rule(model="markup", percent="30", fixed="0.0045"), 100),
        ([1_500_000, 7_500], Rule(model="pass_through"), 100),
        ([1_500_000, 7_500], Rule(model="markup", percent="7.5"), 10**5),
        ([1_500_000, 1], Rule(model="markup", percent="0.0001"), 10**10),
    ],
)
def test_the_coarsest_unit_that_holds_the_batch(cost: list[int], rule: Rule, per_cent: int) -> None:
    """Whole cents are computed in cents; what one row needs holds for all."""
    nothing = np.zeros(len(cost), np.int64)
    got = exact_charges(np.array(cost), nothing, [rule], nothing, nothing + 1, nothing + 1)
    assert (got.per_cent, str(got.amounts.dtype)) == (per_cent, "int64")
