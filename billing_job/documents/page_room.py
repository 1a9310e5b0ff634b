"""How a page can be arranged, and how much room that takes: an estimate, in hundredths of a millimetre.

It spares arrangements that have no room from being laid out. Whether page one really has all that it is meant to have
is seen on the pages themselves (`opens_whole` in `documents/pdf/`), and the next arrangement follows where it has not.
Sizes are those of `invoice.css`; `tests/documents/test_page_room.py` holds the estimate against pages.
"""

import unicodedata
from dataclasses import dataclass, replace

from billing_job.documents.view import Arrangement, DocumentView, Party, Row, Widths

MOST_ON_PAGE_ONE = 16
"""Lines that stand on one page with totals and payment; of more, page one has a sum for each category."""
_WHOLE = (
    Arrangement(has_chart=True),
    Arrangement(),
    Arrangement(has_notes_beside=True),
    Arrangement(has_notes_beside=True, has_headings=False),
    Arrangement(has_notes_beside=True, is_dense=True),
    Arrangement(has_notes_beside=True, is_dense=True, has_headings=False),
    Arrangement(has_notes_beside=True, is_dense=True, is_tight=True, has_headings=False),
)
_LONG = (
    Arrangement(is_long=True, has_categories=True, has_chart=True),
    Arrangement(is_long=True, has_categories=True),
    Arrangement(is_long=True, has_categories=True, is_dense=True),
    Arrangement(is_long=True, is_dense=True),
)
_WIDTHS = Widths(number=36, quantity=28, price=24, vat=14, amount=30)
_FEW_TOTALS = 6
"""Of more, each has the smallest letters on a tight page."""
_ERROR = 500
"""What the estimate of a page that has room may be too large by."""
_ERROR_OF_TIGHT = 6_000
"""There each description may be a letter above or below the width of its column."""
# The width of a letter in sizes of the style sheet: 7.5, 8, 8.5 and 9 points, and 9 in bold.
_IN_7_5, _IN_8, _IN_8_5, _IN_9, _IN_BOLD = 128, 137, 146, 160, 166


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Heights of what stands once on a page, and of rows and further lines of rows."""

    sheet: int
    header: int
    letterhead: int
    headline: int
    fact: int
    row: int
    letter: int
    wrapped: int
    total: int
    around_totals: int
    paid: int
    around_payment: int


_USUAL = {
    "a4": _Sizes(25_800, 6_950, 370, 2_008, 500, 546, _IN_8_5, 405, 540, 963, 460, 900),
    "letter": _Sizes(24_640, 7_250, 370, 2_008, 500, 476, _IN_8_5, 405, 540, 963, 460, 900),
}
_DENSE = {
    "a4": _Sizes(25_800, 6_950, 370, 1_760, 393, 421, _IN_8, 381, 400, 815, 395, 600),
    "letter": _Sizes(24_640, 7_250, 370, 1_760, 393, 421, _IN_8, 381, 400, 815, 395, 600),
}
_TIGHT = {
    paper: replace(
        each,
        letterhead=318,
        headline=1_600,
        fact=348,
        row=396,
        letter=_IN_7_5,
        wrapped=357,
        paid=353,
        around_payment=350,
    )
    for paper, each in _DENSE.items()
}


def arrangements_of(lines: int) -> tuple[Arrangement, ...]:
    """What to try for a document of so many lines, in this order; the last one is what is left."""
    return (*_WHOLE, *_LONG) if lines <= MOST_ON_PAGE_ONE else _LONG


def may_have_room(view: DocumentView, paper: str) -> bool:
    """Whether page one may have room for all of it: lines or sums of categories, totals and how to pay."""
    error = _ERROR_OF_TIGHT if view.arrangement.is_tight else _ERROR
    return height(view, paper) <= _sizes(view, paper).sheet + error


def height(view: DocumentView, paper: str) -> int:
    """What page one takes below its upper margin."""
    sizes = _sizes(view, paper)
    remark = 200 + 357 * text_lines(view.remark, 17_000, _IN_7_5) if view.remark else 0
    return (
        _header(view, sizes) + sizes.headline + _table(view, sizes) + _totals(view, sizes) + remark + _paid(view, sizes)
    )


def text_lines(text: str, width: int, letter: int) -> int:
    """The lines that a text takes in letters of this width; a capital is wider, an ideograph takes the room of two."""
    quarters = sum(8 if unicodedata.east_asian_width(each) in "WF" else 5 if each.isupper() else 4 for each in text)
    return max(1, -(-quarters * letter // (4 * width)))


def _sizes(view: DocumentView, paper: str) -> _Sizes:
    arrangement = view.arrangement
    return (_TIGHT if arrangement.is_tight else _DENSE if arrangement.is_dense else _USUAL)[paper]


def _header(view: DocumentView, sizes: _Sizes) -> int:
    letterhead = max(2_400, sizes.letterhead * _party_lines(view.seller, 7_000, _IN_7_5)) + 500
    broken = (
        max(text_lines(fact.label, 3_200, sizes.letter), text_lines(fact.value, 3_800, sizes.letter)) - 1
        for fact in view.facts
    )
    facts = sum(sizes.fact + 390 * more for more in broken)
    return max(sizes.header, letterhead + facts)


def _party_lines(party: Party, width: int, letter: int) -> int:
    said = (*party.before, party.name, *party.lines, *(f"{fact.label} {fact.value}" for fact in party.ids))
    return sum(text_lines(each, width, letter) for each in said)


def _table(view: DocumentView, sizes: _Sizes) -> int:
    if view.specification_title:
        return 480 + sizes.row * len(view.categories) if view.categories else 0
    widths = view.widths or _WIDTHS
    width = 16_700 - 100 * (
        widths.quantity
        + widths.amount
        + widths.number * view.has_numbers
        + widths.price * view.has_prices
        + widths.vat * view.has_rates
    )
    return 480 + sum(_row(row, width, sizes) for row in (*view.rows, *view.closing_rows))


def _row(row: Row, width: int, sizes: _Sizes) -> int:
    note = 357 * text_lines(row.note, width, _IN_7_5) if row.note else 0
    return sizes.row + sizes.wrapped * (text_lines(row.name, width, sizes.letter) - 1) + note


def _totals(view: DocumentView, sizes: _Sizes) -> int:
    width = 8_000 if view.arrangement.is_dense else 6_000
    broken = sum(text_lines(fact.label, width, _IN_9) - 1 for fact in view.totals)
    if view.arrangement.is_tight and len(view.totals) > _FEW_TOTALS:
        return 730 + 318 * (len(view.totals) + broken)
    taken = sizes.around_totals + sizes.total * len(view.totals) + 460 * broken
    return max(taken, 3_005 if view.month_chart else 0)


def _paid(view: DocumentView, sizes: _Sizes) -> int:
    payment = view.payment
    if payment is None:
        return 0
    width = 12_700 if payment.qr else 16_100
    taken = sizes.paid * text_lines(payment.request, width, _IN_BOLD) + 150
    taken += sizes.paid * sum(text_lines(fact.value, width - 4_300, _IN_9) for fact in payment.facts)
    taken += 150 + sizes.paid * text_lines(payment.offer, width, _IN_9) if payment.offer else 0
    taken += 100 + 357 * text_lines(payment.terms, width, _IN_7_5) if payment.terms else 0
    return sizes.around_payment + max(taken, 2_900 if payment.qr else 0)
