"""A frame in pieces is the frame: whatever the size of the pieces, in memory or on the disk."""

import resource
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_job.core.columns.interned import Coded, ints
from billing_job.core.columns.schema import BOOL, CODED, INT, TEXT, conform
from billing_job.core.errors import OutputError
from billing_job.core.files.pieces import Pieces, bounds_of, shared_out

SCHEMA = {"name": TEXT, "client": CODED, "cents": INT, "large": TEXT, "settled": BOOL}
ROWS = st.lists(
    st.tuples(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
        st.sampled_from("abc"),
        st.none() | st.integers(-(2**62), 2**62),
        st.none() | st.just("-99999999999999999999"),
        st.booleans(),
    ),
    max_size=12,
)


def frame_of(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    return conform(pd.DataFrame(rows, columns=list(SCHEMA), dtype=object), SCHEMA, "test")


def cells(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    found = zip(*(frame[name].to_list() for name in frame.columns), strict=True)
    return [tuple(None if cell is pd.NA else cell for cell in row) for row in found]


@settings(deadline=None, max_examples=40)
@given(ROWS, st.integers(1, 5), st.sampled_from([0, 4, 100]))
def test_nothing_is_lost_and_nothing_moves(rows: list[tuple[object, ...]], size: int, held: int) -> None:
    """All rows come back in their order, also by some columns, also while another reader is on its way."""
    frame = frame_of(rows)
    pieces = Pieces(SCHEMA, held_rows=held)
    for start in range(0, len(rows), size):
        pieces.add(frame.iloc[start : start + size])
    assert pieces.on_disk == (len(rows) > held)
    assert (pieces.rows, cells(pieces.whole())) == (len(rows), rows)
    assert dict(pieces.whole().dtypes) == SCHEMA
    two = list(zip(pieces, pieces.columns(["cents", "name"]), strict=True))
    assert [cell for _, some in two for cell in cells(some)] == [(row[0], row[2]) for row in rows]
    assert [row for piece, _ in two for row in cells(piece)] == rows


@settings(deadline=None, max_examples=40)
@given(ROWS, st.integers(1, 5))
def test_every_row_is_in_its_bucket(rows: list[tuple[object, ...]], size: int) -> None:
    """The rows of a client are together, in their order; a coded column has no text that none of its rows has."""
    frame = frame_of(rows)
    frames = [frame.iloc[start : start + size] for start in range(0, len(rows), size)]
    buckets = shared_out(frames, SCHEMA, lambda part: np.array(["abc".index(one) for one in part["client"]], int), 3)
    for client, bucket in zip("abc", buckets, strict=True):
        assert cells(bucket.whole()) == [row for row in rows if row[1] == client]
        assert all(Coded.of(piece["client"]).names() == [client] for piece in bucket)


@pytest.mark.parametrize("moments", [range(1_000), [7] * 1_000, [*[7] * 990, *range(10)]])
def test_bounds_part_a_column_in_about_equal_shares(moments: list[int]) -> None:
    """Four pieces of 250 rows; of one moment's rows none is parted."""
    column = pd.Series(list(moments), dtype=INT)
    bounds = bounds_of([ints(column.iloc[:300]), ints(column.iloc[300:])], len(column), 250)
    assert all(first < second for first, second in pairwise(bounds.tolist()))
    shares = np.bincount(np.searchsorted(bounds, ints(column), "right"))
    assert len(shares) <= 5
    assert len(set(moments)) < 1_000 or shares.tolist() == [250, 250, 250, 250]


def test_a_full_disk_is_named() -> None:
    """The folder and what to do are told; who runs out of room there has no other way to know of the file."""
    pieces = Pieces(SCHEMA, held_rows=0)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))
    try:
        with pytest.raises(OutputError, match=r"^/.*: rows of a long month .* TMPDIR, and run again: nothing is lost$"):
            pieces.add(frame_of([("x", "a", 1, None, True)]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
