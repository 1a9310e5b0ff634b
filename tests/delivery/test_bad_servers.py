"""Mail servers that would hold a run for ever, or fill its memory: each ends within its bound, and nothing is lost."""

import contextlib
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from billing_job.delivery.message import Envelope, Outcome
from billing_job.delivery.smtp import MailServerUnreachable, Server, SmtpTransport, tls_context
from tests.support.sandbox_on_loopback import StillClock

ENVELOPE = Envelope("a@seller.example", "b@client.example")
TIMEOUT = 0.1
BOUND = 3.0
"""Seconds: ten times the timeout, and what a busy machine takes."""


@contextlib.contextmanager
def serving(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does this with every connection, until it is closed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with contextlib.suppress(OSError), connection:
                    behave(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def dripping(connection: socket.socket) -> None:
    connection.sendall(b"220 hello\r\n")
    connection.recv(1024)
    while True:
        connection.sendall(b"250-x\r\n")
        time.sleep(TIMEOUT / 4)


def dripping_before_hello(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"2")
        time.sleep(TIMEOUT / 4)


def flooding(connection: socket.socket) -> None:
    connection.sendall(b"220 hello\r\n")
    connection.recv(1024)
    while True:
        connection.sendall(b"250-" + b"x" * 500 + b"\r\n")


def dripping_after_the_message(connection: socket.socket) -> None:
    for answer in (b"220 hello\r\n", b"250 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
        connection.sendall(answer)
        connection.recv(65536)
    while True:
        connection.sendall(b"250-x\r\n")
        time.sleep(TIMEOUT / 4)


@pytest.mark.parametrize("security", ["none", "tls"])
@pytest.mark.parametrize("behave", [dripping, dripping_before_hello, flooding])
def test_a_server_that_never_ends_an_answer(behave: Callable[[socket.socket], None], security: str) -> None:
    """The connection is given up in bounded time and memory, and the message counts as not sent."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    with serving(behave) as port:
        transport = SmtpTransport(Server("127.0.0.1", port, security, TIMEOUT), StillClock(), lambda: tls_context(None))
        with transport, pytest.raises(MailServerUnreachable, match="127"):
            transport.send(ENVELOPE, b"Subject: x\r\n\r\nx\r\n")
    assert time.monotonic() - began < BOUND
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KB


def test_a_server_that_never_ends_its_last_answer() -> None:
    """The message was handed over: whether it was taken is uncertain, and it is not sent again."""
    began = time.monotonic()
    with serving(dripping_after_the_message) as port:
        transport = SmtpTransport(Server("127.0.0.1", port, "none", TIMEOUT), StillClock(), lambda: tls_context(None))
        with transport:
            answer = transport.send(ENVELOPE, b"Subject: x\r\n\r\nx\r\n")
    assert (answer.outcome, answer.broken) == (Outcome.UNCERTAIN, True)
    assert time.monotonic() - began < BOUND


def test_a_login_of_other_letters_is_told() -> None:
    """What SMTP cannot carry is no defect of ours: the error says so, without the password."""

    def behave(connection: socket.socket) -> None:
        for answer in (b"220 hello\r\n", b"250-hello\r\n250 AUTH PLAIN LOGIN\r\n", b"334 \r\n"):
            connection.sendall(answer)
            connection.recv(1024)

    with serving(behave) as port:
        server = Server("127.0.0.1", port, "none", 1, "me", "pässword")
        transport = SmtpTransport(server, StillClock(), lambda: tls_context(None))
        with transport, pytest.raises(MailServerUnreachable, match="ASCII") as caught:
            transport.send(ENVELOPE, b"x")
    assert "pässword" not in str(caught.value)
