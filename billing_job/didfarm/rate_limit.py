"""A sliding-window limiter: the supplier allows N requests in any 60 seconds (guide, FAQ "rate limits").

`send(i + N) ≥ received(i) + 60 s`: the window is counted from the answer, because only then is it certain that the
server had counted the request. Small syncs finish at once, and a server with a strict window never answers 429.
"""

import math
from collections import deque
from collections.abc import Callable

from billing_job.core.clock import Clock

WINDOW_SECONDS = 60.0


class Limiter:
    """Waits before a request when the last N requests were answered less than 60 seconds ago."""

    def __init__(self, requests_per_minute: int, clock: Clock, on_wait: Callable[[int], None] | None = None):
        """`on_wait` is told every second how many whole seconds are left, and of 0 when the wait is over."""
        self._clock = clock
        self._on_wait = on_wait
        self._received: deque[float] = deque(maxlen=requests_per_minute)

    def wait(self) -> None:
        """Return when one more request fits into the window."""
        if len(self._received) == self._received.maxlen:
            # A loop, for a sleep may return early; the margin covers the server's clock ticking after ours.
            until = self._received[0] + WINDOW_SECONDS + 0.005
            waited = False
            while (left := until - self._clock.monotonic()) > 0:
                waited = True
                if self._on_wait is None:
                    self._clock.sleep(left)
                else:
                    self._on_wait(math.ceil(left))
                    self._clock.sleep(min(left, 1.0))
            if waited and self._on_wait is not None:
                self._on_wait(0)

    def received(self) -> None:
        """Note that a request was answered, or failed: it may have counted either way."""
        self._received.append(self._clock.monotonic())
