"""Connections of the webhook receiver: those that say nothing are dropped, so that they keep no delivery out.

A delivery comes whole within milliseconds. Whoever opens connections and sends little or nothing on them may have as
many as there are, until others need the room.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_CONNECTIONS = 100
IDLE_SECONDS = 10.0


class Connection(H11Protocol):
    """uvicorn's, that ends when no request comes, and when a newer one needs its place while it is waited for."""

    def __init__(self, *arguments: Any, idle_seconds: float = IDLE_SECONDS, **more: Any):
        super().__init__(*arguments, **more)
        self._idle_seconds = idle_seconds
        self._since = self.loop.time()
        self._watch: asyncio.TimerHandle | None = None

    @property
    def is_waited_for(self) -> bool:
        """Whether no request has come, or not all of one."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Make room if there is none: the connection goes that was waited for longest."""
        super().connection_made(transport)
        self._watch_again()
        if len(self.connections) > MAX_CONNECTIONS:
            waiting = [each for each in self.connections if isinstance(each, Connection) and each.is_waited_for]
            min(waiting, key=lambda each: each._since).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def _watch_again(self) -> None:
        self._watch = self.loop.call_later(self._idle_seconds, self._end_if_idle, self.cycle)

    def _end_if_idle(self, cycle: Any) -> None:
        """End it if no request has begun since; the body of one that has is waited for by the application."""
        if self.cycle is cycle and (cycle is None or cycle.response_complete):
            self.transport.abort()
        else:
            self._watch_again()
