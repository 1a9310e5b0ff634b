"""The types of values in billing.toml: closed tables, decimal strings, money, countries."""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from billing_job.core.errors import ConfigError
from billing_job.core.money import MAX_CENTS, cents_from_decimal, decimal_text, scaled

LARGEST_DECIMAL = 1_000_000
"""Of prices and percentages: what is larger is a slip, and would leave 64 bits."""


def _decimal_string(value: object) -> object:
    """TOML floats are refused: 0.1 is not exact, "0.1" is."""
    if isinstance(value, float):
        raise ValueError(f'write it in quotes: "{value}" (a number with a point is not exact)')
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _four_places(value: str) -> str:
    try:
        scaled(value)
    except ConfigError as error:
        raise ValueError(str(error)) from None
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


def _country(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", value):
        raise ValueError("it is not a two-letter country code of ISO 3166, such as NL")
    return value


DecimalString = Annotated[str, BeforeValidator(_decimal_string), AfterValidator(_four_places)]
PositiveDecimal = Annotated[DecimalString, AfterValidator(_not_negative)]
Money = Annotated[str, BeforeValidator(_decimal_string), AfterValidator(_whole_cents)]
PositiveMoney = Annotated[Money, AfterValidator(_not_negative)]
Country = Annotated[str, BeforeValidator(lambda value: str(value).strip().upper()), AfterValidator(_country)]


class Table(BaseModel):
    """A TOML table: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
