"""Lines of a document that are drawn instead of laid out: of hundreds, all but the last few look the same.

A line whose cells are short plain texts needs no layout: its height is known, and where its texts go can be seen on the
lines that were laid out. So its row holds one empty cell while WeasyPrint makes the pages, and the finished page gets
its texts, tagged as the cells they are. A document in which a text does not fit is laid out whole instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import Element

from weasyprint.document import LayoutContext
from weasyprint.draw.color import get_color
from weasyprint.formatting_structure import boxes

from billing_job.documents.pdf.cached_layout import PageEnd
from billing_job.documents.pdf.page_shape import BOLD_ROWS, KEPT, drawable_rows

_PLAIN, _BOLD = 400, 700
DRAWN = "drawn"
"""The class of such a row; the style sheet gives its cell the height of one line."""


def take_out(root: Element) -> dict[Element, list[Element]]:
    """Empty the rows that can be drawn; returns the cells of each. The last rows stay: they show where texts go."""
    taken = {}
    for row in drawable_rows(root):
        cells = taken[row] = list(row)
        for cell in cells:
            row.remove(cell)
        row.set("class", f"{DRAWN} {KEPT}" if KEPT in row.get("class", "").split() else DRAWN)
        row.append(Element("td", colspan=str(len(cells))))
    return taken


@dataclass(frozen=True, slots=True)
class Column:
    """Where a column's texts go: from `left`, in `width`, on a baseline so far below the row's top."""

    left: float
    width: float
    baseline: float
    style: Any
    bold_style: Any
    cell_style: Any


@dataclass(frozen=True, slots=True)
class TablePart:
    """The rows of the lines' table that are on one page, and those of them that are not among the last."""

    rows: tuple[Any, ...]
    before_last: tuple[Any, ...]


def table_on(page_box: Any) -> TablePart:
    """The rows of the lines' table on a page; none where there are none."""
    groups = [
        group
        for box in page_box.descendants()
        if isinstance(box, boxes.TableBox) and box.element.get("class") == "lines"
        for group in box.children
    ]
    return TablePart(
        tuple(row for group in groups for row in group.children),
        tuple(row for group in groups if group.element.get("class") != "last" for row in group.children),
    )


def row_counts(tables: Sequence[TablePart], rows: Sequence[Element]) -> tuple[int, ...]:
    """How many of the rows the pages up to each one hold."""
    places = {row: place for place, row in enumerate(rows, 1)}
    found = [0]
    for table in tables:
        found.append(max((places.get(row.element, 0) for row in table.rows), default=0) or found[-1])
    return tuple(found[1:])


def opens_whole(page_boxes: Sequence[Any], counts: Sequence[int]) -> bool:
    """Whether page one has all that it is meant to have: nothing of it ran over or reaches below.

    It has all lines, or none of them and page two has the first. `counts` are how many rows of the lines' table the
    pages up to each one hold.
    """
    first = page_boxes[0]
    bottom = first.content_box_y() + first.height
    # What is placed, not laid out in turn, may stand in the margin: a draft's mark does.
    body = next(box for box in first.descendants() if box.element_tag == "body")
    if any(box.is_in_normal_flow() and box.position_y + box.margin_height() > bottom + 1 for box in body.children):
        return False
    return len(counts) == 1 or not any(counts) or counts[0] == 0 < counts[1]


def page_ends(page_boxes: Sequence[Any], tables: Sequence[TablePart], rows: Sequence[Element]) -> tuple[PageEnd, ...]:
    """Where pages end within the table: WeasyPrint fills a page with rows, and takes back those kept with the next.

    The last rows are kept with the totals, so that none of them is missed on the page before.
    """
    places = {row: place for place, row in enumerate(rows)}
    found = []
    for page, (table, after) in zip(page_boxes, pairwise(tables), strict=False):
        here = [row for row in table.before_last if row.element in places]
        if not here or not any(row.element in places for row in after.rows):
            continue
        last = room = places[here[-1].element]
        bottom = here[-1].position_y + here[-1].height
        for row in after.before_last:
            if row.element in places:
                bottom += row.height
                if LayoutContext.overflows(page.content_box_y() + page.height, bottom):
                    break
                room += 1
        found.append(PageEnd(last, room))
    return tuple(found)


def columns_of(tables: Sequence[TablePart]) -> list[Column]:
    """What a line that was laid out shows of each column."""
    row = next(
        row
        for table in reversed(tables)
        for row in table.rows
        if BOLD_ROWS.union([DRAWN]).isdisjoint(row.element.get("class", "").split())
        and row.children[0].element_tag == "td"
    )
    # An empty cell has no baseline of its own; all cells of a row share one.
    baseline = max(_baseline(cell, row) for cell in row.children)
    return [
        Column(
            cell.content_box_x(),
            cell.width,
            baseline,
            _weighing(cell.style.anonymous_style, _PLAIN),
            _weighing(cell.style.anonymous_style, _BOLD),
            cell.style,
        )
        for cell in row.children
    ]


def _weighing(style: Any, weight: int) -> Any:
    copy = style.copy()
    copy["font_weight"] = weight
    return copy


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
