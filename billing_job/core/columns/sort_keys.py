"""Numbers that sort as what they stand for does: millions of rows are put in order by numbers alone."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from billing_job.core.columns.interned import Coded, Ints, arrow

_ROOM = 2**62


def shortlex_rank(ids: pd.Series) -> Ints:
    """Numbers that sort transaction ids: shorter first, then by text, so that numbers come in their numeric order."""
    texts = arrow(ids)
    numbers = _whole_numbers(texts)
    if numbers is not None:
        return numbers
    lengths = pc.utf8_length(texts).to_numpy().astype(np.int64)
    return packed([lengths, Coded.of(ids).ranks()])


def _whole_numbers(texts: pa.Array) -> Ints | None:
    """The texts as numbers when all are positive ones of at most 15 digits, as they are written; None otherwise."""
    if len(texts) == 0 or pc.max(pc.binary_length(texts)).as_py() > 15 or pc.any(pc.starts_with(texts, "0")).as_py():
        return None
    try:
        numbers = np.asarray(pc.cast(texts, pa.int64()).to_numpy(), np.int64)
    except pa.ArrowInvalid:
        return None
    return numbers if (numbers > 0).all() else None


def row_rank(ids: pd.Series, parts: Ints) -> Ints:
    """Numbers that sort rows by transaction id, then by part."""
    return packed([shortlex_rank(ids), parts])


def places_in(order: Ints) -> Ints:
    """The place of each row in an order of rows."""
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place


def packed(parts: Sequence[Ints]) -> Ints:
    """One number for each combination, in the order of the parts; made dense where it would overflow otherwise."""
    key = parts[0]
    largest = int(key.max(initial=0))
    for part in parts[1:]:
        width = int(part.max(initial=0)) + 1
        if width == 1:
            continue
        if (largest + 1) * width >= _ROOM:
            key = dense(key)
            largest = int(key.max(initial=0))
        key = key * width + part
        largest = largest * width + width - 1
    return key


def nested(outer: Ints, inner: Ints) -> Ints:
    """One number for each pair, in the order of the pairs, and few: most of `outer` have one `inner` only.

    A number is on one trunk, what is on no number on any: as packed numbers such pairs would leave no room for others.
    """
    width = int(outer.max(initial=0)) + 1
    lowest = np.full(width, np.iinfo(np.int64).max)
    highest = np.full(width, -1, np.int64)
    np.minimum.at(lowest, outer, inner)
    np.maximum.at(highest, outer, inner)
    used = np.where(highest < 0, 0, highest - lowest + 1)
    base = np.cumsum(used) - used - lowest
    return np.asarray(base[outer] + inner, np.int64)


def dense(key: Ints) -> Ints:
    """The same order with the numbers 0, 1, 2 and so on."""
    return np.unique(key, return_inverse=True)[1].astype(np.int64)
