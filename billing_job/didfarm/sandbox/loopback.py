"""A server on loopback for what the sandbox plays: it starts and stops at once, and writes no log."""

import asyncio
import socket
import threading
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from billing_job.core.errors import RunFailed
from billing_job.didfarm.listening import address_of, quiet_config
from billing_job.didfarm.sandbox.wire_faults import WireProtocol

HOST = "127.0.0.1"
_START_SECONDS = 10


class LoopbackServer(uvicorn.Server):
    """uvicorn without its log set-up and Date, and without the tenths of a second that it takes to stop."""

    def __init__(self, app: ASGIApp, on_ready: Callable[[], None] = lambda: None):
        super().__init__(quiet_config(app, WireProtocol, date_header=False))
        self._on_ready = on_ready
        self._wake: Callable[[], None] = lambda: None

    def start(self, listener: socket.socket, name: str) -> threading.Thread:
        """Serve in a thread of that name until `stop`; RunFailed when it does not begin."""
        listening = threading.Event()
        before = self._on_ready

        def ready() -> None:
            before()
            listening.set()

        self._on_ready = ready
        thread = threading.Thread(target=self.run, args=([listener],), name=name, daemon=True)
        thread.start()
        if not listening.wait(_START_SECONDS):
            raise RunFailed(f"the {name} did not start on {address_of(listener)}")
        return thread

    async def main_loop(self) -> None:
        """Serve until told to stop; uvicorn's own looks ten times a second."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(stop.set)

        self._wake = wake
        self._on_ready()
        while not self.should_exit:
            await stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close everything at once: nobody waits for an answer that a fault holds back."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:
            await asyncio.sleep(0.001)

    def handle_exit(self, sig: int, frame: object) -> None:
        """Hear a signal at once."""
        super().handle_exit(sig, frame)  # type: ignore[arg-type]
        self._wake()

    def stop(self) -> None:
        """Stop from another thread."""
        self.should_exit = True
        self._wake()
