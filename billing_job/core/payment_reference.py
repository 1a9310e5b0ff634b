"""The references that a client writes on a payment, made from a document's number, and read back from a bank's file."""

import re
from collections.abc import Iterator

from stdnum.be import ogm_vcs
from stdnum.iso7064 import mod_97_10

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
    return f"RF{mod_97_10.calc_check_digits(core + 'RF')}{core}"


def belgian_reference(number: str) -> str:
    """The twelve digits of a structured communication, made from the last ten digits of the document's number."""
    digits = "".join(sign for sign in number if sign.isascii() and sign.isdigit())[-10:].zfill(10)
    return digits + str(ogm_vcs.calc_check_digits(digits))


def _is_creditor_reference(text: str) -> bool:
    """Whether its check digits are right (ISO 7064, mod 97-10); a statement asks it a million times."""
    return int((text[4:] + text[:4]).translate(_AS_DIGITS)) % 97 == 1


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
        valid = tuple(filter(_is_creditor_reference, readings))
        if valid:
            yield valid
