"""A bank's statement and its entries as values, whatever file brought them; what the ledger keeps of them as JSON."""

from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from pydantic import TypeAdapter

FORMATS = ("camt053", "camt054", "mt940", "csv")
"""Forms of statement, the surest first."""


@dataclass(frozen=True, slots=True)
class EntryPart:
    """One payment within an entry: of a collection there are many, of a transfer there is one."""

    cents: int
    """What reached the account, or left it where it is negative."""
    name: str = ""
    """The other side's."""
    iban: str = ""
    references: tuple[str, ...] = ()
    """Structured ones: RF, the Belgian +++, or whatever the client put in their place."""
    end_to_end: str = ""
    text: str = ""
    charges_cents: int = 0
    """What the bank kept of it before it reached the account."""
    is_return: bool = False
    bank_reason: str = ""
    """Of a return: why, as the bank says."""
    is_several: bool = False
    """Several payments at once, of which nobody says how much each of them is."""


@dataclass(frozen=True, slots=True)
class BankEntry:
    """What the bank booked on an account of ours."""

    account: str
    day: date
    cents: int
    """Positive: it came in."""
    currency: str
    reference: str
    """The bank's own, which no other entry of the account has; empty where it gives none."""
    parts: tuple[EntryPart, ...]
    """They add up to `cents`."""
    code: str = ""
    """What the bank calls this sort of entry."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement or notification: entries of one account, in the order of the file."""

    format: str
    """camt053, camt054, mt940 or csv."""
    account: str
    name: str
    """The bank's own name for it."""
    entries: tuple[BankEntry, ...]
    first_day: date | None = None
    last_day: date | None = None
    opening_cents: int | None = None
    closing_cents: int | None = None


@lru_cache(maxsize=1)
def _entry_json() -> TypeAdapter[BankEntry]:
    return TypeAdapter(BankEntry)


def entry_to_json(entry: BankEntry) -> str:
    """An entry as the ledger stores it."""
    return _entry_json().dump_json(entry, exclude_defaults=True).decode()


def entry_from_json(text: str) -> BankEntry:
    """The entry that `entry_to_json` wrote."""
    return _entry_json().validate_json(text)


@dataclass(frozen=True, slots=True)
class IdentifiedEntry:
    """An entry under the id that it has in whatever file."""

    id: str
    identity: str
    entry: BankEntry
    format: str

    def joined(self, other: "IdentifiedEntry") -> "IdentifiedEntry":
        """The entry as two files tell it: by the one that tells more, in the surer form; the same in any order."""
        fuller = self if _weight(self.entry) > _weight(other.entry) else other
        return replace(fuller, format=surest(self.format, other.format))


def surest(*formats: str) -> str:
    """The form of statement that is believed before the others."""
    return min(formats, key=FORMATS.index)


def _weight(entry: BankEntry) -> tuple[int, int, str]:
    told = entry_to_json(entry)
    return len(entry.parts), len(told), told


@dataclass(frozen=True, slots=True)
class Balances:
    """What a statement says of its account before and after its entries."""

    account: str
    name: str
    first_day: date
    last_day: date
    opening_cents: int
    closing_cents: int
