"""Letters of a day, and what decides about them: levels, law, what was asked before, and who is left alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from billing_job.receivables.interest import InterestRate
from billing_job.receivables.late_claims import PaidBeside
from billing_job.receivables.late_payment_law import NO_COSTS, RecoveryCosts
from billing_job.receivables.open_items import OpenItem
from billing_job.receivables.reminder_levels import ReminderLevel


class HoldKind(StrEnum):
    """Why a client is not reminded; a dispute is not collected either."""

    HOLD = "hold"
    DISPUTE = "dispute"


@dataclass(frozen=True, slots=True)
class Hold:
    """A client, or one document of it, is left alone in [valid_from, valid_to); None is open."""

    client_id: str
    document: str
    """Empty: all of the client's."""
    kind: HoldKind
    reason: str
    valid_from: date | None
    valid_to: date | None
    source: str = ""
    """Its file and row."""

    def covers(self, item: OpenItem, day: date) -> bool:
        """Whether it keeps this item from being asked for on this day; a document may be of a client's former id."""
        in_time = (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)
        return in_time and (self.document == item.number if self.document else self.client_id == item.client_id)


@dataclass(frozen=True, slots=True)
class Reminded:
    """How far a document was reminded of, and since when its letters announce costs to a consumer."""

    level: int
    day: date
    """On which it first came to this level."""
    announced_on: date | None = None


@dataclass(frozen=True, slots=True)
class ReminderItem:
    """One document in a letter; cents are what is open on the letter's day, and the interest up to that day."""

    number: str
    issue_date: date
    due_date: date
    gross_cents: int
    open_cents: int
    days_overdue: int
    level: int
    """The document's own level; 0 while it has not reached the first one and is only listed."""
    interest_cents: int = 0
    costs_cents: int = 0
    """Its share of the letter's costs."""
    settled_interest_cents: int = 0
    """What was paid of its interest before the letter, which asks for the rest alone."""
    settled_costs_cents: int = 0


@dataclass(frozen=True, slots=True)
class Reminder:
    """A letter to a client; `level` is the highest that a document reaches with it."""

    client_id: str
    day: date
    level: int
    channel: str
    text: str
    items: tuple[ReminderItem, ...]
    in_favour_cents: int = 0
    """What the client has with the house: credit balance and open credit notes."""
    costs: RecoveryCosts = NO_COSTS
    announced: RecoveryCosts = NO_COSTS
    """What a consumer will owe when it lets 14 days pass."""
    interest_law: str = ""

    @property
    def open_cents(self) -> int:
        """What is open on its documents."""
        return sum(item.open_cents for item in self.items)

    @property
    def interest_cents(self) -> int:
        """The interest of all its documents, each rounded once."""
        return sum(item.interest_cents for item in self.items)

    @property
    def asked_cents(self) -> int:
        """What the client is asked to pay."""
        return self.open_cents - self.in_favour_cents + self.interest_cents + self.costs.cents


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An overdue document that no reminder asks for, and why."""

    number: str
    client_id: str
    reason: str


@dataclass(slots=True)
class ReminderPlan:
    """The reminders of a day, what is left out, and what could not be claimed."""

    reminders: list[Reminder] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides about reminders beside the items: levels, law, clients, and what happened before."""

    levels: tuple[ReminderLevel, ...]
    country: str
    """The seller's."""
    currency: str
    rates: Sequence[InterestRate]
    businesses: frozenset[str]
    """Clients with a VAT id or a register number; all others are consumers."""
    holds: Sequence[Hold] = ()
    reminded: Mapping[str, Reminded] = field(default_factory=dict)
    in_collection: Mapping[str, date] = field(default_factory=dict)
    """Documents whose direct debit is under way, and its day."""
    paid_beside: PaidBeside = field(default_factory=dict)
    """What was paid by then of interest and costs that earlier letters claimed."""
    debited: frozenset[str] = frozenset()
    """Documents that announce their debit, by a mandate that holds and stays: not the client is late."""
    waiting: Mapping[str, str] = field(default_factory=dict)
    """Clients of whom money may have come that waits for a decision, and what is said of it."""
    undelivered: Mapping[str, str] = field(default_factory=dict)
    """Documents that are known not to have reached their clients, and why: nobody is late with what he never got."""
