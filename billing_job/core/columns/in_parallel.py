"""Pieces of work on large columns that do not need each other, on two threads: NumPy and Arrow let go of the GIL."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

THREADS = 2
"""As many as a small machine has processors; the work is bound by memory, so more gain little."""


FEW_ROWS = 10_000
"""So few are done before two threads have begun."""


def side_by_side(rows: int, works: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """What each piece returns, by its name and in the given order; the first error in that order is raised.

    `rows` are those of the columns that are worked on.
    """
    if rows < FEW_ROWS:
        return {name: work() for name, work in works.items()}
    with ThreadPoolExecutor(THREADS) as pool:
        running = {name: pool.submit(work) for name, work in works.items()}
        return {name: future.result() for name, future in running.items()}
