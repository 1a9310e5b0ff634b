"""Text as it enters and as it leaves: what no file can hold is replaced in sight, what nobody sees is removed."""

import re

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")

INVISIBLE = (
    "\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
    "\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001"
    "\U000e0020-\U000e007f"
)
"""Format characters (Unicode: Cf) as part of a pattern: they could only turn text round, or hide some of it.

The two joiners are none of them: words of Indic languages, Arabic and Persian are written with them.
"""
_INVISIBLE = re.compile(f"[{INVISIBLE}]")


def visible(text: str) -> str:
    """The text without format characters, such as U+202E, which shows what follows from right to left."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def storable(text: str) -> str:
    """The text with U+FFFD for NUL and for each half of a surrogate pair, such as a name cut inside an emoji leaves."""
    if not _UNSTORABLE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")
