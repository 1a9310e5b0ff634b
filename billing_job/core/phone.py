"""Phone numbers as E.164 writes them, and the country that one belongs to."""

import re

import phonenumbers


def e164(text: str) -> str | None:
    """A phone number as +digits, or None: spaces, dots, dashes, brackets and a leading 00 are understood."""
    digits = re.sub(r"[\s().\-/]", "", text)
    digits = f"+{digits[2:]}" if digits.startswith("00") else digits
    return digits if re.fullmatch(r"\+[1-9]\d{4,14}", digits) else None


def country_of(number: str) -> str:
    """The country whose numbering plan an E.164 number belongs to; empty when there is none."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except phonenumbers.NumberParseException:
        return ""
