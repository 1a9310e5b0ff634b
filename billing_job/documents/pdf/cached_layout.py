"""A cached layout: pages whose shape is laid out already, waiting for the texts and pictures of the next document.

Two invoices of one seller differ in their texts, hardly ever in where those stand. So a shape is laid out once, by
WeasyPrint, and what it drew is kept with slots for the texts. Filling the slots takes a tenth of the time, and gives
the same bytes as laying the document out would. A document that takes another number of lines anywhere needs another
layout.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from billing_job.documents.pdf.glyph_runs import Face, Run
from billing_job.documents.pdf.page_shape import PageTexts
from billing_job.documents.pdf.pdf_objects import Packed, stream_bytes
from billing_job.documents.pdf.picture_slots import chart_operators, code_object, is_chart

_SLACK = 0.01
"""CSS pixels that a text must leave free to count as fitting: Pango and we may round the last bit differently."""


class Differs(Exception):
    """The document does not fit this layout: a text takes another number of lines, or letters of another height."""


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A text of a paragraph: which one of the page's, its face, and whether a blank stands before or after it."""

    index: int
    face: Face
    before: bool = False
    after: bool = False
    bold: Face | None = None
    """The face of a text that may be bold in one document and plain in the next."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Where texts stand: one text on one line or more, or several on one line; CSS pixels from the page's left.

    `measures` are those of each line (or text); None where a line's place does not depend on its letters.
    """

    pieces: tuple[TextPiece, ...]
    left: float
    width: float
    alignment: str
    measures: tuple[tuple[float, float] | None, ...]


@dataclass(frozen=True, slots=True)
class TextSlot:
    """Where a text is shown: which of a paragraph's lines (or texts), on a baseline so far below the page's top."""

    paragraph: int
    part: int
    y: float


@dataclass(frozen=True, slots=True)
class PictureSlot:
    """Where a picture is drawn, in CSS pixels wide and high; `number` is its image object's, 0 for a chart."""

    index: int
    width: float
    height: float
    number: int

    @property
    def name(self) -> str:
        """What the page calls the image object."""
        return f"code{self.index}"


@dataclass(frozen=True, slots=True)
class SlottedObject:
    """A small object with slots: alternative texts of pictures and names of bookmarks, by kind and place."""

    number: int
    parts: tuple[bytes | tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class PageEnd:
    """Where a page ends within the lines' table: after its row `last`, and the row up to which there was room."""

    last: int
    room: int

    def suits(self, kept: Sequence[bool]) -> bool:
        """Whether rows that are kept with the next end a page here: the room's last row, or the last before it."""
        return not kept[self.last] and all(kept[self.last + 1 : self.room + 1])


@dataclass(frozen=True, slots=True)
class CachedLayout:
    """All of a PDF but one document's texts, pictures, fonts, metadata and attachments.

    `pages` are what is drawn, with slots; `streams` and `small` are finished objects; numbers are those of objects.
    """

    paragraphs: tuple[Paragraph, ...]
    pages: tuple[tuple[bytes | TextSlot | PictureSlot, ...], ...]
    page_numbers: tuple[int, ...]
    streams: tuple[tuple[int, bytes], ...]
    small: Packed
    slotted: tuple[SlottedObject, ...]
    catalog: tuple[tuple[str, bytes], ...]
    catalog_number: int
    fonts_number: int
    info_number: int
    bold: frozenset[int] | None
    """Where rows were laid out, not drawn: the texts that are bold in all documents of this layout."""
    kept: tuple[bool, ...] | None
    """There too, the rows that are kept with the next in all of them."""
    page_ends: tuple[PageEnd, ...]
    """Where pages of drawn rows end: in another document other rows may be kept together."""
    rows: tuple[int, ...]
    """How many rows of the lines' table the pages up to each one hold."""
    opens_whole: bool
    """Whether page one has all that it is meant to have."""
    size: int
    """The number of objects, the free one at the head included; the object stream of `small` has the next number."""

    def fits(self, page: PageTexts) -> bool:
        """Whether a page of the same shape has its bold rows where this layout can have them."""
        if self.bold is not None:
            return page.bold == self.bold and page.kept == self.kept
        return all(end.suits(page.kept) for end in self.page_ends)


@dataclass(frozen=True, slots=True)
class FilledTexts:
    """One document's part of a layout: objects by number, and the texts that need fonts."""

    streams: tuple[tuple[int, bytes], ...]
    runs: tuple[Run, ...]


def filling(layout: CachedLayout, page: PageTexts) -> FilledTexts:
    """What a document puts into a layout's slots.

    Differs when it is of another layout, CannotBeShown when a text or picture cannot be shown this way.
    """
    texts = (*page.texts, *page.margin_texts(layout.rows))
    if not layout.fits(page):
        raise Differs
    set_texts = [placed(paragraph, texts, page.bold) for paragraph in layout.paragraphs]
    streams: list[tuple[int, bytes]] = []
    runs: list[Run] = []
    for number, pieces in zip(layout.page_numbers, layout.pages, strict=True):
        drawn = b"".join(_drawn(pieces, set_texts, page, runs, streams))
        streams.append((number, stream_bytes(b"", drawn)))
    return FilledTexts(tuple(streams), tuple(runs))


def _drawn(
    pieces: Sequence[bytes | TextSlot | PictureSlot],
    set_texts: Sequence[Sequence[tuple[float, Run]]],
    page: PageTexts,
    runs: list[Run],
    streams: list[tuple[int, bytes]],
) -> Iterator[bytes]:
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
        elif isinstance(piece, TextSlot):
            x, run = set_texts[piece.paragraph][piece.part]
            runs.append(run)
            yield b"BT 1 0 0 -1 %.4f %.4f Tm\n%sET\n" % (x, piece.y, run.operators)
        else:
            picture = page.pictures[piece.index]
            if is_chart(picture) != (piece.number == 0):
                raise Differs
            if is_chart(picture):
                operators = chart_operators(picture, piece.width, piece.height)
                if operators is None:
                    raise Differs
                yield operators
            else:
                streams.append((piece.number, code_object(picture)))
                yield f"{piece.width:.4f} 0 0 {-piece.height:.4f} 0 {piece.height:.4f} cm /{piece.name} Do\n".encode()


def placed(paragraph: Paragraph, texts: Sequence[str], bold: Collection[int]) -> list[tuple[float, Run]]:
    """Where each line (or text) of a paragraph begins, and its glyphs; Differs when the layout has them otherwise."""
    if len(paragraph.pieces) == 1:
        (piece,) = paragraph.pieces
        face = piece.bold if piece.bold is not None and piece.index in bold else piece.face
        runs = _lines(face, texts[piece.index].strip(" "), paragraph)
        starts = [_start(paragraph, run.width) for run in runs]
    else:
        runs = [piece.face.run(_between_blanks(piece, texts[piece.index])) for piece in paragraph.pieces]
        width = sum(run.width for run in runs)
        if width > paragraph.width - _SLACK:
            raise Differs
        starts = list(accumulate((run.width for run in runs[:-1]), initial=_start(paragraph, width)))
    if len(runs) != len(paragraph.measures):
        raise Differs
    for run, measures in zip(runs, paragraph.measures, strict=True):
        if measures is not None and run.measures != measures:
            raise Differs
    return list(zip(starts, runs, strict=True))


def _between_blanks(piece: TextPiece, text: str) -> str:
    """A text beside others on its line keeps the blanks that part them."""
    return " " * piece.before + text.strip(" ") + " " * piece.after


def _lines(face: Face, text: str, paragraph: Paragraph) -> list[Run]:
    """The lines that a text takes in a paragraph's width; Differs when it is too wide and may not be broken."""
    run = face.run(text)
    if run.width <= paragraph.width - _SLACK or (not face.wraps and paragraph.alignment == "left"):
        return [run]
    if not face.wraps:
        raise Differs
    return [face.run(line) for line in face.lines(text, paragraph.width)]


def _start(paragraph: Paragraph, width: float) -> float:
    """Where a line so wide begins."""
    free = paragraph.width - width
    return paragraph.left + {"left": 0, "center": free / 2, "right": free}[paragraph.alignment]
