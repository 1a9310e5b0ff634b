"""Words on the wire: what a row is about, and what a status or a direction says."""

import re
from collections.abc import Mapping
from functools import lru_cache

REFERENCE_TYPES = {
    "order": "order",
    "number": "number",
    "did": "number",
    "didnumber": "number",
    "trunk": "trunk",
    "siptrunk": "trunk",
}
"""Last part of a reference type, singular, its letters alone and small → the word we use."""


def read_reference_type(text: str, aliases: Mapping[str, str] | None = None) -> str:
    r"""order, number or trunk for every known spelling; any other word in lower case; empty for none.

    `aliases` are the supplier's own words for the three, in any case, singular or plural.

    >>> [read_reference_type(word) for word in ("Orders", "App\\Models\\SipTrunk", "DID", "campaign", "")]
    ['order', 'trunk', 'number', 'campaign', '']
    """
    text = text.strip()
    known = REFERENCE_TYPES | {_letters(name): word for name, word in (aliases or {}).items()}
    for letters in (_letters(text), _letters(re.split(r"[\\/.:]", text)[-1])):
        word = known.get(letters) or known.get(letters.removesuffix("s"))
        if word:
            return word
    return text.lower()


def word_of(value: object) -> str:
    """A status or direction as a word in small letters: "true", "false" and "null" for those, otherwise as it came."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return str(value).strip().casefold()


@lru_cache(maxsize=64)
def small_words(words: tuple[str, ...]) -> frozenset[str]:
    """Words of a setting, to be compared with what `word_of` gives."""
    return frozenset(word.strip().casefold() for word in words)


@lru_cache(maxsize=1024)
def _letters(text: str) -> str:
    return re.sub(r"[-_\s]", "", text).lower()
