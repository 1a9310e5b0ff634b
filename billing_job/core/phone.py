"""Phone numbers as E.164 writes them, and the country that one belongs to."""

import re
from collections.abc import Mapping
from functools import cache

E164 = r"\+[1-9][0-9]{4,14}"
_E164 = re.compile(E164)
_A_DECIMAL = re.compile(r"\.\d$|^\+?\d+\.0+$")


def e164(text: str) -> str | None:
    """A phone number as +digits, or None: spaces, dots, dashes, brackets and a leading 00 are understood.

    "+31200372902.0" is none: a spreadsheet made a decimal of it, and without its point it would be another number. So
    it would be with the nought of "+31 (0)20", which is dialled in some countries and left out in others.
    """
    if _E164.fullmatch(text):
        return text
    if _A_DECIMAL.search(text) or "(0)" in text:
        return None
    digits = re.sub(r"[\s().\-/]", "", text)
    digits = f"+{digits[2:]}" if digits.startswith("00") else digits
    return digits if _E164.fullmatch(digits) else None


def e164_of_digits(text: str) -> str | None:
    """The number that these digits are with a + before them, as a spreadsheet leaves it; None where there is none."""
    if not (text.isascii() and text.isdigit()) or text.startswith("0"):
        return None
    import phonenumbers  # who writes the + does not wait for it

    try:
        found = phonenumbers.parse(f"+{text}")
    except phonenumbers.NumberParseException:
        return None
    return f"+{text}" if phonenumbers.is_valid_number(found) else None


def e164_as_written(text: str) -> str | None:
    """A phone number as the user may write it: in E.164, with blanks and dashes, or without its plus."""
    return e164(text) or e164_of_digits(text)


def e164_as_told(text: str, country: str) -> str | None:
    """A phone number that somebody else writes: also without its plus, or as it is dialled in a country ("" for none).

    It must be the number that the user's files have, or what is told of it would count beside what they say.
    """
    number = e164_as_written(text)
    if number or not text:
        return number
    import phonenumbers

    try:
        found = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(found):
        return None
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


def country_of(number: str) -> str:
    """The country whose numbering plan an E.164 number belongs to; empty when there is none."""
    if _E164.fullmatch(number):
        # Most codes are one country's: to see that the number is of it takes a hundredth of the time to take it apart.
        for end in (2, 3, 4):
            regions = _regions().get(int(number[1:end]), ())
            if len(regions) == 1:
                return regions[0]
    import phonenumbers

    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except phonenumbers.NumberParseException:
        return ""


@cache
def _regions() -> Mapping[int, tuple[str, ...]]:
    """Calling code → the regions that share it."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    return COUNTRY_CODE_TO_REGION_CODE
