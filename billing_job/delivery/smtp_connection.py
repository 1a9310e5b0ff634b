"""A connection to a mail server that is bounded: so many seconds in all, and so many bytes a reply.

smtplib bounds the silence between two bytes only: a server that drips `250-` would hold the run and its lock for ever,
and one that floods would fill the memory.
"""

import contextlib
import smtplib
import socket
import ssl
from types import TracebackType
from typing import Any

from billing_job.core.deadline import Deadline

MAX_REPLY_BYTES = 64 * 1024
"""RFC 5321 4.5.3.1.5 allows 512 bytes a line; greetings of real servers have a few dozen lines."""


class MailDeadline(Deadline):
    """Breaks the connection to a mail server; who makes one inside the block says so by `watch`."""

    def __init__(self, seconds: float, line: socket.socket | None = None):
        super().__init__(seconds, self._shut_down)
        self._line = line

    def watch(self, line: socket.socket) -> None:
        """The connection that is to be broken."""
        self._line = line

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)
        if error is not None and self._line is not None:  # a handshake that failed leaves no connection to close it
            self._line.close()

    def _shut_down(self) -> None:
        if self._line is not None:
            with contextlib.suppress(OSError):  # closed already
                self._line.shutdown(socket.SHUT_RDWR)


class Connection(smtplib.SMTP):
    """smtplib's, with replies that end; `line` is a second handle of its socket, which TLS leaves as it is."""

    line: socket.socket

    def __init__(self, host: str, port: int, seconds: float, deadline: MailDeadline):
        self._deadline = deadline
        super().__init__(host, port, timeout=seconds)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        self.line = made.dup()
        self._deadline.watch(self.line)
        return made

    def getreply(self) -> tuple[int, bytes]:
        """One reply; SMTPServerDisconnected when it is longer than any server's."""
        if self.file is None and self.sock is not None:
            self.file = _Replies(self.sock.makefile("rb"))
        if self.file is not None:
            self.file.left = MAX_REPLY_BYTES
        return super().getreply()

    def close(self) -> None:
        """Close both handles."""
        super().close()
        if hasattr(self, "line"):
            self.line.close()


class TlsConnection(smtplib.SMTP_SSL, Connection):
    """The same with TLS from the first byte."""

    def __init__(self, host: str, port: int, seconds: float, deadline: MailDeadline, context: ssl.SSLContext):
        self._deadline = deadline
        smtplib.SMTP_SSL.__init__(self, host, port, timeout=seconds, context=context)


class _Replies:
    """What the server says, line by line; OSError where a reply has no end."""

    def __init__(self, file: Any):
        self._file = file
        self.left = MAX_REPLY_BYTES

    def readline(self, limit: int) -> bytes:
        line: bytes = self._file.readline(limit)
        self.left -= len(line)
        if self.left < 0:
            raise OSError(f"a reply of more than {MAX_REPLY_BYTES} bytes")
        return line

    def close(self) -> None:
        self._file.close()
