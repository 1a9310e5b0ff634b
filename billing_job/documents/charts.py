"""The chart of an invoice: what it shows, in numbers for the bars and in words for those who cannot see them."""

from collections.abc import Iterable

from billing_job.core.document import Document, Kind
from billing_job.core.money import half_away_from_zero
from billing_job.documents import localized
from billing_job.documents.accent import accent_of
from billing_job.documents.chart_svg import Bar, month_chart
from billing_job.documents.localized import PrintedMoney
from billing_job.documents.translations import Labels
from billing_job.documents.view import Fact, Picture

_MONTHS = 6
_CHART_HEAD = 20  # CSS pixels of a chart's heading
_ROOM_FOR_CENTS = 100_000_00  # below a hundred thousand of the currency
_ROOM_FOR_WHOLE = 10_000_000_00  # below ten million


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


def _captions(bars: list[Bar], labels: Labels) -> tuple[Fact, ...]:
    """The names and amounts beside the bars; without cents where those would not fit: the alternative text has them."""
    most = max(abs(bar.cents) for bar in bars)
    if most < _ROOM_FOR_CENTS:
        return tuple(Fact(bar.label, bar.amount) for bar in bars)
    whole = localized.count_text if most < _ROOM_FOR_WHOLE else localized.compact_text
    return tuple(Fact(bar.label, whole(half_away_from_zero(bar.cents, 100), labels.locale)) for bar in bars)


def _in_words(title: str, bars: Iterable[Bar]) -> str:
    return f"{title}: " + "; ".join(f"{bar.label} {bar.amount}" for bar in bars)
