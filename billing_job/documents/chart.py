"""Two small charts as SVG images: the cost by category, and the months before; drawn by hand, text as text."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from xml.sax.saxutils import escape, quoteattr

_WIDTH = 320
_ROW = 17
_BAR = 9
_LABEL_WIDTH = 118
_AMOUNT_WIDTH = 66
_MONTHS_HEIGHT = 96
_MAX_LABEL = 24
_INK, _FAINT, _CREDIT = "#30383d", "#dfe5e8", "#9aa5ab"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its length in cents and the amount as the page writes it."""

    label: str
    cents: int
    amount: str


@dataclass(frozen=True, slots=True)
class ChartStyle:
    """What a chart shares with its page: accent colour, fonts, direction."""

    accent: str
    font_family: str
    rtl: bool


def category_chart(bars: Sequence[Bar], style: ChartStyle) -> str:
    """Horizontal bars, one a row, longest amount as wide as the column; a data: URL. Credits are drawn in grey."""
    longest = max((abs(bar.cents) for bar in bars), default=0) or 1
    track = _WIDTH - _LABEL_WIDTH - _AMOUNT_WIDTH
    parts = []
    for row, bar in enumerate(bars):
        top = row * _ROW
        length = max(1, round(Fraction(track * abs(bar.cents), longest)))
        parts.append(_text(0, top + 9, _short(bar.label), "start", style))
        parts.append(_rect(_LABEL_WIDTH, top + 1, track, _BAR, _FAINT, style))
        parts.append(_rect(_LABEL_WIDTH, top + 1, length, _BAR, style.accent if bar.cents >= 0 else _CREDIT, style))
        parts.append(_text(_WIDTH, top + 9, bar.amount, "end", style))
    return _svg(parts, max(1, len(bars)) * _ROW, style)


def month_chart(bars: Sequence[Bar], style: ChartStyle) -> str:
    """Upright bars, one a month, oldest first, the amount above and the month below; a data: URL."""
    highest = max((abs(bar.cents) for bar in bars), default=0) or 1
    step = Fraction(_WIDTH, max(1, len(bars)))
    floor, room = _MONTHS_HEIGHT - 16, _MONTHS_HEIGHT - 34
    parts = [_rect(0, floor, _WIDTH, 1, _FAINT, style)]
    for column, bar in enumerate(bars):
        height = max(1, round(Fraction(room * abs(bar.cents), highest)))
        left, width = round(step * column + step / 5), round(step * 3 / 5)
        colour = _CREDIT if bar.cents < 0 or column < len(bars) - 1 else style.accent
        parts.append(_rect(left, floor - height, width, height, colour, style))
        parts.append(_text(left + width // 2, floor - height - 4, bar.amount, "middle", style))
        parts.append(_text(left + width // 2, _MONTHS_HEIGHT - 4, bar.label, "middle", style))
    return _svg(parts, _MONTHS_HEIGHT, style)


def _short(label: str) -> str:
    return label if len(label) <= _MAX_LABEL else label[: _MAX_LABEL - 1].rstrip() + "…"


def _rect(x: int, y: int, width: int, height: int, colour: str, style: ChartStyle) -> str:
    left = _WIDTH - x - width if style.rtl else x
    return f'<rect x="{left}" y="{y}" width="{width}" height="{height}" fill={quoteattr(colour)}/>'


def _text(x: int, y: int, text: str, anchor: str, style: ChartStyle) -> str:
    if style.rtl:
        x, anchor = _WIDTH - x, {"start": "end", "end": "start"}.get(anchor, anchor)
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(parts: Sequence[str], height: int, style: ChartStyle) -> str:
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'font-size="8.5" font-family={quoteattr(style.font_family)} fill="{_INK}">{"".join(parts)}</svg>'
    )
    return "data:image/svg+xml;base64," + b64encode(svg.encode()).decode()
