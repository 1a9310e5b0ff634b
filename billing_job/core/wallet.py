"""The frozen values of the wallet that fetching hands to the ledger."""

import hashlib
from dataclasses import dataclass
from typing import Literal

from billing_job.core.money import wallet_text

Order = Literal["newest_first", "oldest_first"]
Standing = Literal["settled", "void", "pending"]
SETTLED: Standing = "settled"
VOID: Standing = "void"
PENDING: Standing = "pending"
"""What the supplier's status says of a row: it moved money, it never will, or neither yet. Only settled rows count in
the wallet's proof; void ones are excluded, pending ones wait."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One movement of the wallet as reported; `problem` says why a row could not be read, empty when it could.

    `micros` are signed (negative left the wallet) and None when unreadable; `created_at` is in microseconds since
    1970-01-01T00:00:00Z; `raw` is the row as it came, as canonical JSON.
    """

    transaction_id: str
    type: str
    micros: int | None
    currency: str
    description: str
    reference_type: str
    reference_id: str
    created_at: int | None
    problem: str
    raw: str
    standing: Standing = SETTLED
    quantity: int | None = None
    """Units that a mapped quantity tells; None where the row tells none, which then counts as one."""
    amount_form: str = ""
    """How the amount is written, for `amount_unit = "auto"`; empty for zero and for what is no number."""
    is_day: bool = False
    """Whether `created_at` came as a day without a time."""

    @property
    def sha256(self) -> str:
        """What tells two versions of a row apart."""
        return hashlib.sha256(self.raw.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Trunk:
    """A SIP trunk: /portal/did-routing speaks of its numeric id, webhooks of its uuid; the list ties them together."""

    trunk_id: str
    uuid: str
    name: str


@dataclass(frozen=True, slots=True)
class Balance:
    """What the supplier says is in the wallet, in micros, and how many decimal places it showed."""

    micros: int
    currency: str
    places: int = 2

    def shows(self, micros: int) -> bool:
        """Whether it is this amount as far as it can tell: what is less than one unit of its last place is cut off."""
        return abs(self.micros - micros) < self.last_place

    @property
    def last_place(self) -> int:
        """Micros of one unit of the last place that it shows."""
        unit: int = 10 ** max(0, 6 - self.places)
        return unit

    def how_exact(self, micros: int, currency: str) -> str:
        """In words, how exactly it shows this amount: to the cent, and what lies below its last place."""
        shown = "explained to the cent" if self.places == 2 else f"explained to its last place, {self.places} of them"
        below = micros - self.micros
        return f"{shown}; {wallet_text(below, currency)} are below it and no difference" if below else shown


@dataclass(frozen=True, slots=True)
class Saved:
    """What storing a page changed: rows never seen before, and rows whose content differs from the stored version."""

    new: int
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListShape:
    """What an earlier whole pass found out about the list; the page size is 0 while one page holds all of it."""

    order: Order
    page_size: int


@dataclass(frozen=True, slots=True)
class CompletedWalk:
    """A whole pass, to be recorded: from now on every row stored before it counts as sealed."""

    full: bool
    total: int
    learned: ListShape
    absent: tuple[str, ...]
    """Stored rows that a full pass did not find any more; empty after an incremental one."""


@dataclass(frozen=True, slots=True)
class WalletPayment:
    """What left the wallet and may be refunded, or a refund: micros are positive, the moment in microseconds UTC."""

    transaction_id: str
    reference_type: str
    reference_id: str
    micros: int
    created_at: int
    type: str
    """As the supplier calls it, in small letters."""

    @property
    def in_time(self) -> tuple[int, int, str]:
        """Sorts by moment."""
        return in_time(self.created_at, self.transaction_id)


def in_time(created_at: int, transaction_id: str) -> tuple[int, int, str]:
    """What sorts transactions by moment; ids of one moment as numbers where they are numbers."""
    return (created_at, len(transaction_id), transaction_id)
