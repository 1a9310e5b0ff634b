"""Movements of a sandbox wallet, and the daily use of numbers and trunks: messages and calls."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

from billing_job.core.period import Period
from billing_job.didfarm.sandbox.clients import Customer
from billing_job.didfarm.sandbox.holdings import Assignment, Trunk
from billing_job.didfarm.sandbox.inventory import Inventory

SMS_CENTS = {"NL": 7, "BE": 8, "DE": 8, "FR": 6, "GR": 9, "BG": 6, "CH": 9, "US": 1}
_CALL_CENTS_PER_MINUTE = {"+31": 1, "+32": 3, "+49": 2, "+33": 2, "+44": 2, "+1": 1, "+91": 5, "+81": 6}


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement of the wallet before it has an id; `moment` is UTC, negative cents left the wallet."""

    moment: datetime
    type: str
    cents: int
    description: str
    reference_type: str | None = None
    reference_id: int | None = None
    held_by: tuple[Assignment, ...] = ()
    """What says whose its number is; empty for a trunk, which is always its client's."""


def utc(day: date, at: time, zone: ZoneInfo) -> datetime:
    """A moment of the seller's calendar in UTC."""
    return datetime.combine(day, at, zone).astimezone(UTC)


class Usage:
    """Messages from numbers that can send them, and calls over trunks, in working hours mostly."""

    def __init__(
        self, customers: Sequence[Customer], held: Inventory, days: Sequence[date], zone: ZoneInfo, rng: Random
    ):
        self._zone, self._rng, self._days = zone, rng, days
        self._cumulative = list(accumulate(customer.usage for customer in customers))
        self._trunks = held.trunks
        self._first_day: dict[int, date] = {}
        self._senders: dict[int, list[Assignment]] = {trunk.trunk_id: [] for trunk in held.trunks}
        for assignment in held.assignments:
            first = self._first_day.setdefault(assignment.trunk.trunk_id, assignment.valid_from)
            self._first_day[assignment.trunk.trunk_id] = min(first, assignment.valid_from)
            if assignment.number.sms_enabled:
                self._senders[assignment.trunk.trunk_id].append(assignment)

    def movements(self, wanted: int, month: Period) -> Iterator[Movement]:
        """`wanted` movements; the first of them stand around the midnights at which months end and numbers move."""
        around = [*self._moves(), *self._month_ends(month)][:wanted]
        yield from around
        for _ in range(wanted - len(around)):
            day = self._days[self._rng.randrange(1, len(self._days))]
            hour = 7 + self._rng.randrange(13) if self._rng.randrange(10) else self._rng.randrange(24)
            at = time(hour, self._rng.randrange(60), self._rng.randrange(60))
            yield self._movement(self._trunk(day), day, at)

    def _moves(self) -> Iterator[Movement]:
        """The last second that a number is one client's, and the first that it is the next one's."""
        senders = [sender for of_trunk in self._senders.values() for sender in of_trunk]
        begins = {(sender.number.number, sender.valid_from): sender for sender in senders}
        for sender in senders:
            day = sender.valid_to
            taker = begins.get((sender.number.number, day)) if day else None
            if day and taker:
                yield self._message(sender, utc(day - timedelta(days=1), time(23, 59, 59), self._zone))
                yield self._message(taker, utc(day, time(0, 0), self._zone))

    def _month_ends(self, month: Period) -> Iterator[Movement]:
        """The last hour before, and the first moments after, each midnight at which a month ends."""
        for midnight in (month.previous.first_day, month.first_day, month.next.first_day):
            before = midnight - timedelta(days=1)
            for day, at in (
                (before, (23, 5, 0)),
                (before, (23, 59, 59)),
                (midnight, (0, 0, 0)),
                (midnight, (0, 40, 0)),
            ):
                yield self._movement(self._trunk(day), day, time(*at))

    def _trunk(self, day: date) -> Trunk:
        """A trunk of a customer that has started, by the customers' shares; the first one before anybody has."""
        for _ in range(50):
            pick = self._rng.randrange(self._cumulative[-1])
            trunk = self._trunks[bisect_right(self._cumulative, pick)]
            if self._first_day[trunk.trunk_id] < day:
                return trunk
        return min(self._trunks, key=lambda trunk: (self._first_day[trunk.trunk_id], trunk.trunk_id))

    def _movement(self, trunk: Trunk, day: date, at: time) -> Movement:
        senders = [sender for sender in self._senders[trunk.trunk_id] if sender.holds_on(day)]
        if senders and self._rng.randrange(10) < 6:
            return self._message(self._rng.choice(senders), utc(day, at, self._zone))
        return self._call(trunk, utc(day, at, self._zone))

    def _message(self, sender: Assignment, moment: datetime) -> Movement:
        number, parts = sender.number, self._rng.randrange(1, 4)
        cents = SMS_CENTS[number.country] * parts
        text = f"SMS from {number.number}, {parts} part{'s' if parts > 1 else ''}"
        return Movement(moment, "sms", -cents, text, "number", number.did_number_id, (sender,))

    def _call(self, trunk: Trunk, moment: datetime) -> Movement:
        prefix = self._rng.choice(list(_CALL_CENTS_PER_MINUTE))
        minutes = self._rng.randrange(1, 30)
        cents = _CALL_CENTS_PER_MINUTE[prefix] * minutes
        return Movement(moment, "call", -cents, f"Call to {prefix}, {minutes} min", "trunk", trunk.trunk_id)
