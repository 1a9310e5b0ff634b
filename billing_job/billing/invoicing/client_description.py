"""What a client reads of the supplier's description: never our cost."""

import re
from functools import lru_cache

_MONEY = re.compile(r"(?i)[€$£¥₹]|\b(?:eur|usd|gbp|chf|(?:euro)?cents?)\b|(?<!\d)0[.,]\d|\d[.,](?:\d{2}|\d{4})(?!\d)")


_NUMBER = re.compile(r"(?<![\d+])[0-9]+(?:[.,'’][0-9]+)*")


_SPACED_THOUSANDS = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))")


def client_description(description: str, cost_cents: int, part: int) -> str:
    """The supplier's description, unless it speaks of money or of other clients; `part` above 0 is a shared order."""
    if part:
        return ""
    amounts = _amounts_in(description)
    return "" if amounts is None or abs(cost_cents) in amounts else description


@lru_cache(maxsize=1024)  # rows of one line mostly say the same
def _amounts_in(text: str) -> frozenset[int] | None:
    """Every amount in cents that a number in the text may stand for; a phone number stands for none.

    None for a text that speaks of money.
    """
    if _MONEY.search(text):
        return None
    found = set()
    for number in _NUMBER.findall(text) + _NUMBER.findall(_SPACED_THOUSANDS.sub("", text)):
        whole = int("".join(filter(str.isdecimal, number)))
        found |= {whole, whole * 100}
        before, mark, after = number.rpartition("." if number.rfind(".") > number.rfind(",") else ",")
        if mark and not after[2:].strip("0"):
            found.add(int("".join(filter(str.isdecimal, before + after[:2].ljust(2, "0")))))
    return frozenset(found)
