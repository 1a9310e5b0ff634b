"""The way to the mail server: TLS, login, one connection for many messages, and a clear word on what became of each.

A message counts as handed over from the first byte after the server's 354 on. Before that a broken connection means
"not sent", and trying again is safe; after it, only the server's reply tells (RFC 5321, 4.2.5 and 6.1).
"""

import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from billing_job.core.clock import Clock
from billing_job.core.errors import ConfigError, RunFailed
from billing_job.delivery.message import Answer, Envelope, Outcome
from billing_job.delivery.smtp_connection import Connection, MailDeadline, TlsConnection

PAUSES = (0.0, 2.0, 10.0)
"""Seconds before each further try of a message that was not handed over."""
PATIENCE = 10
"""A message, and the opening of a connection, may take so many times the seconds that a single answer may take."""
_CLOSING = 421
_MAX_DETAIL = 300


class MailServerUnreachable(RunFailed):
    """No message can be sent: there is no connection, no TLS or no login."""


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Certificates are checked, against the machine's authorities or against `ca_file`; ConfigError if that is none."""
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"mail.ca_file {ca_file}: cannot be read as certificates ({error}); correct it") from None


class _NotHandedOver(Exception):
    """The connection broke, or the server said it closes it, before the message was handed over."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where to send and how to log in; `password` is never printed."""

    host: str
    port: int
    security: str
    """starttls, tls or none."""
    timeout_seconds: float
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Server({self.host}:{self.port}, {self.security})"


class SmtpTransport:
    """Sends over SMTP; opens the connection when the first message comes, and again when the server closed it."""

    def __init__(self, server: Server, clock: Clock, tls: Callable[[], ssl.SSLContext]):
        self._server = server
        self._clock = clock
        self._tls = tls
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._connection is not None:
            with MailDeadline(self._server.timeout_seconds, self._connection.line):
                try:
                    self._connection.quit()
                except (OSError, smtplib.SMTPException):
                    self._drop()

    def send(self, envelope: Envelope, message: bytes) -> Answer:
        """Hand one message over, at most once; MailServerUnreachable when no connection can be made."""
        reason = ""
        for pause in (*PAUSES, None):
            connection = self._connected()
            with self._deadline(connection) as deadline:
                try:
                    return self._handed_over(connection, envelope, message)
                except _NotHandedOver as error:
                    self._drop()
                    reason = str(error)
            if deadline.passed:
                raise self._too_slow
            if pause:
                self._clock.sleep(pause)
        return Answer(Outcome.DEFERRED, reason, broken=True)

    def _deadline(self, connection: Connection | None = None) -> MailDeadline:
        return MailDeadline(PATIENCE * self._server.timeout_seconds, None if connection is None else connection.line)

    @property
    def _too_slow(self) -> MailServerUnreachable:
        seconds = PATIENCE * self._server.timeout_seconds
        return MailServerUnreachable(
            f"{self._where} answers, but was not done within {seconds:g} seconds; what is not sent yet waits"
        )

    def _handed_over(self, connection: Connection, envelope: Envelope, message: bytes) -> Answer:
        options = [f"SIZE={len(message)}"] if connection.has_extn("size") else []
        refused_copies: list[str] = []
        try:
            code, text = connection.mail(envelope.sender, options)
            if code == 250:
                code, text = connection.rcpt(envelope.recipient)
            for address in envelope.copies if code in (250, 251) else ():
                copy_code, copy_text = connection.rcpt(address)
                if copy_code == _CLOSING:
                    raise _NotHandedOver(_said(copy_code, copy_text))
                if copy_code not in (250, 251):
                    refused_copies.append(f"{address} did not get its copy: {_said(copy_code, copy_text)}")
            if code in (250, 251):
                code, text = connection.docmd("DATA")
            if code == _CLOSING:
                raise _NotHandedOver(_said(code, text))
            if code != 354:
                connection.rset()
                refused = 500 <= code < 600
                return Answer(Outcome.REFUSED if refused else Outcome.DEFERRED, _said(code, text))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise _NotHandedOver(f"the connection broke: {_cleaned(str(error))}") from error
        copies_refused = tuple(refused_copies)
        try:
            connection.send(_on_the_wire(message))
            code, text = connection.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            detail = f"no reply to the message: {_cleaned(str(error))}"
            return Answer(Outcome.UNCERTAIN, detail, copies_refused, broken=True)
        if code == _CLOSING:
            self._drop()
        if 200 <= code < 300:
            return Answer(Outcome.ACCEPTED, _said(code, text), copies_refused)
        return Answer(_no(code), _said(code, text), copies_refused)

    def _connected(self) -> Connection:
        if self._connection is not None:
            return self._connection
        reason = ""
        for pause in (*PAUSES, None):
            deadline = self._deadline()
            try:
                with deadline:
                    self._connection = self._opened(deadline)
            except smtplib.SMTPAuthenticationError as error:
                raise MailServerUnreachable(
                    f"{self._where} refuses the login ({_said(error.smtp_code, error.smtp_error)}): correct SMTP_USER"
                    " and SMTP_PASSWORD, or mail.user and mail.password_file"
                ) from None
            except smtplib.SMTPNotSupportedError as error:
                raise MailServerUnreachable(
                    f"{self._where} offers no {'login' if 'AUTH' in str(error) else 'STARTTLS'} here: correct"
                    " mail.port and mail.security"
                ) from None
            except ssl.SSLError as error:
                if deadline.passed:
                    raise self._too_slow from None
                raise MailServerUnreachable(
                    f"{self._where}: no trusted TLS connection ({_cleaned(str(error))}): correct mail.host,"
                    " mail.security or mail.ca_file"
                ) from None
            except UnicodeError:
                raise MailServerUnreachable(
                    f"{self._where}: SMTP logins are of ASCII characters, and user or password hold others: choose an"
                    " application password"
                ) from None
            except (OSError, smtplib.SMTPException) as error:
                reason = _cleaned(str(error))
            else:
                return self._connection
            if deadline.passed:
                raise self._too_slow
            if pause:
                self._clock.sleep(pause)
        raise MailServerUnreachable(f"{self._where} cannot be reached ({reason}); what is not sent yet waits")

    def _opened(self, deadline: MailDeadline) -> Connection:
        server = self._server
        connection: Connection
        if server.security == "tls":
            connection = TlsConnection(server.host, server.port, server.timeout_seconds, deadline, self._tls())
        else:
            connection = Connection(server.host, server.port, server.timeout_seconds, deadline)
        try:
            if server.security == "starttls":
                connection.starttls(context=self._tls())
            connection.ehlo_or_helo_if_needed()
            if server.user:
                connection.login(server.user, server.password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def _where(self) -> str:
        return f"the mail server {self._server.host}:{self._server.port}"


def _no(code: int) -> Outcome:
    """What a reply to a whole message means; one that is neither a yes nor a clear no proves nothing."""
    if 400 <= code < 500:
        return Outcome.DEFERRED
    return Outcome.REFUSED if 500 <= code < 600 else Outcome.UNCERTAIN


def _on_the_wire(message: bytes) -> bytes:
    """Lines that begin with a dot get a second one, and a dot alone ends the message (RFC 5321, 4.5.2)."""
    body = re.sub(rb"(?m)^\.", b"..", message)
    return body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _said(code: int, text: bytes | str) -> str:
    return _cleaned(f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}")


def _cleaned(text: str) -> str:
    """What a server says is shown and stored: one line, printable, and not too long."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:_MAX_DETAIL]
