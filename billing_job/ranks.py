"""Columns as small integers that sort as the column does: millions of rows are put in order by numbers alone."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]

_ROOM = 2**62


def codes_of(column: pd.Series) -> Ints:
    """The place of each value among the column's distinct values in their order."""
    dictionary = pc.dictionary_encode(_whole(column))
    order = pc.sort_indices(dictionary.dictionary).to_numpy()
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return np.asarray(place[dictionary.indices.to_numpy()], np.int64)


def shortlex_rank(ids: pd.Series) -> Ints:
    """Numbers that sort transaction ids: shorter first, then by text, so that numbers come in their numeric order."""
    texts = _whole(ids)
    if len(texts) and pc.all(pc.match_substring_regex(texts, "^[1-9][0-9]{0,14}$")).as_py():
        return np.asarray(pc.cast(texts, pa.int64()).to_numpy(), np.int64)
    lengths = pc.utf8_length(texts).to_numpy().astype(np.int64)
    return packed([lengths, codes_of(ids)])


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
    key = np.zeros(len(parts[0]), np.int64)
    largest = 0
    for part in parts:
        width = int(part.max(initial=0)) + 1
        if (largest + 1) * width >= _ROOM:
            key = dense(key)
            largest = int(key.max(initial=0))
        key = key * width + part
        largest = largest * width + width - 1
    return key


def dense(key: Ints) -> Ints:
    """The same order with the numbers 0, 1, 2 …"""
    return np.unique(key, return_inverse=True)[1].astype(np.int64)


def _whole(column: pd.Series) -> pa.Array:
    values = pa.array(column.array)
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
