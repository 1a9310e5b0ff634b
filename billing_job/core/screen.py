"""Text for a terminal: words, amounts and commands stay whole, widths are those of a screen, colours mean something.

A pipe gets the same text: its lines are never broken, and it has no colours.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from rich.console import Console as RichConsole

Tone = Literal["good", "bad", "waits", "head", "faint"]
"""Proven or done; wrong; wants somebody's attention; a title; of less weight."""
_CODES: dict[Tone, str] = {"good": "32", "bad": "31", "waits": "33", "head": "1", "faint": "2"}

_TURNED_END = re.compile(r"([\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]\S*(?: |…)) ")
# A command in backquotes is copied, and an amount is read, in one piece.
_PIECES = re.compile(r"[(\[]?`[^`\n]*`\S*|[(\[]?-?[A-Z]{3} -?[\d,]*\d(?:\.\d+)?\S*|\S+")


@dataclass(frozen=True, slots=True)
class Screen:
    """What a text is written to; `width` in columns, None for a pipe."""

    width: int | None
    has_colours: bool = False

    @classmethod
    def of(cls, console: RichConsole) -> "Screen":
        """A terminal as rich finds it: NO_COLOR, TERM=dumb and COLUMNS are respected."""
        if not console.is_terminal:
            return cls(None)
        return cls(console.width, not console.no_color and console.color_system is not None)

    def painted(self, text: str, tone: Tone) -> str:
        """The text in the colour of what it means; as it is where there are no colours."""
        return f"\x1b[{_CODES[tone]}m{text}\x1b[0m" if self.has_colours and text else text

    def wrapped(self, text: str, indent: str = "") -> list[str]:
        """The lines of a sentence, broken between words only; all but the first begin with `indent`."""
        if self.width is None:
            return [text]
        first, *more = broken(text, self.width, self.width - width_of(indent))
        return [first, *(indent + line for line in more)]

    def fitted(self, text: str) -> str:
        """Lines as they are; too long ones go on below, two columns further in. What is painted fits already."""
        lines = []
        for line in text.split("\n"):
            indent = " " * (len(line) - len(line.lstrip(" ")) + 2)
            lines += [line] if "\x1b" in line else self.wrapped(line, indent)
        return "\n".join(lines)

    def facts(self, facts: Iterable[tuple[str, str]], gap: int = 2) -> list[str]:
        """Names and values one below the other; those without a value are left out."""
        shown = [(name, value) for name, value in facts if value]
        width = max((width_of(name) for name, _ in shown), default=0) + gap
        lines = []
        for name, value in shown:
            first, *more = broken(value, self.width - width) if self.width is not None else [value]
            lines += [padded(name, width) + first, *(" " * width + line for line in more)]
        return lines


def width_of(text: str) -> int:
    """The columns of a screen that the text takes; of plain letters and digits, as most is, as many as there are."""
    return len(text) if text.isascii() and text.isprintable() else cell_len(text)


def padded(text: str, width: int) -> str:
    """The text filled up with blanks to so many columns of a screen."""
    return text + " " * (width - width_of(text))


def cut(text: str, width: int) -> str:
    """The text in at most so many columns of a screen, with an ellipsis where it is cut."""
    if width_of(text) <= width:
        return text
    kept = ""
    for character in text:
        if width_of(kept + character) >= width:
            break
        kept += character
    return f"{kept.rstrip()}…"


def in_order(line: str) -> str:
    """A row's line with a mark after each cell from right to left, so that a screen turns that cell and not the next.

    The mark takes no room and stands between the blanks that part two cells.
    """
    return _TURNED_END.sub("\\1\N{LEFT-TO-RIGHT MARK} ", line)


def aligned(texts: Sequence[str]) -> list[str]:
    """Decimals with their points one below the other, filled up to one width, 1.50 above 0.0075; words at its end."""
    numbers = [text.partition(".") for text in texts if any(map(str.isdigit, text))]
    whole = max((len(head) for head, _, _ in numbers), default=0)
    places = max((len(point + tail) for _, point, tail in numbers), default=0)
    lines = []
    for text in texts:
        head, point, tail = text.partition(".")
        is_number = any(map(str.isdigit, text))
        lines.append(head.rjust(whole) + (point + tail).ljust(places) if is_number else text.rjust(whole + places))
    return lines


def pieces(text: str) -> list[str]:
    """What must not be broken: words, amounts with their currency, commands in backquotes."""
    return _PIECES.findall(text)


def longest_piece(texts: Iterable[str]) -> int:
    """How many columns the widest of them needs."""
    return max((width_of(piece) for text in texts for piece in pieces(text)), default=0)


def broken(text: str, first: int, others: int | None = None) -> list[str]:
    """The text in lines of at most `first` columns, and `others` after that; longer only where one piece is.

    Blanks at its beginning stay, and lines that are there already.
    """
    others = first if others is None else others
    lines: list[str] = []
    for paragraph in text.split("\n") or [""]:
        room = first if not lines else others
        if width_of(paragraph) <= room:
            lines.append(paragraph)
            continue
        line = paragraph[: len(paragraph) - len(paragraph.lstrip())]
        is_empty = True
        for piece in _pieces_that_fit(paragraph, room):
            if not is_empty and width_of(line) + 1 + width_of(piece) > room:
                lines.append(line)
                line, is_empty, room = "", True, others
            line += piece if is_empty else f" {piece}"
            is_empty = False
        lines.append(line)
    return lines


def _pieces_that_fit(text: str, room: int) -> list[str]:
    """Pieces, and of a command that no line can hold its words."""
    return [word for piece in pieces(text) for word in ([piece] if width_of(piece) <= room else piece.split())]
