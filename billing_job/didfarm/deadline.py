"""A total deadline for one attempt. httpx has none: its timeouts start anew with every byte that drips in."""

import contextlib
import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any


class Connection:
    """The socket that answers come through, learned from httpcore's trace events; one request at a time uses it."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """httpcore's trace hook."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")

    def shut_down(self) -> None:
        """Wake the read that waits on the socket."""
        if self._socket is not None:
            with contextlib.suppress(OSError):  # closed already
                # The plain socket's shutdown: an SSLSocket's own would forget its session under the reader's feet.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class Deadline:
    """Shuts the connection down when the `with` block takes longer than so many seconds; `passed` tells that it did."""

    def __init__(self, seconds: float, connection: Connection):
        self.passed = False
        self._connection = connection
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()

    def _end(self) -> None:
        self.passed = True
        self._connection.shut_down()
