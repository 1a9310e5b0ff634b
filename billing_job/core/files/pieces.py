"""A frame of any length in pieces, in their order: held while they are few, on the disk where they are many.

What goes through pieces one after the other takes the memory of one of them.
"""

import os
import tempfile
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa

from billing_job.core.columns.interned import Ints, arrow, compact
from billing_job.core.columns.schema import CODED, Schema, empty
from billing_job.core.errors import OutputError
from billing_job.core.memory import hand_back

ROWS_IN_PIECE = 50_000
"""Rows of which a stage holds all columns at one time: 250 bytes each, and as much again while it works."""
PIECES_AT_ONCE = 2
"""A month of so many pieces is placed, shared out and priced as one: it is held in any case."""
HELD_ROWS = 200_000
"""So many rows are faster held than written and read again."""
_SAMPLED = 1_000
"""Values of a piece that stand for all of it."""
_LARGE_FILES = Path("/var/tmp")  # noqa: S108 - for a file without a name


class Pieces:
    """Rows of one schema. A piece is written once and read as often as it is asked for, also by several at a time.

    The file has no name, so that nothing is left of it when the process ends, whatever way that is.
    """

    def __init__(self, schema: Schema, *, held_rows: int = HELD_ROWS) -> None:
        self._schema = schema
        self._held_rows = held_rows
        self._held: list[pd.DataFrame] = []
        self._file: BinaryIO | None = None
        self._folder = _LARGE_FILES
        self._places: list[tuple[int, int]] = []
        self.rows = 0

    @classmethod
    def of(cls, frame: pd.DataFrame) -> "Pieces":
        """One piece, held as it is."""
        found = cls({str(name): dtype for name, dtype in frame.dtypes.items()}, held_rows=len(frame))
        found.add(frame)
        return found

    def add(self, frame: pd.DataFrame) -> None:
        """Put rows after those that are there."""
        if frame.empty:
            return
        self.rows += len(frame)
        if self._file is None and self.rows <= self._held_rows:
            self._held.append(frame)
            return
        for piece in (*self._held, frame):
            self._write(piece)
        self._held = []

    @property
    def on_disk(self) -> bool:
        """Whether they are too many to be held."""
        return self._file is not None

    def __iter__(self) -> Iterator[pd.DataFrame]:
        return self.columns(self._schema)

    def columns(self, names: Collection[str]) -> Iterator[pd.DataFrame]:
        """The pieces with these columns alone; the others are not read."""
        wanted = [name for name in self._schema if name in names]
        for frame in self._held:
            # Asked for by name, each column is looked up and taken; who wants them all gets the same in another cover.
            yield frame.copy(deep=False) if list(frame.columns) == wanted else frame[wanted]
        places = [place for place, name in enumerate(self._schema) if name in names]
        if self._file is not None:
            for start, length in self._places:
                yield _read(os.pread(self._file.fileno(), length, start), places)

    def whole(self) -> pd.DataFrame:
        """All rows as one frame."""
        return joined(self, self._schema)

    def _write(self, frame: pd.DataFrame) -> None:
        if self._file is None:
            # /tmp is memory on many systems; who names another folder by TMPDIR knows what it is.
            usual = tempfile.gettempdir()
            self._folder = _LARGE_FILES if usual == "/tmp" and _LARGE_FILES.is_dir() else Path(usual)  # noqa: S108
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - as long open as this is there
            weakref.finalize(self, self._file.close)
        table = pa.table({name: compact(arrow(frame[name])) for name in self._schema})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as stream:
            stream.write_table(table)
        content = sink.getvalue()
        try:
            start = self._file.seek(0, os.SEEK_END)
            self._file.write(content)
            self._file.flush()
        except OSError as error:
            raise OutputError(
                f"{self._folder}: rows of a long month wait there in a file without a name, and it cannot be written"
                f" ({error.strerror}); make room, or name another folder by TMPDIR, and run again: nothing is lost"
            ) from None
        self._places.append((start, content.size))


def _read(content: bytes, columns: Sequence[int]) -> pd.DataFrame:
    with pa.ipc.open_stream(content, options=pa.ipc.IpcReadOptions(included_fields=columns)) as stream:
        table = stream.read_all()
    return pd.DataFrame({name: pd.Series(pd.arrays.ArrowExtensionArray(table[name])) for name in table.schema.names})


def joined(frames: Iterable[pd.DataFrame], schema: Schema) -> pd.DataFrame:
    """The rows of all these frames in one; without frames, none."""
    found = list(frames)
    if len(found) == 1:
        return found[0]
    if not found:
        return empty(schema)
    together = pd.concat(found, ignore_index=True)
    # Coded columns of several frames have texts of their own each; together they have each text once.
    return together.assign(
        **{
            name: pd.Series(pd.arrays.ArrowExtensionArray(arrow(together[name])))
            for name, dtype in schema.items()
            if dtype == CODED
        }
    )


def shared_out(
    frames: Iterable[pd.DataFrame], schema: Schema, bucket_of: Callable[[pd.DataFrame], Ints], buckets: int
) -> list[Pieces]:
    """The rows of each bucket, in their order; `bucket_of` numbers the rows of a frame from 0."""
    found = [Pieces(schema, held_rows=HELD_ROWS if buckets == 1 else 0) for _ in range(buckets)]
    for frame in frames:
        if buckets == 1:
            found[0].add(frame)
            continue
        numbers = bucket_of(frame)
        order = np.argsort(numbers, kind="stable")
        ends = np.cumsum(np.bincount(numbers, minlength=buckets)).tolist()
        for bucket, (start, end) in zip(found, pairwise([0, *ends]), strict=True):
            if start < end:
                bucket.add(frame.iloc[order[start:end]])
        hand_back()  # what taking a piece apart leaves behind would add up to several pieces
    return found


def bounds_of(columns: Iterable[Ints], rows: int, rows_in_piece: int) -> Ints:
    """Numbers that part so many rows into about equal shares of a piece each, by a column that comes in pieces."""
    shares = -(-rows // rows_in_piece)
    if rows <= PIECES_AT_ONCE * rows_in_piece:
        return np.zeros(0, np.int64)
    sample = np.sort(np.concatenate([column[:: max(1, len(column) // _SAMPLED)] for column in columns]))
    return np.unique(sample[np.arange(1, shares) * len(sample) // shares])
