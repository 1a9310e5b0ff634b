"""Secrets cut out of whatever is said; each is told where it is read, in every spelling that it may come back in."""

import logging
import re
from urllib.parse import quote, quote_plus

from billing_job.core.text import storable

SHORTEST_SECRET = 6
"""Shorter ones are words of a test, and would be cut out of the middle of others."""


_SECRET = re.compile(r"\bdf_[a-z]+_\w+|://[^/\s@]*@", re.IGNORECASE)


def is_secret(text: str) -> bool:
    """Whether a text reads like one of DIDfarm's keys (guide: Authentication), or like an address with a password."""
    return bool(_SECRET.search(text))


def spellings(secret: str) -> set[str]:
    """A secret as it may come back: as it is, as part of a URL, and with PHP's escaped slashes."""
    return {secret, quote(secret, safe=""), quote_plus(secret), secret.replace("/", "\\/")} - {""}


class Redactor(logging.Filter):
    """Cuts secrets out of every record, whoever logs it and whatever the level."""

    def __init__(self) -> None:
        super().__init__()
        self._secrets: set[str] = set()

    def add(self, secret: str) -> None:
        """Keep a secret, in every spelling, out of what is said from now on; it is told where it is read."""
        self._secrets |= spellings(secret)

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean the record in place, its message and its traceback; logging calls it, and no record is dropped."""
        record.msg, record.args = self.clean(record.getMessage()), None
        if record.exc_info:
            record.exc_text = self.clean(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True

    def clean(self, text: str) -> str:
        """The text with [key] in place of every secret, and writable whatever it quotes."""
        for secret in self._secrets:
            if len(secret) < SHORTEST_SECRET:
                continue
            text = text.replace(secret, "[key]")
        return storable(text)
