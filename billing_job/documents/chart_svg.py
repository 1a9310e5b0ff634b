"""Bars: a category's share, and the months before. The bars are an SVG image, the words are the page's.

WeasyPrint draws SVG text letter by letter, which breaks Arabic and Hindi, so no chart has text inside its image.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

_SHARE_WIDTH, _SHARE_HEIGHT = 112, 8  # CSS pixels
_MONTH_WIDTH, _MONTH_HEIGHT = 264, 60
_FAINT, _EARLIER = "#dfe5e8", "#9aa5ab"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its length in cents and the amount as the page writes it."""

    label: str
    cents: int
    amount: str


def share_bar(cents: int, most: int, accent: str, *, rtl: bool) -> str:
    """One bar lying down, the full width for `most` cents; a data: URL. Credits are grey."""
    length = min(_SHARE_WIDTH, max(1, round(Fraction(_SHARE_WIDTH * abs(cents), most))))
    parts = [
        _rect(0, 0, _SHARE_WIDTH, _SHARE_HEIGHT, _FAINT),
        _rect(_SHARE_WIDTH - length if rtl else 0, 0, length, _SHARE_HEIGHT, accent if cents >= 0 else _EARLIER),
    ]
    return _svg(parts, _SHARE_WIDTH, _SHARE_HEIGHT)


def month_chart(bars: Sequence[Bar], accent: str, *, rtl: bool) -> str:
    """Upright bars, one a month, oldest first in reading direction, the last in the accent colour; a data: URL."""
    highest = max((abs(bar.cents) for bar in bars), default=0) or 1
    step = Fraction(_MONTH_WIDTH, max(1, len(bars)))
    floor = _MONTH_HEIGHT - 1
    parts = [_rect(0, floor, _MONTH_WIDTH, 1, _FAINT)]
    for index, bar in enumerate(bars):
        column = len(bars) - 1 - index if rtl else index
        height = max(1, round(Fraction(floor * abs(bar.cents), highest)))
        colour = _colour(bar, accent) if index == len(bars) - 1 else _EARLIER
        parts.append(_rect(round(step * column + step / 5), floor - height, round(step * 3 / 5), height, colour))
    return _svg(parts, _MONTH_WIDTH, _MONTH_HEIGHT)


def _colour(bar: Bar, accent: str) -> str:
    return accent if bar.cents >= 0 else _EARLIER


def _rect(x: int, y: int, width: int, height: int, colour: str) -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{colour}"/>'


def _svg(parts: Sequence[str], width: int, height: int) -> str:
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"{''.join(parts)}</svg>"
    )
    return "data:image/svg+xml;base64," + b64encode(svg.encode()).decode()
