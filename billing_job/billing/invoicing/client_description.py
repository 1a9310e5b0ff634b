"""What a client reads of the supplier's description: never our cost."""

import re
from functools import lru_cache

from billing_job.billing.invoicing.issue import _Row

_MONEY = re.compile(r"(?i)[€$£¥₹]|\b(?:eur|usd|gbp|chf|(?:euro)?cents?)\b|(?<!\d)0[.,]\d|\d[.,](?:\d{2}|\d{4})(?!\d)")


_NUMBER = re.compile(r"(?<![\d+])[0-9]+(?:[.,'’][0-9]+)*")


_SPACED_THOUSANDS = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))")


def without_cost(row: _Row) -> str:
    """The supplier's description, unless it speaks of money or of other clients: a client never sees our cost."""
    if row.part:
        return ""
    amounts = _amounts_in(row.description)
    return "" if amounts is None or abs(row.cost_cents) in amounts else row.description


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
