"""Webhooks as the sandbox sends them: signed, repeated with exponential backoff, dropped after a day (guide: FAQ)."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace

import httpx

from billing_job.core.clock import Clock
from billing_job.didfarm.webhooks import SIGNATURE_HEADER, signature_of

FIRST_RETRY_SECONDS = 10.0
LONGEST_RETRY_SECONDS = 3600.0
GIVE_UP_SECONDS = 24 * 3600.0
_TIMEOUT_SECONDS = 5.0
_LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way; seconds are the clock's monotonic ones."""

    body: bytes
    first: float
    due: float
    attempts: int = 0


class Deliveries:
    """Sends events to one URL; without a URL they are kept as `sent` and go nowhere."""

    def __init__(self, url: str, secret: str, clock: Clock):
        self._url = url
        self._secret = secret
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: list[Delivery] = []
        self._stopped = threading.Event()
        self.sent: list[bytes] = []
        """Bodies of all events, in the order they happened."""
        self.dropped: list[bytes] = []
        """Bodies that nobody took within a day."""

    @property
    def waiting(self) -> int:
        """Events that are not yet taken."""
        with self._lock:
            return len(self._waiting)

    @property
    def next_due(self) -> float | None:
        """The monotonic second of the next attempt; None when nothing waits."""
        with self._lock:
            return min((delivery.due for delivery in self._waiting), default=None)

    def emit(self, event: str, data: Mapping[str, object]) -> None:
        """Send an event of this moment."""
        timestamp = self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        body = json.dumps({"event": event, "timestamp": timestamp, "data": data}, ensure_ascii=False).encode()
        now = self._clock.monotonic()
        with self._lock:
            self.sent.append(body)
            if self._url:
                self._waiting.append(Delivery(body, now, now))

    def deliver_due(self) -> None:
        """Try every delivery whose time has come, once."""
        now = self._clock.monotonic()
        with self._lock:
            due = [delivery for delivery in self._waiting if delivery.due <= now]
        for delivery in due:
            taken = self._is_taken(delivery.body)
            with self._lock:
                self._waiting.remove(delivery)
                if taken:
                    continue
                attempts = delivery.attempts + 1
                again = self._clock.monotonic() + seconds_until_retry(attempts)
                if again - delivery.first > GIVE_UP_SECONDS:
                    self.dropped.append(delivery.body)
                else:
                    self._waiting.append(replace(delivery, due=again, attempts=attempts))

    def run(self) -> None:
        """Deliver until `stop` is called; the clock decides what is due."""
        while not self._stopped.wait(_LOOK_SECONDS):
            self.deliver_due()

    def stop(self) -> None:
        """End `run` from another thread; what waits stays undelivered."""
        self._stopped.set()

    def _is_taken(self, body: bytes) -> bool:
        headers = {"Content-Type": "application/json", SIGNATURE_HEADER: signature_of(body, self._secret)}
        try:
            answer = httpx.post(self._url, content=body, headers=headers, timeout=_TIMEOUT_SECONDS, trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.is_success


def seconds_until_retry(attempts: int) -> float:
    """Exponential backoff after so many failed attempts.

    >>> [seconds_until_retry(attempts) for attempts in (1, 2, 3, 20)]
    [10.0, 20.0, 40.0, 3600.0]
    """
    return float(min(FIRST_RETRY_SECONDS * 2 ** (attempts - 1), LONGEST_RETRY_SECONDS))
