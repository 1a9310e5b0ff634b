"""Amounts, dates and numbers as the client's language writes them; text out, never a number."""

import unicodedata
from datetime import date
from decimal import Decimal
from functools import lru_cache

import phonenumbers
from babel import Locale
from babel.dates import format_date, format_interval, format_skeleton
from babel.numbers import (
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_symbol,
)

from billing_job.core.period import Period
from billing_job.documents.safe_text import page_text

# CLDR marks the direction of Arabic amounts with an invisible character; the page isolates every amount by itself.
_MARKS = dict.fromkeys(map(ord, "\u200e\u200f\u061c"))
_LEFT_TO_RIGHT = "\N{LEFT-TO-RIGHT MARK}"


def money_text(cents: int, currency: str, locale: Locale) -> str:
    """An amount with its currency, "€1,234.50"; with two places also where its people use none, as the XML has it."""
    text = format_currency(_decimal(cents), currency, locale=locale, currency_digits=False)
    return _signed(text.translate(_MARKS).replace(*_sign_and_its_code(currency, locale)))


@lru_cache(maxsize=256)
def _sign_and_its_code(currency: str, locale: Locale) -> tuple[str, str]:
    """A sign in Arabic letters would change its side from a column to a sentence: the code stands in its place."""
    sign = get_currency_symbol(currency, locale).translate(_MARKS)
    return sign, currency if any(unicodedata.bidirectional(letter) == "AL" for letter in sign) else sign


def left_to_right(text: str, locale: Locale) -> str:
    """An amount or a number for an Arabic sentence: sign, digits and blanks keep the order they have in a column."""
    return f"{_LEFT_TO_RIGHT}{text}{_LEFT_TO_RIGHT}" if text and locale.text_direction == "rtl" else text


class PrintedMoney:
    """Writes the cents of one document in its currency, with the sign that its page prints."""

    def __init__(self, currency: str, sign: int, locale: Locale):
        self._currency, self._sign, self._locale = currency, sign, locale

    def __call__(self, cents: int) -> str:
        """An amount in cents with the currency, for totals and sentences."""
        return left_to_right(money_text(self._sign * cents, self._currency, self._locale), self._locale)

    def within(self, cents: int) -> str:
        """Without the currency, for a line of text."""
        return left_to_right(self.bare(cents), self._locale)

    def bare(self, cents: int) -> str:
        """Without the currency, for columns whose head names it."""
        return amount_text(self._sign * cents, self._locale)


@lru_cache(maxsize=65_536)
def amount_text(cents: int, locale: Locale) -> str:
    """An amount without its currency, for columns whose head names it: "1,234.50"."""
    return _signed(format_decimal(_decimal(cents), format=f"{_whole(locale)}.00", locale=locale))


def price_text(micros: int, locale: Locale) -> str:
    """The price of one unit without its currency, with two to six places: "1.95", "0.0075"."""
    return format_decimal(Decimal(micros).scaleb(-6), format=f"{_whole(locale)}.00####", locale=locale)


def count_text(count: int | Decimal, locale: Locale) -> str:
    """A number, with the decimals it has, with the language's grouping."""
    # 1.0 and 1 are equal, and not written alike: a cache would mix them up.
    return _whole_text(count, locale) if isinstance(count, int) else _number_text(count, locale)


def compact_text(count: int, locale: Locale) -> str:
    """A large number in few letters, with one place at most: "10M", "1,2 Mio."."""
    return _signed(format_compact_decimal(count, locale=locale, fraction_digits=1))


@lru_cache(maxsize=4096)
def _whole_text(count: int, locale: Locale) -> str:
    return _number_text(count, locale)


def _number_text(count: int | Decimal, locale: Locale) -> str:
    return _signed(format_decimal(count, locale=locale, decimal_quantization=False))


@lru_cache(maxsize=256)
def percent_text(rate: Decimal, locale: Locale) -> str:
    """A VAT rate given in percent, "21%" or "25.5%"."""
    return format_percent(rate.normalize() / 100, locale=locale, decimal_quantization=False).translate(_MARKS)


def rate_text(rate: Decimal | None, locale: Locale) -> str:
    """An exchange rate with all its places, "11.2345"."""
    return format_decimal(rate or Decimal(0), locale=locale, decimal_quantization=False)


@lru_cache(maxsize=4096)
def date_text(day: date, locale: Locale) -> str:
    """A day in full, "31 October 2026"."""
    return format_date(day, "long", locale=locale)


@lru_cache(maxsize=4096)
def short_date_text(day: date, locale: Locale) -> str:
    """A day in figures with the whole year, for columns: "31/10/2026"."""
    return format_skeleton("yMMdd", day, locale=locale).translate(_MARKS)


@lru_cache(maxsize=4096)
def span_text(first: date, last: date, locale: Locale) -> str:
    """A span of days, both included: "1–15 Oct 2026", and a whole month by its name, "October 2026"."""
    if first.day == 1 and last == Period.of(first).last_day:
        return format_skeleton("yMMMM", first, locale=locale)
    return date_text(first, locale) if first == last else format_interval(first, last, "yMMMd", locale=locale)


def month_text(month: str, locale: Locale) -> str:
    """A month "2026-10" by its short name, "Oct"."""
    return format_date(date.fromisoformat(f"{month}-01"), "MMM", locale=locale)


def country_text(code: str, locale: Locale) -> str:
    """The country's name in the language, or the code when the language has none for it."""
    return str(locale.territories.get(code.upper(), code.upper()))


@lru_cache(maxsize=16384)
def phone_text(number: str) -> str:
    """An E.164 number in the international grouping, "+31 20 123 4567"; anything else as it came."""
    if number.startswith("+") and number[1:].isdigit():
        try:
            parsed = phonenumbers.parse(number)
        except phonenumbers.NumberParseException:
            return number
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return page_text(number)


def grouped(text: str, size: int = 4) -> str:
    """An IBAN or reference in groups of four, as bank forms print it."""
    compact = text.replace(" ", "")
    return " ".join(compact[start : start + size] for start in range(0, len(compact), size))


def _signed(text: str) -> str:
    """With a real minus sign, as wide as a figure, in place of the hyphen that some languages' data have."""
    return text.replace("-", "\N{MINUS SIGN}")


def _whole(locale: Locale) -> str:
    return "#,##0" if locale.language != "hi" else "#,##,##0"


def _decimal(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)
