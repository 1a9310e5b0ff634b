"""The user's word on who is who, as values: clients, dated assignments, VAT rates."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Any, overload

from billing_job.core.parties import Client


@dataclass(frozen=True, slots=True)
class Assignment:
    """A dated fact, in [valid_from, valid_to) of the seller's calendar; None is open; `source` is its file and row.

    A file knows days. What an event told is known to the moment: `starts` and `ends`, in microseconds since 1970 UTC,
    then hold instead of the midnights.
    """

    valid_from: date | None
    valid_to: date | None
    source: str
    starts: int | None = field(default=None, kw_only=True)
    ends: int | None = field(default=None, kw_only=True)

    def holds_on(self, day: date) -> bool:
        """Whether it holds on this day."""
        return self.overlaps(day, day)

    def overlaps(self, first: date, last: date) -> bool:
        """Whether it holds on any of the days from `first` to `last`, both included."""
        return (self.valid_from is None or self.valid_from <= last) and (self.valid_to is None or first < self.valid_to)

    def covers(self, first: date, last: date) -> bool:
        """Whether it holds on each of the days from `first` to `last`, both included."""
        return (self.valid_from is None or self.valid_from <= first) and (self.valid_to is None or last < self.valid_to)


@dataclass(frozen=True, slots=True)
class TrunkAssignment(Assignment):
    """This trunk (uuid or numeric id) is this client's."""

    trunk: str
    client_id: str


@dataclass(frozen=True, slots=True)
class NumberAssignment(Assignment):
    """This number, known by E.164 number or did_number_id and bought by this order, is on this trunk."""

    number: str
    did_number_id: str
    order_id: str
    country: str
    number_type: str
    trunk: str
    price_micros: int | None = field(default=None, kw_only=True)
    """What the order that bought the number paid for it in micros, to share out an order of several clients."""


class NumberColumns(Sequence[NumberAssignment]):
    """The assignments of a long file, held as its columns: each is made when it is asked for."""

    def __init__(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """The columns go by the names of `NumberAssignment`; one that is not there holds None."""
        self._columns = columns

    def column(self, name: str) -> Sequence[Any]:
        """What all of them say of one thing."""
        return self._columns.get(name) or (None,) * len(self)

    def __len__(self) -> int:
        return len(self._columns["source"])

    def __iter__(self) -> Iterator[NumberAssignment]:
        return (self._made(cells) for cells in zip(*self._columns.values(), strict=True))

    @overload
    def __getitem__(self, place: int) -> NumberAssignment: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[NumberAssignment]: ...
    def __getitem__(self, place: int | slice) -> NumberAssignment | Sequence[NumberAssignment]:
        if isinstance(place, slice):
            return tuple(self)[place]
        return self._made(column[place] for column in self._columns.values())

    def _made(self, cells: Iterable[Any]) -> NumberAssignment:
        return NumberAssignment(**dict(zip(self._columns, cells, strict=True)))


def told(facts: Sequence[Assignment], name: str) -> Sequence[Any]:
    """What each of many facts says of one thing."""
    return facts.column(name) if isinstance(facts, NumberColumns) else [getattr(fact, name) for fact in facts]


@dataclass(frozen=True, slots=True)
class VatRate:
    """A standard rate of a country, in percent, from a day on."""

    country: str
    category: str
    rate: Decimal
    valid_from: date


@dataclass(frozen=True, slots=True)
class DomesticReverseCharge:
    """The wording by which a country has the client owe the VAT of its own telecom services, and its source.

    It holds in [valid_from, valid_to); None is open.
    """

    country: str
    wording: str
    valid_from: date
    valid_to: date | None
    source: str


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """What one unit of the invoices' currency is in the seller's national one, from a day on."""

    currency: str
    rate: Decimal
    valid_from: date


@dataclass(frozen=True, slots=True)
class BuyerReferences:
    """The buyer's words for its invoices from a day on, until its next row; what is empty is as in clients.csv."""

    client_id: str
    buyer_reference: str
    purchase_order: str
    contract_reference: str
    valid_from: date


@dataclass(frozen=True, slots=True)
class Register:
    """All files on who is who, and what the law and the banks say of it."""

    clients: tuple[Client, ...]
    trunks: tuple[TrunkAssignment, ...]
    numbers: Sequence[NumberAssignment]
    vat_rates: tuple[VatRate, ...]
    reverse_charges: tuple[DomesticReverseCharge, ...] = ()
    exchange_rates: tuple[ExchangeRate, ...] = ()
    channels: Mapping[str, str] = field(default_factory=dict)
    """client_id → how it gets its documents; who is not in it has none chosen."""
    references: tuple[BuyerReferences, ...] = ()

    def with_references(self, client: Client, day: date) -> Client:
        """The client with the references that it has on that day."""
        rows = [row for row in self.references if row.client_id == client.client_id and row.valid_from <= day]
        if not rows:
            return client
        row = max(rows, key=lambda each: each.valid_from)
        return replace(
            client,
            buyer_reference=row.buyer_reference or client.buyer_reference,
            purchase_order=row.purchase_order or client.purchase_order,
            contract_reference=row.contract_reference or client.contract_reference,
        )


def overlaps(what: str, keys: Sequence[str], assignments: Sequence[Assignment]) -> list[str]:
    """Name every pair of assignments of one thing whose dates overlap: two owners at one moment bill twice.

    Each has its key beside it; an empty one stands for no thing.
    """
    problems: list[str] = []
    named = [key for key in keys if key]
    if len(set(named)) == len(named):
        return problems
    pairs = [(key, fact) for key, fact in zip(keys, assignments, strict=True) if key]
    ordered = sorted(pairs, key=lambda pair: (pair[0], pair[1].valid_from or date.min))
    for key, group in groupby(ordered, key=lambda pair: pair[0]):
        facts = [fact for _, fact in group]
        for before, after in pairwise(facts):
            if before.valid_to is None or before.valid_to > (after.valid_from or date.min):
                problems.append(
                    f"{after.source}: {what} {key} is assigned twice at one time (also {before.source}): end the"
                    f" earlier one with valid_to = the day the later one begins"
                )
    return problems
