"""The widths of a tight page's columns: no more than their texts need, so that most is left to the descriptions."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from billing_job.documents.view import DocumentView, Row, Widths

_EM = 265
"""The letters' size in hundredths of a millimetre: 7.5 points."""
_GAP = 250
"""What parts a column from the one before it."""
_WHOLE = 16_800
"""What the page is wide, without what parts the descriptions from the next column."""
_NARROW = frozenset("ijl .,:;'-/()\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}")


def with_widths(view: DocumentView) -> DocumentView:
    """The view with the widths that its texts need; heads are broken where the descriptions would be otherwise."""
    rows = (*view.rows, *view.closing_rows)
    widest = max(_taken(row.name) for row in rows) * 95 // 100  # of many letters, most are narrower
    whole = _widths(view, rows, str)
    left = _WHOLE - 100 * (
        whole.number * view.has_numbers
        + whole.quantity
        + whole.price * view.has_prices
        + whole.vat * view.has_rates
        + whole.amount
    )
    return replace(view, widths=whole if widest <= left else _widths(view, rows, _longest_word))


def _widths(view: DocumentView, rows: Sequence[Row], head: Callable[[str], str]) -> Widths:
    return Widths(
        number=_width((row.number for row in rows), head(view.number_head)),
        quantity=_width((row.quantity for row in rows), head(view.quantity_head)),
        price=_width((row.unit_price for row in rows), head(view.price_head)),
        vat=_width((row.vat for row in rows), head(view.vat_head)),
        amount=_width((row.amount for row in rows), head(view.amount_head)),
    )


def _longest_word(head: str) -> str:
    return max(head.split(" "), key=len)


def _width(texts: Iterable[str], head: str) -> int:
    return -(-(max(_taken(head) * 11 // 10, *map(_taken, texts)) + _GAP) // 100)


def _taken(text: str) -> int:
    """Hundredths of a millimetre that a text takes, rather more than less."""
    return sum(map(_hundredths, text)) * _EM // 100


def _hundredths(letter: str) -> int:
    if letter in _NARROW:
        return 34
    if letter in "frt":
        return 45
    if unicodedata.east_asian_width(letter) in "WF":
        return 100
    return 75 if letter.isupper() or letter in "mw%" else 60
