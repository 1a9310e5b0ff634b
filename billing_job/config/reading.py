"""`[api.transactions]` and `[api.balance]`: how the supplier's answers are read where the guide is silent.

Source: DESIGN, "Transactions on the wire". `doctor --propose` writes these tables for a supplier.
"""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from billing_job.core.toml import Table

FieldName = Literal[
    "id",
    "type",
    "amount",
    "currency",
    "description",
    "reference_type",
    "reference_id",
    "created_at",
    "direction",
    "debit",
    "credit",
    "status",
    "quantity",
    "balance_after",
]
Unit = Annotated[str, Field(pattern=r"^(cents|decimal|1/10{1,6})$")]
"""What one counts: a cent, the currency itself, or a fraction of it down to its millionth."""
DottedPath = Annotated[str, Field(pattern=r"^[^.\s]+(\.[^.\s]+)*$")]


def zone_name(value: str) -> str:
    """A name of the IANA list of time zones; ValueError otherwise."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("it is not a time zone of the IANA list, such as Europe/Amsterdam") from None
    return value


class TransactionsReading(Table):
    """`[api.transactions]`: where the list stands in an answer, and how a row of it is read."""

    amount_unit: Literal["auto"] | Unit = "auto"
    sign: Literal["signed", "by_type"] = "signed"
    credit_types: tuple[str, ...] = ("topup", "refund")
    fields: dict[FieldName, DottedPath] = {}  # noqa: RUF012 - pydantic copies it
    """Our names → dotted paths in a row."""
    currency: Annotated[str, Field(pattern=r"^([A-Z]{3})?$")] = ""
    """Of rows that name none."""
    timezone: Annotated[str, AfterValidator(zone_name)] = "UTC"
    """Of moments without an offset."""
    moment_format: str = ""
    """strptime's; empty: ISO 8601, or epoch seconds."""
    decimal_mark: Literal[".", ","] = "."
    thousands_mark: Literal["", ".", ",", " ", "'"] = ""
    in_words: tuple[str, ...] = ("credit", "cr", "in", "incoming", "deposit")
    out_words: tuple[str, ...] = ("debit", "dr", "out", "outgoing", "withdraw", "withdrawal")
    """What a mapped direction says."""
    reference_types: dict[str, Literal["order", "number", "trunk"]] = {}  # noqa: RUF012 - pydantic copies it
    settled_words: tuple[str, ...] = ()
    void_words: tuple[str, ...] = ()
    rows: str = "data"
    """Dotted path of the list in the answer; empty: the answer is the list."""
    total: str = "meta.total"
    """Dotted path of the count of all rows; empty: the supplier tells none."""
    query: dict[str, str] = {}  # noqa: RUF012 - pydantic copies it
    paging: Literal["page", "next"] = "page"
    next: str = ""
    """Dotted path of the link or cursor to the next page; empty: where Laravel's paginators have it."""


class BalanceReading(Table):
    """`[api.balance]`: where the wallet's balance stands in its answer, and what it counts."""

    amount: str = ""
    """Dotted path; empty: `balance`, with or without `data` around it."""
    currency: str = ""
    amount_unit: Unit = "decimal"
