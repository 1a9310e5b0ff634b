"""`[api]`: where the supplier is, how it is asked, how its answers are read, and what tells two readings apart."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from billing_job.config.reading import BalanceTable, TransactionsReading
from billing_job.core.toml import Table, WebAddress

NOT_MONEY = frozenset({"rows", "total", "query", "paging", "next", "reference_types"})
"""Keys of `[api.transactions]` that say where rows stand and what they refer to."""
NOT_MONEY_FIELDS = frozenset({"id", "description", "reference_type", "reference_id", "quantity", "balance_after"})
WORDS = frozenset({"credit_types", "in_words", "out_words", "settled_words", "void_words"})
"""Lists of words whose order and case say nothing."""


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if "@" in parts.netloc:
        raise ValueError("a user or password has no place in it: the key comes from DIDFARM_API_KEY or api.key_file")
    if parts.query or parts.fragment:
        raise ValueError(
            "it ends with the path; what every request of the list asks for goes into [api.transactions] query"
        )
    if not parts.hostname or (parts.port or 443) > 65_535:  # `port` raises a ValueError of its own
        raise ValueError("write it as https://HOST/PATH")
    return value


class Api(Table):
    """`[api]`: the supplier's address and our manners."""

    base_url: Annotated[WebAddress, AfterValidator(_base_url)] = "https://didfarm.com/api/v1"
    requests_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 60
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30
    key_file: Path | None = None
    ca_file: Path | None = None
    """PEM file of the authorities that the supplier's certificate is checked against, in place of the machine's."""
    transactions: TransactionsReading = TransactionsReading()
    balance: BalanceTable = BalanceTable()


def reading_fingerprint(api: Api) -> str:
    """SHA-256 of all that decides about amount, sign, status, currency and moment of a row, and the balance's unit."""
    table = api.transactions.model_dump(mode="json")
    decides: dict[str, Any] = {key: value for key, value in table.items() if key not in NOT_MONEY}
    decides["fields"] = {ours: path for ours, path in table["fields"].items() if ours not in NOT_MONEY_FIELDS}
    for key in WORDS & decides.keys():
        decides[key] = sorted({word.lower() for word in table[key]})
    decides["balance_unit"] = api.balance.amount_unit
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
