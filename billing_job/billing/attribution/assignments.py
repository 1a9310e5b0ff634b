"""The dated facts of the mapping, laid out so that millions of transactions look up their owner at once.

A number goes by several names: its E.164 number, its did_number_id, the order that bought it. A did_number_id and an
order lead only to the rows that name them, an E.164 number to all rows of the number: so a number that is given out
again does not inherit its former owner's orders. The row leads to the trunk, and the trunk to the client that had it.

The files are the user's word. What webhooks told holds for a number only at moments of which no row of it speaks.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from zoneinfo import ZoneInfo

import pyarrow as pa

from billing_job.core.columns.interned import Ints
from billing_job.core.columns.intervals import FOREVER, Intervals
from billing_job.core.columns.text_tables import KnownTexts, TextsByPlace, TextsByText
from billing_job.core.errors import ConfigError
from billing_job.core.moments import midnight
from billing_job.core.phone import country_of
from billing_job.core.register import Assignment, NumberAssignment, Register, TrunkAssignment, overlaps
from billing_job.core.wallet import Trunk


@dataclass(frozen=True)
class Assignments:
    """All facts of a run; `number_facts` and `trunk_facts` are what the frames' fact columns point into."""

    number_facts: tuple[NumberAssignment, ...]
    trunk_facts: tuple[TrunkAssignment, ...]
    numbers: Intervals
    trunks: Intervals
    identity_of: dict[str, str]
    """did_number_id or E.164 number → identity: what all rows of one number have in common."""
    key_of: dict[str, str]
    """did_number_id or E.164 number → its key in `numbers`."""
    keys_of_order: dict[str, tuple[str, ...]]
    """Order → the keys in `numbers` of what it bought, one each."""
    trunk_names: dict[str, str]
    """Numeric id or uuid → the name a trunk goes by here: its uuid where the supplier tells it."""
    known_trunks: frozenset[str]

    @cached_property
    def rows_of(self) -> dict[tuple[str, str], list[int]]:
        """(reference type, id) → the places in `number_facts` of the rows that it leads to; only refunds need it."""
        found: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, fact in enumerate(self.number_facts):
            for kind, name in (("number", fact.number), ("number", fact.did_number_id), ("order", fact.order_id)):
                if name:
                    found[kind, name].append(place)
        return dict(found)

    @cached_property
    def tables(self) -> "Tables":
        """What the columns of attributed rows are made of, and looked up in."""
        trunks = [self.trunk_names.get(fact.trunk, fact.trunk) for fact in self.trunk_facts]
        of_numbers = [self.trunk_names.get(fact.trunk, fact.trunk) for fact in self.number_facts]
        return Tables(
            clients=TextsByPlace([fact.client_id for fact in self.trunk_facts]),
            trunks=TextsByPlace(trunks),
            numbers=TextsByPlace([fact.number for fact in self.number_facts]),
            countries=TextsByPlace([fact.country for fact in self.number_facts]),
            number_types=TextsByPlace([fact.number_type for fact in self.number_facts]),
            trunk_of_number=self.trunks.places(pa.array(of_numbers, pa.string())),
            known_trunks=KnownTexts(self.known_trunks),
            names_of_trunks=TextsByText(self.trunk_names),
            keys_of_numbers=TextsByText(self.key_of),
        )


@dataclass(frozen=True, slots=True)
class Tables:
    """The facts as whole columns of rows look them up: laid out once, however many pieces a month comes in."""

    clients: TextsByPlace
    """By the place of a trunk's fact, as `trunks`; the others by the place of a number's."""
    trunks: TextsByPlace
    numbers: TextsByPlace
    countries: TextsByPlace
    number_types: TextsByPlace
    trunk_of_number: Ints
    """The place in `Assignments.trunks` of the trunk that each number's fact names."""
    known_trunks: KnownTexts
    names_of_trunks: TextsByText
    keys_of_numbers: TextsByText


def assignments(
    mapping: Register,
    supplier_trunks: Sequence[Trunk],
    zone: ZoneInfo,
    event_facts: Sequence[NumberAssignment] = (),
) -> Assignments:
    """Lay out the mapping's facts, and what `event_facts` (of webhooks, to the moment) say where it is silent.

    ConfigError where two names turn out to mean one thing assigned twice.
    """
    names = {trunk.trunk_id: trunk.uuid for trunk in supplier_trunks if trunk.trunk_id}
    identities, problems = _identities(mapping.numbers, event_facts)
    trunk_keys = [names.get(fact.trunk, fact.trunk) for fact in mapping.trunks]
    problems += overlaps("trunk", trunk_keys, mapping.trunks)
    problems += overlaps("number", identities, mapping.numbers)
    if problems:
        raise ConfigError(sorted(set(problems)))
    filling = _where_files_are_silent(mapping.numbers, identities, event_facts, zone)
    named = [_with_number(fact, identity) for fact, identity in zip(mapping.numbers, identities, strict=True)]
    number_facts = (*named, *filling)
    identities += [fact.number for fact in filling]
    identity_of: dict[str, str] = {}
    key_of: dict[str, str] = {}
    of_order: dict[str, dict[str, None]] = defaultdict(dict)
    keys: list[str] = []
    places: list[int] = []
    for place, (fact, identity) in enumerate(zip(number_facts, identities, strict=True)):
        for name in (fact.number, fact.did_number_id):
            if name:
                identity_of.setdefault(name, identity)
        if fact.order_id:
            of_order[fact.order_id][_order_key(fact.order_id, identity)] = None
        # Facts of one number never overlap, so those of fewer of its rows do not either.
        for key in _keys(fact, identity):
            keys.append(key)
            places.append(place)
    for name in identity_of:
        key_of[name] = name if name.startswith("+") else _did_key(name)
    starts, ends = _bounds(number_facts, zone)
    return Assignments(
        number_facts=number_facts,
        trunk_facts=mapping.trunks,
        numbers=Intervals.of(keys, [starts[place] for place in places], [ends[place] for place in places], places),
        trunks=Intervals.of(trunk_keys, *_bounds(mapping.trunks, zone)),
        identity_of=identity_of,
        key_of=key_of,
        keys_of_order={order: tuple(found) for order, found in of_order.items()},
        trunk_names=names,
        known_trunks=frozenset(trunk_keys) | {trunk.uuid for trunk in supplier_trunks},
    )


def _keys(fact: NumberAssignment, identity: str) -> list[str]:
    """What leads to a row: its number, its did_number_id, its order."""
    names = [fact.number] if fact.number else []
    if fact.did_number_id:
        names.append(_did_key(fact.did_number_id))
    if fact.order_id:
        names.append(_order_key(fact.order_id, identity))
    return names


def _did_key(did_number_id: str) -> str:
    return f"did {did_number_id}"


def _order_key(order_id: str, identity: str) -> str:
    return f"order {order_id} {identity}"


def _where_files_are_silent(
    numbers: Sequence[NumberAssignment],
    identities: Sequence[str],
    event_facts: Sequence[NumberAssignment],
    zone: ZoneInfo,
) -> list[NumberAssignment]:
    """The parts of event facts that lie outside all rows of their number.

    An order that a row gives to a trunk by its id alone is not taken apart.
    """
    if not event_facts:
        return []
    spoken: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for identity, starts, ends in zip(identities, *_bounds(numbers, zone), strict=True):
        spoken[identity].append((starts, ends))
    whole_orders = {fact.order_id for fact in numbers if not (fact.number or fact.did_number_id)}
    left = []
    for fact, starts, ends in zip(event_facts, *_bounds(event_facts, zone), strict=True):
        known = replace(fact, order_id="") if fact.order_id in whole_orders else fact
        for row_starts, row_ends in sorted(spoken[fact.number]):
            if starts < min(row_starts, ends):
                left.append(replace(known, starts=starts, ends=min(row_starts, ends)))
            starts = max(starts, row_ends)
        if starts < ends:
            left.append(replace(known, starts=starts, ends=None if ends == FOREVER else ends))
    return left


def _identities(
    numbers: Sequence[NumberAssignment], event_facts: Sequence[NumberAssignment]
) -> tuple[list[str], list[str]]:
    """One identity for each row: its number, else the number its did_number_id has elsewhere, else the id itself."""
    number_of: dict[str, str] = {}
    problems = []
    for fact in numbers:
        if fact.number and fact.did_number_id:
            known = number_of.setdefault(fact.did_number_id, fact.number)
            if known != fact.number:
                problems.append(
                    f"{fact.source}, column did_number_id: {fact.did_number_id!r}: stands for {known} in another row"
                )
    for fact in event_facts:
        if fact.did_number_id:
            number_of.setdefault(fact.did_number_id, fact.number)
    identities = [
        fact.number or number_of.get(fact.did_number_id, "") or fact.did_number_id or fact.source for fact in numbers
    ]
    return identities, problems


def _with_number(fact: NumberAssignment, identity: str) -> NumberAssignment:
    """A row that names its number by did_number_id alone, with the number that another row or an event tells."""
    if fact.number or not identity.startswith("+"):
        return fact
    return replace(fact, number=identity, country=fact.country or country_of(identity))


def _bounds(facts: Sequence[Assignment], zone: ZoneInfo) -> tuple[list[int], list[int]]:
    """Microseconds of the facts' beginnings and ends: their own moments where they have them, else midnights."""
    starts = [
        fact.starts
        if fact.starts is not None
        else -FOREVER
        if fact.valid_from is None
        else midnight(fact.valid_from, zone)
        for fact in facts
    ]
    ends = [
        fact.ends if fact.ends is not None else FOREVER if fact.valid_to is None else midnight(fact.valid_to, zone)
        for fact in facts
    ]
    return starts, ends
