"""The EPC QR code of a transfer, with the mask that segno would choose, found in a tenth of its time.

A code is drawn through the one of eight masks that gives the lowest penalty (ISO/IEC 18004, 7.8.3). segno looks at each
module of each of them by itself; here a code is one large integer, of which a penalty takes some twenty operations.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import segno
import segno.helpers
from segno import consts

_DIGITS = bytes.maketrans(b"\0\1", b"01")
_BITS = bytes.maketrans(b"01", b"\0\1")
_FINDER = "1011101"
_LIGHT_UNTIL_MASKED = frozenset(
    (
        consts.TYPE_FORMAT_LIGHT, consts.TYPE_FORMAT_DARK, consts.TYPE_VERSION_LIGHT, consts.TYPE_VERSION_DARK,
        consts.TYPE_DARKMODULE,
    )
)  # fmt: skip
"""Modules that say which mask was chosen, and others beside them: they are light while masks are judged."""
_DATA = frozenset((consts.TYPE_DATA_LIGHT, consts.TYPE_DATA_DARK))
_MASKS: Sequence[Callable[[int, int], bool]] = (
    lambda i, j: (i + j) % 2 == 0,
    lambda i, j: i % 2 == 0,
    lambda i, j: j % 3 == 0,
    lambda i, j: (i + j) % 3 == 0,
    lambda i, j: (i // 2 + j // 3) % 2 == 0,
    lambda i, j: i * j % 2 + i * j % 3 == 0,
    lambda i, j: (i * j % 2 + i * j % 3) % 2 == 0,
    lambda i, j: ((i + j) % 2 + i * j % 3) % 2 == 0,
)
"""Of the module in row i and column j (ISO/IEC 18004, table 10)."""


@lru_cache(maxsize=8)
def transfer_code(name: str, iban: str, bic: str, cents: int, reference: str, text: str) -> str:
    """The EPC code of a transfer in euros, with a structured reference or a text, as a PNG data: URL."""
    amount = Decimal(cents).scaleb(-2)
    data = segno.helpers._make_epc_qr_data(  # type: ignore[attr-defined]
        name, iban, amount, text or None, reference or None, bic or None, encoding="utf-8"
    )
    # A picture of four pixels a module, ten times faster than a path; more of them print no sharper and take longer.
    # The white border of four modules is part of the picture: scanners need it (ISO/IEC 18004), whatever is around it.
    url: str = code_of(data).png_data_uri(scale=4, border=4)
    return url


def code_of(data: bytes) -> segno.QRCode:
    """The code that `segno.helpers.make_epc_qr` makes of a payload."""
    code = segno.make_qr(data, error="m", boost_error=False, mask=0)
    grid = _grid(code.version)
    both_ways = zip((code.matrix, zip(*code.matrix, strict=True)), grid.judged, grid.masks[0], strict=True)
    rows, columns = (_number(lines) & judged ^ mask for lines, judged, mask in both_ways)
    scores = [_penalty(rows ^ across, columns ^ down, grid) for across, down in grid.masks]
    best = scores.index(min(scores))
    if best:
        code.mask = best
        code.matrix = _lines(rows ^ grid.masks[best][0] | _told(code.version, best), grid.size)
    return code


class _Grid(NamedTuple):
    """What all codes of a version have in common: numbers of a bit a module, row after row, and column after column."""

    size: int
    judged: tuple[int, int]
    """The modules that are as they are while masks are judged; others are light."""
    masks: tuple[tuple[int, int], ...]
    neighbours: int
    """The modules with another one of the same row (or column) before them."""


@lru_cache
def _grid(version: int | str) -> _Grid:
    some = segno.make_qr("", error="m", boost_error=False, version=version, mask=0)
    kinds = [list(row) for row in some.matrix_iter(border=0, verbose=True)]
    size = len(kinds)
    kinds[8][size - 9] = consts.TYPE_DATA_LIGHT  # segno 1.6.6 calls it one of the format's, but puts data there
    places = range(size)

    def both_ways(rows: list[list[bool]]) -> tuple[int, int]:
        return _number(rows), _number(zip(*rows, strict=True))

    return _Grid(
        size,
        both_ways([[kind not in _LIGHT_UNTIL_MASKED for kind in row] for row in kinds]),
        tuple(both_ways([[kinds[i][j] in _DATA and mask(i, j) for j in places] for i in places]) for mask in _MASKS),
        _number([[j > 0 for j in places] for _ in places]),
    )


@lru_cache
def _told(version: int | str, mask: int) -> int:
    """The modules, row after row, that say which mask and version a code has."""
    some = segno.make_qr("", error="m", boost_error=False, version=version, mask=mask)
    return _number(some.matrix) & ~_grid(version).judged[0]


def _number(lines: Iterable[Iterable[int]]) -> int:
    """The number whose binary digits are those of the lines, one after the other."""
    return int(b"".join(map(bytes, lines)).translate(_DIGITS), 2)


def _lines(number: int, size: int) -> tuple[bytearray, ...]:
    """The lines of a number's digits, as segno has them."""
    digits = f"{number:0{size * size}b}".encode().translate(_BITS)
    return tuple(bytearray(digits[start : start + size]) for start in range(0, size * size, size))


def _penalty(rows: int, columns: int, grid: _Grid) -> int:
    """The four features of ISO/IEC 18004, table 11, as segno counts them: runs, blocks, finders, and how dark it is."""
    size = grid.size
    found = 0
    for is_across, number in ((True, rows), (False, columns)):
        same = ~(number ^ number >> 1) & grid.neighbours
        fives = same & same >> 1 & same >> 2 & same >> 3
        found += fives.bit_count() + 2 * (fives & ~(fives << 1)).bit_count()
        digits = f"{number:0{size * size}b}"
        if _FINDER in digits:
            found += 40 * sum(_finders(digits[start : start + size]) for start in range(0, size * size, size))
        if is_across:
            found += 3 * (same & same >> size & ~(number ^ number >> size)).bit_count()
    return found + 10 * int(abs(rows.bit_count() / size**2 * 100 - 50) / 5)


def _finders(line: str) -> int:
    """How often what looks like a finder stands in a line, beside four light modules or the edge."""
    found = 0
    place = line.find(_FINDER)
    while place >= 0:
        after = place + len(_FINDER)
        is_one = place in (0, len(line) - len(_FINDER)) or not (
            "1" in line[max(place - 4, 0) : place] and "1" in line[after : after + 4]
        )
        found += is_one
        place = line.find(_FINDER, after if is_one else place + 4)
    return found
