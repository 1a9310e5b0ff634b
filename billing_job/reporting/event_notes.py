"""What webhooks told of a month, in sentences for the month's page: trunks, messages, documents, suspensions."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from billing_job.billing.attribution.event_facts import suspensions
from billing_job.core.event import Event
from billing_job.core.moments import local_moment
from billing_job.core.period import Period
from billing_job.core.sentences import counted

OFFLINE, REGISTERED, MESSAGE = "trunk.offline", "trunk.registered", "message.received"
APPROVED, REJECTED = "regulatory.approved", "regulatory.rejected"


def event_notes(events: Sequence[Event], month: Period, zone: ZoneInfo) -> list[str]:
    """One sentence for each trunk, number or document that events of the month speak of, in a fixed order.

    `events` are all up to the month's end: what was begun before may still hold in it.
    """
    starts, ends = month.span(zone)
    told = sorted((event for event in events if event.timestamp < ends), key=lambda event: event.timestamp)
    within = [event for event in told if event.timestamp >= starts]
    return [
        *_trunks(told, within, zone),
        *_suspended(told, starts, zone),
        *_documents(within, zone),
        *_messages(within),
    ]


def _trunks(told: Sequence[Event], within: Sequence[Event], zone: ZoneInfo) -> Iterator[str]:
    last = {event.trunk_uuid: event for event in told if event.event in (OFFLINE, REGISTERED)}
    for trunk, found in sorted(_by(within, OFFLINE, "trunk_uuid").items()):
        times = "once" if len(found) == 1 else f"{len(found)} times"
        note = f"trunk {trunk} went offline {times}, last on {_when(found[-1].timestamp, zone)}"
        yield note + (" and has not registered since" if last[trunk].event == OFFLINE else "")


def _suspended(told: Sequence[Event], starts: int, zone: ZoneInfo) -> Iterator[str]:
    for each in sorted(suspensions(told), key=lambda each: (each.number, each.since)):
        if each.until is None:
            yield f"{each.number} is suspended since {_when(each.since, zone)}"
        elif each.until > starts:
            yield f"{each.number} was suspended from {_when(each.since, zone)} to {_when(each.until, zone)}"


def _documents(within: Sequence[Event], zone: ZoneInfo) -> Iterator[str]:
    last = {event.number: event for event in within if event.event in (APPROVED, REJECTED)}
    for number, event in sorted(last.items()):
        if event.event == REJECTED:
            yield f"the documents of {number} were rejected on {_when(event.timestamp, zone)}"


def _messages(within: Sequence[Event]) -> Iterator[str]:
    for number, found in sorted(_by(within, MESSAGE, "number").items()):
        yield f"{number} received {counted(len(found), 'message')}"


def _by(events: Sequence[Event], name: str, field: str) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.event == name:
            found[str(getattr(event, field))].append(event)
    return found


def _when(timestamp: int, zone: ZoneInfo) -> str:
    return local_moment(timestamp, zone).strftime("%Y-%m-%d %H:%M")
