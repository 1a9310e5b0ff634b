"""`[api.transactions]` and `[api.balance]`: how the supplier's answers are read where the guide is silent.

Source: DESIGN, "Transactions on the wire". `doctor --propose` writes these tables for a supplier.
"""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from billing_job.core.toml import Table, expecting
from billing_job.didfarm.wire_moments import whole_moments
from billing_job.didfarm.wire_words import small_words

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
Unit = Annotated[
    str,
    Field(pattern=r"^(cents|decimal|1/10{1,6})$"),
    expecting('write "cents", "decimal", or a fraction from "1/10" to "1/1000000"'),
]
"""What one counts: a cent, the currency itself, or a fraction of it down to its millionth."""
CurrencyCode = Annotated[
    str, Field(pattern=r"^[A-Z]{3}$"), expecting("write the code of the currency by ISO 4217, such as EUR")
]
CurrencyMark = Annotated[
    str, Field(pattern=r"^[^0-9.,+()-]{1,20}$"), expecting("write the sign or word of a currency, such as €")
]
DottedPath = Annotated[
    str,
    Field(pattern=r"^[^.\s]+(\.[^.\s]+)*$"),
    expecting("write the name of a field, or a dotted path such as attributes.amount"),
]


def zone_name(value: str) -> str:
    """A name of the IANA list of time zones; ValueError otherwise."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("it is not a time zone of the IANA list, such as Europe/Amsterdam") from None
    return value


class TransactionsReading(Table):
    """`[api.transactions]`: where the list stands in an answer, and how a row of it is read."""

    amount_unit: Annotated[
        Literal["auto"] | Unit,
        expecting('write "auto", "cents", "decimal", or a fraction from "1/10" to "1/1000000"'),
    ] = "auto"
    sign: Literal["signed", "inverted", "by_type"] = "signed"
    credit_types: tuple[str, ...] = ("topup", "refund")
    fields: dict[FieldName, DottedPath] = {}  # noqa: RUF012 - pydantic copies it
    """Our names → dotted paths in a row."""
    currency: Annotated[
        str, Field(pattern=r"^([A-Z]{3})?$"), expecting("write the code of the currency by ISO 4217, such as EUR")
    ] = ""
    """Of rows that name none."""
    currencies: dict[str, CurrencyCode] = {}  # noqa: RUF012 - pydantic copies it
    """Other words for a currency → its code: a sign, a name."""
    timezone: Annotated[str, AfterValidator(zone_name)] = "UTC"
    """Of moments without an offset."""
    moment_format: Annotated[str, AfterValidator(whole_moments)] = ""
    """strptime's, or epoch, epoch_ms, epoch_us; empty: ISO 8601, or epoch seconds."""
    decimal_mark: Literal[".", ","] = "."
    thousands_mark: Literal["", ".", ",", " ", "'"] = ""
    negative_marks: tuple[Literal["\N{MINUS SIGN}", "\N{EN DASH}", "()", "1-"], ...] = ()
    """Ways to write a negative amount beside a hyphen before it."""
    currency_marks: tuple[CurrencyMark, ...] = ()
    """What stands before or behind an amount: a sign or the name of its currency."""
    in_words: tuple[str, ...] = ("credit", "cr", "in", "incoming", "deposit", "+")
    out_words: tuple[str, ...] = ("debit", "dr", "out", "outgoing", "withdraw", "withdrawal", "-")
    """What a mapped direction says."""
    reference_types: dict[str, Literal["order", "number", "trunk"]] = {}  # noqa: RUF012 - pydantic copies it
    settled_words: tuple[str, ...] = ()
    """With a mapped status: what it says of rows that moved money; "true", "false", "null", "missing" for those, and
    "set" for all that is said and in no other word."""
    void_words: tuple[str, ...] = ()
    """What it says of rows that never will; they are excluded, and all others wait."""
    rows: str = "data"
    """Dotted path of the list in the answer; empty: the answer is the list."""
    total: str = "meta.total"
    """Dotted path of the count of all rows; empty: the supplier tells none."""
    query: dict[str, str] = {}  # noqa: RUF012 - pydantic copies it
    paging: Literal["page", "next"] = "page"
    next: str = ""
    """Dotted path of the link or cursor to the next page; empty: where Laravel's paginators have it."""

    @model_validator(mode="after")
    def _agrees(self) -> "TransactionsReading":
        """What one setting says must not contradict another."""
        mapped = self.fields.keys()
        if self.decimal_mark == self.thousands_mark:
            raise ValueError("decimal_mark and thousands_mark must differ")
        if (
            ("debit" in mapped) != ("credit" in mapped)
            or mapped >= {"debit", "amount"}
            or mapped >= {"debit", "direction"}
        ):
            raise ValueError("fields: debit and credit go together, and without amount and direction")
        if ("status" in mapped) != bool(self.settled_words) or (self.void_words and "status" not in mapped):
            raise ValueError("fields.status and settled_words go together: which words say that money moved?")
        for one, other in (("in_words", "out_words"), ("settled_words", "void_words")):
            both = small_words(getattr(self, one)) & small_words(getattr(self, other))
            if both:
                raise ValueError(f"{', '.join(sorted(both))} is in {one} and in {other}")
        return self


class BalanceTable(Table):
    """`[api.balance]`: where the wallet's balance stands in its answer, and what it counts."""

    amount: str = ""
    """Dotted path; empty: `balance`, with or without `data` around it."""
    currency: str = ""
    amount_unit: Unit = "decimal"
