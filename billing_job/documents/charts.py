"""The charts of an invoice: what they show, in numbers for the bars and in words for those who cannot see them."""

import re
from collections.abc import Iterable

from billing_job.core.document import Document, Kind, Seller
from billing_job.core.money import half_away_from_zero
from billing_job.documents import localized
from billing_job.documents.chart_svg import Bar, category_chart, month_chart
from billing_job.documents.localized import PrintedMoney
from billing_job.documents.safe_text import page_text, shortened
from billing_job.documents.translations import Labels
from billing_job.documents.view import Fact, Picture

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_DEFAULT_COLOUR = "#0b5c6b"
_MAX_BARS = 6
_MONTHS = 6
_CHART_HEAD = 20  # CSS pixels of a chart's heading
_LABEL_ROOM = 20  # letters that fit beside a bar
_ROOM_FOR_CENTS = 100_000_00  # below a hundred thousand of the currency


def accent_of(seller: Seller) -> str:
    """The seller's colour; only a plain #rrggbb may enter a style sheet."""
    return seller.accent_colour if _COLOUR.fullmatch(seller.accent_colour) else _DEFAULT_COLOUR


def category_picture(document: Document, money: PrintedMoney, labels: Labels) -> Picture | None:
    """The cost by category, on an invoice with more than one of them."""
    bars = _category_bars(document, money, labels) if document.kind is Kind.INVOICE else []
    if len(bars) < 2:
        return None
    title = labels("Cost by category")
    source = category_chart(bars, accent_of(document.seller), rtl=labels.direction == "rtl")
    captions = _captions(bars, labels)
    return Picture(title, source, _in_words(title, bars), captions, f"{_CHART_HEAD + 15 * len(bars)}px")


def month_picture(document: Document, money: PrintedMoney, labels: Labels) -> Picture | None:
    """The months before and this one, on an invoice of a client who has been billed before."""
    if not (document.kind is Kind.INVOICE and document.history):
        return None
    months = [(each.month, each.net_cents) for each in document.history[1 - _MONTHS :]]
    months.append((str(document.period), document.net_cents))
    bars = [Bar(localized.month_text(month, labels.locale), cents, money.bare(cents)) for month, cents in months]
    title = labels("Last months, excluding VAT")
    source = month_chart(bars, accent_of(document.seller), rtl=labels.direction == "rtl")
    captions = _captions(bars, labels)
    return Picture(title, source, _in_words(title, bars), captions, f"{_CHART_HEAD + 86}px")


def _category_bars(document: Document, money: PrintedMoney, labels: Labels) -> list[Bar]:
    sums: dict[str, int] = {}
    for line in document.lines:
        sums[line.category] = sums.get(line.category, 0) + line.net_cents
    ranked = sorted(sums.items(), key=lambda item: (-abs(item[1]), item[0]))
    shown = ranked if len(ranked) <= _MAX_BARS else ranked[: _MAX_BARS - 1]
    bars = [Bar(page_text(labels.category(name)), cents, money.bare(cents)) for name, cents in shown]
    rest = sum(cents for _, cents in ranked[len(shown) :])
    return bars if len(shown) == len(ranked) else [*bars, Bar(labels("Other"), rest, money.bare(rest))]


def _captions(bars: list[Bar], labels: Labels) -> tuple[Fact, ...]:
    """The names and amounts beside the bars; without cents where those would not fit: the alternative text has them."""
    if max(abs(bar.cents) for bar in bars) < _ROOM_FOR_CENTS:
        return tuple(Fact(shortened(bar.label, _LABEL_ROOM), bar.amount) for bar in bars)
    whole = (localized.count_text(half_away_from_zero(bar.cents, 100), labels.locale) for bar in bars)
    return tuple(Fact(shortened(bar.label, _LABEL_ROOM), amount) for bar, amount in zip(bars, whole, strict=True))


def _in_words(title: str, bars: Iterable[Bar]) -> str:
    return f"{title}: " + "; ".join(f"{bar.label} {bar.amount}" for bar in bars)
