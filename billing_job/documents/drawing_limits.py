"""Limits to the processor time and the memory that drawing one document may take: a template can loop for years."""

import contextlib
import resource
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from billing_job.core.document import Document
from billing_job.core.errors import DocumentError

_AT_LEAST = 300.0
_ROWS_PER_SECOND = 100
_BYTES, _BYTES_PER_ROW = 4 << 30, 64 << 10
_STATM = Path("/proc/self/statm")


def seconds_for(document: Document) -> float:
    """Many times what any document takes that ends: the longest that were measured draw a thousand rows a second."""
    return _AT_LEAST + sum(len(line.rows) for line in document.lines) / _ROWS_PER_SECOND


def bytes_for(document: Document) -> int:
    """Many times what any document takes that ends, beside what the process has already."""
    return _BYTES + _BYTES_PER_ROW * sum(len(line.rows) for line in document.lines)


@contextlib.contextmanager
def memory_limit(size: int) -> Iterator[None]:
    """MemoryError once the block asks for so many bytes more of address space; no limit where Linux cannot tell it.

    A library in C that gets none may end the process instead: the pool then names the document (`render_pool`).
    """
    try:
        pages = int(_STATM.read_text(encoding="ascii").split()[0])
    except OSError:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    bounds = [pages * resource.getpagesize() + size, *(each for each in (soft, hard) if each != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(bounds), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


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
