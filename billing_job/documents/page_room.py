"""How much room page one has for lines: an estimate in hundredths of a millimetre, rather too small than too large.

Sizes are those of `invoice.css`; `tests/documents/test_page_geometry.py` holds the estimate against pages.
"""

import unicodedata
from collections.abc import Sequence

from billing_job.documents.view import Fact, Payment, Row

_ROOM = {"a4": 9_828, "letter": 8_400}
"""For rows, beside eight facts, two totals and the grand total, two remarks and a payment block."""
_ROW = {"a4": 546, "letter": 476}
_NOTE, _REMARK, _TOTAL, _WRAPPED, _FACT, _PAYMENT = 357, 357, 541, 461, 506, 3_800
_USUAL_FACTS, _USUAL_TOTALS, _USUAL_REMARKS = 8, 2, 2
_LINES_BESIDE_CODE = 2
"""Lines of a request and an offer that the code's height has room for."""
_COLUMNS = {"number": 3_600, "price": 2_400, "vat": 1_400}
_DESCRIPTION = 10_900
"""The width of a description beside quantity and amount; each of the other columns takes its own of it."""
_LETTER = 140
"""The width of a letter in the size of notes."""
_CHART_ROWS = 12
"""The rows of a page that has a chart, too."""


def room_for_rows(
    paper: str, facts: Sequence[Fact], totals: Sequence[Fact], remarks: Sequence[str], payment: Payment | None
) -> int:
    """What is left for the rows of lines; `totals` are without the grand total."""
    taken = _FACT * max(len(facts) - _USUAL_FACTS, 0)
    taken += _TOTAL * (len(totals) - _USUAL_TOTALS)
    taken += _WRAPPED * sum(_text_lines(fact.label, 36) - 1 for fact in totals)
    taken += _REMARK * (sum(_text_lines(remark, 120) for remark in remarks) - _USUAL_REMARKS)
    if payment is None:
        return _ROOM[paper] - taken + _PAYMENT
    said = _text_lines(payment.request, 66) + _text_lines(payment.offer, 80)
    taken += _WRAPPED * max(said - _LINES_BESIDE_CODE, 0)
    return _ROOM[paper] - taken


def rows_height(rows: Sequence[Row], paper: str, *, has_rates: bool) -> int:
    """What rows of lines take, their notes broken in the width of the first column."""
    columns = {
        "number": any(row.number for row in rows),
        "price": any(row.unit_price for row in rows),
        "vat": has_rates,
    }
    letters = (_DESCRIPTION - sum(_COLUMNS[name] for name, is_there in columns.items() if is_there)) // _LETTER
    return sum(_ROW[paper] + _NOTE * _text_lines(row.note, letters) for row in rows)


def has_chart_room(rows: Sequence[Row], paper: str, *, has_rates: bool) -> bool:
    """The chart stands beside the totals, whose height it adds to: never so that it opens a page."""
    return rows_height(rows, paper, has_rates=has_rates) <= _CHART_ROWS * _ROW[paper]


def _text_lines(text: str, letters: int) -> int:
    """The lines that a text takes; an ideograph takes the room of two letters."""
    width = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
    return -(-width // letters)
