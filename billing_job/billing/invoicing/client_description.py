"""What a client reads of the supplier's description: never our cost, nor the supplier's ids."""

import re
from functools import lru_cache

from billing_job.core.money import MICROS_PER_CENT

_MONEY = re.compile(r"(?i)[€$£¥₹]|\b(?:eur|usd|gbp|chf|(?:euro)?cents?)\b|(?<!\d)0[.,]\d|\d[.,](?:\d{2}|\d{4})(?!\d)")


_SUPPLIERS_ID = re.compile(r"\s*\btrk_\w+")
"""What the supplier calls a trunk, which is not the client's to know."""


_NUMBER = re.compile(r"(?<![\d+])[0-9]+(?:[.,'’][0-9]+)*")


_SPACED_THOUSANDS = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))")


def client_description(description: str, cost_micros: int, part: int) -> str:
    """The supplier's description, unless it speaks of money or of other clients; `part` above 0 is a shared order."""
    if part:
        return ""
    amounts = _amounts_in(description)
    return "" if amounts is None or abs(cost_micros) in amounts else _SUPPLIERS_ID.sub("", description).strip()


@lru_cache(maxsize=1024)  # rows of one line mostly say the same
def _amounts_in(text: str) -> frozenset[int] | None:
    """Every amount in micros that a number in the text may stand for; a phone number stands for none.

    It may count the currency or cents, and finer units where it then is no whole number of cents. None for a text that
    speaks of money.
    """
    if _MONEY.search(text):
        return None
    found = set()
    finer = set()
    for number in _NUMBER.findall(text) + _NUMBER.findall(_SPACED_THOUSANDS.sub("", text)):
        whole = int("".join(filter(str.isdecimal, number)))
        found |= {whole * MICROS_PER_CENT, whole * 100 * MICROS_PER_CENT}
        finer |= {whole, whole * 100, whole * 1000}
        before, mark, after = number.rpartition("." if number.rfind(".") > number.rfind(",") else ",")
        if mark and not after[6:].strip("0"):
            micros = int("".join(filter(str.isdecimal, before + after[:6].ljust(6, "0"))))
            found.add(micros)
            finer |= {micros // 100} if micros % 100 == 0 else set()
    return frozenset(found | {micros for micros in finer if micros % MICROS_PER_CENT})
