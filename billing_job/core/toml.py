"""The types of values in the user's files, billing.toml and the tables beside it, and the closed tables of the former.

What is wrong with a value is said as what to write instead; who reads the file adds the place.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any

from babel import Locale
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from billing_job.core.countries import country, numbering_country
from billing_job.core.money import MAX_CENTS, MAX_MICROS, cents_from_decimal, decimal_text, micros_from_decimal, scaled
from billing_job.core.phone import E164, e164_as_written

AS_RECORDED = {"as_recorded": True}
"""The context in which a value of the ledger is read, and not one of a file."""

LARGEST_DECIMAL = 1_000_000
"""Of prices and percentages: what is larger is a slip, and would leave 64 bits."""


def _decimal_string(value: object) -> object:
    """TOML floats are refused: 0.1 is not exact, "0.1" is."""
    if isinstance(value, float):
        raise ValueError(f'write it in quotes: "{value}" (a number with a point is not exact)')
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _four_places(value: str) -> str:
    scaled(value)
    if abs(Decimal(value)) > LARGEST_DECIMAL:
        raise ValueError(f"it must not be above {LARGEST_DECIMAL}")
    return value


def _not_negative(value: str) -> str:
    if Decimal(value) < 0:
        raise ValueError("it must not be below zero")
    return value


def _whole_cents(value: str) -> str:
    if abs(cents_from_decimal(value)) > MAX_CENTS:
        raise ValueError(f"it must not be above {decimal_text(MAX_CENTS)}")
    return value


def _whole_micros(value: str) -> str:
    if abs(micros_from_decimal(value)) > MAX_MICROS:
        raise ValueError(f"it must not be above {decimal_text(MAX_CENTS)}")
    return value


def _number_country(value: str, info: ValidationInfo) -> str:
    """What the ledger recorded is read as it was written, whatever is asked of files by now."""
    return value if info.context == AS_RECORDED else numbering_country(value)


def _phone_number(value: str) -> str:
    number = e164_as_written(value)
    if number is None:
        as_text(value)
        raise ValueError("write it in E.164, such as +31201234567")
    return number


_MADE_BY_A_SPREADSHEET = re.compile(r"\+?\d+[.,]\d+(E[+-]?\d+)?|\+?\d+E[+-]?\d+", re.IGNORECASE)


@lru_cache(maxsize=1 << 16)
def as_text(value: str) -> str:
    """An id or number that a spreadsheet made a decimal of would be another one, or none."""
    if _MADE_BY_A_SPREADSHEET.fullmatch(value):
        raise ValueError(
            "a spreadsheet made a decimal of it: format the column as text, write the digits again, and save"
        )
    return value


def _language(value: str) -> str:
    code = value[:2].lower()
    if not Locale("en").languages.get(code):
        raise ValueError("there is no such language: write a two-letter code, such as nl")
    return code


def _no_fraction(value: Decimal) -> Decimal:
    """No country has such a rate; a spreadsheet has 0.21 behind what it shows as 21 %."""
    if 0 < value < 1:
        raise ValueError(f"write the rate in percent: {(value * 100).normalize():f} and not {value}")
    return value


class WrongDay(ValueError):
    """What is wrong with a day is known: the calendar has none like it, or a spreadsheet turned it round."""


def _day(text: str) -> date:
    turned = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text)
    meant = f"{turned[3]}-{turned[2]:0>2}-{turned[1]:0>2}" if turned else text
    try:
        day = date.fromisoformat(meant)
    except ValueError:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", meant):
            raise WrongDay("the calendar has no such day; correct it") from None
        raise
    if turned:
        raise WrongDay(f"write it as {day}; in a spreadsheet, format the column as text first")
    return day


def expecting(what: str) -> WrapValidator:
    """Whatever the type finds wrong with a value, the user is told to write this."""

    def checked(value: object, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError as error:
            known = (detail.get("ctx", {}).get("error") for detail in error.errors())
            raise next((one for one in known if isinstance(one, WrongDay)), ValueError(what)) from None

    return WrapValidator(checked)


@dataclass(frozen=True, slots=True)
class KeptAsWritten:
    """Of a type: text that matches the pattern whole is right, and is kept letter for letter.

    So a column of it need not be checked cell by cell. The pattern matches no blank at either end, and no line's end.
    """

    pattern: str


DecimalString = Annotated[str, BeforeValidator(_decimal_string), AfterValidator(_four_places)]
PositiveDecimal = Annotated[DecimalString, AfterValidator(_not_negative)]
Money = Annotated[str, BeforeValidator(_decimal_string), AfterValidator(_whole_cents)]
PositiveMoney = Annotated[Money, AfterValidator(_not_negative)]
WalletMoney = Annotated[str, BeforeValidator(_decimal_string), AfterValidator(_whole_micros)]
"""An amount of the wallet: as fine as a millionth of the currency."""
PositiveWalletMoney = Annotated[WalletMoney, AfterValidator(_not_negative)]
Country = Annotated[str, AfterValidator(country)]
NumberCountry = Annotated[str, AfterValidator(_number_country)]
WebAddress = Annotated[
    str, Field(pattern=r"^https?://[^\s/]+\S*$"), expecting("write an address such as https://example.com/path")
]
Language = Annotated[
    str,
    Field(pattern=r"^[A-Za-z]{2}([-_][A-Za-z]{2,4})?$"),
    expecting("write a two-letter language code, such as nl"),
    AfterValidator(_language),
]
Id = Annotated[
    str,
    AfterValidator(as_text),
    KeptAsWritten(r"[A-Za-z_][\w.:-]*+|[0-9]++|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
]
"""A name that the supplier or the user gave: digits stay digits."""
PhoneNumber = Annotated[str, AfterValidator(_phone_number), KeptAsWritten(E164)]
Day = Annotated[date, BeforeValidator(_day), expecting("write the day as YYYY-MM-DD")]
DayCount = Annotated[int, Field(ge=0, le=365), expecting("write a whole number of days from 0 to 365")]
VatRatePercent = Annotated[
    Decimal,
    Field(ge=0, le=100),
    expecting("write the rate in percent, such as 21 or 25.5"),
    AfterValidator(_no_fraction),
]


class Table(BaseModel):
    """A TOML table: frozen, and closed to keys it does not know."""

    # Most tables are checked as part of the whole file alone: a check of their own is made when it is asked for.
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, defer_build=True)
