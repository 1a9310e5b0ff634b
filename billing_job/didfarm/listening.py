"""A server that listens: the webhook receiver, and everything that the sandbox plays."""

import socket
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from billing_job.core.errors import ConfigError


def listener_on(host: str, port: int) -> socket.socket:
    """Bound and listening; port 0 is any free one; ConfigError for an address that is not ours or a port in use."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise ConfigError(f"--host {host}: is no address of this machine ({error.strerror})") from None
    # Named as TCP, so that asyncio sends small answers without waiting for the peer (TCP_NODELAY).
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen()
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"port {port} on {host} cannot be listened on: {error.strerror}. Choose another one."
        ) from None
    return listener


def address_of(listener: socket.socket) -> str:
    """Where it can be reached: http://HOST:PORT."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def quiet_config(app: ASGIApp, connections: Any, **more: Any) -> uvicorn.Config:
    """uvicorn's settings for an app that speaks HTTP and nothing else, and writes no log; `connections` makes them."""
    return uvicorn.Config(
        app,
        http=connections,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        **more,
    )
