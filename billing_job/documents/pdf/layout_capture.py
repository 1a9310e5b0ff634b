"""A layout is made from a document that WeasyPrint has laid out: everything is drawn but texts and pictures.

WeasyPrint asks each text's layout and each picture to be drawn. Those it asks here leave a slot in the page instead.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pydyf  # type: ignore[import-untyped]
from weasyprint.document import Document, Page
from weasyprint.formatting_structure import boxes

from billing_job.documents.pdf.cached_layout import (
    CachedLayout,
    PageEnd,
    Paragraph,
    PictureSlot,
    SlottedObject,
    TextSlot,
)
from billing_job.documents.pdf.glyph_runs import CannotBeShown, Fonts
from billing_job.documents.pdf.page_shape import PageTexts
from billing_job.documents.pdf.pdf_objects import divided, packed, written
from billing_job.documents.pdf.picture_slots import is_chart
from billing_job.documents.pdf.shared_styles import drawn
from billing_job.documents.pdf.table_rows import (
    Column,
    cell_box,
    columns_of,
    draw_rules,
    opens_whole,
    page_ends,
    row_counts,
    table_on,
)
from billing_job.documents.pdf.text_slots import Shown, TextSlots, all_boxes

_TOKEN = re.compile(rb"\(slot (alternative|heading) ([0-9]+)\)")


def captured_layout(
    page_boxes: Sequence[Any],
    document_of: Callable[[list[Page]], Document],
    page: PageTexts,
    taken: dict[Any, list[Any]],
    fonts: Fonts,
    options: dict[str, Any],
) -> CachedLayout:
    """The layout of pages that are laid out; `taken` are the cells of the rows whose layout was left out.

    Differs when a text of those cells is wider than its column, CannotBeShown when the document cannot be a layout.
    """
    tables = [table_on(box) for box in page_boxes]
    counts = row_counts(tables, page.rows)
    slots = TextSlots(page, fonts, counts)
    columns = columns_of(tables) if taken else []
    pictures = {picture: index for index, picture in enumerate(page.pictures)}
    pages: list[Page] = []
    for number, (page_box, table) in enumerate(zip(page_boxes, tables, strict=True)):
        shown = slots.of_page(number, page_box)
        left_out = [row for row in table.rows if row.element in taken]
        rows = [(row, _cells(row, taken[row.element], columns, slots)) for row in left_out]
        pages.append(_SlottedPage(page_box, shown, rows))
        pages[-1].bookmarks = [(level, _heading(page, label), *rest) for level, label, *rest in pages[-1].bookmarks]
        for box in all_boxes(page_box):
            if isinstance(box, boxes.ReplacedBox) and box.element in pictures:
                box.replacement = _Picture(box, pictures[box.element])
                box.element.set("alt", f"slot alternative {pictures[box.element]}")
    ends = page_ends(page_boxes, tables, page.rows) if taken else ()
    is_whole = opens_whole(page_boxes, counts)
    pdf = drawn(document_of(pages), options)
    if not taken:
        return _cached(pdf, slots.paragraphs, counts, opens_whole=is_whole, bold=page.bold, kept=page.kept)
    return _cached(pdf, slots.paragraphs, counts, opens_whole=is_whole, page_ends=ends)


def _heading(page: PageTexts, label: str) -> str:
    """The slot of a bookmark's name: which heading it is."""
    if page.headings.count(label.strip(" ")) != 1:
        raise CannotBeShown(label)
    return f"slot heading {page.headings.index(label.strip(' '))}"


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell of a row that is drawn: None for the slot of an empty one."""

    column: Column
    element: Any
    slot: TextSlot | None


def _cells(row: Any, elements: Sequence[Any], columns: Sequence[Column], slots: TextSlots) -> list[_Cell]:
    return [
        _Cell(column, element, slots.cell(column, element, row))
        for column, element in zip(columns, elements, strict=True)
    ]


class _SlottedPage(Page):  # type: ignore[misc]
    """A page that is painted with slots."""

    def __init__(self, page_box: Any, shown: Sequence[Shown], rows: Sequence[tuple[Any, Sequence[_Cell]]]):
        super().__init__(page_box)
        self._shown = shown
        self._rows = rows

    def paint(self, stream: Any, scale: float = 1) -> None:
        for each in self._shown:
            each.box.text = ""
            each.box.pango_layout = _Layout(stream, each.slot)
        super().paint(stream, scale)
        if not self._rows:
            return
        end = len(stream.stream)
        with stream.stacked():
            draw_rules(stream, [row.children[0] for row, _ in self._rows], self._rows[0][1][0].column.cell_style)
            for row, cells in self._rows:
                # What tags the document looks for the cells here.
                row.children = [_drawn(stream, cell) for cell in cells]
        # Rows are read after the head of their table and before its last rows, also by who reads in the order of paint.
        operators = stream.stream[end:]
        del stream.stream[end:]
        after_head = self._after_head(stream.stream)
        stream.stream[after_head:after_head] = operators

    def _after_head(self, operators: Sequence[Any]) -> int:
        """The place after the head of the table that the rows belong to."""
        heads = [
            each.slot
            for each in self._shown
            if each.box.element_tag == "th" and each.slot.y < self._rows[0][0].position_y
        ]
        last = max(heads, key=lambda slot: slot.y)
        place = max(
            index for index, each in enumerate(operators) if isinstance(each, _BeforeNothing) and each.slot.y == last.y
        )
        return operators.index(b"EMC", place) + 1


def _drawn(stream: Any, cell: _Cell) -> Any:
    if cell.slot is None:
        return cell_box(cell.column, cell.element, [])
    text = boxes.TextBox("td", cell.column.style, cell.element, " ")
    with stream.marked(text, "Span"):
        stream.set_color(cell.column.style["color"])
        stream.stream.append(cell.slot)
    return cell_box(cell.column, cell.element, [text])


class _Layout:
    """In the place of a text's layout: asked to be drawn, it leaves its slot."""

    def __init__(self, stream: Any, slot: TextSlot):
        self._stream = stream
        self._slot = slot

    def reactivate(self, style: Any) -> None:
        # The operators for an empty text follow.
        self._stream.stream.append(_BeforeNothing(self._slot))

    def deactivate(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class _BeforeNothing:
    slot: TextSlot


class _Picture:
    """In the place of an image: asked to be drawn, it leaves its slot."""

    def __init__(self, box: Any, index: int):
        self._image = box.replacement
        self._index = index
        self._is_chart = is_chart(box.element)

    def get_intrinsic_size(self, *arguments: Any) -> Any:
        return self._image.get_intrinsic_size(*arguments)

    def draw(self, stream: Any, width: float, height: float, style: Any) -> None:
        image = None
        if not self._is_chart:
            image = stream._resources["XObject"][f"code{self._index}"] = pydyf.Stream()
        stream.stream.append(_PictureAt(self._index, width, height, image))


@dataclass(frozen=True, slots=True)
class _PictureAt:
    index: int
    width: float
    height: float
    image: Any


def _cached(
    pdf: Any,
    paragraphs: Sequence[Paragraph],
    rows: tuple[int, ...],
    *,
    opens_whole: bool,
    bold: frozenset[int] | None = None,
    kept: tuple[bool, ...] | None = None,
    page_ends: tuple[PageEnd, ...] = (),
) -> CachedLayout:
    """What WeasyPrint made, taken apart: finished objects, objects with slots, and those that a document brings."""
    page_objects = [_object(pdf, reference) for reference in pdf.page_references]
    contents = [_object(pdf, page["Contents"]) for page in page_objects]
    fonts = _object(pdf, _object(pdf, page_objects[0]["Resources"])["Font"])
    metadata = _object(pdf, pdf.catalog.pop("Metadata"))
    images = [item.image for content in contents for item in content.stream if isinstance(item, _PictureAt)]
    brought = {each.number for each in (*contents, fonts, metadata, pdf.catalog, *filter(None, images))}
    streams, small = divided(each for each in pdf.objects[1:] if each.number not in brought)
    whole = [(number, data) for number, data in small if not _TOKEN.search(data)]
    return CachedLayout(
        paragraphs=tuple(paragraphs),
        pages=tuple(tuple(_pieces(content.stream)) for content in contents),
        page_numbers=tuple(content.number for content in contents),
        streams=tuple(streams),
        small=packed(whole),
        slotted=tuple(SlottedObject(number, _parts(data)) for number, data in small if _TOKEN.search(data)),
        catalog=tuple((key, written(value)) for key, value in pdf.catalog.items()),
        catalog_number=pdf.catalog.number,
        fonts_number=fonts.number,
        info_number=metadata.number,
        bold=bold,
        kept=kept,
        page_ends=page_ends,
        rows=rows,
        opens_whole=opens_whole,
        size=len(pdf.objects),
    )


def _object(pdf: Any, reference: bytes) -> Any:
    return pdf.objects[int(reference.split()[0])]


def _pieces(operators: Sequence[Any]) -> list[bytes | TextSlot | PictureSlot]:
    pieces: list[bytes | TextSlot | PictureSlot] = []
    between: list[Any] = []
    rest = iter(operators)
    for each in rest:
        match each:
            case _BeforeNothing(slot):
                found: TextSlot | PictureSlot = slot
                next(rest), next(rest)  # BT, ET
            case TextSlot():
                found = each
            case _PictureAt(index, width, height, image):
                found = PictureSlot(index, width, height, image.number if image else 0)
            case _:
                between.append(each)
                continue
        pieces += [_joined(between), found]
        between = []
    pieces.append(_joined(between))
    return pieces


def _joined(operators: Sequence[Any]) -> bytes:
    """Operators as a stream has them, one a line."""
    return b"".join([(each if isinstance(each, bytes) else written(each)) + b"\n" for each in operators])


def _parts(data: bytes) -> tuple[bytes | tuple[str, int], ...]:
    before, *found = _TOKEN.split(data)
    parts: list[bytes | tuple[str, int]] = [before]
    for kind, index, after in zip(found[::3], found[1::3], found[2::3], strict=True):
        parts += [(kind.decode(), int(index)), after]
    return tuple(parts)
