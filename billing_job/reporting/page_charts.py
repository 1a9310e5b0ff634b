"""Where the bars and lines of the month's page lie: whole numbers that its template writes into SVG.

Words stay the page's own text: a bar has its figure beside it, at the size of the reader's letters, on a phone as on
paper. What is below zero gets at most a quarter of a chart: one refund must not press a year flat. A bar that would
need more is cut there, and drawn as cut; its figure is whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from billing_job.core.money import MICROS_PER_CENT, half_away_from_zero

BAR_ROOM = 7_000
"""Of the ten thousand parts of a row, those that its bar may take; the others are its figure's."""
SPARK_WIDTH, SPARK_HEIGHT = 120, 24
PLOT_TOP, PLOT_HEIGHT = 18, 150
"""Pixels of the upright bars: room for figures above them, and for the longest."""


@dataclass(frozen=True, slots=True)
class LyingBar:
    """A bar in a row, in percent of the row's width; `label_at` is where its figure begins."""

    start: str
    length: str
    label_at: str
    is_minus: bool
    is_cut: bool


@dataclass(frozen=True, slots=True)
class UprightBar:
    """A bar of a month: place in percent of the plot's width, height in pixels from its top."""

    left: str
    width: str
    top: int
    height: int
    cut_at: int
    """Where the mark of a cut bar is; 0 for a whole one."""


@dataclass(frozen=True, slots=True)
class Spark:
    """A line of some months, oldest first, in an image of SPARK_WIDTH × SPARK_HEIGHT: its points and its last one."""

    points: str
    last: tuple[int, int]
    zero: int


@dataclass(frozen=True, slots=True)
class Scaled:
    """Values on one scale: how far zero is from the low end, and each value's signed length."""

    zero: int
    lengths: tuple[int, ...]
    cut: tuple[bool, ...]


def scaled(values: Sequence[int], room: int) -> Scaled:
    """Fit the values into `room` units, a quarter of it below zero at most; all of it where nothing is above zero."""
    high, low = max(0, *values), max(0, *(-value for value in values))
    if high == 0:
        lengths = tuple(half_away_from_zero(value * room, low) if low else 0 for value in values)
        return Scaled(room if low else 0, lengths, (False,) * len(values))
    below = min(room // 4, half_away_from_zero(low * room, high + low))
    lengths = tuple(half_away_from_zero(value * (room - below), high) for value in values)
    return Scaled(below, tuple(max(length, -below) for length in lengths), tuple(each < -below - 1 for each in lengths))


def lying_bars(values: Sequence[int]) -> tuple[LyingBar, ...]:
    """A bar for each value, all with the same zero."""
    if not values:
        return ()
    found = scaled(values, BAR_ROOM)
    bars = []
    for value, length, cut in zip(values, found.lengths, found.cut, strict=True):
        start = found.zero + min(length, 0)
        end = found.zero + max(length, 0)
        bars.append(LyingBar(_percent(start), _percent(end - start), _percent(end), value < 0, cut))
    return tuple(bars)


def upright_bars(pairs: Sequence[tuple[int, int]]) -> tuple[tuple[UprightBar, UprightBar], ...]:
    """Two bars for each month on one scale, oldest first from left to right."""
    found = scaled([value for pair in pairs for value in pair], PLOT_HEIGHT)
    step = 10_000 // max(len(pairs), 1)
    zero = zero_line(pairs)
    width = min(step * 36 // 100, 600)
    bars = []
    for place in range(len(pairs)):
        middle = place * step + step // 2
        both = []
        for side in (0, 1):
            length, cut = found.lengths[2 * place + side], found.cut[2 * place + side]
            left = middle - width + side * width
            top, height = zero - max(length, 0), abs(length)
            both.append(UprightBar(_percent(left), _percent(width), top, height, top + height - 8 if cut else 0))
        bars.append((both[0], both[1]))
    return tuple(bars)


def zero_line(pairs: Sequence[tuple[int, int]]) -> int:
    """How many pixels below the plot's top zero is."""
    return PLOT_TOP + PLOT_HEIGHT - scaled([value for pair in pairs for value in pair], PLOT_HEIGHT).zero


def middles(count: int) -> tuple[str, ...]:
    """Where the middle of each of so many months is, in percent of the width."""
    step = 10_000 // max(count, 1)
    return tuple(_percent(place * step + step // 2) for place in range(count))


def spark(values: Sequence[int]) -> Spark:
    """The line of these months; a single one is a point."""
    inner = SPARK_HEIGHT - 6
    found = scaled(values, inner)
    zero = SPARK_HEIGHT - 3 - found.zero
    gap = (SPARK_WIDTH - 8) // max(len(values) - 1, 1)
    points = [(4 + place * gap, zero - length) for place, length in enumerate(found.lengths)]
    return Spark(" ".join(f"{x},{y}" for x, y in points), points[-1], zero)


def short_amount(micros: int) -> str:
    """An amount for the head of a bar, in three figures at most: 661, 6.6k, 66k, 6.6m; 0.42 below one.

    >>> short_amount(661_340_000), short_amount(-12_345_678_900), short_amount(1_249_000_000), short_amount(420_000)
    ('661', '−12k', '1.2k', '0.42')
    """
    sign, whole = ("−" if micros < 0 else ""), abs(micros)
    cents = half_away_from_zero(whole, MICROS_PER_CENT)
    if cents == 0:
        return "0"
    if cents < 100:
        return f"{sign}0.{cents:02d}"
    for unit, name in ((10**6, ""), (10**9, "k"), (10**12, "m"), (10**15, "bn")):
        tenths = half_away_from_zero(whole * 10, unit)
        if name and tenths < 100:
            return f"{sign}{tenths // 10}.{tenths % 10}{name}"
        if half_away_from_zero(whole, unit) < 1000:
            return f"{sign}{half_away_from_zero(whole, unit)}{name}"
    return f"{sign}{half_away_from_zero(whole, 10**15)}bn"


def _percent(parts: int) -> str:
    """Of ten thousand, in percent as SVG writes it: 43.2%."""
    return f"{parts // 100}.{parts % 100:02d}%"
