"""What the wallet itself says of a reading: running balances row by row, and the balance against the sum of rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from billing_job.didfarm.parsing import balance_number
from billing_job.didfarm.proposal.amounts import UNITS, shows_fraction, unit_named
from billing_job.didfarm.proposal.columns import Columns, all_or_none, is_number, leaves_of, plain_name, ranked
from billing_job.didfarm.wire_amounts import Marks, places_of, read_number, to_micros
from billing_job.didfarm.wire_json import Json

AFTER = (
    "balanceafter", "balanceaftertransaction", "runningbalance", "newbalance", "balance", "walletbalance",
    "afterbalance",
    "closingbalance", "endingbalance", "balanceend", "after", "resultingbalance", "balanceaftercents", "balancecents",
    "balanceafteramount", "balanceamount", "balancevalue", "currentbalance",
)  # fmt: skip
BALANCES = (
    "balance", "walletbalance", "currentbalance", "balanceamount", "balancevalue", "amount", "value", "available",
    "availablebalance", "current", "credit", "credits", "balancecents", "amountcents", "balanceminor", "total", "funds",
    "balanceeur",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """A balance as one unit reads it: where it stands, the unit, micros, and the decimal places that it shows."""

    path: str
    unit: str
    micros: int
    places: int

    @property
    def last_place(self) -> int:
        """Micros of one unit of its last place: what differs by less is no difference."""
        return int(10 ** (6 - self.places))


@dataclass(frozen=True, slots=True)
class Running:
    """A column of running balances that follows the rows under one unit."""

    path: str
    unit: str
    oldest_first: bool
    opening: int
    """Micros in the wallet before the oldest row that was read."""
    closing: int


def balances_of(body: Json, marks: Marks) -> list[Told]:
    """Every number of an answer that may be the balance, in every unit it may count; the likeliest first."""
    if is_number(body):
        return list(_told("", body, marks))
    leaves = {path: value for path, value in leaves_of(body) if is_number(value)}
    columns = {path: (value,) for path, value in leaves.items()}
    paths = ranked(columns, BALANCES, all_or_none(is_number)) or list(leaves)
    return [told for path in paths for told in _told(path, leaves[path], marks)]


def currency_of(body: Json, path: str) -> tuple[str, str]:
    """The currency beside a balance, or else anywhere in its answer, as it came, and its path; both empty for none."""
    texts = {place: value for place, value in leaves_of(body) if isinstance(value, str) and value.strip()}
    named = [place for place in texts if plain_name(place) in ("currency", "currencycode", "ccy", "code", "iso")]
    beside = [place for place in named if place.rpartition(".")[0] == path.rpartition(".")[0]]
    found = next(iter([*beside, *named]), "")
    return (texts[found].strip(), found) if found else ("", "")


def running_balances(
    columns: Columns, micros: Sequence[int | None], moved: Sequence[bool], marks: Marks
) -> Iterator[Running]:
    """The columns whose differences are the rows' amounts, under each unit and order for which all of them are."""
    for path in ranked(columns, AFTER, all_or_none(is_number)):
        column = columns[path]
        units = (named,) if (named := unit_named(path)) else ("decimal",) if any(map(shows_fraction, column)) else UNITS
        for unit in units:
            afters = [_micros(value, unit, marks) for value in column]
            for oldest_first in (False, True):
                if _follows(afters, micros, moved, oldest_first=oldest_first):
                    first, last = (0, -1) if oldest_first else (-1, 0)
                    gone = (micros[first] or 0) if moved[first] else 0
                    yield Running(path, unit, oldest_first, (afters[first] or 0) - gone, afters[last] or 0)


def _follows(
    afters: Sequence[int | None], micros: Sequence[int | None], moved: Sequence[bool], *, oldest_first: bool
) -> bool:
    """Whether each row takes the balance from the one before it to its own, wherever all three can be read."""
    rows = list(zip(afters, micros, moved, strict=True))
    judged = [
        (after - before, amount if has_moved else 0)
        for (before, _, _), (after, amount, has_moved) in pairwise(rows if oldest_first else rows[::-1])
        if before is not None and after is not None and amount is not None
    ]
    return any(difference for difference, _ in judged) and all(difference == amount for difference, amount in judged)


def _told(path: str, value: Json, marks: Marks) -> Iterator[Told]:
    try:
        number = balance_number(value, marks)
    except ValueError:
        return
    named = unit_named(path)
    for unit in (named,) if named else _units(value):
        try:
            yield Told(path, unit, to_micros(number, unit), places_of(number, unit))
        except ValueError:
            continue


def _units(value: Json) -> Sequence[str]:
    """A balance that shows decimals is of the currency, as the guide has it; a whole number may count anything."""
    if isinstance(value, Decimal) and value == int(value):
        return ("decimal", *(unit for unit in UNITS if unit != "decimal"))
    return ("decimal",) if shows_fraction(value) else ("decimal", *(unit for unit in UNITS if unit != "decimal"))


def _micros(value: Json, unit: str, marks: Marks) -> int | None:
    try:
        return to_micros(read_number(value, marks), unit)
    except ValueError:
        return None
