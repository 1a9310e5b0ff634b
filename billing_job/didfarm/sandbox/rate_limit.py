"""The sandbox's rate limit: at most so many requests in any 60 seconds (guide, FAQ "What are the rate limits?")."""

import math
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 60


class SlidingWindow:
    """Counts the requests that were let through; one that was answered 429 does not count. 0 means no limit."""

    def __init__(self, requests_per_minute: int, monotonic: Callable[[], float]):
        self._limit = requests_per_minute
        self._monotonic = monotonic
        self._passed: deque[float] = deque()

    def seconds_to_wait(self) -> int:
        """0 when this request passes, and then it counts; else whole seconds until the next one would."""
        if not self._limit:
            return 0
        now = self._monotonic()
        while self._passed and now - self._passed[0] >= WINDOW_SECONDS:
            self._passed.popleft()
        if len(self._passed) < self._limit:
            self._passed.append(now)
            return 0
        return math.ceil(WINDOW_SECONDS - (now - self._passed[0]))
