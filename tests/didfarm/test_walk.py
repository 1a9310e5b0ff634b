"""The walk over the list: nothing missed, nothing twice, and never whole without being so."""

from collections import Counter
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_job.core.errors import Incomplete, RequestRefused
from billing_job.core.wallet import Transaction
from billing_job.didfarm.page import order_of, validated_page
from billing_job.didfarm.sync import audited
from billing_job.didfarm.walk import walk
from tests.support.moving_list import READING, Crash, MemoryMirror, MovingList, Odds, dice
from tests.support.tried import times

CALM = Odds()


def _list(rows: int, page_size: int = 10, *, newest_first: bool = True, odds: Odds = CALM, seed: int = 1) -> MovingList:
    return MovingList(dice(seed), odds, rows=rows, page_size=page_size, newest_first=newest_first)


def _walked(supplier: MovingList, mirror: MemoryMirror, *, full: bool = False) -> Any:
    return walk(supplier.read, mirror, full=full, before_newest=lambda: None)


def _is_copy(supplier: MovingList, mirror: MemoryMirror) -> bool:
    """Whether the mirror holds exactly the listed rows as they now are, each once."""
    held = {id_: row.micros for id_, row in mirror.current.items() if id_ not in mirror.gone}
    return held == {str(row["id"]): row["amount"] * 10_000 for row in supplier.rows}


# One history: a supplier's list over several syncs, each of which may be cut short.


def _history(rng: Random, odds: Odds) -> Counter[str]:
    """Six syncs while things happen, then one at rest; counts what they came to."""
    supplier = MovingList(
        rng, CALM, rows=rng.randrange(60), page_size=rng.randrange(1, 12), newest_first=rng.random() < 0.5
    )
    mirror = MemoryMirror(rng)
    count: Counter[str] = Counter()
    listed: set[str] = set()
    balance = 0

    def before_newest() -> None:
        nonlocal balance
        balance = supplier.balance
        listed.clear()
        listed.update(str(row["id"]) for row in supplier.rows)

    def sync(*, full: bool) -> None:
        once = partial(walk, supplier.read, mirror, before_newest=before_newest)
        audited(once, full=full, looks_whole=lambda: mirror.movements == balance)

    for _ in range(6):
        supplier.odds, mirror.crash = odds, odds.crash
        for _ in range(rng.randrange(4)):
            supplier.happen()
        try:
            sync(full=rng.random() < 0.2)
        except Incomplete:
            count["incomplete"] += 1
        except Crash:
            count["crashed"] += 1
        else:
            count["whole"] += 1
            missed = listed - mirror.present_ids()
            if missed and mirror.movements != balance:
                count["named by the balance"] += 1
            elif missed:
                count["silently missed"] += 1
        count["duplicates"] += len(mirror.versions) - len({(row.transaction_id, row.raw) for row in mirror.versions})
    supplier.calm()
    mirror.crash = 0.0
    sync(full=False)
    if mirror.movements != balance:
        sync(full=True)
    count["not mended"] += not _is_copy(supplier, mirror)
    return count


def _odds(rng: Random, *, deceiving: bool) -> Odds:
    """Each kind of trouble in every other history; `deceiving`: also what no list can show."""

    def sometimes(odds: float) -> float:
        return odds if rng.random() < 0.5 else 0.0

    return Odds(
        arrival=sometimes(0.2),
        backdated=sometimes(0.05),
        deletion=sometimes(0.05),
        reshuffle=sometimes(0.2),
        resize=sometimes(0.01),
        wrong_page=sometimes(0.1),
        outage=sometimes(0.02),
        crash=sometimes(0.03),
        stale_total=sometimes(0.05) if deceiving else 0.0,
        at_once=deceiving,
    )


def test_walks_miss_nothing() -> None:
    """Arrivals, ties, deletions, back-dated rows, wrong pages, outages, crashes: no row lost, doubled or kept quiet."""
    total: Counter[str] = Counter()
    histories = times(120, 340)
    for seed in range(histories):
        rng = dice(seed)
        total += _history(rng, _odds(rng, deceiving=False))
    walks = total["whole"] + total["incomplete"] + total["crashed"]
    assert walks == 6 * histories
    assert min(total["whole"], total["incomplete"], total["crashed"]) > walks // 10
    assert (total["silently missed"], total["duplicates"], total["not mended"]) == (0, 0, 0)


def test_what_no_list_can_show_is_named_by_the_balance() -> None:
    """A row deleted and another slipped in between the same two requests: the balance tells, the audit mends."""
    total: Counter[str] = Counter()
    for seed in range(times(60, 170)):
        rng = dice(seed)
        total += _history(rng, replace(_odds(rng, deceiving=True), deletion=0.1, backdated=0.1))
    assert (total["silently missed"], total["duplicates"], total["not mended"]) == (0, 0, 0)


TROUBLES = ("backdated", "deletion", "edit", "reshuffle", "wrong_page", "outage", "crash")


@settings(max_examples=times(40, 100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rng=st.randoms(use_true_random=False),
    odds=st.builds(Odds, arrival=st.floats(0, 0.15), **{name: st.floats(0, 0.1) for name in TROUBLES}),
)
def test_any_mixture_of_trouble_ends_in_a_true_copy(rng: Random, odds: Odds) -> None:
    """Whatever the odds, the sync after the trouble leaves exactly the supplier's rows."""
    count = _history(rng, odds)
    assert (count["silently missed"], count["duplicates"], count["not mended"]) == (0, 0, 0)


# How many requests it takes.


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("rows", [0, 1, 9, 10, 11, 99, 100, 101])
def test_a_first_read_takes_at_most_two_more_requests_than_pages(rows: int, newest_first: bool) -> None:
    """Pages, one look behind a last page that is full, and the newest page once more."""
    supplier, mirror = _list(rows, newest_first=newest_first), MemoryMirror(dice(1))
    _walked(supplier, mirror)
    pages = max(1, -(-rows // 10))
    assert supplier.requests <= pages + 2
    assert _is_copy(supplier, mirror)


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("news", [0, 1, 4])
def test_less_than_a_page_of_news_takes_two_requests(news: int, newest_first: bool) -> None:
    """The page with the news, and once more to see that nothing came in the meantime."""
    supplier, mirror = _list(95, newest_first=newest_first), MemoryMirror(dice(1))
    _walked(supplier, mirror)
    for _ in range(news):
        supplier.arrive()
    before = supplier.requests
    report = _walked(supplier, mirror)
    assert (report.full, report.new, supplier.requests - before) == (False, news, 2)


# Holes that were looked for one by one.


def test_a_crash_leaves_no_gap_below_what_it_stored() -> None:
    """Three pages of news, a crash after the first: the next sync goes past those stored rows to a sealed one."""
    supplier, mirror = _list(40), MemoryMirror(dice(1))
    _walked(supplier, mirror)
    for _ in range(30):
        supplier.arrive()
    mirror.save(validated_page(supplier.answer(1), 1, None, READING).rows)
    assert _walked(supplier, mirror).new == 20
    assert _is_copy(supplier, mirror)


def test_a_list_of_one_page_may_grow_while_it_is_read() -> None:
    """Five rows are no page size: when three more come during the walk, the page is not taken for a wrong one."""
    supplier, mirror = _list(5), MemoryMirror(dice(1))

    def three_more() -> None:
        for _ in range(3):
            supplier.arrive()

    walk(supplier.read, mirror, full=False, before_newest=three_more)
    assert _is_copy(supplier, mirror)


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("size", [4, 25])
def test_another_page_size_than_yesterday(size: int, newest_first: bool) -> None:
    """The incremental pass cannot be right any more; a full one follows in the same sync, and the next is short."""
    supplier, mirror = _list(60, newest_first=newest_first), MemoryMirror(dice(1))
    _walked(supplier, mirror)
    supplier.page_size = size
    supplier.arrive()
    report = _walked(supplier, mirror)
    assert report.full
    assert "page" in report.anomalies[0]
    before = supplier.requests
    assert not _walked(supplier, mirror).full
    assert supplier.requests - before == 2
    assert _is_copy(supplier, mirror)


def test_rows_vanish_from_the_end_of_an_oldest_first_list() -> None:
    """The page where the news should start is past the end now: all is read again, and the rows are named."""
    supplier, mirror = _list(60, newest_first=False), MemoryMirror(dice(1))
    _walked(supplier, mirror)
    gone = [str(row["id"]) for row in supplier.rows[45:]]
    del supplier.rows[45:]
    report = _walked(supplier, mirror)
    assert (report.full, set(report.absent)) == (True, set(gone))
    assert _is_copy(supplier, mirror)


def test_a_backdated_row_below_the_sealed_ones_is_found() -> None:
    """Page 1 shows nothing new, but the supplier counts one more: the sync reads on until it has it."""
    supplier, mirror = _list(60), MemoryMirror(dice(1))
    _walked(supplier, mirror)
    supplier.arrive(back=1_000)
    report = _walked(supplier, mirror)
    assert (report.full, report.new) == (True, 1)
    assert "60 rows are stored, the supplier counts 61" in report.anomalies


def test_a_cached_count_that_ends_on_a_full_page_is_incomplete() -> None:
    """The count says 60, page 7 still has rows: never whole, and all of them are kept."""
    supplier, mirror = _list(63), MemoryMirror(dice(1))
    honest = supplier.answer
    supplier.answer = lambda number: honest(number) | {"meta": {"total": 60, "page": number}}  # type: ignore[method-assign]
    with pytest.raises(Incomplete, match="more rows than the 60 that the supplier counts"):
        _walked(supplier, mirror)
    assert len(mirror.versions) == 63


@pytest.mark.parametrize("behind", ["clamped", "clamped and renumbered", 404, 422])
def test_servers_answer_past_the_end_in_their_own_ways(behind: int | str) -> None:
    """An empty page, the last page again or a refusal all mean that the list ends there."""
    supplier, mirror = _list(60), MemoryMirror(dice(1))
    honest = supplier.answer

    def answer(number: int) -> Any:
        if number <= 6:
            return honest(number)
        if isinstance(behind, int):
            raise RequestRefused("no such page", status=behind)
        return honest(6) | ({"meta": {"total": 60, "page": number}} if behind == "clamped and renumbered" else {})

    supplier.answer = answer  # type: ignore[method-assign]
    assert not _walked(supplier, mirror).anomalies
    assert _is_copy(supplier, mirror)


def test_rows_that_were_replaced_are_found_when_the_balance_says_so() -> None:
    """One row deleted, another back-dated: count and newest page stand still; the balance does not, so all is read."""
    supplier, mirror = _list(60), MemoryMirror(dice(1))
    _walked(supplier, mirror)
    del supplier.rows[40]
    supplier.arrive(back=1_000)
    once = partial(walk, supplier.read, mirror, before_newest=lambda: None)
    report = audited(once, full=False, looks_whole=lambda: False)
    assert (report.full, report.new, len(report.absent)) == (True, 1, 1)
    assert _is_copy(supplier, mirror)


def test_an_edited_row_is_kept_in_both_versions() -> None:
    """`--full` finds an amount that changed long ago, and says which."""
    supplier, mirror = _list(60), MemoryMirror(dice(1))
    _walked(supplier, mirror)
    supplier.rows[45]["amount"] -= 1
    assert _walked(supplier, mirror).changed == ()
    assert _walked(supplier, mirror, full=True).changed == (str(supplier.rows[45]["id"]),)
    assert len(mirror.versions) == 61


def test_a_list_that_never_rests_is_incomplete() -> None:
    """A deletion before every request: four passes, then the run says so and keeps what it has."""
    supplier, mirror = _list(200, odds=Odds(deletion=1.0)), MemoryMirror(dice(1))
    with pytest.raises(Incomplete, match="4 passes over the list contradict each other"):
        _walked(supplier, mirror)
    assert mirror.versions
    assert mirror.known is None


def _row(id_: str, moment: int | None) -> Transaction:
    return Transaction(id_, "sms", -10_000, "EUR", "", "", "", moment, "", id_)


@pytest.mark.parametrize(
    ("rows", "order"),
    [
        ([("3", 9), ("2", 8), ("1", 7)], "newest_first"),
        ([("1", 7), ("2", 8)], "oldest_first"),
        ([("9", 1), ("8", 9), ("7", 8), ("6", 7)], "newest_first"),
        ([("1", 7), ("2", 7)], "oldest_first"),
        ([("a", 7), ("b", 7)], None),
        ([("a", None)], None),
        ([], None),
    ],
)
def test_the_order_is_what_most_rows_show(rows: list[tuple[str, int | None]], order: str | None) -> None:
    """Moments first, then numeric ids; a back-dated row on top turns nothing round."""
    assert order_of([_row(*row) for row in rows]) == order
