"""The lines of a document as its page prints them: months apart, each number once with its sum, or by category."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import groupby

from billing_job.core.categories import OWN_CHARGE, REFUND
from billing_job.core.document import Document, Line
from billing_job.core.units import NOTHING
from billing_job.documents import localized
from billing_job.documents.chart_svg import share_bar
from billing_job.documents.letterhead import joined
from billing_job.documents.localized import PrintedMoney
from billing_job.documents.printed_sign import printed_quantity, printed_sign
from billing_job.documents.safe_text import page_text
from billing_job.documents.translations import Labels
from billing_job.documents.view import Arrangement, CategoryRow, Row, RowKind

_INDENT = "\N{EM SPACE}"
"""Before the lines of a number: a letter, not a style, so that rows of every kind have one layout."""
_FEW = 6
"""Lines of a number that one page holds; of more, the first stays with the heading and the last with another."""
_MOST_CATEGORIES = 16
"""Categories on page one of a document with many lines; of more, the smallest stand together."""


def _largest(categories: Sequence[Sequence[Line]]) -> tuple[list[Sequence[Line]], list[Line]]:
    """The categories to name, in their order, and the lines of all others."""
    if len(categories) <= _MOST_CATEGORIES:
        return list(categories), []
    least = sorted(categories, key=lambda lines: abs(_net(lines)), reverse=True)[_MOST_CATEGORIES - 1 :]
    named = [lines for lines in categories if not any(lines is other for other in least)]
    return named, [line for lines in least for line in lines]


def _net(lines: Sequence[Line]) -> int:
    return sum(line.net_cents for line in lines)


class PageLines:
    """The lines of one document, in the client's language, as an arrangement of its page has them."""

    def __init__(self, document: Document, money: PrintedMoney, labels: Labels, arrangement: Arrangement):
        self._document = document
        self._money = money
        self._labels = labels
        self._sign = printed_sign(document)
        self._arrangement = arrangement

    def rows(self) -> tuple[Row, ...]:
        """Every line in the order of the page, with headings of months and of numbers."""
        found = list(self._rows())
        if not self._document.seller.carried_forward:
            return tuple(row for row, _ in found)
        return tuple(self._carrying(found))

    def _carrying(self, rows: Sequence[tuple[Row, int]]) -> Iterator[Row]:
        """Rows with the sum so far, for pages that end there; nothing is carried from the last one."""
        so_far = 0
        for row, cents in rows[:-1]:
            so_far += cents
            text = self._money.within(so_far)
            carried, brought = self._labels("Carried forward"), self._labels("Brought forward")
            yield replace(row, carried=f"{carried} {text}", brought=f"{brought} {text}")
        yield from (row for row, _ in rows[-1:])

    def categories(self, accent: str, *, pictures: bool) -> tuple[CategoryRow, ...]:
        """What each category comes to, in the order of the lines; nothing where the page has no room for them."""
        if not self._arrangement.has_categories:
            return ()
        found: dict[tuple[str, object], list[Line]] = {}
        for line in self._document.lines:
            found.setdefault((line.category, line.vat), []).append(line)
        named, others = _largest(tuple(found.values()))
        rows = [(page_text(self._labels.category(lines[0].category)), lines) for lines in named]
        if others:
            rows.append((self._labels("Other"), others))
        most = max(abs(_net(lines)) for _, lines in rows) or 1
        return tuple(
            self._category(name, lines, share_bar(_net(lines), most, accent, rtl=self._rtl) if pictures else "")
            for name, lines in rows
        )

    @property
    def _rtl(self) -> bool:
        return self._labels.direction == "rtl"

    def _category(self, name: str, lines: Sequence[Line], bar: str) -> CategoryRow:
        units, rates = {line.counts for line in lines}, {line.vat.rate for line in lines}
        quantity = sum(printed_quantity(line, self._sign) for line in lines)
        amount = self._money.bare(_net(lines))
        return CategoryRow(
            name=name,
            quantity=self._counted(units.pop(), quantity) if len(units) == 1 else "",
            vat=localized.percent_text(rates.pop(), self._labels.locale) if len(rates) == 1 else "",
            amount=amount,
            bar=bar,
            bar_alt=f"{name} {amount}",
        )

    def _rows(self) -> Iterator[tuple[Row, int]]:
        """Each row, and the cents that it adds: a heading none, whatever sum stands in it."""
        months = [list(month) for _, month in groupby(sorted(self._document.lines, key=self._lateness), self._lateness)]
        of_places = [self._together(month) for month in months]
        # Beside headings no column has the numbers: each stands at the start of a row, where the eye looks for it.
        has_headings = self._arrangement.has_headings and any(
            place and len(lines) > 1 for of_place in of_places for place, lines in of_place.items()
        )
        for month, of_place in zip(months, of_places, strict=True):
            if len(months) > 1:
                span = localized.span_text(month[0].period_start, month[0].period_end, self._labels.locale)
                yield Row(kind=RowKind.MONTH, name=span, is_kept=True), 0
            yield from self._of_month(month, of_place, has_headings=has_headings)

    def _together(self, lines: Sequence[Line]) -> dict[str, list[Line]]:
        """The lines of a month by number or trunk."""
        of_place: dict[str, list[Line]] = {}
        for line in lines:
            of_place.setdefault(self._place(line), []).append(line)
        return of_place

    def _lateness(self, line: Line) -> tuple[bool, object]:
        """The document's own month first, earlier ones after it; charges tell their days beside them."""
        if line.is_own_charge and line.period_end >= self._document.period_start:
            return False, self._document.period_start
        return line.period_end < self._document.period_start, line.period_start

    def _of_month(
        self, lines: Sequence[Line], of_place: Mapping[str, Sequence[Line]], *, has_headings: bool
    ) -> Iterator[tuple[Row, int]]:
        """Lines of a number together where it has several; all others stay in their order."""
        for line in lines:
            place = self._place(line)
            together = of_place[place]
            if not place or len(together) == 1:
                row = self._row(line, "" if has_headings else place)
                before = (
                    (localized.left_to_right(place, self._labels.locale), row.name) if has_headings else (row.name,)
                )
                yield replace(row, name=joined(before, self._labels)), line.net_cents
            elif line is together[0]:
                yield from self._of_number(together, has_headings=has_headings)

    def _of_number(self, lines: Sequence[Line], *, has_headings: bool) -> Iterator[tuple[Row, int]]:
        if has_headings:
            amount = self._money.bare(sum(line.net_cents for line in lines))
            yield Row(kind=RowKind.GROUP, name=self._place(lines[0]), amount=amount, is_kept=True), 0
        last = len(lines) - 1
        for index, line in enumerate(lines):
            if has_headings:
                row = self._row(line, "", indent=_INDENT)
            else:
                row = self._row(line, "" if index else self._place(line), RowKind.LINE if index else RowKind.FIRST)
            is_kept = index < last if len(lines) <= _FEW else index == last - 1
            yield replace(row, is_kept=is_kept), line.net_cents

    def _place(self, line: Line) -> str:
        return localized.phone_text(line.number) if line.number else page_text(self._document.trunk_name(line.trunk))

    def _row(self, line: Line, place: str, kind: RowKind = RowKind.LINE, indent: str = "") -> Row:
        labels = self._labels
        refund = labels.category(REFUND) if line.is_refund and line.category != REFUND else ""
        name, said = page_text(labels.category(line.category)), page_text(labels.described(line))
        if line.category == OWN_CHARGE and line.is_own_charge and said:
            name, said = said, ""
        note = joined((refund, self._day(line), said), labels)
        if self._arrangement.has_notes_beside:
            name, note = joined((name, note), labels), ""
        return Row(
            kind=kind,
            name=indent + name,
            note=note and indent + note,
            number=place,
            quantity=self._counted(line.counts, printed_quantity(line, self._sign)),
            unit_price=self._price(line),
            vat=localized.percent_text(line.vat.rate, labels.locale),
            amount=self._money.bare(line.net_cents),
        )

    def _span(self, first: date, last: date) -> str:
        locale = self._labels.locale
        return localized.date_text(first, locale) if first == last else localized.span_text(first, last, locale)

    def _counted(self, unit: str, quantity: int | Decimal) -> str:
        if unit == NOTHING:
            return ""
        text = localized.count_text(quantity, self._labels.locale)
        said = page_text(self._labels.counted(unit, quantity, text))
        # Before a word, too, the sign stands at the left, as an amount's does.
        return said.replace(text, self._labels.apart(text), 1) if quantity < 0 and said != text else said

    def _price(self, line: Line) -> str:
        if line.unit_price_micros is None:
            return ""
        return localized.price_text(line.unit_price_micros, self._labels.locale)

    def _day(self, line: Line) -> str:
        """The days of a charge that are not the document's; the day of a transaction where each is listed."""
        if line.is_own_charge:
            days = (line.period_start, line.period_end)
            is_usual = days == (self._document.period_start, self._document.period_end)
            return "" if is_usual else self._span(*days)
        if self._document.client.detail == "transaction" and len(line.rows) == 1 and line.rows[0].transaction_id:
            return localized.date_text(line.rows[0].date, self._labels.locale)
        return ""
