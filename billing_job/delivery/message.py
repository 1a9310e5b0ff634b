"""The last stage: a document's files and texts become one e-mail, and may leave only when it has not left before."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from typing import Protocol

from billing_job.config.mail import ADDRESS

_MEDIA_TYPES = {".pdf": ("application", "pdf"), ".xml": ("application", "xml"), ".csv": ("text", "csv")}


class Outcome(StrEnum):
    """What a mail server, or an access point of Peppol, made of a message."""

    ACCEPTED = "accepted"
    """It has taken the message over."""
    REFUSED = "refused"
    """It never will: a reply of 500 to 599, or an address that no server takes."""
    DEFERRED = "deferred"
    """Not now: a reply of 400 to 499, or the connection broke before the message was handed over."""
    UNCERTAIN = "uncertain"
    """The connection broke after the message was handed over and before the reply."""
    DELIVERED = "delivered"
    """The receiver's access point has confirmed it (Peppol alone)."""
    UNDELIVERED = "undelivered"
    """It was taken over, and could not be brought to the receiver (Peppol alone)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An outcome, and what the server said; `copies_refused` names other recipients it did not take, with its words."""

    outcome: Outcome
    detail: str
    copies_refused: tuple[str, ...] = ()
    broken: bool = False
    """The connection broke, which says more about the server than about this message."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who a message goes from and to, as the server is told; `copies` are all others, each once.

    The first recipient decides whether a message was sent.
    """

    sender: str
    recipient: str
    copies: tuple[str, ...] = ()


class Transport(Protocol):
    """What carries a message."""

    def send(self, envelope: Envelope, message: bytes) -> Answer:
        """Hand a message over, at most once; RunFailed when no message can be sent at all."""
        ...


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of the document; the name decides its media type."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything of one message; `date` is aware, `message_id` in angle brackets."""

    message_id: str
    date: datetime
    sender: str
    sender_name: str
    recipient: str
    recipient_name: str
    reply_to: str
    language: str
    subject: str
    text: str
    html: str
    attachments: Sequence[Attachment]
    also_to: tuple[str, ...] = ()
    copy_to: tuple[str, ...] = ()


def ascii_address(address: str) -> str | None:
    """The address as every server takes it, an international domain in its ASCII form; None when there is none."""
    local, _, domain = address.rpartition("@")
    try:
        plain = f"{local}@{domain.encode('idna').decode('ascii')}"
        # The pattern first: the parser behind Address stumbles over some texts that are no addresses at all.
        return Address(addr_spec=plain).addr_spec if ADDRESS.fullmatch(plain) else None
    except (UnicodeError, ValueError, HeaderParseError):
        return None


def message_id(number: str, body_sha256: str, attempt: int, sender: str) -> str:
    """The Message-ID of an attempt: the same document and attempt always get the same one (RFC 5322, 3.6.4).

    >>> message_id("INV-2026-00001", "9f86d081884c7d65", 2, "billing@example.com")
    '<INV-2026-00001.2.9f86d081884c7d65@example.com>'
    """
    return f"<{number}.{attempt}.{body_sha256[:16]}@{sender.rpartition('@')[2]}>"


def message_bytes(letter: Letter) -> bytes:
    """The message as it goes over the wire: text and HTML, then the files; the same letter gives the same bytes.

    ValueError for a header that holds a line break: nothing that a client is called can add a header.
    """
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = letter.message_id
    message["Date"] = format_datetime(letter.date)
    message["From"] = Address(letter.sender_name, addr_spec=letter.sender)
    to = Address(letter.recipient_name, addr_spec=letter.recipient)
    message["To"] = (to, *(Address(addr_spec=address) for address in letter.also_to))
    if letter.copy_to:
        message["Cc"] = tuple(Address(addr_spec=address) for address in letter.copy_to)
    if letter.reply_to:
        message["Reply-To"] = Address(addr_spec=letter.reply_to)
    message["Subject"] = letter.subject
    # RFC 3834: out-of-office notices do not answer a program.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    for attachment in letter.attachments:
        suffix = attachment.name[attachment.name.rindex(".") :]
        maintype, subtype = _MEDIA_TYPES[suffix]
        message.add_attachment(attachment.content, maintype=maintype, subtype=subtype, filename=attachment.name)
    message["Content-Language"] = letter.language  # last: setting the content clears every header about it
    _fix_boundaries(message, letter.message_id)
    return message.as_bytes()


def _fix_boundaries(message: EmailMessage, seed: str) -> None:
    """Boundaries follow from the Message-ID, so that a test can compare whole messages."""
    for index, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{hashlib.sha256(f'{seed} {index}'.encode()).hexdigest()[:32]}")
