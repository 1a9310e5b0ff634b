"""What waits, put together by what helps: many transactions of one number lack one row of a file."""

from collections.abc import Iterable
from dataclasses import dataclass

from billing_job.core.remedies import Remedy, remedy_of
from billing_job.reporting.exceptions_csv import Waiting

BY_REFERENCE = frozenset({"unknown_reference", "unassigned_number", "unassigned_trunk", "ambiguous_order"})
"""Reasons that all transactions of one number, order or trunk share."""


@dataclass(frozen=True, slots=True)
class WaitingThing:
    """One number, order, trunk, type, client or transaction that lacks something."""

    what: str
    waiting: tuple[Waiting, ...]
    """Its transactions, oldest first."""

    @property
    def micros(self) -> int:
        """What its transactions moved; an unreadable amount is 0."""
        return sum(each.micros or 0 for each in self.waiting)

    @property
    def days(self) -> tuple[str, str]:
        """The first and the last day, of UTC; empty when undated."""
        days = sorted(each.created_at[:10] for each in self.waiting if each.created_at)
        return (days[0], days[-1]) if days else ("", "")

    def first_of(self, field: str) -> str:
        """The first word that its transactions have in this field."""
        return next((word for each in self.waiting if (word := str(getattr(each, field)))), "")


@dataclass(frozen=True, slots=True)
class WaitingGroup:
    """Everything that one remedy helps, what weighs most first."""

    remedy: Remedy
    things: tuple[WaitingThing, ...]

    @property
    def count(self) -> int:
        """How many transactions these are."""
        return sum(len(thing.waiting) for thing in self.things)

    @property
    def micros(self) -> int:
        """What they moved."""
        return sum(thing.micros for thing in self.things)


def groups_of(waiting: Iterable[Waiting]) -> tuple[WaitingGroup, ...]:
    """The queue by remedy, the heaviest first."""
    by_remedy: dict[Remedy, dict[str, list[Waiting]]] = {}
    for each in sorted(waiting, key=lambda each: (each.created_at, each.transaction_id)):
        things = by_remedy.setdefault(remedy_of(each.reason, each.reference_type), {})
        things.setdefault(_what(each), []).append(each)
    groups = [
        WaitingGroup(remedy, _by_weight(WaitingThing(what, tuple(found)) for what, found in things.items()))
        for remedy, things in by_remedy.items()
    ]
    return tuple(sorted(groups, key=lambda group: (group.micros, group.remedy.title)))


def _by_weight(things: Iterable[WaitingThing]) -> tuple[WaitingThing, ...]:
    """What left the wallet is negative, so the smallest sum weighs most."""
    return tuple(sorted(things, key=lambda thing: (thing.micros, thing.what)))


def _what(each: Waiting) -> str:
    if each.reason in BY_REFERENCE and each.reference_type:
        return f"{each.reference_type} {each.reference_id}"
    if each.reason == "unknown_type":
        return f"type {each.type or '(none)'}"
    if each.reason == "untaxable_client":
        return f"client {each.client_id}"
    return f"transaction {each.transaction_id}"
