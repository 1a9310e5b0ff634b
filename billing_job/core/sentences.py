"""Figures and names in a sentence for people, in the words of the program: English."""

from collections.abc import Sequence


def counted(count: int, noun: str) -> str:
    """A figure with its noun: "1 document", "1,200 documents"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(names: Sequence[str], most: int = 5) -> str:
    """The first few names, and how many more there are: "a, b and 3 others"."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {counted(more, 'other')}" if more > 0 else "")
