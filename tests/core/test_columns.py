"""Texts held once, numbers that sort as texts do, and the order of the page: each against plain Python."""

from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_job.billing.rating.charge_models import Exact
from billing_job.billing.rating.line_order import LineKeys, page_order
from billing_job.billing.rating.line_rounding import shared_out_by_line
from billing_job.core.columns.in_parallel import FEW_ROWS, side_by_side
from billing_job.core.columns.interned import Coded, flags, in_order, ints
from billing_job.core.columns.months import months_of
from billing_job.core.columns.schema import CODED, INT, TEXT
from billing_job.core.columns.sort_keys import dense, nested, packed, shortlex_rank
from billing_job.core.errors import InvariantBroken
from billing_job.core.moments import microseconds
from billing_job.core.money import shared_out
from billing_job.core.period import Period

ZONES = tuple(map(ZoneInfo, ("Europe/Amsterdam", "America/St_Johns", "Africa/Cairo", "Asia/Kathmandu")))
texts = st.lists(st.sampled_from(["", "a", "b", "é", "+3120", None]))


@given(texts, texts)
def test_coded_texts_are_the_texts(first: list[str | None], second: list[str | None]) -> None:
    """A column that was joined of two keeps its texts, each held once, and answers as the plain one does."""
    whole = [*first, *second]
    column = pd.concat([pd.Series(part, dtype=TEXT).astype(CODED) for part in (first, second)])
    for coded in (Coded.of(column), Coded.of(pd.Series(whole, dtype=TEXT))):
        assert len(set(coded.names())) == len(coded.names())
        assert [coded.names()[code] if code >= 0 else None for code in coded.codes] == whole
        assert coded.equal("a").tolist() == [text == "a" for text in whole]
        assert coded.each(lambda text: text > "a").tolist() == [text is not None and text > "a" for text in whole]
        assert set(coded.used()) == {text for text in whole if text is not None}


@given(st.lists(st.sampled_from(["b", "a", "", "a"]), min_size=1), st.data())
def test_taken_texts(values: list[str], data: st.DataObject) -> None:
    """texts[place], the empty text for -1; ranks sort as the texts do, though some texts are there twice."""
    places = data.draw(st.lists(st.integers(-1, len(values) - 1)))
    coded = Coded.taken(values, np.array(places, np.int64))
    wanted = [values[place] if place >= 0 else "" for place in places]
    assert coded.column().to_list() == coded.plain().to_list() == wanted
    assert dense(coded.ranks()).tolist() == [sorted(set(wanted)).index(text) for text in wanted]
    order = np.arange(len(values))[::-1]
    pointed_to = in_order(pd.Series(values, dtype=TEXT), order)
    assert pointed_to.to_list() == values[::-1]
    assert Coded.of(pointed_to).equal("a").tolist() == [text == "a" for text in values[::-1]]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5))))
def test_pairs_sort_as_pairs(pairs: list[tuple[int, int]]) -> None:
    """Nested numbers sort as the pairs do; so do packed ones, also where there is room for dense ones only."""
    outer, inner = (np.array([pair[place] for pair in pairs], np.int64) for place in (0, 1))
    wanted = [sorted(set(pairs)).index(pair) for pair in pairs]
    assert dense(nested(outer, inner)).tolist() == wanted
    assert dense(packed([outer * 2**58, inner * 2**58])).tolist() == wanted


@pytest.mark.parametrize(
    "ids",
    [
        ["10", "9", "100"],
        ["0x10", "9", "5"],
        ["010", "9", "10"],
        ["-5", "10", "4"],
        ["1" * 16, "2" * 15],
        ["b", "aa", "5"],
        ["٣", "10"],
        [],
    ],
)
def test_ids_sort_shorter_first(ids: list[str]) -> None:
    """Transaction ids sort by length, then by text; what only resembles a number is a text."""
    rank = shortlex_rank(pd.Series(ids, dtype=TEXT))
    assert sorted(ids, key=lambda id_: rank[ids.index(id_)]) == sorted(ids, key=lambda id_: (len(id_), id_))


@given(
    st.sampled_from(ZONES),
    st.lists(
        st.tuples(st.integers(2001, 2035), st.integers(1, 12), st.sampled_from([-1, 0, 1, 86_400_000_000])), min_size=1
    ),
)
def test_months_begin_where_periods_do(zone: ZoneInfo, moments: list[tuple[int, int, int]]) -> None:
    """A microsecond before the first midnight is the month before, also where the clock is moved at that midnight."""
    near = [microseconds(Period(year, month).starts(zone)) + after for year, month, after in moments]
    wanted = [
        str(Period(year, month) if after >= 0 else Period(year, month).previous) for year, month, after in moments
    ]
    assert months_of(np.array(near, np.int64), zone).plain().to_list() == wanted


@pytest.mark.parametrize("zone", ZONES)
def test_months_at_the_ends_of_the_calendar(zone: ZoneInfo) -> None:
    """The first and the last moment that a row can have are no error."""
    ends = [microseconds(datetime.min.replace(tzinfo=UTC)), microseconds(datetime.max.replace(tzinfo=UTC))]
    assert months_of(np.array(ends, np.int64), zone).plain().to_list() == ["0001-01", "9999-12"]


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.booleans(), st.integers(0, 3)), max_size=12),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_the_order_of_the_page(rows: list[tuple[int, int, bool, int]], random: Random, by_time: bool) -> None:
    """Clients, what they see before what the house pays, lines, moments, ids."""
    if by_time:
        rows = sorted(rows, key=lambda row: row[3])
    ranks = list(range(len(rows)))
    if not by_time:
        random.shuffle(ranks)
    client, within, visible, moment = (list(column) for column in zip(*rows, strict=True)) if rows else [[]] * 4
    each_row = [one == 2 for one in client]
    keys = LineKeys(np.array(client, np.int64), np.array(within, np.int64), np.array(each_row, bool))
    moments, rank = np.array(moment, np.int64), np.array(ranks, np.int64)
    page = page_order(keys, np.array(visible, bool), moments, rank)
    wanted = sorted(
        range(len(rows)),
        key=lambda place: (client[place], not visible[place], within[place], moment[place], ranks[place]),
    )
    assert page.order.tolist() == wanted
    lines = [(client[place], visible[place], within[place], place if each_row[place] else -1) for place in wanted]
    begins = [place == 0 or lines[place] != lines[place - 1] for place in range(len(lines))]
    assert page.begins.tolist() == begins


@given(
    st.lists(st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=6), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
def test_ties_go_to_the_lower_id(lines: list[list[int]], random: Random) -> None:
    """Rows that do not stand by id are shared out as if they did: a remainder of the same size goes to the lower id."""
    exact = [cents - cents % 250_000 for line in lines for cents in line]
    ranks = list(range(len(exact)))
    random.shuffle(ranks)
    starts = np.cumsum([0, *map(len, lines)])[:-1]
    got = shared_out_by_line(Exact(np.array(exact, np.int64), 1_000_000), starts, np.array(ranks, np.int64)).tolist()
    for start, line in zip(starts.tolist(), lines, strict=True):
        by_id = sorted(range(start, start + len(line)), key=lambda place: ranks[place])
        total = sum(exact[place] for place in by_id)
        cents = (abs(total) + 500_000) // 1_000_000 * (-1 if total < 0 else 1)
        assert [got[place] for place in by_id] == shared_out(cents, [exact[place] for place in by_id])


def test_nothing_is_read_out_of_empty_cells() -> None:
    """An amount or an answer that is not there stops the run, rather than count as nought or as no."""
    amounts = pd.Series([1, None], dtype=INT)
    with pytest.raises(InvariantBroken, match="1 cells are empty"):
        ints(amounts)
    with pytest.raises(InvariantBroken, match="1 cells are empty"):
        flags(amounts != 1)
    assert ints(amounts, missing=0).tolist() == [1, 0]


@pytest.mark.parametrize("rows", [1, FEW_ROWS])
def test_the_first_error_is_raised(rows: int) -> None:
    """Work side by side answers in the order it was given, and hides no error of a piece."""
    assert list(side_by_side(rows, {"b": lambda: 2, "a": lambda: 1}).items()) == [("b", 2), ("a", 1)]
    with pytest.raises(pa.ArrowInvalid):
        side_by_side(rows, {"fine": lambda: 1, "broken": lambda: pa.array(["x"]).cast(pa.int64())})
