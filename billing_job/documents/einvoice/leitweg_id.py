"""The Leitweg-ID, by which German authorities route their invoices (KoSIT, format specification 2.0.2)."""

import re

from stdnum.iso7064 import mod_97_10

_SHAPE = re.compile(r"[0-9]{2,12}(-[0-9A-Z]{1,30})?-[0-9]{2}", re.ASCII | re.IGNORECASE)
_MEANT = re.compile(r"[0-9]{2,}-[0-9A-Z-]*", re.ASCII | re.IGNORECASE)
_LONGEST = 46


def is_leitweg_id(text: str) -> bool:
    """Whether this is a Leitweg-ID with right check digits (ISO 7064, MOD 97-10)."""
    if len(text) > _LONGEST or not _SHAPE.fullmatch(text):
        return False
    return bool(mod_97_10.is_valid(text.replace("-", "").upper()))


def is_meant_as_leitweg_id(text: str) -> bool:
    """Whether a buyer's reference looks like one, so that wrong check digits are a slip and no other reference."""
    return _MEANT.fullmatch(text) is not None
