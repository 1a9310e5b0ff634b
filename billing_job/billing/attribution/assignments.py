"""The dated facts of the mapping, laid out so that millions of transactions look up their owner at once.

A number goes by several names: its E.164 number, its did_number_id, the order that bought it. A did_number_id and an
order lead only to the rows that name them, an E.164 number to all rows of the number: so a number that is given out
again does not inherit its former owner's orders. The row leads to the trunk, and the trunk to the client that had it.

The files are the user's word. What webhooks told holds for a number only at moments of which no row of it speaks.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from billing_job.core.columns.interned import Ints
from billing_job.core.columns.intervals import FOREVER, Intervals
from billing_job.core.columns.text_tables import KnownTexts, TextsByPlace, TextsByText
from billing_job.core.errors import ConfigError
from billing_job.core.moments import midnight
from billing_job.core.phone import country_of
from billing_job.core.register import Assignment, NumberAssignment, Register, TrunkAssignment, overlaps, told
from billing_job.core.wallet import Trunk


@dataclass(frozen=True)
class Assignments:
    """All facts of a run; `number_facts` and `trunk_facts` are what the frames' fact columns point into."""

    number_facts: Sequence[NumberAssignment]
    trunk_facts: tuple[TrunkAssignment, ...]
    numbers: Intervals
    trunks: Intervals
    identities: Sequence[str]
    """What all rows of one number have in common, for each of `number_facts`."""
    key_of: dict[str, str]
    """did_number_id or E.164 number → its key in `numbers`."""
    keys_of_order: dict[str, tuple[str, ...]]
    """Order → the keys in `numbers` of what it bought, one each."""
    trunk_names: dict[str, str]
    """Numeric id or uuid → the name a trunk goes by here: its uuid where the supplier tells it."""
    known_trunks: frozenset[str]

    def rows_of(self, kind: str, name: str) -> Sequence[int]:
        """The places in `number_facts` of the rows to which a reference of this type leads."""
        return sorted(place for places in self._rows.get(kind, ()) for place in places.get(name, ()))

    @cached_property
    def identity_of(self) -> dict[str, str]:
        """did_number_id or E.164 number → identity; few months ask for any."""
        return {
            name: self.identities[place]
            for kind in ("did_number_id", "number")
            for place, name in zip(*_named(self.number_facts, kind), strict=True)
        }

    @cached_property
    def _rows(self) -> dict[str, Sequence[Mapping[str, Sequence[int]]]]:
        number, did_number_id, order_id = (
            _places(told(self.number_facts, name)) for name in ("number", "did_number_id", "order_id")
        )
        return {"number": (number, did_number_id), "order": (order_id,)}

    @cached_property
    def tables(self) -> "Tables":
        """What the columns of attributed rows are made of, and looked up in."""
        trunks = [self.trunk_names.get(fact.trunk, fact.trunk) for fact in self.trunk_facts]
        of_numbers = [self.trunk_names.get(trunk, trunk) for trunk in told(self.number_facts, "trunk")]
        return Tables(
            clients=TextsByPlace([fact.client_id for fact in self.trunk_facts]),
            trunks=TextsByPlace(trunks),
            numbers=TextsByPlace(told(self.number_facts, "number")),
            countries=TextsByPlace(told(self.number_facts, "country")),
            number_types=TextsByPlace(told(self.number_facts, "number_type")),
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
    names = _names(supplier_trunks)
    identities, problems = _identities(mapping.numbers, event_facts)
    trunk_keys = [names.get(fact.trunk, fact.trunk) for fact in mapping.trunks]
    problems += overlaps("trunk", trunk_keys, mapping.trunks)
    problems += overlaps("number", identities, mapping.numbers)
    if problems:
        raise ConfigError(sorted(set(problems)))
    filling = _where_files_are_silent(mapping.numbers, identities, event_facts, zone)
    number_facts = mapping.numbers
    numbers = told(number_facts, "number")
    if "" in numbers and any(map(_tells_number, numbers, identities)):
        number_facts = tuple(map(_with_number, number_facts, identities))
    if filling:
        number_facts = (*number_facts, *filling)
    identities += [fact.number for fact in filling]
    # What leads to a row: its number, its did_number_id, its order. Facts of one number never overlap, so those of
    # fewer of its rows do not either.
    by_number, by_did, by_order = (_named(number_facts, name) for name in ("number", "did_number_id", "order_id"))
    did_keys = [*map(_did_key, by_did.names)]
    order_keys = [_order_key(name, identities[place]) for place, name in zip(*by_order, strict=True)]
    of_order: dict[str, dict[str, None]] = defaultdict(dict)
    for order_id, key in zip(by_order.names, order_keys, strict=True):
        of_order[order_id][key] = None
    keys = [*by_number.names, *did_keys, *order_keys]
    places = [*by_number.places, *by_did.places, *by_order.places]
    starts, ends = (np.asarray(moments, np.int64)[places] for moments in _bounds(number_facts, zone))
    return Assignments(
        number_facts=number_facts,
        trunk_facts=mapping.trunks,
        numbers=Intervals.of(keys, starts, ends, places),
        trunks=Intervals.of(trunk_keys, *_bounds(mapping.trunks, zone)),
        identities=identities,
        key_of=dict(zip((*by_did.names, *by_number.names), (*did_keys, *by_number.names), strict=True)),
        keys_of_order={order: tuple(found) for order, found in of_order.items()},
        trunk_names=names,
        known_trunks=frozenset(trunk_keys) | {trunk.uuid for trunk in supplier_trunks},
    )


def _names(supplier_trunks: Sequence[Trunk]) -> dict[str, str]:
    """Numeric id → uuid. An id that was given out again names neither trunk: whose a row of it is, trunks.csv says."""
    uses = Counter(trunk.trunk_id for trunk in supplier_trunks)
    return {trunk.trunk_id: trunk.uuid for trunk in supplier_trunks if trunk.trunk_id and uses[trunk.trunk_id] == 1}


class _Named(NamedTuple):
    """The facts that have a name of one kind."""

    places: Sequence[int]
    names: Sequence[str]


def _named(facts: Sequence[NumberAssignment], kind: str) -> _Named:
    names = told(facts, kind)
    if "" not in names:
        return _Named(range(len(names)), names)
    places = [place for place, name in enumerate(names) if name]
    return _Named(places, [names[place] for place in places])


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
    columns = [told(numbers, name) for name in ("number", "did_number_id", "source")]
    for number, did_number_id, source in zip(*columns, strict=True) if any(columns[1]) else ():
        if number and did_number_id:
            known = number_of.setdefault(did_number_id, number)
            if known != number:
                problems.append(f"{source}, column did_number_id: {did_number_id!r}: stands for {known} in another row")
    for fact in event_facts:
        if fact.did_number_id:
            number_of.setdefault(fact.did_number_id, fact.number)
    identities = [
        number or number_of.get(did_number_id, "") or did_number_id or source
        for number, did_number_id, source in zip(*columns, strict=True)
    ]
    return identities, problems


def _tells_number(number: str, identity: str) -> bool:
    """Whether a row names its number by did_number_id alone, and another row or an event tells it."""
    return not number and identity.startswith("+")


def _with_number(fact: NumberAssignment, identity: str) -> NumberAssignment:
    """A row that names its number by did_number_id alone, with the number that another row or an event tells."""
    if not _tells_number(fact.number, identity):
        return fact
    return replace(fact, number=identity, country=fact.country or country_of(identity))


def _bounds(facts: Sequence[Assignment], zone: ZoneInfo) -> tuple[list[int], list[int]]:
    """Microseconds of the facts' beginnings and ends: their own moments where they have them, else midnights."""
    return (
        _moments(told(facts, "valid_from"), told(facts, "starts"), zone, otherwise=-FOREVER),
        _moments(told(facts, "valid_to"), told(facts, "ends"), zone, otherwise=FOREVER),
    )


def _moments(days: Sequence[date | None], exact: Sequence[int | None], zone: ZoneInfo, *, otherwise: int) -> list[int]:
    midnights: dict[date | None, int] = {day: midnight(day, zone) for day in {*days} if day is not None}
    if not midnights and {*exact} <= {None}:
        return [otherwise] * len(days)
    return [
        midnights.get(day, otherwise) if moment is None else moment for day, moment in zip(days, exact, strict=True)
    ]


def _places(names: Sequence[str]) -> Mapping[str, Sequence[int]]:
    """Each name → where it stands, in order."""
    found = dict(zip(names, zip(range(len(names)), strict=True), strict=True))
    if len(found) < len(names):  # some stand in several places, or the empty one does
        several: dict[str, list[int]] = defaultdict(list)
        for place, name in enumerate(names):
            several[name].append(place)
        several.pop("", None)
        return several
    return found
