"""The words of a document in its language, from the gettext catalogues beside the templates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Message
from babel.messages.pofile import PoFileError, read_po

from billing_job.core.categories import MINIMUM
from billing_job.core.document import Line
from billing_job.core.errors import ConfigError
from billing_job.core.units import PIECE, unit_word
from billing_job.documents.templates import Templates

# A bare language is read as the one that European invoices use: "en" writes 31 October, "pt" is Portugal's.
LOCALES = {
    "ar": "ar",
    "de": "de_DE",
    "en": "en_GB",
    "es": "es_ES",
    "fr": "fr_FR",
    "hi": "hi_IN",
    "ja": "ja_JP",
    "nl": "nl_NL",
    "pt": "pt_PT",
    "zh": "zh_Hans_CN",
}
"""The languages a document can be in, and the locale that writes their dates and numbers."""
FALLBACK = "en"
_ISOLATE, _END_OF_ISOLATE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_PLURAL_TAGS = ("zero", "one", "two", "few", "many", "other")
"""The plurals of CLDR, in the order in which gettext counts a language's own."""


@dataclass(frozen=True, slots=True)
class Labels:
    """A language, its locale and its words; calling it with the English word gives the language's.

    ConfigError names a translation whose placeholders are not the original's.
    """

    language: str
    locale: Locale
    words: Mapping[str, str]
    plurals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The English for one → the language's forms, in the order of its gettext catalogue."""

    def __call__(self, message: str, **values: str) -> str:
        """The message in the language, its {placeholders} filled; the English itself where a word is missing."""
        text = self.words.get(message) or message
        try:
            return text.format(**values) if values else text
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise ConfigError(
                f"locales/{self.language}/LC_MESSAGES/billing.po: the translation of {message!r} may only have the"
                f" placeholders of the original ({error}); correct it"
            ) from error

    def counted(self, unit: str, quantity: int | Decimal, text: str) -> str:
        """A quantity, written as `text`, with the word for what it counts: "131 calls"; a piece has no word."""
        word = unit_word(unit)
        forms = self.plurals.get(f"{{count}} {word}", ())
        if not forms:
            return text if word == PIECE else f"{text} {word}"
        tags = [tag for tag in _PLURAL_TAGS if tag in self.locale.plural_form.tags or tag == "other"]
        place = tags.index(str(self.locale.plural_form(Decimal(quantity).copy_abs())))
        # A catalogue may have fewer forms than CLDR: millions, which French and Spanish count apart.
        return forms[min(place, len(forms) - 1)].format(count=text)

    def knows(self, message: str) -> bool:
        """Whether the language has words of its own for this message."""
        return bool(self.words.get(message))

    @property
    def direction(self) -> str:
        """The writing direction as HTML names it: ltr or rtl."""
        return self.locale.text_direction

    def apart(self, text: str) -> str:
        """A text for a sentence of another writing direction: brackets and full stops around it stay the sentence's."""
        return f"{_ISOLATE}{text}{_END_OF_ISOLATE}" if self.direction == "rtl" else text

    def category(self, category: str) -> str:
        """A line category's name; a word of the user's own is only written like one ("sip_channel": Sip channel)."""
        if self.knows(f"category:{category}"):
            return self(f"category:{category}")
        words = category.replace("_", " ").replace("-", " ").strip()
        return words[:1].upper() + words[1:]

    def described(self, line: Line) -> str:
        """What a line says beside its category; the minimum of one category names that."""
        return self.category(line.description) if line.category == MINIMUM and line.description else line.description


def labels_for(templates: Templates, language: str) -> Labels:
    """The words of a client's language, English for one we have no catalogue of ("" and unknown alike).

    ConfigError names a catalogue that cannot be read.
    """
    wanted = language.strip().replace("_", "-").partition("-")[0].lower()
    known = wanted if wanted in LOCALES else FALLBACK
    return _labels(templates.folders, known)


@lru_cache(maxsize=64)
def _labels(folders: tuple[Path, ...], language: str) -> Labels:
    words: dict[str, str] = {}
    plurals: dict[str, tuple[str, ...]] = {}
    # From the fallback to the language and from the shipped folder to the user's, so that the nearest word wins.
    for each in dict.fromkeys((FALLBACK, language)):
        for folder in reversed(folders):
            for message in _catalogue(folder / "locales" / each / "LC_MESSAGES" / "billing.po"):
                if isinstance(message.string, tuple):
                    if all(message.string):
                        plurals[message.id[0]] = tuple(message.string)
                elif message.id and message.string:
                    words[str(message.id)] = str(message.string)
    return Labels(language, Locale.parse(LOCALES[language]), words, plurals)


def _catalogue(path: Path) -> list[Message]:
    if not path.is_file():
        return []
    try:
        with path.open("rb") as file:
            return list(read_po(file, abort_invalid=True, charset="utf-8"))
    except (PoFileError, ValueError) as error:
        raise ConfigError(f"{path}: not a readable gettext catalogue ({error}); correct or remove it") from error
