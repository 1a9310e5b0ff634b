"""The lines of a document as its page prints them: months apart, each number once with its sum, or by category."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import groupby

from billing_job.core.categories import REFUND
from billing_job.core.document import Document, Line
from billing_job.core.units import NOTHING
from billing_job.documents import localized
from billing_job.documents.chart_svg import share_bar
from billing_job.documents.letterhead import joined
from billing_job.documents.localized import PrintedMoney
from billing_job.documents.page_room import rows_height
from billing_job.documents.printed_sign import printed_quantity, printed_sign
from billing_job.documents.safe_text import page_text
from billing_job.documents.translations import Labels
from billing_job.documents.view import CategoryRow, Row, RowKind

MOST_ON_PAGE_ONE = 16
"""Lines that stand on one page with totals and payment; of more, page one has a sum for each category.

Fewer, too, where their notes are long. Where there is room for no headings a number stands beside its first line.
"""
_INDENT = "\N{EM SPACE}"
"""Before the lines of a number: a letter, not a style, so that rows of every kind have one layout."""
_FEW = 6
"""Lines of a number that one page holds; of more, the first stays with the heading and the last with another."""


class PageLines:
    """The lines of one document, in the client's language; `room` is what page one has for them."""

    def __init__(self, document: Document, money: PrintedMoney, labels: Labels, room: int):
        self._document = document
        self._money = money
        self._labels = labels
        self._sign = printed_sign(document)
        self._room = room
        self.is_long = len(document.lines) > MOST_ON_PAGE_ONE or not self._fit(self._rows(headed=False))

    def rows(self) -> tuple[Row, ...]:
        """Every line in the order of the page, with headings of months and of numbers."""
        found = list(self._rows(headed=True))
        if not self.is_long and not self._fit(found):
            found = list(self._rows(headed=False))
        if not self._document.seller.carried_forward:
            return tuple(row for row, _ in found)
        return tuple(self._carrying(found))

    def _fit(self, rows: Iterator[tuple[Row, int]] | Sequence[tuple[Row, int]]) -> bool:
        document = self._document
        has_rates = len(document.vat_totals) > 1
        return rows_height([row for row, _ in rows], document.seller.paper, has_rates=has_rates) <= self._room

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
        """What each category comes to, in the order of the lines; nothing where page one has the lines themselves."""
        if not self.is_long:
            return ()
        found: dict[tuple[str, object], list[Line]] = {}
        for line in self._document.lines:
            found.setdefault((line.category, line.vat), []).append(line)
        sums = [sum(line.net_cents for line in lines) for lines in found.values()]
        most = max(map(abs, sums)) or 1
        return tuple(
            self._category(lines, cents, share_bar(cents, most, accent, rtl=self._rtl) if pictures else "")
            for lines, cents in zip(found.values(), sums, strict=True)
        )

    @property
    def _rtl(self) -> bool:
        return self._labels.direction == "rtl"

    def _category(self, lines: Sequence[Line], cents: int, bar: str) -> CategoryRow:
        first = lines[0]
        units = {line.counts for line in lines}
        quantity = sum(printed_quantity(line, self._sign) for line in lines)
        name = page_text(self._labels.category(first.category))
        return CategoryRow(
            name=name,
            quantity=self._counted(units.pop(), quantity) if len(units) == 1 else "",
            vat=localized.percent_text(first.vat.rate, self._labels.locale),
            amount=self._money.bare(cents),
            bar=bar,
            bar_alt=f"{name} {self._money.bare(cents)}",
        )

    def _rows(self, *, headed: bool) -> Iterator[tuple[Row, int]]:
        """Each row, and the cents that it adds: a heading none, whatever sum stands in it."""
        lines = sorted(self._document.lines, key=self._lateness)
        is_mixed = len({self._lateness(line) for line in lines}) > 1
        for _, month in groupby(lines, key=self._lateness):
            of_month = list(month)
            if is_mixed:
                first = of_month[0]
                span = localized.span_text(first.period_start, first.period_end, self._labels.locale)
                yield Row(kind=RowKind.MONTH, name=span, is_kept=True), 0
            yield from self._of_month(of_month, headed=headed)

    def _lateness(self, line: Line) -> tuple[bool, object]:
        """The document's own month first, earlier ones after it; charges tell their days beside them."""
        if line.is_own_charge and line.period_end >= self._document.period_start:
            return False, self._document.period_start
        return line.period_end < self._document.period_start, line.period_start

    def _of_month(self, lines: Sequence[Line], *, headed: bool) -> Iterator[tuple[Row, int]]:
        """Lines of a number together where it has several; all others stay in their order."""
        of_place: dict[str, list[Line]] = {}
        for line in lines:
            of_place.setdefault(self._place(line), []).append(line)
        for line in lines:
            place = self._place(line)
            together = of_place[place]
            if not place or len(together) == 1:
                yield self._row(line, place), line.net_cents
            elif line is together[0]:
                yield from self._of_number(together, headed=headed)

    def _of_number(self, lines: Sequence[Line], *, headed: bool) -> Iterator[tuple[Row, int]]:
        if headed:
            amount = self._money.bare(sum(line.net_cents for line in lines))
            yield Row(kind=RowKind.GROUP, name=self._place(lines[0]), amount=amount, is_kept=True), 0
        last = len(lines) - 1
        for index, line in enumerate(lines):
            if headed or index:
                row = self._row(line, "", indent=_INDENT if headed else "")
            else:
                row = self._row(line, self._place(line), RowKind.FIRST)
            is_kept = index < last if len(lines) <= _FEW else index == last - 1
            yield replace(row, is_kept=is_kept), line.net_cents

    def _place(self, line: Line) -> str:
        return localized.phone_text(line.number) if line.number else page_text(self._document.trunk_name(line.trunk))

    def _row(self, line: Line, place: str, kind: RowKind = RowKind.LINE, indent: str = "") -> Row:
        labels = self._labels
        refund = labels.category(REFUND) if line.is_refund and line.category != REFUND else ""
        return Row(
            kind=kind,
            name=indent + page_text(labels.category(line.category)),
            note=joined((refund, self._day(line), page_text(labels.described(line))), labels),
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
        return page_text(self._labels.counted(unit, quantity, localized.count_text(quantity, self._labels.locale)))

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
