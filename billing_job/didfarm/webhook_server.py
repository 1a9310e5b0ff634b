"""The receiver of webhooks: `POST /webhooks/didfarm`; an event is stored before it is answered with 200.

DIDfarm repeats a delivery until it is answered with 200 (guide: FAQ), so whatever stops us in between costs nothing:
the event comes again, and one that is stored already is answered like a new one.
"""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from functools import partial
from types import TracebackType

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from billing_job.core.errors import BillingJobError, RunFailed
from billing_job.core.event import Event
from billing_job.didfarm.listening import address_of, listener_on, quiet_config
from billing_job.didfarm.webhook_connections import IDLE_SECONDS, Connection
from billing_job.didfarm.webhooks import PATH, SIGNATURE_HEADER, is_genuine, read_event

MAX_BODY_BYTES = 1024 * 1024
_MAX_DRAINED_BYTES = 16 * MAX_BODY_BYTES
_READ_SECONDS = 30
_START_SECONDS = 10

StoreEvent = Callable[[Event], bool]
"""Stores an event durably; False when it was there already."""

LOGGER = logging.getLogger(__name__)


class _TooLarge(Exception):
    """The body exceeds the limit; it was read to its end, so that the answer is heard."""


def webhook_app(secret: str, store: StoreEvent) -> Starlette:
    """The ASGI app that takes deliveries; refused ones change nothing.

    200 stored or known · 400 not an event · 401 bad signature · 408 too slow · 413 too large · 503 not stored.
    """

    async def deliver(request: Request) -> Response:
        try:
            async with asyncio.timeout(_READ_SECONDS):
                body = await _whole_body(request)
        except _TooLarge:
            return _refused(413, f"larger than {MAX_BODY_BYTES} bytes")
        except TimeoutError:
            return _refused(408, f"the body took longer than {_READ_SECONDS} seconds")
        except ClientDisconnect:
            return _refused(400, "the connection ended within the body")
        if not is_genuine(body, request.headers.get(SIGNATURE_HEADER, ""), secret):
            return _refused(401, f"{SIGNATURE_HEADER} is not the signature of this body")
        try:
            event = read_event(body)
        except ValueError as error:
            return _refused(400, str(error))
        try:
            is_new = await run_in_threadpool(store, event)
        except BillingJobError as error:
            LOGGER.error("event %s was not stored: %s", event.event, error)
            return JSONResponse({"error": "not stored; deliver it again"}, 503)
        LOGGER.info("%s %s", event.event, "stored" if is_new else "was known")
        return JSONResponse({"status": "stored" if is_new else "known"})

    return Starlette(routes=[Route(PATH, deliver, methods=["POST"])])


async def _whole_body(request: Request) -> bytes:
    """The raw body; a larger one is thrown away as it comes, for a sender that is cut off hears no answer."""
    content = bytearray()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MAX_BODY_BYTES:
            content += chunk
        elif size > _MAX_DRAINED_BYTES:
            break
    if size > MAX_BODY_BYTES:
        raise _TooLarge
    return bytes(content)


def _refused(status: int, reason: str) -> Response:
    LOGGER.warning("a delivery was refused with %d: %s", status, reason)
    return JSONResponse({"error": reason}, status)


def serve(
    secret: str, store: StoreEvent, host: str, port: int, *, on_ready: Callable[[str], None] = lambda url: None
) -> None:
    """Receive until SIGINT or SIGTERM; port 0 is any free one; `on_ready` gets the URL once deliveries are heard.

    ConfigError when the address cannot be listened on.
    """
    listener = listener_on(host, port)
    _Server(secret, store, on_ready=lambda: on_ready(address_of(listener) + PATH)).run([listener])


class RunningReceiver:
    """A receiver in a thread while the `with` block runs; `url` is where deliveries go."""

    def __init__(
        self,
        secret: str,
        store: StoreEvent,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        idle_seconds: float = IDLE_SECONDS,
    ):
        self._listening = threading.Event()
        self._listener = listener_on(host, port)
        self.url = address_of(self._listener) + PATH
        self._server = _Server(secret, store, self._listening.set, idle_seconds)
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],), name="webhooks", daemon=True)

    def __enter__(self) -> "RunningReceiver":
        self._thread.start()
        if not self._listening.wait(_START_SECONDS):
            raise RunFailed(f"the webhook receiver did not start on {self.url}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()


class _Server(uvicorn.Server):
    """uvicorn that says when it listens, and keeps its log to itself."""

    def __init__(
        self, secret: str, store: StoreEvent, on_ready: Callable[[], None], idle_seconds: float = IDLE_SECONDS
    ):
        connections = partial(Connection, idle_seconds=idle_seconds)
        super().__init__(quiet_config(webhook_app(secret, store), connections, timeout_graceful_shutdown=5))
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._on_ready()
