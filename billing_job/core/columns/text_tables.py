"""Tables of texts for whole columns: laid out for Arrow once, or looked into one by one where little is asked for."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from billing_job.core.columns.interned import Coded, Codes, Ints, Mask

MANY = 20
"""A table that is so many times as large as what is looked up in it is not laid out."""


class TextsByPlace:
    """The text of each of many facts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts

    def at(self, places: Ints | Codes) -> Coded:
        """The texts at these places, the empty text where one is -1."""
        if len(places) < len(self._texts) // MANY:
            used, places = np.unique(places, return_inverse=True)
            return Coded.taken([self._texts[place] if place >= 0 else "" for place in used], places)
        # A place of -1 is the last one, which is the empty text.
        return Coded(self._encoded.indices.to_numpy()[places], self._encoded.dictionary)

    @cached_property
    def _encoded(self) -> pa.DictionaryArray:
        return pa.array([*self._texts, ""], pa.string()).dictionary_encode()


class TextsByText:
    """A text for each of many texts."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._table = table

    def of(self, keys: pa.Array) -> pa.Array:
        """The text of each key, null where it has none."""
        if len(keys) < len(self._table) // MANY:
            return pa.array([self._table.get(key) for key in keys.to_pylist()], pa.string())
        return self._values.take(pc.index_in(keys, value_set=self._keys))

    @cached_property
    def _keys(self) -> pa.Array:
        return pa.array(list(self._table), pa.string())

    @cached_property
    def _values(self) -> pa.Array:
        return pa.array(list(self._table.values()), pa.string())


class KnownTexts:
    """Many texts of which others are found."""

    def __init__(self, texts: Collection[str]) -> None:
        self._texts = texts

    def have(self, keys: pa.Array) -> Mask:
        """Whether each key is among them."""
        if len(keys) < len(self._texts) // MANY:
            return np.array([key in self._texts for key in keys.to_pylist()], bool)
        return np.asarray(pc.is_in(keys, value_set=self._array).to_numpy(zero_copy_only=False), bool)

    @cached_property
    def _array(self) -> pa.Array:
        return pa.array(list(self._texts), pa.string())
