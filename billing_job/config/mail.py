"""`[mail]`: the server that takes our e-mail, and how a message looks; never a password."""

import re
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from billing_job.core.toml import Table, expecting

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}")
"""An address as every mail server takes it (RFC 5321, 4.1.2): ASCII, one @, nothing that could end a line."""
SUBJECT_PARTS = frozenset({"kind", "number", "amount", "due", "seller", "client", "month"})
DEFAULT_PORTS = {"starttls": 587, "tls": 465, "none": 25}


def _address(value: str) -> str:
    if value and not ADDRESS.fullmatch(value):
        raise ValueError("it is not one plain e-mail address, such as billing@example.com")
    return value


def _subject(value: str) -> str:
    if not value.isprintable():
        raise ValueError("a subject is one line")
    try:
        parts = list(Formatter().parse(value))
    except ValueError as error:
        raise ValueError(f"its braces do not match ({error})") from None
    # No conversions and no attributes: {client.__class__} is a way into the program, not a subject.
    if any(
        name is not None and (name not in SUBJECT_PARTS or spec or conversion) for _, name, spec, conversion in parts
    ):
        raise ValueError(
            f"it may hold {', '.join('{' + name + '}' for name in sorted(SUBJECT_PARTS))} and no other braces"
        )
    return value


Address = Annotated[str, AfterValidator(_address)]


class Mail(Table):
    """`[mail]`: without it nothing can be sent; the password comes from SMTP_PASSWORD or `password_file`."""

    host: Annotated[
        str,
        # One colon is a port; an address of IPv6 has more.
        Field(pattern=r"^(?:[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)$"),
        expecting("write the name of the server, such as smtp.example.com, and its port as port = 587"),
    ]
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: Path | None = None
    user: str = ""
    password_file: Path | None = None
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30
    per_minute: Annotated[int, Field(ge=1, le=100_000)] = 60
    sender: Annotated[Address, Field(alias="from", min_length=3)]
    reply_to: Address = ""
    bcc: Address = ""
    subject: Annotated[str, AfterValidator(_subject)] = "{kind} {number} · {amount} · {due}"
    attach: Annotated[tuple[Literal["pdf", "ubl", "csv"], ...], Field(min_length=1)] = ("pdf", "ubl")

    @property
    def real_port(self) -> int:
        """The port, by default the one that goes with `security`."""
        return self.port or DEFAULT_PORTS[self.security]
