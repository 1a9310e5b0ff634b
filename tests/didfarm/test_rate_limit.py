"""The limiter against a strict server: no 429, and hardly anything of the quota left unused."""

import httpx
import pytest

from billing_job.didfarm.http import Http
from billing_job.didfarm.rate_limit import Limiter
from billing_job.didfarm.sandbox.rate_limit import SlidingWindow
from tests.support.moving_list import dice
from tests.support.sandbox_on_loopback import StillClock


class StrictServer(httpx.BaseTransport):
    """Counts a request somewhere between its sending and its answer, in a window of exactly 60 seconds."""

    def __init__(self, clock: StillClock, seed: int):
        self.clock, self.rng = clock, dice(seed)
        self.window = SlidingWindow(60, clock.monotonic)
        self.statuses: list[int] = []
        self.sent: list[float] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(self.clock.monotonic())
        self.clock.sleep(self.rng.uniform(0.001, 0.4))
        refused = self.window.seconds_to_wait()
        self.clock.sleep(self.rng.uniform(0.001, 0.4))
        self.statuses.append(429 if refused else 200)
        return httpx.Response(self.statuses[-1], json={})


@pytest.mark.parametrize("seed", range(5))
def test_a_sliding_window_server_never_refuses(seed: int) -> None:
    """1,000 requests at 60 a minute and with uneven answers: zero 429s, at least 95% of the quota used."""
    clock = StillClock()
    server = StrictServer(clock, seed)
    with Http("https://supplier.example", "key", clock, transport=server) as http:
        for _ in range(1_000):
            http.get("/x", {}, lambda body: body)
    assert server.statuses == [200] * 1_000
    # From the first request to the 961st there are 16 whole rounds of 60.
    assert 960 / ((server.sent[960] - server.sent[0]) / 60) >= 0.95 * 60


def test_a_small_sync_does_not_wait() -> None:
    """60 requests go out at once; the 61st waits for the first to be a minute old, from its answer on."""
    clock = StillClock()
    limiter = Limiter(60, clock)
    for _ in range(60):
        limiter.wait()
        clock.sleep(0.1)
        limiter.received()
    assert clock.seconds == pytest.approx(6)
    limiter.wait()
    assert 60.1 <= clock.seconds <= 60.2


def test_a_sleep_that_ends_early_is_slept_again() -> None:
    """Some clocks wake a little too soon; the window is waited out all the same."""

    class Hasty(StillClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds * 0.9 if seconds > 0.01 else seconds)

    clock = Hasty()
    limiter = Limiter(1, clock)
    limiter.wait()
    limiter.received()
    limiter.wait()
    assert clock.seconds >= 60
