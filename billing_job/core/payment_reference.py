"""The references that a client writes on a payment, made from a document's number, and read back from a bank's file."""

import re
from collections.abc import Iterator

from stdnum.be import ogm_vcs

_RF_LENGTH = 21
_OTHER = re.compile(r"[^A-Z0-9]+")
_AS_DIGITS = str.maketrans({chr(ord("A") + place): str(10 + place) for place in range(26)})
_BELGIAN = re.compile(r"(?<!\d)(\d{3})/(\d{4})/(\d{5})(?!\d)")


def plain_number(text: str) -> str:
    """Letters and digits alone, in capitals: INV-2026-00001 is INV202600001 however it is typed."""
    return _OTHER.sub("", text.upper())


def creditor_reference(number: str) -> str:
    """ISO 11649: RF, two check digits, then the last 21 letters and digits of the document's number."""
    core = plain_number(number)[-_RF_LENGTH:]
    return f"RF{98 - _mod_97(f'{core}RF00'):02d}{core}"


def belgian_reference(number: str) -> str:
    """The twelve digits of a structured communication, made from the last ten digits of the document's number."""
    digits = "".join(sign for sign in number if sign.isascii() and sign.isdigit())[-10:].zfill(10)
    return f"{digits}{int(digits) % 97 or 97:02d}"


def _mod_97(text: str) -> int:
    """ISO 7064, mod 97-10, of letters and digits; a statement asks it a million times."""
    return int(text.translate(_AS_DIGITS)) % 97


def references_in(text: str) -> Iterator[tuple[str, ...]]:
    """For each reference that a text holds, what it may be: the longest reading first, each with right check digits.

    An RF reference may be grouped by blanks, so that its end cannot be seen where a word follows.
    """
    upper = text.upper()
    for found in _BELGIAN.finditer(upper):
        digits = "".join(found.groups())
        if ogm_vcs.is_valid(digits):
            yield (digits,)
    for found in re.finditer(r"(?<![A-Z0-9])RF\d\d", upper):
        rest = plain_number(upper[found.start() : found.start() + 60])[: 4 + _RF_LENGTH]
        readings = (rest[:length] for length in range(len(rest), 4, -1))
        valid = tuple(reading for reading in readings if _mod_97(reading[4:] + reading[:4]) == 1)
        if valid:
            yield valid
