"""Whether a request is worth repeating, and how long to wait before: backoff, and what the server asked for."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import tenacity

from billing_job.core.errors import SupplierError

FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 8.0


def seconds_to_wait(attempt: int, retry_after: float | None, jitter: float) -> float:
    """Exponential backoff, but at least what the server asked for; `jitter` in [0, 1) adds up to a quarter."""
    backoff: float = min(FIRST_BACKOFF_SECONDS * 2 ** (attempt - 1), LONGEST_BACKOFF_SECONDS)
    return max(backoff, retry_after or 0.0) * (1 + jitter / 4)


def seconds_asked_for(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that the server asks to wait, by Retry-After or else by X-RateLimit-Reset; None when unreadable.

    Each may be seconds, a moment since 1970 (in seconds or milliseconds) or an HTTP date; a moment is relative to the
    server's own Date.
    """
    server_now = _http_date(headers.get("date", "")) or now
    for name in ("retry-after", "x-ratelimit-reset", "ratelimit-reset"):
        seconds = _seconds(headers.get(name, "").strip(), server_now)
        if seconds is not None:
            return seconds
    return None


def _seconds(text: str, server_now: datetime) -> float | None:
    if re.fullmatch(r"[0-9]{1,20}(\.[0-9]{1,20})?", text):
        number = float(text)
        if number >= _SINCE_1970_MILLISECONDS:
            number /= 1000
        return max(0.0, number - server_now.timestamp()) if number >= _SINCE_1970 else number
    until = _http_date(text) if text else None
    return None if until is None else max(0.0, (until - server_now).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_SINCE_1970 = 1e9
"""A number from here on is a moment (in 2001 or later), below a number of seconds."""
_SINCE_1970_MILLISECONDS = 1e12

ATTEMPTS = 8
"""Requests for one page before the run gives up as incomplete."""
ODD_ATTEMPTS = 3
"""The same where no JSON came at all: a web page, or nothing."""
SHAPE_ATTEMPTS = 2
"""The same where whole JSON of another shape came: that does not pass by itself."""


LONGEST_RETRY_AFTER_SECONDS = 120.0
"""A server that asks for more patience than this gets it from the next run: what was read is kept."""


class Retryable(SupplierError):
    """An answer that may well be right the next time; `retry_after` are seconds the server asked for.

    `attempts` says after how many answers of this kind that hope ends. `harmless` says that the request certainly
    changed nothing: it never left, or the limit turned it away.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        retry_after: float | None = None,
        harmless: bool = False,
        attempts: int = ATTEMPTS,
    ):
        super().__init__(message, status=status, code=code)
        self.retry_after = retry_after
        self.harmless = harmless
        self.attempts = attempts


def is_worth_retrying(error: BaseException) -> bool:
    """Only failures that may pass by themselves, unless the server asks for more patience than a run has."""
    return isinstance(error, Retryable) and not asks_too_much(error)


def asks_too_much(error: Retryable) -> bool:
    """Whether the server asks to wait longer than a run does."""
    return (error.retry_after or 0) > LONGEST_RETRY_AFTER_SECONDS


class Patience:
    """One request's attempts: whether there is another one, after how long, and how that is told."""

    def __init__(self, jitter: Callable[[], float]):
        self._jitter = jitter
        self._seen: Counter[int] = Counter()

    def goes_on(self, error: BaseException) -> bool:
        """Whether the request is sent again after this failure; ask once for each failure."""
        if not isinstance(error, Retryable) or not is_worth_retrying(error):
            return False
        self._seen[error.attempts] += 1
        return self._seen[error.attempts] < error.attempts and self._seen.total() < ATTEMPTS

    def wait(self, state: tenacity.RetryCallState) -> float:
        """Seconds until the next attempt."""
        error = _error(state)
        asked = error.retry_after if isinstance(error, Retryable) else None
        return seconds_to_wait(state.attempt_number, asked, self._jitter())

    def told(self, state: tenacity.RetryCallState) -> str:
        """The failure and what follows, for example `status 503; attempt 2 of 8, waiting 4 s`."""
        error = _error(state)
        most = error.attempts if isinstance(error, Retryable) else ATTEMPTS
        left = min(most - self._seen[most], ATTEMPTS - self._seen.total())
        seconds = state.next_action.sleep if state.next_action else 0.0
        shown = f"{seconds:.1f}" if seconds < 1 else f"{seconds:.0f}"
        number = state.attempt_number
        return f"{error}; attempt {number + 1} of {number + left}, waiting {shown} s"


def _error(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
