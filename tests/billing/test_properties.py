"""For any ledger, assignments and plans every cent has one place, everything adds up, and order does not matter."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_job.billing.rating.charge_models import Exact
from billing_job.billing.rating.line_rounding import shared_out_by_line
from billing_job.core.document import Document, Kind
from billing_job.core.money import MICROCENTS_PER_CENT, half_away_from_zero, shared_out
from billing_job.core.period import Period
from tests.support.books import OCTOBER, Books, books, job_of, rounded
from tests.support.desk import BilledHere, billed_here
from tests.support.tried import times


def assert_adds_up(document: Document) -> None:
    """Invariant 3, written down a second time."""
    assert all(sum(row.net_cents for row in line.rows) == line.net_cents for line in document.lines)
    assert sum(line.net_cents for line in document.lines) == document.net_cents
    for total in document.vat_totals:
        assert total.net_cents == sum(line.net_cents for line in document.lines if line.vat == total.vat)
        assert total.vat_cents == rounded(total.net_cents * Fraction(total.vat.rate) / 100)
    assert sum(total.vat_cents for total in document.vat_totals) == document.vat_cents
    assert document.net_cents + document.vat_cents == document.gross_cents
    assert (document.kind is Kind.CREDIT_NOTE) == (document.net_cents < 0)


def assert_every_transaction_has_one_place(given_books: Books, billed: BilledHere) -> None:
    """Invariant 1, by the ids on the wire and those that came out."""
    zone = ZoneInfo("Europe/Amsterdam")
    frame = billed.placed.rows.whole()
    shown = [row.transaction_id for d in billed.new for _, row in d.detail_rows() if row.transaction_id]
    attributed = list(frame.loc[frame["outcome"] == "attributed", "transaction_id"])
    assert sorted(set(attributed)) == sorted(set(attributed) | set(shown))
    others = list(frame.loc[frame["outcome"] != "attributed", "transaction_id"])
    assert not set(others) & set(attributed)
    expected = []
    for row in given_books.wire:
        try:
            day = datetime.fromisoformat(row["created_at"]).astimezone(zone).date()
        except (TypeError, ValueError):
            day = OCTOBER.first_day
        if Period.of(day) == OCTOBER:
            expected.append(str(row["id"]))
    assert sorted({*attributed, *others}) == sorted(expected)


WIDE = settings(max_examples=times(6, 12), deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(books(), st.randoms(use_true_random=False))
@WIDE
def test_every_cent_has_its_place_and_order_does_not_matter(given_books: Books, random: Any) -> None:
    """Invariants 1 and 3 hold for whatever comes in, and shuffled files and rows give equal bills."""

    def shuffled(rows: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(random.sample(list(rows), len(rows)))

    with job_of(given_books) as job:
        billed = billed_here(job, OCTOBER)
        assert_every_transaction_has_one_place(given_books, billed)
        for document in billed.new:
            assert_adds_up(document)
        again = billed_here(job, OCTOBER)
        assert again.new == ()
        assert again.waiting.count == 0
    other = Books(
        shuffled(given_books.clients),
        shuffled(given_books.trunks),
        shuffled(given_books.numbers),
        given_books.plans,
        shuffled(given_books.wire),
    )
    with job_of(other) as job:
        assert billed_here(job, OCTOBER).new == billed.new


microcents = st.one_of(
    st.integers(-3_000_000, 3_000_000),
    st.sampled_from([500_000, -500_000, 1_500_000, 333_333, 0]),
    st.integers(-(10**18), 10**18),
)


@given(st.lists(st.lists(microcents, min_size=1, max_size=8), min_size=1, max_size=5), st.booleans())
@settings(deadline=None)
def test_lines_are_shared_out_as_one_by_one(lines: list[list[int]], as_objects: bool) -> None:
    """All lines at once get what money.shared_out gives each alone, also beyond 64 bits, and add up, rounded once."""
    flat = [exact for line in lines for exact in line]
    wide = as_objects or sum(map(abs, flat)) >= 2**62
    starts = np.cumsum([0, *(len(line) for line in lines[:-1])])
    got = shared_out_by_line(
        Exact(np.array(flat, object if wide else np.int64), MICROCENTS_PER_CENT), starts, np.arange(len(flat))
    ).tolist()
    expected = [shared_out(half_away_from_zero(sum(line), MICROCENTS_PER_CENT), line) for line in lines]
    assert got == [share for line in expected for share in line]
    for line, shares in zip(lines, expected, strict=True):
        assert sum(shares) == rounded(Fraction(sum(line), MICROCENTS_PER_CENT))
        assert all(
            abs(share - Fraction(exact, MICROCENTS_PER_CENT)) < 1 for share, exact in zip(shares, line, strict=True)
        )


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**12))
def test_one_rounding_rule(numerator: int, denominator: int) -> None:
    """Half away from zero: nearest whole number, a half away from zero, and the mirror image for what is negative."""
    got = half_away_from_zero(numerator, denominator)
    exact = Fraction(numerator, denominator)
    assert abs(got - exact) <= Fraction(1, 2)
    assert abs(got) >= abs(exact) or abs(got - exact) < Fraction(1, 2)
    assert half_away_from_zero(-numerator, denominator) == -got


@given(
    st.integers(2000, 2099),
    st.integers(1, 12),
    st.sampled_from(["Europe/Amsterdam", "America/Havana", "Asia/Kathmandu"]),
)
def test_periods_follow_each_other(year: int, month: int, zone_name: str) -> None:
    """Next and previous undo each other, text and value too, and each moment is in one period of the calendar."""
    period, zone = Period(year, month), ZoneInfo(zone_name)
    assert period.next.previous == period == period.previous.next == Period.parse(str(period))
    assert period.previous < period < period.next
    assert period.ends(zone) == period.next.starts(zone) > period.starts(zone)
    assert period.last_day + timedelta(days=1) == period.next.first_day
    assert Period.of(period.starts(zone).astimezone(UTC).astimezone(zone).date()) == period
    before = (period.ends(zone).astimezone(UTC) - timedelta(microseconds=1)).astimezone(zone).date()
    assert Period.of(before) == period == Period.of(date(year, month, 15))


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "2026-1", "202610", "1999-12", "2026-10-01", " 2026-10", "२०२६-१०", ""]
)
def test_what_is_not_a_month(text: str) -> None:
    """Anything but YYYY-MM is refused with what is expected."""
    with pytest.raises(ValueError, match="YYYY-MM"):
        Period.parse(text)
