"""A total deadline for work on a connection: libraries bound the silence between two bytes, and no more."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Deadline:
    """Calls `end`, which breaks the connection, when the `with` block takes longer than so many seconds.

    `passed` tells that it did.
    """

    def __init__(self, seconds: float, end: Callable[[], None]):
        self.passed = False
        self._break = end
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()

    def _end(self) -> None:
        self.passed = True
        self._break()
