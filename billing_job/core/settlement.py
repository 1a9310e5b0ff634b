"""What issuing hands to the ledger: a document that waits for its number, and the transactions that it settles."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from billing_job.core.document import Document, Vat

Owner = tuple[str, str]
"""A client and a month."""
Key = tuple[str, int]
"""A transaction and its part."""


class BilledPart(NamedTuple):
    """A client's part of what several clients share, as it was billed: on which trunk, and what it cost."""

    trunk: str
    cost_micros: int


class Settlement(NamedTuple):
    """How one transaction was billed: the fact from which everything that comes later is derived.

    A tuple, for a month may hold a million of them.

    `line` is None where the house paid or the charge came to nothing. `net_cents` is the charge after its share of the
    discount; `month` is the month that it counts in.
    """

    transaction_id: str
    part: int
    """0, or the client's share of an order of several clients."""
    line: int | None
    category: str
    number: str
    trunk: str
    cost_micros: int
    charge_cents: int
    net_cents: int
    month: str
    rule: str | None = ""
    """What names the rule that counts units (package, tiers); empty for every other. None: an older program's row."""
    unit_place: int | None = None
    """How many units of its client, rule and month came before its last one."""
    units: int | None = None
    """How many units of client, rule and month there were when it was priced."""
    discount_millionths: int = 0
    refund_of: str = ""
    """The transaction that a refund gives back."""
    refund_part: int = 0


@dataclass(frozen=True, slots=True)
class MonthTerms:
    """What a client's month was first billed by; later rows of the month are billed by it, whatever the files say."""

    client_id: str
    month: str
    terms: str
    """Plan and prices as JSON."""
    vat: Vat


@dataclass(frozen=True, slots=True)
class TrunkMonth:
    """A trunk was a client's in a month; `since` is the day that the assignment began, empty for an open one."""

    trunk: str
    since: str
    month: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What a transaction that a credit note freed was billed at: an unchanged row gets the same once more."""

    client_id: str
    month: str
    document_number: str
    line: int | None
    charge_cents: int
    net_cents: int
    discount_millionths: int
    unit_place: int | None
    units: int | None


@dataclass(frozen=True, slots=True)
class Original:
    """What a refund gives back: one settled transaction, or one client's share of it.

    `net_cents` is what was charged after discount, `credited_cents` what credit notes undid of that, `given_cents` what
    refunds gave back of it; `refunded_micros` is the part of `cost_micros` that refunds undid so far.
    """

    transaction_id: str
    part: int
    client_id: str
    category: str
    number: str
    trunk: str
    month: str
    document_number: str
    line: int | None
    cost_micros: int
    net_cents: int
    credited_cents: int = 0
    given_cents: int = 0
    refunded_micros: int = 0


@dataclass(frozen=True, slots=True)
class RefundFact:
    """How a refund of a settled transaction is taxed, and the document that it corrects."""

    vat: Vat
    document_number: str
    issue_date: date


@dataclass(frozen=True, slots=True)
class Bill:
    """What a client gets for a period: a document without a number, or none, and the transactions that it settles."""

    client_id: str
    document: Document | None
    settlements: tuple[Settlement, ...]


@dataclass(frozen=True, slots=True)
class CreditedRow:
    """How much of a settlement's net a credit note undid, with the settlement's own sign; cents."""

    transaction_id: str
    part: int
    generation: int
    net_cents: int


@dataclass(frozen=True, slots=True)
class SettledRow:
    """A settlement of a document as a credit note sees it, and what is left of its net; cents."""

    transaction_id: str
    part: int
    generation: int
    line: int
    charge_cents: int
    net_cents: int
    left_cents: int
    """Net less what credit notes undid and refunds gave back."""
    refunded_on: str = ""
    """A document that gives a refund of it; empty for none."""
    refund_of: tuple[str, int] | None = None
    """(transaction, part) that it gives back itself."""
    elsewhere_cents: int = 0
    """What the other documents of its corrections will still charge of it, when this one is undone."""
    is_freed: bool = False
    """A credit note freed it: it is billed again on another document, or will be."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What earlier credit notes undid of a document, with the document's own sign."""

    net_of_line: Mapping[int, int]
    """line → cents."""
    vat_of: Mapping[Vat, int]
    """VAT category and rate → VAT cents."""
    rows: tuple[SettledRow, ...] = ()
    """What the document settles, in its order."""
    given_back_of: Mapping[int, int] = field(default_factory=dict)
    """line → cents of its net that refunds on other documents gave back."""


@dataclass(frozen=True, slots=True)
class CreditedLine:
    """How much of a line of the original a line of the credit note undoes, with the credit note's sign."""

    credit_line: int
    line: int
    net_cents: int


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit note without a number, what it undoes, and the lines whose transactions it frees."""

    document: Document
    credited: tuple[CreditedLine, ...]
    freed_lines: tuple[int, ...]
    rows: tuple[CreditedRow, ...] = ()
