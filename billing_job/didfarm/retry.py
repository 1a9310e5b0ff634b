"""Whether a request is worth repeating, and how long to wait before: backoff, and what the server asked for."""

import re
from collections.abc import Mapping
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


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from a Retry-After header; a date is relative to the server's own Date; None when unreadable."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return float(text)
    until = _http_date(text)
    if until is None:
        return None
    return max(0.0, (until - (_http_date(headers.get("date", "")) or now)).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


ATTEMPTS = 8
"""Requests for one page before the run gives up as incomplete."""


LONGEST_RETRY_AFTER_SECONDS = 120.0
"""A server that asks for more patience than this gets it from the next run: what was read is kept."""


class Retryable(SupplierError):
    """An answer that may well be right the next time; `retry_after` are seconds the server asked for.

    `harmless` says that the request certainly changed nothing: it never left, or the limit turned it away.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        retry_after: float | None = None,
        harmless: bool = False,
    ):
        super().__init__(message, status=status, code=code)
        self.retry_after = retry_after
        self.harmless = harmless


def is_worth_retrying(error: BaseException) -> bool:
    """Only failures that may pass by themselves, unless the server asks for more patience than a run has."""
    return isinstance(error, Retryable) and (error.retry_after or 0) <= LONGEST_RETRY_AFTER_SECONDS


def asked_wait(state: tenacity.RetryCallState) -> float | None:
    """The seconds that the last answer asked us to wait (Retry-After); None when it asked nothing."""
    error = state.outcome.exception() if state.outcome else None
    return error.retry_after if isinstance(error, Retryable) else None


def failure(state: tenacity.RetryCallState) -> str:
    """Why the last attempt failed, in words; empty when it did not fail."""
    return str(state.outcome.exception()) if state.outcome else ""
