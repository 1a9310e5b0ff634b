"""`[api]`: where the supplier is, how it is asked, and how its answers are read."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from billing_job.config.reading import BalanceTable, TransactionsReading
from billing_job.core.toml import Table, WebAddress


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
