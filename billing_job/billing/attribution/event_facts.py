"""What the supplier's webhooks tell, and the dated facts that follow from it.

The files beside billing.toml are the user's word; what events say fills in only what the files leave out.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from billing_job.core.event import ACTIVATED, RELEASED, SUSPENDED, Event
from billing_job.core.moments import local_moment
from billing_job.core.phone import country_of
from billing_job.core.register import NumberAssignment

SOURCE = "webhook"
"""How the source of a fact begins that an event told."""


@dataclass(frozen=True, slots=True)
class Suspension:
    """A number was suspended in [since, until), microseconds since 1970; None is until now. It stays its client's."""

    number: str
    since: int
    until: int | None


def number_facts(
    events: Sequence[Event],
    zone: ZoneInfo,
    paid: Mapping[str, int] | None = None,
    did_number_ids: Mapping[tuple[str, str], str] | None = None,
) -> tuple[NumberAssignment, ...]:
    """Which number was on which trunk, to the moment: begun by its activation, ended by the next one or its release.

    Events count in the order of their timestamps, however they came. `paid` maps an order to the moment it was paid: an
    order is paid before its numbers go live, so its fact reaches back to there. `did_number_ids` tells the id of a
    number that an order bought, which events leave out. A suspension ends nothing. Facts of one number never overlap.
    """
    ids = did_number_ids or {}
    return tuple(
        replace(fact, did_number_id=fact.did_number_id or ids.get((fact.number, fact.order_id), ""))
        for told in _by_number(events).values()
        for fact in _facts_of_one(told, zone, paid or {})
    )


def suspensions(events: Sequence[Event]) -> tuple[Suspension, ...]:
    """When numbers were suspended: until they were activated again or released."""
    found: list[Suspension] = []
    for number, told in _by_number(events).items():
        since: int | None = None
        for event in told:
            if event.event == SUSPENDED:
                since = event.timestamp if since is None else since
            elif since is not None:
                found.append(Suspension(number, since, event.timestamp))
                since = None
        if since is not None:
            found.append(Suspension(number, since, None))
    return tuple(found)


def disagreements(
    numbers: Sequence[NumberAssignment], events: Sequence[Event], trunk_names: Mapping[str, str], zone: ZoneInfo
) -> list[str]:
    """Where an event says other than the file's row for the number at that moment; the file wins.

    `trunk_names` maps a trunk's numeric id to its uuid.
    """
    rows: dict[str, list[NumberAssignment]] = defaultdict(list)
    for row in numbers:
        rows[row.number].append(row)
    problems = []
    for number, told in _by_number(events).items():
        for position, event in enumerate(told):
            held = _held_on(rows[number], _day(event.timestamp, zone))
            if held is None:
                continue
            when = _text(event.timestamp, zone)
            trunk = trunk_names.get(held.trunk, held.trunk)
            if event.event == ACTIVATED and event.trunk_uuid and event.trunk_uuid != trunk:
                problems.append(
                    f"{held.source}: {number} is on trunk {held.trunk}, but DIDfarm activated it on {event.trunk_uuid}"
                    f" at {when}: the file wins; correct it if it is wrong"
                )
            if event.event == ACTIVATED and event.order_id and held.order_id not in ("", event.order_id):
                problems.append(
                    f"{held.source}: {number} was bought by order {held.order_id}, but DIDfarm names order"
                    f" {event.order_id} at {when}: the file wins; correct it if it is wrong"
                )
            is_last = all(later.event != ACTIVATED for later in told[position + 1 :])
            if event.event == RELEASED and is_last and held.valid_to is None:
                problems.append(
                    f"{held.source}: {number} is held without an end, but DIDfarm released it at {when}: end the row"
                    f" with valid_to = {_day(event.timestamp, zone) + timedelta(days=1)}"
                )
    return problems


def _by_number(events: Sequence[Event]) -> dict[str, list[Event]]:
    told: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(events, key=lambda event: event.timestamp):
        if event.event in (ACTIVATED, SUSPENDED, RELEASED) and event.number:
            told[event.number].append(event)
    return told


def _facts_of_one(told: Sequence[Event], zone: ZoneInfo, paid: Mapping[str, int]) -> Iterator[NumberAssignment]:
    current: NumberAssignment | None = None
    free_since: int | None = None
    for event in told:
        if event.event == SUSPENDED:
            continue
        if event.event == ACTIVATED and current is not None and _says_the_same(event, current):
            continue  # live again after a suspension, or told twice
        if current is not None:
            if current.starts is not None and current.starts < event.timestamp:
                yield replace(current, valid_to=_last_day(event.timestamp, zone), ends=event.timestamp)
            current, free_since = None, event.timestamp
        if event.event == RELEASED:
            free_since = event.timestamp
        elif event.trunk_uuid:  # a number that is live on no trunk is nobody's yet
            starts = min(event.timestamp, paid.get(event.order_id, event.timestamp))
            if free_since is not None:
                starts = max(starts, free_since)
            current = NumberAssignment(
                valid_from=_day(starts, zone),
                valid_to=None,
                source=f"{SOURCE} {event.event} of {_text(event.timestamp, zone)}",
                number=event.number,
                did_number_id=event.did_number_id,
                order_id=event.order_id,
                country=event.country or country_of(event.number),
                number_type=event.number_type,
                trunk=event.trunk_uuid,
                starts=starts,
            )
    if current is not None:
        yield current


def _says_the_same(event: Event, fact: NumberAssignment) -> bool:
    return (event.trunk_uuid, event.order_id) == (fact.trunk, fact.order_id)


def _held_on(rows: Sequence[NumberAssignment], day: date) -> NumberAssignment | None:
    for row in rows:
        if row.holds_on(day):
            return row
    return None


def _day(micros: int, zone: ZoneInfo) -> date:
    return local_moment(micros, zone).date()


def _last_day(ends: int, zone: ZoneInfo) -> date:
    """The first day that counts no more at all, for people to read; the moment itself decides."""
    return _day(ends - 1, zone) + timedelta(days=1)


def _text(microseconds: int, zone: ZoneInfo) -> str:
    return local_moment(microseconds, zone).isoformat(timespec="seconds")
