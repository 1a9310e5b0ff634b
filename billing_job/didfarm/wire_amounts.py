"""Amounts on the wire: JSON numbers and texts, exact to a millionth; what could mean two things is none.

`amount_unit = "auto"` is decided by how all amounts of a ledger are written, never row by row: each amount has a form,
and `decided` tells what the forms of a ledger come to.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import product
from typing import Literal, Protocol

Form = Literal["", "integer", "fraction", "whole", "point", "three"]
"""How an amount is written; empty for one that is zero or cannot be read, which decides nothing."""

FORMS: dict[str, str] = {
    "integer": "a whole JSON number",
    "fraction": "a JSON number with a fraction",
    "whole": "a text without decimals",
    "point": "a text with decimals",
    "three": "a text with three digits behind its point",
}
"""Each form in words."""
AUTO = "auto"
MOST_DIGITS = 100
_FITS: dict[str, tuple[str, ...]] = {"cents": ("integer",), "decimal": ("point", "three")}
"""The forms that an amount has where `auto` came to this unit."""
_BY_ITSELF = {"integer": "cents", "point": "decimal"}
_GROUPS = {".": r"\.", ",": ",", " ": "[ \u00a0\u2009\u202f]", "'": "['\u2019]"}
_MINUS_SIGNS = ("\u2212", "\u2013")
_PAIRS = ((".", ","), (",", ""), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "'"))


class Marks(Protocol):
    """What may stand in the text of an amount beside digits and a hyphen."""

    @property
    def decimal_mark(self) -> str:
        """A point or a comma."""

    @property
    def thousands_mark(self) -> str:
        """What stands between groups of three digits; empty: nothing."""

    @property
    def negative_marks(self) -> tuple[str, ...]:
        """Ways to write a negative amount beside a hyphen before it: U+2212, U+2013, "()", or "1-" (behind it)."""

    @property
    def currency_marks(self) -> tuple[str, ...]:
        """Signs and names of the currency that stand before or behind an amount."""


@dataclass(frozen=True, slots=True)
class PlainMarks:
    """Digits, a point and a hyphen, unless settings say otherwise."""

    decimal_mark: str = "."
    thousands_mark: str = ""
    negative_marks: tuple[str, ...] = ()
    currency_marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written: `digits` / 10**`places`, and the form that decides about its unit."""

    digits: int
    places: int
    form: Form
    shown: str

    @property
    def tells(self) -> Form:
        """The form, as far as it decides anything: zero is zero in every unit."""
        return self.form if self.digits else ""


def read_number(value: object, marks: Marks) -> Number:
    """A JSON number or text as a number; ValueError names the setting that would help."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ValueError("is missing" if value is None else "is neither a number nor a string")
    if isinstance(value, str):
        return _number_of_text(value, marks)
    shown = str(value)[:60]
    if isinstance(value, int):
        digits, places, form = value, 0, "integer"
    else:
        sign, figures, exponent = value.as_tuple()
        if not isinstance(exponent, int) or len(figures) > MOST_DIGITS or abs(exponent) > MOST_DIGITS:
            raise ValueError(f"{shown} has more than {MOST_DIGITS} digits")
        digits = int("".join(map(str, figures))) * 10 ** max(exponent, 0) * (-1 if sign else 1)
        places, form = max(-exponent, 0), "fraction"
    if abs(digits) >= 10**MOST_DIGITS:
        raise ValueError(f"{shown} has more than {MOST_DIGITS} digits")
    return Number(digits, places, "integer" if form == "integer" else "fraction", shown)


def to_micros(number: Number, unit: str) -> int:
    """Millionths of the currency; ValueError for what is finer. `unit` is cents, decimal, or 1/10 … 1/1000000."""
    whole: int = 10**number.places
    micros, finer = divmod(abs(number.digits) * _micros_of(unit), whole)
    if finer:
        raise ValueError(f"{number.shown} is finer than a millionth of the currency")
    return micros if number.digits >= 0 else -micros


def places_of(number: Number, unit: str) -> int:
    """How many decimals of the currency a number shows, 2 to 6: zeros behind it may have been dropped."""
    return min(6, max(2, number.places + 6 - len(str(_micros_of(unit))) + 1))


def unit_of(number: Number, amount_unit: str) -> str:
    """The unit that an amount counts; ValueError where `auto` does not tell.

    `amount_unit` is a unit, "auto", or "auto:" and what the ledger's forms came to (`decided`).
    """
    if not amount_unit.startswith(AUTO):
        return amount_unit
    came_to = amount_unit.partition(":")[2]
    if not number.digits:
        return "cents"  # or any other
    if came_to in _FITS:
        if number.form in _FITS[came_to]:
            return came_to
        usual = FORMS[_FITS[came_to][0]]
        raise ValueError(f"{number.shown} is {FORMS[number.form]}, the ledger's other amounts are each {usual}: {_ASK}")
    others = [form for form in came_to.split("+") if form and form != number.form]
    if others:
        said = ", others ".join(FORMS[form] for form in others)
        raise ValueError(f"{number.shown} is {FORMS[number.form]}, others {said}: none of them is read, {_ASK}")
    if not came_to and number.form in _BY_ITSELF:
        return _BY_ITSELF[number.form]
    if number.form == "three":
        raise ValueError(
            f'{number.shown} has three digits behind its point: thousands or decimals? Set amount_unit = "decimal",'
            ' or decimal_mark = "," and thousands_mark = "."'
        )
    raise ValueError(f"{number.shown} is {FORMS[number.form]}: {_ASK}")


def decided(forms: Iterable[str]) -> str:
    """What `auto` comes to for amounts of these forms: cents, decimal, the forms that leave it open, or empty for none.

    >>> decided(["integer"]), decided(["point", "three"]), decided(["whole"]), decided(["point", "integer"])
    ('cents', 'decimal', 'whole', 'integer+point')
    """
    found = {form for form in forms if form}
    if found == {"integer"}:
        return "cents"
    if "point" in found and found <= {"point", "three"}:
        return "decimal"
    return "+".join(sorted(found))


_ASK = 'cents or euros? Set amount_unit to "cents" or "decimal", whichever it is'


def _micros_of(unit: str) -> int:
    """How many micros one unit is."""
    if unit in ("cents", "decimal"):
        return 10_000 if unit == "cents" else 1_000_000
    return 1_000_000 // int(unit.removeprefix("1/"))


def _number_of_text(text: str, marks: Marks) -> Number:
    parsed = _parsed(text.strip(), marks)
    if parsed is None:
        raise ValueError(_refusal(text.strip(), marks) if text.strip() else "is empty")
    sign, whole, fraction = parsed
    if len(whole) + len(fraction) > MOST_DIGITS:
        raise ValueError(f"{text[:40]!r} has more than {MOST_DIGITS} digits")
    form: Form = "point" if fraction else "whole"
    may_be_thousands = len(fraction) == 3 and len(whole) <= 3 and not whole.startswith("0")
    if may_be_thousands and marks.decimal_mark == "." and not marks.thousands_mark:
        form = "three"
    return Number(sign * int(whole + fraction), len(fraction), form, repr(text[:60]))


def _parsed(text: str, marks: Marks) -> tuple[int, str, str] | None:
    """Sign, whole digits and decimals; None when there is anything else in the text."""
    sign, rest = _signed(text, marks)
    mark = next((each for each in marks.currency_marks if rest.startswith(each) or rest.endswith(each)), None)
    if mark is not None:
        rest = (rest.removeprefix(mark) if rest.startswith(mark) else rest.removesuffix(mark)).strip()
        if not sign:
            sign, rest = _signed(rest, marks)
    match = _pattern(marks.decimal_mark, marks.thousands_mark).fullmatch(rest)
    if match is None:
        return None
    whole = "".join(character for character in match["whole"] if character.isdigit())
    return sign or 1, whole, match["fraction"] or ""


def _signed(text: str, marks: Marks) -> tuple[int, str]:
    """-1, 1, or 0 where there is no sign, and the rest."""
    if text.startswith(("-", "+")):
        return (-1 if text[0] == "-" else 1), text[1:]
    for mark in marks.negative_marks:
        if mark == "()" and text.startswith("(") and text.endswith(")"):
            return -1, text[1:-1]
        if mark == "1-" and text.endswith("-"):
            return -1, text[:-1]
        if mark in _MINUS_SIGNS and text.startswith(mark):
            return -1, text[1:]
    return 0, text


@lru_cache(maxsize=64)
def _pattern(decimal_mark: str, thousands_mark: str) -> re.Pattern[str]:
    grouped = rf"[0-9]{{1,3}}(?:{_GROUPS[thousands_mark]}[0-9]{{3}})+|" if thousands_mark else ""
    return re.compile(rf"(?P<whole>{grouped}[0-9]+)(?:{re.escape(decimal_mark)}(?P<fraction>[0-9]+))?")


def _refusal(text: str, marks: Marks) -> str:
    """Why a text is no amount, with the settings under which it would be one."""
    shown = repr(text[:60])
    if any(character.isnumeric() and not character.isascii() for character in text):
        return f"{shown} has digits other than 0 to 9"
    if re.fullmatch(r"[+-]?[0-9.]+[eE][+-]?[0-9]+", text):
        return f"{shown} is written with an exponent"
    helpful = sorted(_helpful(text[:60], marks), key=len)
    fewest = [" and ".join(each) for each in helpful if len(each) == len(helpful[0])]
    remedy = f"; if it is one, set {' or '.join(dict.fromkeys(fewest))}" if fewest else ""
    return f"{shown} is not an amount such as -1.50{remedy}"


def _helpful(text: str, marks: Marks) -> Iterable[list[str]]:
    """The settings that would have to change, for each choice of marks under which the text is an amount."""
    symbols = set(re.findall(r"[^\d\s.,'\u2019()+\-\u2212\u2013]+", text))
    names: tuple[tuple[str, ...], ...] = ((), tuple(symbols)) if len(symbols) == 1 else ((),)
    pairs = ((marks.decimal_mark, marks.thousands_mark), *_PAIRS)
    negatives = ((), *((mark,) for mark in (*_MINUS_SIGNS, "()", "1-")))
    for (decimal, thousands), negative, currency in product(pairs, negatives, names):
        changed = PlainMarks(decimal, thousands, (*marks.negative_marks, *negative), (*marks.currency_marks, *currency))
        if _parsed(text, changed) is not None:
            yield [
                *([f'decimal_mark = "{decimal}"'] if decimal != marks.decimal_mark else []),
                *([f'thousands_mark = "{thousands}"'] if thousands != marks.thousands_mark else []),
                *([f'negative_marks = ["{negative[0]}"]'] if negative else []),
                *([f'currency_marks = ["{currency[0]}"]'] if currency else []),
            ]
