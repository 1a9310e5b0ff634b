"""Charges of one's own against a second calculation in whole numbers, day by day, written from the design alone."""

import itertools
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_job.billing.rating.charge_periods import Charge, NoIndexValue
from billing_job.billing.rating.own_charges import Holding, Payer, charge_rows

START, MONTHS = date(2026, 1, 1), 36
"""Three years; February 2028 has 29 days."""
LENGTH = {"month": 1, "quarter": 3, "year": 12}
DAYS = (date(2029, 1, 1) - START).days


def charge(**cells: object) -> Charge:
    """A monthly charge of 10.00 for acme, with these cells otherwise."""
    usual: dict[str, object] = {
        "charge_id": "care", "client_id": "acme", "plan": "", "description": "Care", "category": "charge",
        "quantity": 10_000, "unit": "H87", "price": 100_000, "every": "month", "billed": "arrears",
        "valid_from": None, "valid_to": None, "by_days": False, "count": "", "number": "", "trunk": "",
        "cost_micros": 0, "source": "charges.csv, row 2",
    }  # fmt: skip
    return Charge(**{**usual, **cells})  # type: ignore[arg-type]


def cents(amount: Fraction) -> int:
    """Half away from zero."""
    whole = int(abs(amount) * 2 + 1) // 2
    return whole if amount >= 0 else -whole


def month_of(day: date) -> int:
    return (day.year - START.year) * 12 + day.month - 1


def first_of(month: int) -> date:
    return date(START.year + month // 12, month % 12 + 1, 1)


def day(number: int) -> date:
    return START + timedelta(days=number)


stretches = st.lists(st.integers(0, DAYS), min_size=2, max_size=6, unique=True).map(sorted)


@settings(max_examples=150, deadline=None)
@given(
    every=st.sampled_from(sorted(LENGTH)),
    billed=st.sampled_from(["arrears", "advance"]),
    by_days=st.booleans(),
    prices=st.lists(st.integers(-300_000, 300_000), min_size=1, max_size=3),
    turns=stretches,
    stays=stretches,
    quantity=st.sampled_from([10_000, 25_000, 3_333]),
    until=st.integers(0, MONTHS - 1),
)
def test_every_period_is_charged_as_worked_out_day_by_day(
    every: str,
    billed: str,
    by_days: bool,
    prices: list[int],
    turns: list[int],
    stays: list[int],
    quantity: int,
    until: int,
) -> None:
    """Joins and leavings, dated prices, both ways of billing; each period once, by the run that is due for it."""
    bounds = list(zip(turns, [*turns[1:]], strict=False))[: len(prices)]
    rows = [
        charge(plan="std", client_id="", every=every, billed=billed, by_days=by_days, price=price, quantity=quantity,
               valid_from=day(first), valid_to=day(end))
        for price, (first, end) in zip(prices, bounds, strict=False)
    ]  # fmt: skip
    there = {each for first, end in zip(stays[::2], stays[1::2], strict=False) for each in range(first, end)}
    payer = Payer("acme", tuple((day(a), day(b)) for a, b in zip(stays[::2], stays[1::2], strict=False)))
    last = str(first_of(until))[:7]
    found = {row.transaction_id: row.charge_cents for row in charge_rows(rows, [payer], START, last)}

    expected = {}
    length = LENGTH[every]
    for begin in range(0, MONTHS, length):
        due = begin - 1 if billed == "advance" else begin + length - 1
        if due > until:
            continue
        first, end = (first_of(begin) - START).days, (first_of(begin + length) - START).days
        price_on = {
            each: row.price
            for row, (a, b) in zip(rows, bounds, strict=False)
            for each in range(max(a, first), min(b, end))
        }
        charged = sorted(there & price_on.keys())
        if not charged:
            continue
        if by_days:
            amount = 0
            for each in charged:
                if each - 1 not in charged:
                    before = Fraction(price_on[each] * quantity * (each - first), 10**6 * (end - first))
                    so_far = before
                so_far += Fraction(price_on[each] * quantity, 10**6 * (end - first))
                if each + 1 not in charged:
                    amount += cents(so_far) - cents(before)
        else:
            amount = cents(Fraction(price_on.get(first, price_on[charged[0]]) * quantity, 10**6))
        start = first_of(begin)
        word = {"month": f"{start:%Y-%m}", "quarter": f"{start.year}-Q{start.month // 3 + 1}", "year": f"{start:%Y}"}
        expected[f"charge:care:acme:{word[every]}"] = amount
    assert found == expected


@given(
    price=st.integers(-99_999, 99_999),
    cuts=st.sets(st.integers(1, 28), max_size=6),
    month=st.sampled_from(["2026-10", "2026-11", "2027-02", "2028-02"]),
)
def test_the_parts_of_a_period_add_up_to_its_price(price: int, cuts: set[int], month: str) -> None:
    """A trunk that goes from client to client within a month: together they pay the month, to the cent."""
    first = date.fromisoformat(f"{month}-01")
    following = (first + timedelta(days=31)).replace(day=1)
    bounds = [
        first,
        *(first + timedelta(days=cut) for cut in sorted(cuts) if cut < (following - first).days),
        following,
    ]
    row = charge(price=price, by_days=True, plan="std", client_id="")
    payers = [Payer(f"c{n}", ((a, b),)) for n, (a, b) in enumerate(itertools.pairwise(bounds))]
    found = list(charge_rows([row], payers, first, month))
    assert sum(each.charge_cents for each in found) == cents(Fraction(price, 100))
    assert len({each.transaction_id for each in found}) == len(payers) == len(found)


HELD = (
    ("+31201110001", "NL", "local", 0, 400), ("+31201110002", "NL", "mobile", 9, 14),
    ("+4930111", "DE", "local", 14, 45), ("+31201110001", "NL", "local", 401, 500),
)  # fmt: skip
"""Number, country, type, and the days from 1 January 2026 on which it was acme's."""


@settings(deadline=None)
@given(
    wanted=st.sampled_from(["numbers", "numbers:NL", "numbers:mobile", "numbers:NL:local", "trunks"]),
    by_days=st.booleans(),
    price=st.integers(1, 50_000),
)
def test_counts_take_what_was_held(wanted: str, by_days: bool, price: int) -> None:
    """By day where prorated, each day counting for its part of the month; otherwise all that was held at any moment."""
    holdings = [
        Holding(name, frozenset({"numbers", country.lower(), kind}), "trk", (day(a), day(b)))
        for name, country, kind, a, b in HELD
    ]
    holdings.append(Holding("trk", frozenset({"trunks"}), "trk", (day(0), day(20))))
    row = charge(count=wanted, by_days=by_days, price=price)
    payer = Payer("acme", ((date.min, date.max),), holdings)
    found = {each.period.word: each for each in charge_rows([row], [payer], START, "2026-02")}
    for month in (0, 1):
        first, end = (first_of(month) - START).days, (first_of(month + 1) - START).days
        words = set(wanted.lower().split(":"))
        held = [(h.name, (h.days[0] - START).days, (h.days[1] - START).days) for h in holdings if words <= h.words]
        by_name: dict[str, int] = {}
        for name, a, b in held:
            within = max(0, min(b, end) - max(a, first))
            if within:
                by_name[name] = by_name.get(name, 0) + within
        one = found.get(f"2026-0{month + 1}")
        if not by_name:
            assert one is None
            continue
        assert one is not None
        share = Fraction(sum(by_name.values()), end - first) if by_days else Fraction(len(by_name))
        assert (one.charge_cents, one.quantity) == (cents(share * price / 100), len(by_name))


def test_what_is_owed_once_is_owed_on_one_day() -> None:
    """Of a plan: whoever is there pays at once, later joiners in their first month, at the price of that day."""
    rows = [
        charge(
            plan="std",
            client_id="",
            every="once",
            price=500_000,
            valid_from=date(2026, 3, 1),
            valid_to=date(2026, 6, 1),
        ),
        charge(plan="std", client_id="", every="once", price=600_000, valid_from=date(2026, 6, 1)),
    ]
    payers = [
        Payer("old", ((date.min, date.max),)),
        Payer("young", ((date(2026, 7, 9), date.max),)),
        Payer("gone", ((date.min, date(2026, 2, 1)),)),
    ]
    found = {each.transaction_id: (each.due, each.charge_cents) for each in charge_rows(rows, payers, START, "2026-07")}
    assert found == {"charge:care:old:once": ("2026-03", 5000), "charge:care:young:once": ("2026-07", 6000)}


def test_runs_before_the_first_month_are_past() -> None:
    """What they would have billed is owed where it begins in the first month or later; the rest is elsewhere."""
    since, until = date(2026, 11, 1), "2026-12"
    payer = [Payer("acme", ((date.min, date.max),))]
    words = {
        (every, billed): [
            each.period.word for each in charge_rows([charge(every=every, billed=billed)], payer, since, until)
        ]
        for every in ("month", "quarter")
        for billed in ("arrears", "advance")
    }
    assert words == {
        ("month", "arrears"): ["2026-11", "2026-12"],
        ("month", "advance"): ["2026-11", "2026-12", "2027-01"],
        ("quarter", "arrears"): ["2026-Q4"],
        ("quarter", "advance"): ["2027-Q1"],
    }


def test_an_index_changes_the_price_once_a_year() -> None:
    """From the named month on, from the price of the row's own beginning, rounded once to the cent."""
    series = ((date(2025, 7, 1), 1_250_000), (date(2026, 7, 1), 1_290_000), (date(2027, 7, 1), 1_333_000))
    row = charge(price=1_000_000, valid_from=date(2026, 5, 1), index="cpi", values=series)
    payers = [Payer("acme", ((date.min, date.max),))]
    found = {each.period.word: each.charge_cents for each in charge_rows([row], payers, START, "2028-06")}
    # 100.00 × 129 / 125 = 103.20, then 100.00 × 133.3 / 125 = 106.64.
    assert [found[month] for month in ("2026-06", "2026-07", "2027-06", "2027-07")] == [10000, 10320, 10320, 10664]
    with pytest.raises(NoIndexValue, match=r"row 2, column index: 'cpi': indices.csv has no value for 2028"):
        list(charge_rows([row], payers, START, "2028-07"))
