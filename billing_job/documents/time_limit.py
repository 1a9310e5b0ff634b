"""A limit to the processor time that drawing one document may take: a template can loop for years."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from billing_job.core.document import Document
from billing_job.core.errors import DocumentError

_AT_LEAST = 300.0
_ROWS_PER_SECOND = 100


def seconds_for(document: Document) -> float:
    """Many times what any document takes that ends: the longest that were measured draw a thousand rows a second."""
    return _AT_LEAST + sum(len(line.rows) for line in document.lines) / _ROWS_PER_SECOND


@contextlib.contextmanager
def time_limit(seconds: float, what: str) -> Iterator[None]:
    """DocumentError, which names `what`, once the block has taken so many seconds of the processor.

    Only the main thread of a process can be interrupted; in others (a Dask worker's) the block goes on.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise DocumentError(
            f"{what}: drawing it took more than {seconds:g} seconds of the processor; look for a loop in your templates"
        )

    before = signal.signal(signal.SIGPROF, stop)
    # Once more every second, for an exception that is raised inside a destructor is lost.
    signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
