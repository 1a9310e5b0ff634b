"""Faults in the bytes on the wire, which take hold of the connection itself.

An ASGI server never hands out its connection, so the sandbox's protocol puts it into the request's scope.
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from billing_job.didfarm.sandbox.faults import Fault

_TRANSPORT = "sandbox.transport"
_Answer = TypeVar("_Answer", bound=Response)


class WireProtocol(H11Protocol):
    """HTTP/1.1 that lets a fault reach its connection, and that drops unanswered requests when the server stops."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put the transport into the scope of every request, where a fault finds it."""
        super().connection_made(transport)
        app: ASGIApp = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, _TRANSPORT: transport}, receive, send)

        self.app = with_transport

    def shutdown(self) -> None:
        """Close the connection; a request that still has no answer is cut off rather than waited for."""
        if self.cycle is None or self.cycle.response_complete:
            super().shutdown()
        else:
            self.transport.abort()


class _Truncated(Response):
    """Half of the body, then the end of the connection; `chunked` sends it without a Content-Length."""

    chunked = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [header for header in self.raw_headers if not (self.chunked and header[0] == b"content-length")]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})
        _transport(scope).close()
        await _gone(receive)


class _TruncatedChunked(_Truncated):
    chunked = True


class _Reset(Response):
    """A TCP reset where the answer should be."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = _transport(scope)
        # Lingering for no time makes closing throw away what is unsent, which TCP tells the peer with a reset.
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await _gone(receive)


class _Hang(Response):
    """Nothing, until the client gives up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _gone(receive)


class _SlowDrip(Response):
    """The body a byte at a time; it ends early when the client gives up."""

    milliseconds = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        gone = asyncio.ensure_future(_gone(receive))
        for position in range(len(self.body)):
            await send(
                {"type": "http.response.body", "body": bytes(self.body[position : position + 1]), "more_body": True}
            )
            await asyncio.wait({gone}, timeout=self.milliseconds / 1000)
            if gone.done():
                return
        gone.cancel()
        await send({"type": "http.response.body", "body": b""})


def _truncated_length(fault: Fault, answer: Response) -> Response:
    return _like(answer, _Truncated)


def _truncated_chunked(fault: Fault, answer: Response) -> Response:
    return _like(answer, _TruncatedChunked)


def _reset(fault: Fault, answer: Response) -> Response:
    return _like(answer, _Reset)


def _hang(fault: Fault, answer: Response) -> Response:
    return _like(answer, _Hang)


def _slow_drip(fault: Fault, answer: Response) -> Response:
    dripping = _like(answer, _SlowDrip)
    dripping.milliseconds = fault.number()
    return dripping


WIRE_FAULTS: dict[str, Callable[[Fault, Response], Response]] = {
    "truncated_length": _truncated_length,
    "truncated_chunked": _truncated_chunked,
    "reset": _reset,
    "hang": _hang,
    "slow_drip": _slow_drip,
}
"""What each fault does to an answer on its way out."""


def _like(answer: Response, kind: type[_Answer]) -> _Answer:
    return kind(bytes(answer.body), answer.status_code, media_type=answer.media_type)


def _transport(scope: Scope) -> Any:
    return scope[_TRANSPORT]


async def _gone(receive: Receive) -> None:
    """Return when the client, or the server that stops, has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
