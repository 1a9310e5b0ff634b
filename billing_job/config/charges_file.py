"""charges.csv: what the reseller sells beside the wallet, once or by the period; prices change by dated rows."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby, pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from billing_job.billing.rating.charge_periods import ADVANCE, NUMBERS, ONCE, Charge
from billing_job.config.mapping_columns import ValidFrom, ValidTo
from billing_job.core.categories import OWN_CHARGE, PLANS_OWN, REFUND, TOPUP
from billing_job.core.countries import numbering_country
from billing_job.core.errors import ConfigError
from billing_job.core.files.csv_reader import CsvRow, Row, known, table_path, typed_rows
from billing_job.core.money import MAX_CENTS, micros_from_decimal, scaled
from billing_job.core.register import Register
from billing_job.core.toml import Day, DecimalString, PhoneNumber, PositiveWalletMoney, expecting
from billing_job.core.units import charge_unit

CHARGES, INDICES = "charges.csv", "indices.csv"
_RESERVED = (*PLANS_OWN, REFUND, TOPUP)
_TYPES = frozenset({"local", "mobile", "national", "toll_free"})
"""Types of numbers that may come by an event before any stands in numbers.csv."""
_SAME = ("client_id", "plan", "category", "unit", "every", "billed", "prorate", "count", "number", "trunk")
"""What rows of one charge_id have in common; another price, quantity, cost or text may follow."""


def _not_the_plans(value: str) -> str:
    if value in PLANS_OWN:
        raise ValueError("is the plan's own charge; choose another charge_id")
    return value


def _own_category(value: str) -> str:
    if value in _RESERVED:
        raise ValueError(f"{', '.join(_RESERVED)} have a meaning of their own; choose another word")
    return value


def _positive(value: str) -> str:
    if Decimal(value) <= 0:
        raise ValueError("it must be above zero; a discount has a negative price")
    return value


def _unit(value: str) -> str:
    unit = charge_unit(value)
    if unit is None:
        raise ValueError(
            "write piece, hour, day, week, month, year, minute, or a code of UN/ECE Recommendation 20 such as H87"
        )
    return unit


def _either(plan: str, info: ValidationInfo) -> str:
    client_id, plans = info.data.get("client_id"), (info.context or {})["plans"]
    if plan and plan not in plans:
        raise ValueError(f"there is no such plan in billing.toml; the plans are {', '.join(plans)}")
    if client_id is not None and bool(client_id) == bool(plan):
        both = "client_id and plan are both filled in" if plan else "neither client_id nor plan is filled in"
        raise ValueError(f"{both}: a charge is for one client, or for all clients of one plan")
    return plan


class ChargeRow(Row):
    """A row of charges.csv."""

    charge_id: Annotated[
        str,
        Field(pattern=r"^[^\W_][\w.-]{0,63}$"),
        expecting("use letters, digits, '.', '_', '-' and at most 64 of them"),
        AfterValidator(_not_the_plans),
    ]
    client_id: Annotated[
        str, known("clients", "there is no such client in clients.csv; add it there or correct the id")
    ] = ""
    plan: Annotated[str, AfterValidator(_either), Field(validate_default=True)] = ""
    description: str
    category: Annotated[
        str,
        Field(pattern=r"^[^\W_][\w-]{0,39}$"),
        expecting("use letters, digits, '_' and '-', such as hardware"),
        AfterValidator(_own_category),
    ] = OWN_CHARGE
    quantity: Annotated[
        DecimalString,
        AfterValidator(_positive),
        expecting("write a number above zero with at most 4 places, such as 1.5; a discount has a negative price"),
    ] = "1"
    unit: Annotated[str, AfterValidator(_unit), Field(validate_default=True)] = "piece"
    price: Annotated[DecimalString, expecting("write the price of one with at most 4 places, such as 12.50 or -5")]
    every: Annotated[
        Literal["once", "month", "quarter", "year"],
        BeforeValidator(str.lower),
        expecting("write one of once, month, quarter, year, or leave it empty for once"),
    ] = "once"
    billed: Annotated[
        Literal["arrears", "advance"],
        BeforeValidator(str.lower),
        expecting("write arrears or advance, or leave it empty for arrears"),
    ] = "arrears"
    valid_from: ValidFrom | None = None
    valid_to: ValidTo | None = None
    prorate: Annotated[
        Literal["none", "days"],
        BeforeValidator(str.lower),
        expecting("write none or days, or leave it empty for none"),
    ] = "none"
    count: Annotated[
        str,
        BeforeValidator(str.strip),
        Field(pattern=r"^(?i:trunks|numbers(:[\w-]+){0,2})$"),
        expecting("write numbers, numbers:NL, numbers:mobile or trunks, or leave it empty"),
    ] = ""
    number: PhoneNumber = ""
    trunk: str = ""
    cost: Annotated[PositiveWalletMoney, expecting("write what one costs you, such as 1.50, or leave it empty")] = "0"
    index: Annotated[str, known("indices", "there is no such series in indices.csv; those that it has: {names}")] = ""


class IndexRow(Row):
    """A row of indices.csv: from the first day of a month on, once a year, a series has this value."""

    index: str
    valid_from: Annotated[Day, expecting("write the first day of a month as YYYY-MM-DD")]
    value: Annotated[DecimalString, AfterValidator(_positive), expecting("write the value above zero, such as 131.42")]


def load_charges(folder: Path, register: Register, plan_names: Sequence[str]) -> tuple[tuple[Charge, ...], ...]:
    """Read charges.csv, which may be missing: the rows of each charge_id in their order of time.

    ConfigError lists every bad row.
    """
    problems: list[str] = []
    series = _series(folder / INDICES, problems)
    rows = list(
        typed_rows(
            folder / CHARGES,
            ChargeRow,
            problems,
            optional=True,
            clients={client.client_id for client in register.clients},
            plans=plan_names,
            indices=series,
        )
    )
    has_numbers = table_path(folder, "numbers").exists()
    for row, cells in rows:
        problems += [
            row.wrong(column, said) for column, said in _contradictions(cells, register, has_numbers=has_numbers)
        ]
    groups = [_in_time(list(group)) for _, group in groupby(sorted(rows, key=_id), key=_id)]
    problems += [problem for group in groups for problem in _not_one_charge(group)]
    if problems:
        raise ConfigError(problems)
    order = {cells.charge_id: place for place, (_, cells) in reversed(list(enumerate(rows)))}
    groups.sort(key=lambda group: order[_id(group[0])])
    return tuple(tuple(_charge(row, cells, series) for row, cells in group) for group in groups)


def _series(path: Path, problems: list[str]) -> dict[str, tuple[tuple[date, int], ...]]:
    """Each series' values in the order of time: one a year, from the same month on."""
    found: dict[str, dict[date, int]] = {}
    for row, cells in typed_rows(path, IndexRow, problems, optional=True):
        values = found.setdefault(cells.index, {})
        first = next(iter(values), cells.valid_from)
        if cells.valid_from.day != 1 or cells.valid_from.month != first.month:
            problems.append(
                row.wrong("valid_from", f"a series has one value a year, here from day 1 of month {first.month} on")
            )
        elif cells.valid_from in values:
            problems.append(row.wrong("valid_from", f"{cells.index} has a value of that day already: remove one"))
        values[cells.valid_from] = scaled(cells.value)
    return {name: tuple(sorted(values.items())) for name, values in found.items()}


_Read = tuple[CsvRow, ChargeRow]


def _id(read: _Read) -> str:
    return read[1].charge_id


def _in_time(group: list[_Read]) -> list[_Read]:
    return sorted(group, key=lambda read: (read[1].valid_from is not None, read[1].valid_from))


def _contradictions(cells: ChargeRow, register: Register, *, has_numbers: bool) -> list[tuple[str, str]]:
    """What does not go together in a row, by column."""
    found = []
    holders = {fact.client_id for fact in register.trunks if fact.trunk == cells.trunk}
    types = _TYPES | {fact.number_type.casefold() for fact in register.numbers}
    unknown = [word for word in cells.count.split(":")[1:] if not _is_country(word) and word.casefold() not in types]
    if cells.every == ONCE and cells.valid_from is None:
        found.append(("valid_from", "what is owed once needs the day on which it is owed: write it as YYYY-MM-DD"))
    if cells.index and cells.valid_from is None:
        found.append(("valid_from", "a price that follows an index needs the day from which it does: write it"))
    if cells.count and cells.billed == ADVANCE:
        found.append(("billed", "what is counted is not known in advance: write arrears, or leave it empty"))
    if cells.count.lower().startswith(NUMBERS) and not has_numbers:
        found.append(("count", "there is no numbers.csv to count in; add it, or write trunks"))
    if unknown and has_numbers:
        said = f"{unknown[0]} is neither a country (ISO 3166) nor a number_type of numbers.csv, so nothing would count"
        found.append(("count", said))
    if cells.count and cells.number:
        found.append(("number", "a charge counts, or it is for one number: leave one of count and number empty"))
    if cells.plan and cells.number:
        found.append(("number", "a charge for one number is one client's: name its client_id, not a plan"))
    if cells.plan and cells.trunk:
        found.append(("trunk", "a charge for one trunk is one client's: name its client_id, not a plan"))
    if cells.trunk and not holders:
        found.append(("trunk", "there is no such trunk in trunks.csv; write it as it stands there"))
    elif cells.trunk and cells.client_id and cells.client_id not in holders:
        said = f"trunks.csv gives it to {' and '.join(sorted(holders))}, never to {cells.client_id}: correct one"
        found.append(("trunk", said))
    if abs(scaled(cells.price) * scaled(cells.quantity)) > MAX_CENTS * 10**6:
        found.append(("quantity", "quantity times price is more than any invoice: correct one of them"))
    return found


def _is_country(word: str) -> bool:
    try:
        numbering_country(word)
    except ValueError:
        return False
    return True


def _not_one_charge(group: Sequence[_Read]) -> list[str]:
    """Rows of one id that are not one charge whose price changes with time."""
    problems = []
    for (before, earlier), (row, later) in pairwise(group):
        place = before.place.rpartition(", ")[2]
        differs = [name for name in _SAME if getattr(earlier, name) != getattr(later, name)]
        if later.every == ONCE and later.client_id:
            said = f"is owed once, and stands in {place} already: give this one another charge_id"
        elif differs:
            said = f"is another charge in {place} ({', '.join(differs)}): give this one another charge_id"
        elif earlier.valid_to is None or later.valid_from is None or earlier.valid_to > later.valid_from:
            said = (
                f"stands in {place} for the same days: end the earlier row with valid_to, or give this one another"
                " charge_id"
            )
        else:
            continue
        problems.append(row.wrong("charge_id", said))
    return problems


def _charge(row: CsvRow, cells: ChargeRow, series: Mapping[str, tuple[tuple[date, int], ...]]) -> Charge:
    return Charge(
        charge_id=cells.charge_id,
        client_id=cells.client_id,
        plan=cells.plan,
        description=cells.description,
        category=cells.category,
        quantity=scaled(cells.quantity),
        unit=cells.unit,
        price=scaled(cells.price),
        every=cells.every,
        billed=cells.billed,
        valid_from=cells.valid_from,
        valid_to=cells.valid_to,
        by_days=cells.prorate == "days",
        count=cells.count,
        number=cells.number,
        trunk=cells.trunk,
        cost_micros=micros_from_decimal(cells.cost),
        source=row.place,
        index=cells.index,
        values=series.get(cells.index, ()),
    )
