"""Free text made safe for paper and for XML: what a file cannot hold is replaced in sight, never lost in silence."""

import re
import unicodedata

from billing_job.documents.font_coverage import drawable

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# Joiners shape Indic, Arabic and Persian words; every other invisible format character could only reorder or hide text.
_KEPT_FORMAT = frozenset("\u200c\u200d")
_PLAIN = re.compile(r"[ -~]*")
_BLANKS = re.compile(r"\s+")


def plain_text(text: str) -> str:
    """One line of text that XML 1.0 can hold: blanks collapsed, bidi controls gone, anything unprintable as U+FFFD."""
    if not _PLAIN.fullmatch(text):
        text = "".join(_plain(character) for character in unicodedata.normalize("NFC", text))
    return _BLANKS.sub(" ", text).strip()


def page_text(text: str) -> str:
    """The same for a printed page: also a character that no installed font carries becomes U+FFFD."""
    text = plain_text(text)
    if text.isascii():
        return text
    return "".join(c if c in _KEPT_FORMAT or drawable(c) else REPLACEMENT for c in text)


def shortened(text: str, room: int) -> str:
    """The text cut with an ellipsis to the room of so many letters; an ideograph takes the room of two."""
    width = 0
    for position, character in enumerate(text):
        width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if width > room:
            return text[:position].rstrip() + "…"
    return text


def _plain(character: str) -> str:
    match unicodedata.category(character):
        case "Cc":
            return " " if character.isspace() else REPLACEMENT
        case "Zl" | "Zp":
            return " "
        case "Cf":
            return character if character in _KEPT_FORMAT else ""
        case "Cs" | "Co" | "Cn":
            return REPLACEMENT
        case _:
            return character
