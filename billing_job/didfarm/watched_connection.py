"""The connection that a total deadline breaks: timeouts of httpx start anew with every byte that drips in."""

import contextlib
import socket
from collections.abc import Mapping
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
