"""Dated facts about keys, laid out so that millions of rows look up theirs at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
FOREVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Intervals:
    """Dated facts about keys that never overlap for one key: the facts of a key stand together, by their starts."""

    keys: pa.Array
    """Each key once."""
    first: Ints
    """The place of each key's first fact in the arrays below, which are one as long as the other."""
    codes: Ints
    """The place of each fact's key in `keys`."""
    starts: Ints
    ends: Ints
    facts: Ints

    @classmethod
    def of(
        cls,
        keys: Sequence[str],
        starts: Ints | Sequence[int],
        ends: Ints | Sequence[int],
        facts: Sequence[int] | None = None,
    ) -> "Intervals":
        """Lay out facts given in their own order; `starts` and `ends` are microseconds, half open.

        `facts` are their places where one fact has several keys; without them, 0, 1, 2 …
        """
        encoded = pa.array(keys, pa.string()).dictionary_encode()
        codes = encoded.indices.to_numpy().astype(np.int64)
        start_array = np.asarray(starts, np.int64)
        order = np.lexsort((start_array, codes))
        codes = codes[order]
        first = np.searchsorted(codes, np.arange(len(encoded.dictionary)))
        places = order if facts is None else np.asarray(facts, np.int64)[order]
        return cls(encoded.dictionary, first, codes, start_array[order], np.asarray(ends, np.int64)[order], places)

    def places(self, keys: pa.Array) -> Ints:
        """The place of each key in `keys`, -1 where it is not there; nulls are nowhere."""
        found = pc.fill_null(pc.index_in(keys, value_set=self.keys), -1)
        return np.asarray(found.to_numpy(zero_copy_only=False), np.int64)

    def at(self, keys: pa.Array, moments: Ints) -> Ints:
        """The fact that holds for each key at its moment; -1 where none does. `keys` may hold nulls."""
        return self.at_places(self.places(keys), moments)

    def at_places(self, places: Ints, moments: Ints) -> Ints:
        """The same for the places of keys, -1 for what is no key."""
        if len(self.keys) == 0:
            return np.full(len(moments), -1, np.int64)
        fact = self.first[places]
        if len(self.keys) < len(self.facts):
            several = (np.bincount(self.codes) > 1)[places]
            fact[several] = self._latest(places[several], moments[several])
        holds = (places >= 0) & (self.starts[fact] <= moments) & (moments < self.ends[fact])
        return np.where(holds, self.facts[fact], -1)

    def _latest(self, places: Ints, moments: Ints) -> Ints:
        """The latest fact of each key that has begun by its moment; its first one where none has."""
        distinct = np.unique(self.starts)
        begun = self.codes * (len(distinct) + 1) + np.searchsorted(distinct, self.starts, "right")
        wanted = places * (len(distinct) + 1) + np.searchsorted(distinct, moments, "right")
        return np.maximum(np.searchsorted(begun, wanted, "right") - 1, self.first[places])
