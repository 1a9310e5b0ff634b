"""What a format hands back, and the rules of text, dates and splitting that several formats share."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from billing_job.core.money import decimal_text
from billing_job.core.text import visible

T = TypeVar("T")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SPACES = re.compile(r"\s+")
_DATE_FORMATS = {"iso": "%Y-%m-%d", "uk": "%d/%m/%Y", "us": "%m/%d/%Y", "ce": "%d.%m.%Y"}
# Letters that Unicode does not take apart into a base letter and an accent.
_UNDECOMPOSED = str.maketrans(
    {"Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "Ħ": "H", "ħ": "h", "ı": "i", "Ŧ": "T", "ŧ": "t"}
)


@dataclass(frozen=True, slots=True)
class Export:
    """Files by name, whole, and what the format could not carry: one sentence each, with the figure."""

    files: Mapping[str, bytes]
    warnings: tuple[str, ...] = ()


def one_line(text: str) -> str:
    """Text on one line: control characters and runs of white space become one blank, invisible ones go."""
    return _SPACES.sub(" ", _CONTROL.sub(" ", visible(text))).strip()


def cut(text: str, length: int) -> str:
    """Text on one line and at most so many characters; the end is lost, not the beginning."""
    return one_line(text)[:length].rstrip()


def encodable(text: str, encoding: str) -> str:
    """The text with only the encoding's characters: ź becomes z where there is no ź, a letter without a base `?`."""
    if _fits(text, encoding):
        return text
    return "".join(character if _fits(character, encoding) else _base(character, encoding) for character in text)


def date_text(day: date, date_format: str) -> str:
    """A day as iso, uk, us or ce (central European) write it."""
    return day.strftime(_DATE_FORMATS[date_format])


def decimal_comma(cents: int) -> str:
    """A decimal with a comma, two places and no thousands mark."""
    return decimal_text(cents).replace(".", ",")


def chunks(groups: Iterable[Sequence[T]], most: int, size_of: Callable[[Sequence[T]], int] = len) -> Iterator[list[T]]:
    """The items of consecutive groups in lots of at most so many, by default items; a group is never divided."""
    lot: list[T] = []
    size = 0
    for group in groups:
        if size and size + size_of(group) > most:
            yield lot
            lot, size = [], 0
        lot += group
        size += size_of(group)
    if size:
        yield lot


def numbered(stem: str, suffix: str, contents: Sequence[bytes]) -> dict[str, bytes]:
    """One file as `stem.suffix`, none as none; several as `stem_1.suffix`, `stem_2.suffix` and so on."""
    if len(contents) == 1:
        return {f"{stem}.{suffix}": contents[0]}
    return {f"{stem}_{number}.{suffix}": content for number, content in enumerate(contents, 1)}


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _base(character: str, encoding: str) -> str:
    letters = unicodedata.normalize("NFKD", character.translate(_UNDECOMPOSED))
    return "".join(letter for letter in letters if _fits(letter, encoding) and not unicodedata.combining(letter)) or "?"
