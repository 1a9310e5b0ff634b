"""What a format hands back, and the text rules that several formats share."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Export:
    """Files by name, whole, and what the format could not carry: one sentence each, with the figure."""

    files: Mapping[str, bytes]
    warnings: tuple[str, ...] = ()


def one_line(text: str) -> str:
    """Text on one line: control characters and runs of white space become one blank."""
    return _SPACES.sub(" ", _CONTROL.sub(" ", text)).strip()


def cut(text: str, length: int) -> str:
    """Text on one line and at most so many characters; the end is lost, not the beginning."""
    return one_line(text)[:length].rstrip()
