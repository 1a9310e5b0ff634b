"""Tables for the terminal and for pipes: aligned plain text, and amounts one below the other."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console

from billing_job.core.money import grouped_micros_text, grouped_text
from billing_job.core.screen import Screen, aligned, broken, cut, in_order, longest_piece, padded, width_of

GAP = "  "
SHORTEST = 6
"""Columns that a name is cut to before it is left out."""
TALLEST = 3
"""Lines of the row in the middle; where it would need more, a row is told in lines of its own, not in columns."""


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[str] = (),
    short: Sequence[str] = (),
    console: Console | None = None,
) -> str:
    """Columns as wide as their widest cell is on a screen; those named in `right`, numbers, are aligned to the right.

    Where a terminal is too narrow, names, the columns of `short`, are cut with an ellipsis so that a row is one line,
    however long one of them is; the last of them is left out before the first is cut. Other texts are broken between
    words, the widest column first; where even that would not do, each row takes a few lines, with names beside
    its cells. No number is ever broken, nor a word that is no name; in a pipe no line either.
    """
    screen = Screen.of(console or Console())
    if short and screen.width is not None:
        one_line = _on_one_line(columns, rows, right, short, screen)
        if one_line is not None:
            return one_line
    cells = (columns, *rows)
    widths = [max(map(width_of, column)) for column in zip(*cells, strict=True)]
    if screen.width is not None:
        room = screen.width - len(GAP) * (len(columns) - 1)
        least = [
            width if name in right else longest_piece(column)
            for name, width, column in zip(columns, widths, zip(*cells, strict=True), strict=True)
        ]
        while sum(widths) > room and (
            loose := [place for place in range(len(columns)) if widths[place] > least[place]]
        ):
            widths[max(loose, key=lambda place: widths[place])] -= 1
        if rows and (sum(widths) > room or _height(rows, widths) > TALLEST):
            return "\n".join(in_order(line) for row in rows for line in _card(columns, row, screen.width))
    head, *body = (_lines(row, columns, widths, right) for row in cells)
    lines = [line if screen.width is None else in_order(line) for row in body for line in row]
    return "\n".join([*(screen.painted(line, "head") for line in head), *lines])


def _on_one_line(
    columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str], short: Sequence[str], screen: Screen
) -> str | None:
    """Rows of one line each, with names cut to the room that is left; None where there is none."""
    names = [place for place, name in enumerate(columns) if name in short]
    for gap in (GAP, GAP[:1]):
        widths = [max(map(width_of, column)) for column in zip(columns, *rows, strict=True)]
        room = (screen.width or 0) - sum(widths) - len(gap) * (len(columns) - 1)
        for place in reversed(names[1:] or names):
            given = min(max(-room, 0), max(widths[place] - SHORTEST, 0))
            widths[place] -= given
            room += given
        if room >= 0:
            kept = [[cut(cell, width) for cell, width in zip(row, widths, strict=True)] for row in rows]
            head, *body = (line for row in (columns, *kept) for line in _lines(row, columns, widths, right, gap))
            return "\n".join([screen.painted(head, "head"), *map(in_order, body)])
    if len(names) == 1:
        return None
    # The first of the names is what commands are told: it stays, and is cut only where it is alone.
    left_out = names[-1]
    fewer = [[cell for place, cell in enumerate(row) if place != left_out] for row in (columns, *rows)]
    return _on_one_line(fewer[0], fewer[1:], right, [columns[place] for place in names[:-1]], screen)


def _card(columns: Sequence[str], row: Sequence[str], width: int) -> Iterator[str]:
    """A row as a few lines: its first cell, then each other one with its name."""
    room = width - 2 * len(GAP)
    line = row[0]
    for name, cell in zip(columns[1:], row[1:], strict=True):
        if not cell:
            continue
        part = f"{name} {cell}".lstrip()
        if width_of(line) + 3 + width_of(part) <= (room if line.startswith(GAP) else width):
            line = f"{line}   {part}"
            continue
        yield line
        *above, last = broken(part, room)
        yield from (2 * GAP + each for each in above)
        line = 2 * GAP + last
    yield line


def _height(rows: Sequence[Sequence[str]], widths: Sequence[int]) -> int:
    """The lines of the row that is in the middle when all are put in order by their lines."""
    heights = (max(len(broken(cell, width or 1)) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return sorted(heights)[len(rows) // 2]


def _lines(
    row: Sequence[str], columns: Sequence[str], widths: Sequence[int], right: Sequence[str], gap: str = GAP
) -> Iterator[str]:
    """A row's lines: one, and more where a cell is broken."""
    parts = [broken(cell, width) if width_of(cell) > width else [cell] for cell, width in zip(row, widths, strict=True)]
    for place in range(max(map(len, parts))):
        cells = (lines[place] if place < len(lines) else "" for lines in parts)
        yield gap.join(
            " " * (width - width_of(cell)) + cell if name in right else padded(cell, width)
            for cell, width, name in zip(cells, widths, columns, strict=True)
        ).rstrip()


def amounts(micros: Iterable[int | None], unknown: str = "unknown") -> list[str]:
    """Amounts of a column without their currency, points one below the other; `unknown` for None."""
    return aligned([unknown if each is None else signed_micros(each) for each in micros])


def signed_micros(micros: int) -> str:
    """Micros with their sign and groups of thousands, without the currency."""
    return f"{'-' if micros < 0 else ''}{grouped_micros_text(micros)}"


def signed(cents: int) -> str:
    """Cents with their sign and groups of thousands, without the currency."""
    return f"{'-' if cents < 0 else ''}{grouped_text(cents)}"
