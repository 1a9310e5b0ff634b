"""Pieces of work on large columns that do not need each other, on two threads: NumPy and Arrow let go of the GIL."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

THREADS = 2
"""As many as a small machine has processors; the work is bound by memory, so more gain little."""


def side_by_side(works: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """What each piece returns, by its name and in the given order; the first error in that order is raised."""
    with ThreadPoolExecutor(THREADS) as pool:
        running = {name: pool.submit(work) for name, work in works.items()}
        return {name: future.result() for name, future in running.items()}
