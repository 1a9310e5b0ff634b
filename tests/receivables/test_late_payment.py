"""Interest and costs by law, against figures worked out by hand from the law's own numbers."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from billing_job.core.claim import Claim, LateClaim
from billing_job.core.document import Kind
from billing_job.receivables.interest import InterestRate, RateUnknown, half_year_end, interest, rounded_cents
from billing_job.receivables.late_claims import after_credits, unpaid_claims
from billing_job.receivables.late_payment_law import (
    RecoveryCosts,
    dutch_scale_cents,
    last_day_to_pay,
    recovery_costs,
)


def rate(country: str, percent: str, valid_from: date) -> InterestRate:
    return InterestRate(country, Decimal(percent), valid_from, half_year_end(valid_from), "test")


JANUARY_25, JULY_25, JANUARY_26 = date(2025, 1, 1), date(2025, 7, 1), date(2026, 1, 1)
DUTCH = (rate("NL", "11.15", JANUARY_25), rate("NL", "10.15", JULY_25), rate("NL", "10.15", JANUARY_26))
GERMAN = (rate("DE", "11.27", JANUARY_25), rate("DE", "10.27", JULY_25))


@pytest.mark.parametrize(
    ("country", "principal", "payments", "due", "until", "exact"),
    [
        # 1,000.00 due 20 June 2025 (NL): 10 days at 11.15 %, from 1 July 10 days at 10.15 %.
        (
            "NL",
            100_000,
            [],
            date(2025, 6, 20),
            date(2025, 7, 10),
            Fraction(100_000 * (1115 * 10 + 1015 * 10), 3_650_000),
        ),
        # 400.00 of it came on 3 July: three more days on the whole, seven on 600.00.
        (
            "NL",
            100_000,
            [(date(2025, 7, 3), 40_000)],
            date(2025, 6, 20),
            date(2025, 7, 10),
            Fraction(100_000 * 1115 * 10 + 100_000 * 1015 * 3 + 60_000 * 1015 * 7, 3_650_000),
        ),
        # Paid in whole a day late: one day.
        (
            "DE",
            50_000,
            [(date(2025, 8, 2), 50_000)],
            date(2025, 8, 1),
            date(2025, 12, 1),
            Fraction(50_000 * 1027, 3_650_000),
        ),
        # Paid on the due day: nothing.
        ("DE", 50_000, [(date(2025, 8, 1), 50_000)], date(2025, 8, 1), date(2025, 12, 1), Fraction(0)),
        # A direct debit that came back: late again from the day after the return.
        (
            "DE",
            50_000,
            [(date(2025, 8, 1), 50_000), (date(2025, 8, 5), -50_000)],
            date(2025, 8, 1),
            date(2025, 8, 10),
            Fraction(50_000 * 1027 * 5, 3_650_000),
        ),
        # Over the turn of the year the day stays the 365th part.
        ("NL", 36_500, [], date(2025, 12, 26), date(2026, 1, 5), Fraction(36_500 * 1015 * 10, 3_650_000)),
    ],
)
def test_interest_by_the_day(
    country: str, principal: int, payments: list[tuple[date, int]], due: date, until: date, exact: Fraction
) -> None:
    """Daily on the original claim, each day at the rate of its half-year, exact until it is rounded once."""
    assert interest(principal, payments, due, until, country, (*DUTCH, *GERMAN)) == exact


@pytest.mark.parametrize(
    ("due", "german"),
    [
        (date(2026, 11, 13), date(2026, 11, 13)),  # a Friday
        (date(2026, 11, 14), date(2026, 11, 16)),
        (date(2026, 5, 24), date(2026, 5, 26)),  # Whit Sunday, and the Monday after it
        (date(2025, 12, 25), date(2025, 12, 29)),  # Thursday and Friday, then a weekend
        (date(2026, 6, 4), date(2026, 6, 5)),  # Corpus Christi, in six Länder
        (date(2026, 11, 18), date(2026, 11, 19)),  # Buß- und Bettag, in Saxony
    ],
)
def test_the_last_day_to_pay(due: date, german: date) -> None:
    """§ 193 BGB: a seller in Germany waits for the next working day, wherever in it the debtor is; others do not."""
    assert [last_day_to_pay(due, country) for country in ("DE", "NL")] == [german, due]


def test_the_rounded_examples() -> None:
    """The first example in cents: 1,000.00 for 20 days is 5.84; half a cent goes away from zero."""
    assert rounded_cents(interest(100_000, [], date(2025, 6, 20), date(2025, 7, 10), "NL", DUTCH)) == 584
    assert [rounded_cents(Fraction(n, 2)) for n in (1, 2, 3)] == [1, 1, 2]


def test_a_leap_year_costs_no_more_than_its_rate() -> None:
    """A whole leap year at ten percent is ten percent."""
    year = InterestRate("NL", Decimal(10), date(2028, 1, 1), date(2029, 1, 1), "test")
    assert interest(100_000, [], date(2027, 12, 31), date(2028, 12, 31), "NL", [year]) == 10_000


def test_a_rate_is_never_carried_into_the_next_half_year() -> None:
    """The first day without a rate is named; a debt that was paid before it asks for none."""
    with pytest.raises(RateUnknown) as unknown:
        interest(100_000, [], date(2026, 6, 20), date(2026, 7, 10), "NL", DUTCH)
    assert (unknown.value.country, unknown.value.day) == ("NL", date(2026, 7, 1))
    paid = [(date(2026, 6, 30), 100_000)]
    assert interest(100_000, paid, date(2026, 6, 20), date(2026, 7, 10), "NL", DUTCH) == Fraction(1015 * 10 * 10, 365)


@pytest.mark.parametrize(
    ("euros", "scale"),
    [
        (1, "40.00"),  # at least 40
        (266, "40.00"),
        (267, "40.05"),  # 15 % of 267
        (2_500, "375.00"),
        (2_501, "375.10"),
        (5_000, "625.00"),
        (10_000, "875.00"),
        (200_000, "2775.00"),
        (1_000_000, "6775.00"),
        (5_000_000, "6775.00"),  # at most 6,775
    ],
)
def test_the_dutch_scale(euros: int, scale: str) -> None:
    """Besluit vergoeding voor buitengerechtelijke incassokosten, Article 2: 15, 10, 5, 1 and 0.5 percent."""
    assert dutch_scale_cents(euros * 100) == int(Decimal(scale) * 100)


@pytest.mark.parametrize(
    ("country", "business", "unpaid", "cents"),
    [
        ("DE", True, [10_00], 40_00),
        ("DE", True, [10_00, 99_00, 1_00], 120_00),  # C-585/20: for each payment
        ("DE", False, [10_00], 0),
        ("NL", True, [100_00], 40_00),
        ("NL", True, [1_000_00], 150_00),  # the scale is more
        ("NL", True, [100_00, 100_00, 100_00], 120_00),  # three times 40 is more than 15 % of 300
        ("NL", True, [2_000_00, 2_000_00], 525_00),  # the scale on 4,000, not twice on 2,000, and not beside 80
        ("NL", False, [1_000_00], 150_00),
        ("US", True, [1_000_00], 0),
    ],
)
def test_recovery_costs(country: str, business: bool, unpaid: list[int], cents: int) -> None:
    """The fixed sum for each document, or the Dutch scale on their sum, whichever is more; never both."""
    costs = recovery_costs(country, is_business=business, unpaid_cents=unpaid)
    assert costs.cents == cents
    assert bool(costs.law) == bool(cents)
    assert isinstance(costs, RecoveryCosts)


@pytest.mark.parametrize(
    ("taken", "claimed"),
    [
        pytest.param([], (15_000, 282), id="no credit note"),
        pytest.param([(20, 50_000)], (7_500, 141), id="half of it was never owed"),
        pytest.param([(20, 80_000)], (4_000, 56), id="costs are 40.00 at least"),
        pytest.param([(20, 50_000), (21, 50_000)], (0, 0), id="nothing of it was"),
        pytest.param([(6, 100_000)], (0, 0), id="nothing of it was, on the letter's day"),
        pytest.param([(22, 100_000)], (15_000, 282), id="later than the day that is asked about"),
    ],
)
def test_a_credit_note_lessens_the_claim(taken: list[tuple[int, int]], claimed: tuple[int, int]) -> None:
    """1,000.00 open, 150.00 of costs and 2.82 of interest claimed on the 6th; then a credit note, asked on the 21st."""
    letter = LateClaim("INV-1", date(2025, 11, 6), 15_000, 282, 100_000, 100_000)
    notes = [
        Claim(f"CN-{day}", Kind.CREDIT_NOTE, "acme", date(2025, 11, day), date(2025, 11, day), -cents, "INV-1")
        for day, cents in taken
    ]
    left = unpaid_claims(after_credits([letter], notes), [], date(2025, 11, 21)).get("INV-1")
    assert ((left.costs_cents, left.interest_cents) if left else (0, 0)) == claimed
    assert left is None or left.day == letter.day
