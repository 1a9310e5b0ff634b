"""Lines of a document that are drawn instead of laid out: of hundreds, all but the last few look the same.

A line whose cells are short plain texts needs no layout: its height is known, and where its texts go can be seen on the
lines that were laid out. So its row holds one empty cell while WeasyPrint makes the pages, and its texts are drawn on
the finished page, tagged as the cells they are. A document in which a text does not fit is laid out whole instead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from weasyprint.document import Page
from weasyprint.draw.color import get_color
from weasyprint.draw.text import draw_first_line
from weasyprint.formatting_structure import boxes
from weasyprint.matrix import Matrix
from weasyprint.text.line_break import Layout, line_size

DRAWN = "drawn"
"""The class of such a row; the style sheet gives its cell the height of one line."""


class DoesNotFit(Exception):
    """A text is wider than its column: the line would break, which drawing cannot do."""


def take_out(root: Element) -> dict[Element, list[Element]]:
    """Empty the rows that can be drawn; returns the cells of each. The last rows stay: they show where texts go."""
    taken = {}
    for row in root.iterfind(".//table[@class='lines']/tbody/tr"):
        taken[row] = list(row)
    for row in root.iterfind(".//table[@class='lines']/tbody[@class='last']/tr"):
        del taken[row]
    drawable = {row: cells for row, cells in taken.items() if not any(len(cell) for cell in cells)}
    for row, cells in drawable.items():
        for cell in cells:
            row.remove(cell)
        row.set("class", DRAWN)
        row.append(Element("td", colspan=str(len(cells))))
    return drawable


@dataclass(frozen=True, slots=True)
class _Column:
    """Where a column's texts go: from `left`, in `width`, on a baseline so far below the row's top."""

    left: float
    width: float
    baseline: float
    at_end: bool
    style: Any
    cell_style: Any
    layout: Layout


class DrawnPage(Page):  # type: ignore[misc]
    """A page of which some rows are drawn when it is painted."""

    def __init__(self, page_box: Any, rows: list[tuple[Any, list[Element], list[tuple[str, float]]]], columns: Any):
        super().__init__(page_box)
        self._rows = rows
        self._columns: Sequence[_Column] = columns

    def paint(self, stream: Any, scale: float = 1) -> None:
        super().paint(stream, scale)
        with stream.stacked():
            stream.transform(a=scale, d=scale)
            _rule(stream, [row.children[0] for row, _, _ in self._rows], self._columns[0].cell_style)
            for row, cells, texts in self._rows:
                drawn = zip(self._columns, cells, texts, strict=True)
                # What tags the document looks for the cells here.
                row.children = [_draw(stream, row, *each) for each in drawn]


def with_rows(pages: Sequence[Page], taken: dict[Element, list[Element]]) -> list[Page]:
    """The pages with what is to be drawn on them; DoesNotFit when it cannot."""
    rows = [[row for row in _rows(page._page_box) if row.element in taken] for page in pages]
    columns = _columns(pages)
    widths: dict[tuple[int, str], float] = {}
    found = []
    for page, on_page in zip(pages, rows, strict=True):
        texts = [_fitting(columns, taken[row.element], widths) for row in on_page]
        cells = [taken[row.element] for row in on_page]
        found.append(DrawnPage(page._page_box, list(zip(on_page, cells, texts, strict=True)), columns))
    return found


def _rows(page_box: Any) -> Iterator[Any]:
    """The rows of the lines' table on a page."""
    for box in page_box.descendants():
        if isinstance(box, boxes.TableBox) and box.element.get("class") == "lines":
            yield from (row for group in box.children for row in group.children)


def _columns(pages: Sequence[Page]) -> list[_Column]:
    """What a row that was laid out shows of each column."""
    row = next(
        row
        for page in reversed(pages)
        for row in _rows(page._page_box)
        if row.element.get("class") != DRAWN and row.children[0].element_tag == "td"
    )
    columns = []
    for cell in row.children:
        style = cell.style.anonymous_style
        line = cell.children[0] if cell.children else None
        text = line.children[0] if line is not None and isinstance(line, boxes.LineBox) else None
        baseline = text.position_y + text.baseline - row.position_y if text is not None else 0
        columns.append((cell, baseline, style))
    lowest = max(baseline for _, baseline, _ in columns)
    return [
        _Column(
            cell.content_box_x(),
            cell.width,
            lowest,
            cell.style["text_align_all"] == "end",
            style,
            cell.style,
            Layout(style),
        )
        for cell, _, style in columns
    ]


def _fitting(
    columns: Sequence[_Column], cells: Sequence[Element], widths: dict[tuple[int, str], float]
) -> list[tuple[str, float]]:
    """The texts of a row and their widths; most texts come again and again."""
    found = []
    for place, (column, cell) in enumerate(zip(columns, cells, strict=True)):
        text = " ".join((cell.text or "").split(" "))
        width = widths.get((place, text))
        if width is None:
            width = 0.0
            if text:
                column.layout.set_text(text)
                width = line_size(column.layout.get_first_line()[0], column.style)[0]
            if width > column.width:
                raise DoesNotFit(text)
            widths[place, text] = width
        found.append((text, width))
    return found


def _rule(stream: Any, cells: Sequence[Any], style: Any) -> None:
    """Draw the line below each row, as thick and of the colour that other cells have theirs."""
    thickness = style["border_bottom_width"]
    if not cells or not thickness or style["border_bottom_style"] != "solid":
        return
    with stream.artifact():
        stream.set_color(get_color(style, "border_bottom_color"))
        for cell in cells:
            bottom = cell.position_y + cell.border_height()
            stream.rectangle(cell.position_x, bottom - thickness, cell.border_width(), thickness)
        stream.fill()


def _draw(stream: Any, row: Any, column: _Column, cell: Element, measured: tuple[str, float]) -> Any:
    """Draw a text in its column; returns the cell's box, which holds it."""
    text, width = measured
    if not text:
        return boxes.TableCellBox("td", column.cell_style, cell, [])
    box = boxes.TextBox("td", column.style, cell, text)
    box.pango_layout = column.layout
    column.layout.set_text(text)
    x = column.left + (column.width - width if column.at_end else 0)
    with stream.marked(box, "Span"):
        stream.set_color(column.style["color"])
        stream.begin_text()
        draw_first_line(stream, box, "clip", "none", Matrix(d=-1, e=x, f=row.position_y + column.baseline))
        stream.end_text()
    return boxes.TableCellBox("td", column.cell_style, cell, [box])
