"""A real mail server on loopback to test with: it keeps what it took, and misbehaves where it is told to."""

import asyncio
import logging
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class MailServer:
    """What was taken, in order; `misbehave` is asked for each message and gives the name of a fault or nothing.

    Faults: "4xx" and "5xx" to RCPT, "4xx data" and "5xx data" to the whole message, "drop rcpt" hangs up at RCPT,
    "drop data" takes the message and hangs up without a reply, "421" closes with a word at RCPT.
    """

    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    misbehave: Callable[[str], str] = lambda recipient: ""
    on_taken: Callable[[EmailMessage], None] = lambda message: None

    @property
    def numbers(self) -> list[str]:
        """The document number of each message that was taken, from its Message-ID."""
        return [str(message["Message-ID"]).lstrip("<").partition(".")[0] for message in self.taken]

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        match self.misbehave(address):
            case "4xx":
                return "451 4.7.1 Greylisted, come back later"
            case "5xx":
                return "550 5.1.1 No such user here"
            case "421":
                return "421 4.3.2 Shutting down"
            case "drop rcpt":
                _hang_up(server)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        match self.misbehave(envelope.rcpt_tos[0]):
            case "4xx data":
                return "452 4.3.1 Mailbox full"
            case "5xx data":
                return "554 5.7.1 Rejected as spam"
            case fault:
                content = envelope.content
                assert isinstance(content, bytes)
                message = message_from_bytes(content, policy=policy.default)
                self.taken.append(message)
                self.sizes.append(len(content))
                self.recipients.append(list(envelope.rcpt_tos))
                self.on_taken(message)
                if fault == "drop data":
                    _hang_up(server)
                return "250 2.0.0 Taken"


def _hang_up(server: SMTP) -> None:
    """Close the connection without a word; there is one while a command of it is answered."""
    assert server.transport is not None
    server.transport.close()


@contextmanager
def mail_server(
    tls: ssl.SSLContext | None = None, *, starttls: bool = False, login: tuple[str, str] | None = None
) -> Iterator[MailServer]:
    """A running server; with `tls` from the first byte, or offered as STARTTLS; with `login` it asks for it."""
    mails = MailServer()

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        mails.logins.append(data.login.decode())
        is_right = (data.login.decode(), data.password.decode()) == login
        return AuthResult(success=is_right, handled=is_right)

    def session() -> SMTP:
        smtp = SMTP(
            mails,
            hostname="mail.test",
            tls_context=tls if starttls else None,
            require_starttls=starttls,
            authenticator=authenticate if login else None,
            auth_required=login is not None,
            loop=loop,
        )
        # TLS from the first byte is TLS too, but aiosmtpd knows only the kind that it started itself.
        smtp._auth_require_tls = starttls
        return smtp

    # A server of its own would not write to our log, nor (as logging does where nobody listens) to standard error.
    its_log = logging.getLogger("mail.log")
    its_log.propagate = False
    its_log.handlers = [logging.NullHandler()]
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(session, "127.0.0.1", 0, ssl=None if starttls else tls))
    mails.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield mails
    finally:
        asyncio.run_coroutine_threadsafe(_stopped(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _stopped(server: asyncio.Server) -> None:
    """Close the server and end every session that is still open."""
    server.close()
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
