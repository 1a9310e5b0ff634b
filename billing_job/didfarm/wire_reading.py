"""How rows of the wallet and its balance are read: what the settings say, and what holds without any."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from billing_job.didfarm.wire_amounts import Marks, PlainMarks


class Reading(Marks, Protocol):
    """`[api.transactions]`: how a row is read. Its keys are told in docs/sync.md."""

    @property
    def amount_unit(self) -> str:
        """cents, decimal, 1/10 … 1/1000000, "auto", or "auto:" and what the ledger's amounts came to."""

    @property
    def sign(self) -> str:
        """Which way an amount went: "signed" is negative for what left the wallet, "inverted" for what came in.

        "by_type" has no sign: `credit_types` came in.
        """

    @property
    def credit_types(self) -> tuple[str, ...]:
        """Types that came into the wallet, for "by_type"."""

    @property
    def fields(self) -> Mapping[Any, str]:
        """Our names of fields → dotted paths in a row, where they differ."""

    @property
    def currency(self) -> str:
        """Of rows that name none; empty: each row names its own."""

    @property
    def currencies(self) -> Mapping[str, str]:
        """Other words for a currency → its code."""

    @property
    def timezone(self) -> str:
        """Of moments without an offset; a name of the IANA list."""

    @property
    def moment_format(self) -> str:
        """strptime's, or epoch, epoch_ms, epoch_us; empty: ISO 8601 or epoch seconds."""

    @property
    def in_words(self) -> tuple[str, ...]:
        """What a mapped direction says of money that came in."""

    @property
    def out_words(self) -> tuple[str, ...]:
        """What a mapped direction says of money that left."""

    @property
    def reference_types(self) -> Mapping[str, Any]:
        """The supplier's words for order, number and trunk, beside those that are known."""

    @property
    def settled_words(self) -> tuple[str, ...]:
        """What a mapped status says of rows that moved money."""

    @property
    def void_words(self) -> tuple[str, ...]:
        """What a mapped status says of rows that never will."""


@dataclass(frozen=True, slots=True)
class PlainReading:
    """How rows are read unless settings say otherwise (DESIGN: transactions on the wire)."""

    amount_unit: str = "auto"
    sign: str = "signed"
    credit_types: tuple[str, ...] = ("topup", "refund")
    fields: Mapping[str, str] = field(default_factory=dict)
    currency: str = ""
    currencies: Mapping[str, str] = field(default_factory=dict)
    timezone: str = "UTC"
    moment_format: str = ""
    decimal_mark: str = "."
    thousands_mark: str = ""
    negative_marks: tuple[str, ...] = ()
    currency_marks: tuple[str, ...] = ()
    in_words: tuple[str, ...] = ()
    out_words: tuple[str, ...] = ()
    reference_types: Mapping[str, str] = field(default_factory=dict)
    settled_words: tuple[str, ...] = ()
    void_words: tuple[str, ...] = ()
    rows: str = "data"
    total: str = "meta.total"
    query: Mapping[str, str] = field(default_factory=dict)
    paging: str = "page"
    next: str = ""


@dataclass(frozen=True, slots=True)
class BalanceReading:
    """How the balance is read: dotted paths in the answer, the unit, and how amounts are written."""

    amount: str = ""
    """Empty: `balance`, with or without `data` around it."""
    currency: str = ""
    """Empty: `currency` beside that balance."""
    amount_unit: str = "decimal"
    otherwise: str = ""
    """The currency of a balance that names none; empty: it has to name one."""
    marks: Marks = field(default_factory=PlainMarks)
    currencies: Mapping[str, str] = field(default_factory=dict)
    """Other words for a currency → its code."""
