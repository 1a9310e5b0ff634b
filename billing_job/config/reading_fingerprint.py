"""What tells two readings of the supplier apart as far as money goes: the gate opens for each by itself."""

import hashlib
import json
from typing import Any

from billing_job.config.api import Api

NOT_MONEY = frozenset({"rows", "total", "query", "paging", "next", "reference_types"})
"""Keys of `[api.transactions]` that say where rows stand and what they refer to."""
NOT_MONEY_FIELDS = frozenset({"id", "description", "reference_type", "reference_id", "quantity", "balance_after"})
WORDS = frozenset({"credit_types", "in_words", "out_words", "settled_words", "void_words"})
"""Lists of words whose order and case say nothing."""


def reading_fingerprint(api: Api) -> str:
    """SHA-256 of all that decides about amount, sign, status, currency and moment of a row, and the balance's unit."""
    table = api.transactions.model_dump(mode="json")
    decides: dict[str, Any] = {key: value for key, value in table.items() if key not in NOT_MONEY}
    decides["fields"] = {ours: path for ours, path in table["fields"].items() if ours not in NOT_MONEY_FIELDS}
    for key in WORDS & decides.keys():
        decides[key] = sorted({word.lower() for word in table[key]})
    decides["balance_unit"] = api.balance.amount_unit
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
