"""Text at the edges: nothing that no file can hold comes in, nothing that nobody sees goes out."""

import sys
import unicodedata

import pytest

from billing_job.core.files.csv_writer import csv_text
from billing_job.core.text import storable, visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Caf\ud83d", "Caf\ufffd"),
        ("\ude00x", "\ufffdx"),
        ("\ud83d\ude00", "\U0001f600"),
        ("a\0", "a\ufffd"),
        ("é", "é"),
    ],
)
def test_halves_of_surrogate_pairs(text: str, expected: str) -> None:
    """What a cut inside an emoji leaves is seen as U+FFFD; two halves that belong together are the emoji."""
    assert storable(text) == expected


def test_every_format_character_is_removed() -> None:
    """All of Unicode's category Cf but the two joiners."""
    hidden = [chr(code) for code in range(sys.maxunicode) if unicodedata.category(chr(code)) == "Cf"]
    assert visible("".join(hidden)) == "\u200c\u200d"
    assert csv_text(["a"], [[f"x{character}y"] for character in hidden]).decode().count("xy") == len(hidden) - 2
