"""Columns of texts that repeat: each distinct text once, and for every row the place of its own among them.

Millions of rows are compared, joined and put in order by these small integers; the texts are looked at once each.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from billing_job.core.columns.in_parallel import side_by_side
from billing_job.core.errors import InvariantBroken

Codes = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Coded:
    """`codes` are places in `texts`, which are distinct and may hold more than occur; -1 stands for no text."""

    codes: Codes
    texts: pa.Array

    @classmethod
    def of(cls, column: pd.Series) -> "Coded":
        """A column of texts, plain (schema.TEXT) or coded already (schema.CODED)."""
        encoded = arrow(column)
        if not pa.types.is_dictionary(encoded.type):
            encoded = _encoded(encoded)
        indices = encoded.indices.fill_null(-1) if encoded.indices.null_count else encoded.indices
        return cls(np.asarray(indices.to_numpy(), np.int32), encoded.dictionary)._distinct()

    @classmethod
    def taken(cls, texts: Sequence[str], places: Ints | Codes) -> "Coded":
        """texts[place] for each place, the empty text where it is -1."""
        encoded = pa.array([*texts, ""], pa.string()).dictionary_encode()
        # A place of -1 is the last one, which is the empty text.
        return cls(encoded.indices.to_numpy()[places], encoded.dictionary)

    def column(self) -> pd.Series:
        """The column, coded; every row has a text."""
        return pd.Series(pd.arrays.ArrowExtensionArray(pa.DictionaryArray.from_arrays(self.codes, self.texts)))

    def used(self) -> list[str]:
        """The texts that rows have."""
        places = np.flatnonzero(np.bincount(self.codes[self.codes >= 0], minlength=len(self.texts)))
        return list(self.texts.take(pa.array(places)).to_numpy(zero_copy_only=False))

    def rows(self, order: Ints) -> "Coded":
        """The rows at those places."""
        return Coded(self.codes.take(order), self.texts)

    def plain(self) -> pd.Series:
        """The column as plain texts; every row has one."""
        return pd.Series(pd.arrays.ArrowExtensionArray(self.texts.take(pa.array(self.codes))))

    def equal(self, text: str) -> Mask:
        """The rows of that text."""
        place = pc.index(self.texts, text).as_py()
        return self.codes == place if place >= 0 else np.zeros(len(self.codes), bool)

    def each(self, ask: Callable[[str], bool]) -> Mask:
        """What `ask` says of each row's text, asked once for each distinct text; False where there is none."""
        return np.array([*map(ask, self.names()), False], bool)[self.codes]

    def names(self) -> list[str]:
        """The distinct texts."""
        return list(self.texts.to_numpy(zero_copy_only=False))

    def ranks(self) -> Ints:
        """Numbers that sort the rows by their texts."""
        order = pc.sort_indices(self.texts).to_numpy()
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        return np.asarray(place[self.codes], np.int64)

    def _distinct(self) -> "Coded":
        """The same rows, each text held once."""
        encoded = self.texts.dictionary_encode()
        if len(encoded.dictionary) == len(self.texts):
            return self
        place = np.append(encoded.indices.to_numpy(), np.int32(-1))
        return Coded(place[self.codes], encoded.dictionary)


def _encoded(texts: pa.Array) -> pa.Array:
    half = len(texts) // 2
    parts = side_by_side(
        len(texts),
        {"first": texts[:half].dictionary_encode, "second": texts[half:].dictionary_encode},  # each hashes its texts
    )
    return pa.chunked_array([parts["first"], parts["second"]]).unify_dictionaries().combine_chunks()


def arrow(column: pd.Series) -> pa.Array:
    """The column as one Arrow array."""
    values = pa.array(column.array)
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def compact(column: pa.Array) -> pa.Array:
    """A coded column with no other texts than its rows have; any other as it is."""
    return column.dictionary_decode().dictionary_encode() if pa.types.is_dictionary(column.type) else column


def with_own_texts(frame: pd.DataFrame) -> pd.DataFrame:
    """A few rows of many, without the texts of the others: coded columns would hold all of them."""
    own = {name: compact(arrow(column)) for name, column in frame.items()}
    return pd.DataFrame({name: pd.arrays.ArrowExtensionArray(column) for name, column in own.items()}, frame.index)


def ints(column: pd.Series, *, missing: int | None = None) -> Ints:
    """A column of integers, not to be written to; `missing` where there is none, without it InvariantBroken."""
    values = arrow(column)
    values = _whole(column, values) if missing is None else values.fill_null(missing)
    return np.asarray(values.to_numpy(), np.int64)


def flags(column: pd.Series) -> Mask:
    """A column of truth values; InvariantBroken where there is none."""
    return np.asarray(_whole(column, arrow(column)).to_numpy(zero_copy_only=False), bool)


def _whole(column: pd.Series, values: pa.Array) -> pa.Array:
    if values.null_count:
        raise InvariantBroken(f"column {column.name}: {values.null_count} cells are empty that must not be")
    return values


def column_of(values: Ints | Mask) -> pd.Series:
    """Integers or truth values as a column."""
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.array(values)))


def in_order(texts: pd.Series, order: Ints) -> pd.Series:
    """The texts at those places, held as they stand and pointed to: nothing is moved until somebody reads them."""
    return pd.Series(
        pd.arrays.ArrowExtensionArray(pa.DictionaryArray.from_arrays(order.astype(np.int32), arrow(texts)))
    )


def pairs_of(first: pd.Series, second: pd.Series) -> set[tuple[str, str]]:
    """The distinct pairs of two columns of texts that have no gaps; rows are not looked at one by one."""
    one, other = Coded.of(first), Coded.of(second)
    width = max(len(other.texts), 1)
    distinct = np.unique(one.codes.astype(np.int64) * width + other.codes)
    names, others = one.names(), other.names()
    return {(names[pair // width], others[pair % width]) for pair in distinct.tolist()}


def cells_of(column: pd.Series) -> list[Any]:
    """The cells of an Arrow-backed column in their order: str, int or bool, None where one is empty.

    Equal texts of a column that repeats itself are one object, so that a million rows hold few texts.
    """
    whole = arrow(column)
    if pa.types.is_string(whole.type):
        encoded = whole.dictionary_encode()
        if len(encoded.dictionary) * 2 > len(whole):
            return list(whole.to_pylist())
        whole = encoded
    if pa.types.is_dictionary(whole.type) and len(whole.dictionary) > 2 * len(whole):
        return cells_of(pd.Series(pd.arrays.ArrowExtensionArray(whole.dictionary_decode())))  # a few rows of many
    if not pa.types.is_dictionary(whole.type):
        return list(whole.to_pylist())
    texts = [*whole.dictionary.to_pylist(), None]
    return [texts[place] for place in whole.indices.fill_null(len(texts) - 1).to_pylist()]
