"""Lines of a document that are drawn instead of laid out: of hundreds, all but the last few look the same.

A line whose cells are short plain texts needs no layout: its height is known, and where its texts go can be seen on the
lines that were laid out. So its row holds one empty cell while WeasyPrint makes the pages, and the finished page gets
its texts, tagged as the cells they are. A document in which a text does not fit is laid out whole instead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from weasyprint.document import Page
from weasyprint.draw.color import get_color
from weasyprint.formatting_structure import boxes

DRAWN = "drawn"
"""The class of such a row; the style sheet gives its cell the height of one line."""


@dataclass(frozen=True, slots=True)
class TakenRow:
    """A row whose layout was left out: its cells, and its kind (its class), of which one row was laid out."""

    kind: str
    cells: list[Element]


def take_out(root: Element) -> dict[Element, TakenRow]:
    """Empty the rows that can be drawn; the last rows stay: they show where texts go in rows of their kind."""
    shown = list(root.iterfind(".//table[@class='lines']/tbody[@class='last']/tr"))
    kinds = {row.get("class", "") for row in shown}
    taken = {}
    for row in root.iterfind(".//table[@class='lines']/tbody/tr"):
        kind, cells = row.get("class", ""), list(row)
        if kind in kinds and not any(len(cell) for cell in cells):
            taken[row] = TakenRow(kind, cells)
    for row in shown:
        taken.pop(row, None)
    for row, each in taken.items():
        for cell in each.cells:
            row.remove(cell)
        row.set("class", DRAWN)
        row.append(Element("td", colspan=str(len(each.cells))))
    return taken


@dataclass(frozen=True, slots=True)
class Column:
    """Where a column's texts go: from `left`, in `width`, on a baseline so far below the row's top."""

    left: float
    width: float
    baseline: float
    style: Any
    cell_style: Any


def rows_of(page_box: Any) -> Iterator[Any]:
    """The rows of the lines' table on a page."""
    for box in page_box.descendants():
        if isinstance(box, boxes.TableBox) and box.element.get("class") == "lines":
            yield from (row for group in box.children for row in group.children)


def columns_of(pages: Sequence[Page]) -> dict[str, list[Column]]:
    """What the rows that were laid out show of each column, by their kind."""
    found: dict[str, list[Column]] = {}
    for page in reversed(pages):
        for row in rows_of(page._page_box):
            kind = row.element.get("class", "")
            if kind != DRAWN and kind not in found and row.children[0].element_tag == "td":
                found[kind] = _columns(row)
    return found


def _columns(row: Any) -> list[Column]:
    # An empty cell has no baseline of its own; all cells of a row share one.
    baseline = max(_baseline(cell, row) for cell in row.children)
    return [
        Column(cell.content_box_x(), cell.width, baseline, cell.style.anonymous_style, cell.style)
        for cell in row.children
    ]


def _baseline(cell: Any, row: Any) -> float:
    line = cell.children[0] if cell.children else None
    if not isinstance(line, boxes.LineBox):
        return 0
    text = line.children[0]
    return float(text.position_y + text.baseline - row.position_y)


def draw_rules(stream: Any, cells: Sequence[Any], style: Any) -> None:
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


def cell_box(column: Column, cell: Element, children: Sequence[Any]) -> Any:
    """The box of a cell that is drawn, for what tags the document."""
    return boxes.TableCellBox("td", column.cell_style, cell, children)
