"""How an address is made to stand in the window of an envelope: smaller letters, then so many lines for each part.

Widths are the most that letters take, so that an address which is said to have room has it. What the window does not
show of a part stands elsewhere on the page.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from billing_job.documents.view import Party

_WIDTH = 8_000
"""Hundredths of a millimetre, as `.buyer` of `invoice.css` has it; seven of its lines fill the window."""
_LINES, _EM = 7, 318
"""Lines of 9 points."""
_MOST_LINES, _SMALL_EM = 10, 265
"""Lines of 7.5 points, closer to one another."""
_BLANK = 30
_NARROW, _WIDE = frozenset(" .,:;'!()[]-/Iijlt"), frozenset("mwMWŴŵ@%&#=+<>~^|—…ŒœÆæ©®¼½¾")


def in_the_window(party: Party) -> Party:
    """The party with smaller letters where the usual ones have no room; then each part has a most of lines."""
    parts = (*party.before, party.name, *party.lines)
    if sum(_lines(part, _EM) for part in parts) <= _LINES:
        return party
    return replace(party, is_long=True, most_lines=_shared_out([_lines(part, _SMALL_EM) for part in parts]))


def left_out(party: Party) -> tuple[str, ...]:
    """The parts of an address that may not stand in the window whole."""
    parts = (*party.before, party.name, *party.lines)
    shown = zip(parts, party.most_lines, strict=False)
    return tuple(part for part, most in shown if _lines(part, _SMALL_EM) > most)


def _shared_out(wanted: Sequence[int]) -> tuple[int, ...]:
    """The lines of each part: one at least, all others to the part that lacks the most, which need not take them."""
    most = [1] * len(wanted)
    for _ in range(_MOST_LINES - len(wanted)):
        most[max(range(len(wanted)), key=lambda place: wanted[place] - most[place])] += 1
    return tuple(most)


def _lines(text: str, em: int) -> int:
    """The most lines that a text takes: words go on whole where they can, ideographs one by one."""
    lines, taken = 1, 0
    for word in text.split(" "):
        width = sum(map(_hundredths, word)) * em // 100
        is_whole = not any(unicodedata.east_asian_width(each) in "WF" for each in word)
        if taken and is_whole and taken + width > _WIDTH:
            lines, taken = lines + 1, 0
        taken += width
        lines += max(0, taken - 1) // _WIDTH
        taken = max(0, taken - 1) % _WIDTH + 1 + _BLANK * em // 100
    return lines


def _hundredths(letter: str) -> int:
    """The most that a letter takes in bold, in hundredths of the letters' size."""
    code = ord(letter)
    if letter in _NARROW:
        return 46
    if letter in _WIDE or unicodedata.east_asian_width(letter) in "WF":
        return 102
    if code < 0x180 or 0x590 <= code < 0x980 or 0x1E00 <= code < 0x1F00:
        return 83 if letter.isupper() else 72
    if 0xFBC2 <= code <= 0xFDFF:  # words of Arabic that are one sign
        return 1_100
    return 112 if 0x370 <= code < 0x530 else 160
