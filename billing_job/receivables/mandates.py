"""Mandates for SEPA direct debits, and what their history says of the next collection."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from stdnum import bic as stdnum_bic
from stdnum import iban as stdnum_iban
from stdnum.eu import at_02
from stdnum.exceptions import ValidationError

from billing_job.core.target_days import next_target_day

_MANDATE_ID_LENGTH = 35
_MONTHS_UNUSED = 36
_SEPA = (
    "AD AL AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS SE"
    " SI SK SM VA"
)
"""How IBANs of the SEPA's countries and territories begin (EPC409-09, 2025)."""
LATIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-?:().,'+ ")
"""The characters that every bank of the SEPA takes (EPC217-08)."""


class Scheme(StrEnum):
    """A consumer may sign core only, a business either; b2b gives no refund, and its bank checks the mandate."""

    CORE = "core"
    B2B = "b2b"


class SequenceType(StrEnum):
    """The place of a collection in its mandate's history."""

    FIRST = "FRST"
    RECURRENT = "RCUR"
    ONE_OFF = "OOFF"
    FINAL = "FNAL"


@dataclass(frozen=True, slots=True)
class Mandate:
    """What a client signed: collect from this account, in [valid_from, valid_to); None is open."""

    client_id: str
    mandate_id: str
    signed_on: date
    iban: str
    holder: str
    bic: str = ""
    scheme: Scheme = Scheme.CORE
    valid_from: date | None = None
    valid_to: date | None = None
    type: str = "recurrent"
    """recurrent or one_off: a mandate for one collection."""
    source: str = ""

    @property
    def is_one_off(self) -> bool:
        """Whether it is used up by one collection that stays."""
        return self.type == "one_off"

    def holds_on(self, day: date) -> bool:
        """Whether money may be collected by it on this day: signed by then, begun and not ended."""
        begun = max(self.signed_on, self.valid_from or self.signed_on)
        return begun <= day and (self.valid_to is None or day < self.valid_to)

    def overlaps(self, other: "Mandate") -> bool:
        """Whether there is a day for which both were given."""
        starts = max(self.valid_from or date.min, other.valid_from or date.min)
        return starts < min(self.valid_to or date.max, other.valid_to or date.max)


@dataclass(frozen=True, slots=True)
class Collected:
    """One collection of the past: under which mandate, when it was due, and whether the bank gave it back."""

    mandate_id: str
    document_number: str
    due: date
    returned: bool


def mandate_for(mandates: Iterable[Mandate], client_id: str, day: date) -> Mandate | None:
    """The mandate under which a client's documents are collected on a day; None when it gave none."""
    return next((each for each in mandates if each.client_id == client_id and each.holds_on(day)), None)


def sequence_of(mandate: Mandate, due: date, history: Iterable[Collected], *, is_last: bool) -> SequenceType:
    """FRST until a collection under the mandate was not returned, then RCUR, and FNAL on the last day that it holds.

    That only on the last debit of its file. A mandate for one collection has OOFF. Since November 2016 banks take RCUR
    for the first one, too (EPC rulebooks).
    """
    if mandate.is_one_off:
        return SequenceType.ONE_OFF
    if used_on(mandate.mandate_id, history) is None:
        return SequenceType.FIRST
    ends = mandate.valid_to is not None and next_target_day(due + timedelta(days=1)) >= mandate.valid_to
    return SequenceType.FINAL if ends and is_last else SequenceType.RECURRENT


def used_on(mandate_id: str, history: Iterable[Collected]) -> date | None:
    """The day of the first collection under the mandate that the bank has not given back."""
    return min((each.due for each in history if each.mandate_id == mandate_id and not each.returned), default=None)


def returns_in_a_row(mandate_id: str, history: Sequence[Collected]) -> int:
    """How many of the mandate's last collections came back, by their due days."""
    count = 0
    for each in sorted((each for each in history if each.mandate_id == mandate_id), key=lambda each: each.due):
        count = count + 1 if each.returned else 0
    return count


def lapsed_after(mandate_id: str, history: Iterable[Collected], due: date) -> date | None:
    """The day of the mandate's latest collection, where it lies more than 36 months before `due`; None otherwise.

    Nobody may collect by such a mandate, also where that collection came back (EPC rulebooks, section 4.1).
    """
    last = max((each.due for each in history if each.mandate_id == mandate_id), default=due)
    months = 12 * (due.year - last.year) + due.month - last.month
    return last if (months, due.day) > (_MONTHS_UNUSED, last.day) else None


def checked_iban(value: str) -> str:
    """An IBAN of the SEPA without blanks; ValueError says what is wrong with it."""
    try:
        told = str(stdnum_iban.validate(value, check_country=False))
    except ValidationError:
        raise ValueError("its check digits are wrong: copy the IBAN again from the mandate") from None
    if told[:2] not in _SEPA.split():
        raise ValueError(
            f"{told[:2]} is outside the SEPA, and banks refuse a file with it: let this client pay by transfer"
        )
    return told


def checked_bic(value: str) -> str:
    """A BIC without blanks; ValueError says what is wrong with it."""
    try:
        return str(stdnum_bic.validate(value)) if value else ""
    except ValidationError:
        raise ValueError("a BIC has 8 or 11 letters and digits, such as ABNANL2A: copy it from the mandate") from None


def checked_creditor_id(value: str) -> str:
    """A creditor identifier (AT-02) without blanks; ValueError says what is wrong with it."""
    try:
        return str(at_02.validate(value)) if value else ""
    except ValidationError:
        raise ValueError("its check digits are wrong: copy the creditor identifier again from the bank") from None


def checked_mandate_id(value: str) -> str:
    """A mandate's reference as every bank takes it; ValueError says what is wrong with it."""
    if not value or len(value) > _MANDATE_ID_LENGTH or not set(value) <= LATIN or "//" in value or value[0] == "/":
        raise ValueError("use letters, digits and / - ? : ( ) . , ' + only, at most 35 of them, with no / at its start")
    return value
