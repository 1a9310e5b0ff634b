"""Where the texts of a document stand that WeasyPrint has laid out: each line of each text becomes a slot."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from weasyprint.formatting_structure import boxes

from billing_job.documents.pdf.cached_layout import Paragraph, TextPiece, TextSlot, placed
from billing_job.documents.pdf.glyph_runs import CannotBeShown, Fonts
from billing_job.documents.pdf.page_shape import PageTexts
from billing_job.documents.pdf.table_rows import Column

_NEAR = 0.02
"""CSS pixels by which WeasyPrint's place of a text may differ from ours."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A text box, and the slot to leave for it."""

    box: Any
    slot: TextSlot


class TextSlots:
    """The paragraphs of a document's pages, found page by page."""

    def __init__(self, page: PageTexts, fonts: Fonts, rows: Sequence[int]):
        self.paragraphs: list[Paragraph] = []
        self._texts = (*page.texts, *page.margin_texts(rows))
        self._footer = len(page.texts)
        self._pages = len(rows)
        self._bold = page.bold
        self._fonts = fonts
        self._of_owner: dict[Any, list[int]] = {}
        for index, owner in enumerate(page.owners):
            self._of_owner.setdefault(owner, []).append(index)

    def of_page(self, number: int, page_box: Any) -> list[Shown]:
        """The slots of the page of that number, from 0; CannotBeShown when a text is not where we would put it."""
        waiting = {owner: list(indexes) for owner, indexes in self._of_owner.items()}
        found: list[Shown] = []
        for block in all_boxes(page_box):
            lines = [texts for line in getattr(block, "children", ()) if (texts := _text_boxes(line))]
            if isinstance(block, boxes.MarginBox):
                if lines:
                    found += self._add(block, [self._margin_text(lines, number)], lines)
                continue
            while lines:
                owners = [box.element for box in lines[0]]
                try:
                    indexes = [waiting[owner].pop(0) for owner in owners]
                except (KeyError, IndexError):
                    raise CannotBeShown("a text of which the page's elements know nothing") from None
                count = 1 if len(indexes) > 1 else self._count(indexes[0], lines)
                found += self._add(block, indexes, lines[:count])
                del lines[:count]
        return found

    def cell(self, column: Column, cell: Any, row: Any) -> TextSlot | None:
        """The slot of a cell that is drawn into a row which was laid out empty; None when the cell is empty, too."""
        indexes = self._of_owner.get(cell)
        if not indexes:
            return None
        piece = TextPiece(indexes[0], self._fonts.face(column.style), bold=self._fonts.face(column.bold_style))
        paragraph = Paragraph((piece,), column.left, column.width, _alignment(column.cell_style), (None,))
        placed(paragraph, self._texts, self._bold)
        self.paragraphs.append(paragraph)
        return TextSlot(len(self.paragraphs) - 1, 0, row.position_y + column.baseline)

    def _margin_text(self, lines: Sequence[Sequence[Any]], number: int) -> int:
        of_page = (self._footer + 2 + number + kind * self._pages for kind in range(3))
        for index in (self._footer, self._footer + 1, *of_page):
            if _bare(self._texts[index]) == _bare("".join(box.text for line in lines for box in line)):
                return index
        raise CannotBeShown("a margin's text")

    def _count(self, index: int, lines: Sequence[Sequence[Any]]) -> int:
        """On how many of the lines a text stands."""
        wanted, so_far = _bare(self._texts[index]), ""
        for count, line in enumerate(lines, 1):
            so_far += _bare(line[0].text)
            if so_far == wanted and len(line) == 1:
                return count
        raise CannotBeShown(self._texts[index])

    def _add(self, block: Any, indexes: Sequence[int], lines: Sequence[Sequence[Any]]) -> Iterator[Shown]:
        texts = [box for line in lines for box in line]
        pieces = tuple(
            TextPiece(index, self._fonts.face(box.style), *(_blanks(box.text) if len(indexes) > 1 else ()))
            for index, box in zip(indexes, texts, strict=False)
        )
        measures = tuple(self._fonts.face(box.style).run(box.text).measures for box in texts)
        paragraph = Paragraph(pieces, block.content_box_x(), block.width, _alignment(block.style), measures)
        for box, (x, _) in zip(texts, placed(paragraph, self._texts, self._bold), strict=True):
            if abs(box.position_x - x) > _NEAR:
                raise CannotBeShown(box.text)
        self.paragraphs.append(paragraph)
        for part, box in enumerate(texts):
            yield Shown(box, TextSlot(len(self.paragraphs) - 1, part, box.position_y + box.baseline))


def all_boxes(box: Any) -> Iterator[Any]:
    """A box and all within it, those placed absolutely too."""
    box = getattr(box, "_box", box)
    yield box
    for child in getattr(box, "children", ()):
        yield from all_boxes(child)


def _text_boxes(line: Any) -> list[Any]:
    """The text boxes of a line, from left to right; none of what is no line."""
    if not isinstance(line, boxes.LineBox):
        return []
    found = [box for box in all_boxes(line) if isinstance(box, boxes.TextBox)]
    if found and any(isinstance(box, boxes.ReplacedBox) for box in all_boxes(line)):
        raise CannotBeShown("a picture between words")
    return sorted(found, key=lambda box: box.position_x)


def _blanks(text: str) -> tuple[bool, bool]:
    return text.startswith(" "), text.endswith(" ")


def _bare(text: str) -> str:
    return text.replace(" ", "")


def _alignment(style: Any) -> str:
    alignment, backwards = style["text_align_all"], style["direction"] == "rtl"
    if alignment in ("start", "end"):
        return "right" if (alignment == "end") != backwards else "left"
    if alignment not in ("left", "right", "center"):
        raise CannotBeShown(alignment)
    return str(alignment)
