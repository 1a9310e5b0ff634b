"""What the template of letters prints: a reminder or a statement of account, every text ready."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing_job.documents.view import Fact, Party, Payment


@dataclass(frozen=True, slots=True)
class Head:
    """A column's heading; `kind` is its class in the style sheet: text, day, days or sum."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text and its column's class."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; the first cell of a row names it."""

    title: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class LetterView:
    """A whole page for `letter.html`, and for the e-mail that brings it."""

    language: str
    direction: str
    title: str
    heading: str
    accent: str
    heading_colour: str
    layout: str
    """Classes of paper, window and fold marks."""
    logo: str
    brand: str
    seller: Party
    sender_line: str
    buyer: Party
    facts: tuple[Fact, ...]
    summary: Fact
    summary_note: str
    greeting: str
    paragraphs: tuple[str, ...]
    grid: Grid
    totals: tuple[Fact, ...]
    grand_total: Fact
    ageing: Grid | None
    payment: Payment | None
    notes_title: str
    notes: tuple[str, ...]
    closing: str
    signature: tuple[str, ...]
    running_head: str
    footer: str
    page_before: str
    page_between: str
    page_after: str


def grid(title: str, heads: tuple[Head, ...], rows: Sequence[tuple[str, ...]]) -> Grid:
    """A table of texts, each cell in its column's class."""
    kinds = tuple(head.kind for head in heads)
    cells = tuple(tuple(Cell(text, kind) for text, kind in zip(row, kinds, strict=True)) for row in rows)
    return Grid(title, heads, cells)
