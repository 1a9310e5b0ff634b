"""The seller's colour: only where it can be read on white is it a colour of letters (WCAG 2.2, 1.4.3)."""

import re
from decimal import Decimal

from billing_job.core.parties import Seller

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_DEFAULT_COLOUR = "#0b5c6b"
INK = "#1d2529"
"""The colour of the text."""
READABLE = Decimal("4.5")
"""The contrast that letters need (WCAG 2.2, 1.4.3)."""


def accent_of(seller: Seller) -> str:
    """The seller's colour; only a plain #rrggbb may enter a style sheet."""
    return seller.accent_colour if _COLOUR.fullmatch(seller.accent_colour) else _DEFAULT_COLOUR


def heading_colour(seller: Seller) -> str:
    """The accent where headings in it can be read, otherwise ink."""
    accent = accent_of(seller)
    return accent if contrast_on_white(accent) >= READABLE else INK


def contrast_on_white(colour: str) -> Decimal:
    """How much darker than white a #rrggbb is, 1 to 21.

    >>> contrast_on_white("#ffffff"), round(contrast_on_white("#0b5c6b"), 2)
    (Decimal('1'), Decimal('7.62'))
    """
    shares = (Decimal(int(colour[place : place + 2], 16)) / 255 for place in (1, 3, 5))
    red, green, blue = map(_linear, shares)
    luminance = Decimal("0.2126") * red + Decimal("0.7152") * green + Decimal("0.0722") * blue
    return Decimal("1.05") / (luminance + Decimal("0.05"))


def _linear(share: Decimal) -> Decimal:
    if share <= Decimal("0.04045"):
        return share / Decimal("12.92")
    return ((share + Decimal("0.055")) / Decimal("1.055")) ** Decimal("2.4")
