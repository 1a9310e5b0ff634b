"""The dated files of VAT returns: vat_boxes.csv, vat_units.csv and vat_due.csv by country, and ecb_rates.csv."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Protocol, TypeVar

from pydantic import AfterValidator, Field

from billing_job.billing.returns.boxes import CASE_WORDS, OTHER_RATES, BoxRow
from billing_job.billing.returns.one_stop_shop import EuroRates
from billing_job.billing.returns.taxed_shares import DueBy, DueRule
from billing_job.billing.returns.whole_units import Rounding, UnitRule
from billing_job.config.mapping_columns import ValidTo
from billing_job.core.errors import ConfigError
from billing_job.core.files.csv_reader import Row, typed_rows
from billing_job.core.money import scaled
from billing_job.core.resources import shipped_config
from billing_job.core.toml import Country, Day, expecting

BOXES, DUE, UNITS, EURO_RATES = "vat_boxes.csv", "vat_due.csv", "vat_units.csv", "ecb_rates.csv"


class _OfACountry(Protocol):
    @property
    def country(self) -> str: ...


_A_BOX = ("country", "box", "figure", "case", "rate", "kind", "valid_from")
_A_UNIT = ("country", "figure", "valid_from")
Dated = TypeVar("Dated", bound=_OfACountry)


def _case(value: str) -> str:
    if value not in CASE_WORDS:
        raise ValueError(f"write one of {', '.join(CASE_WORDS)}")
    return value


def _rate(value: str) -> str:
    if value == OTHER_RATES:
        return value
    if not 0 <= scaled(value) <= 1_000_000:
        raise ValueError("more than a hundred percent")
    return value.lstrip("+")


class BoxLine(Row):
    """A row of vat_boxes.csv."""

    country: Country
    box: str
    figure: Annotated[Literal["net", "vat"], expecting("write net or vat")]
    case: Annotated[str, AfterValidator(_case)]
    rate: Annotated[
        str,
        AfterValidator(_rate),
        expecting("write a rate in percent such as 21 or 5.5, the word other, or leave it empty for all"),
    ] = ""
    kind: Annotated[
        Literal["invoice", "credit_note", ""], expecting("write invoice, credit_note, or leave it empty for both")
    ] = ""
    sign: Annotated[Literal["1", "-1"], expecting("write 1 or -1")] = "1"
    description: str
    valid_from: Day
    valid_to: ValidTo | None = None
    source: str
    sum_of: str = ""


class UnitLine(Row):
    """A row of vat_units.csv."""

    country: Country
    figure: Annotated[Literal["net", "vat"], expecting("write net or vat")]
    rounding: Annotated[Rounding, expecting("write down, cut or nearest")]
    valid_from: Day
    valid_to: ValidTo | None = None
    source: str


class EuroRateLine(Row):
    """A row of ecb_rates.csv, as the ECB publishes its reference rates."""

    day: Day
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$"), expecting("write the code of ISO 4217, such as SEK")]
    rate: Annotated[
        Decimal, Field(gt=0, max_digits=18), expecting("write what one euro is in the currency, such as 11.2345")
    ]


class DueLine(Row):
    """A row of vat_due.csv."""

    country: Country
    by: Annotated[DueBy, expecting("write issue or supply")]
    valid_from: Day
    source: str


def load_vat_boxes(folder: Path) -> tuple[BoxRow, ...]:
    """The user's rows, and the shipped ones of each country that has none there; ConfigError lists every bad row."""
    problems: list[str] = []
    own, shipped = (
        [
            BoxRow(**{**vars(line), "sign": int(line.sign)})
            for _, line in typed_rows(path / BOXES, BoxLine, problems, optional=True, once=_A_BOX)
        ]
        for path in (folder, shipped_config())
    )
    return _merged(own, shipped, problems)


def load_due_rules(folder: Path) -> tuple[DueRule, ...]:
    """The same of vat_due.csv."""
    problems: list[str] = []
    own, shipped = (
        [
            DueRule(**vars(line))
            for _, line in typed_rows(path / DUE, DueLine, problems, optional=True, once=("country", "valid_from"))
        ]
        for path in (folder, shipped_config())
    )
    return _merged(own, shipped, problems)


def load_unit_rules(folder: Path) -> tuple[UnitRule, ...]:
    """The same of vat_units.csv."""
    problems: list[str] = []
    own, shipped = (
        [
            UnitRule(**vars(line))
            for _, line in typed_rows(path / UNITS, UnitLine, problems, optional=True, once=_A_UNIT)
        ]
        for path in (folder, shipped_config())
    )
    return _merged(own, shipped, problems)


def load_euro_rates(folder: Path) -> EuroRates:
    """The rows of ecb_rates.csv, none without the file; ConfigError lists every bad row."""
    problems: list[str] = []
    lines = typed_rows(folder / EURO_RATES, EuroRateLine, problems, optional=True, once=("currency", "day"))
    found = {(line.currency, line.day): line.rate for _, line in lines}
    if problems:
        raise ConfigError(problems)
    return found


def _merged(own: Sequence[Dated], shipped: Sequence[Dated], problems: Sequence[str]) -> tuple[Dated, ...]:
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    replaced = {row.country for row in own}
    return (*own, *(row for row in shipped if row.country not in replaced))
