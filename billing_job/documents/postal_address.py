"""An address as the post of its country wants it: where the postcode stands, and what the country is called abroad."""

from dataclasses import dataclass
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages

from billing_job.core.parties import Client, Seller
from billing_job.documents import localized
from billing_job.documents.safe_text import page_text

_CODE_ALONE = ("GB", "IE", "GG", "IM", "JE")
"""The postcode stands on a line of its own, the last one."""
_TOWN_STATE_CODE = ("US", "CA", "AU", "PR")
_FROM_THE_CODE = ("JP",)
"""The postcode comes first, then the address from large to small, then the name."""


_FIGURES = {
    **dict.fromkeys(("DE", "ES", "FI", "FR", "GR", "HR", "IT", "EE", "LT", "MX", "TR", "US", "KR"), 5),
    "NO": 4,
    "RO": 6,
}
"""The figures of a postcode, where the first may be a nought, which a spreadsheet drops."""


@dataclass(frozen=True, slots=True)
class Address:
    """The lines of an address: those above the name, and those below it."""

    before: tuple[str, ...]
    after: tuple[str, ...]


def address_of(party: Seller | Client) -> Address:
    """The lines of a party's address that are known, without name and country."""
    street2, region = (party.street2, party.region) if isinstance(party, Client) else ("", "")
    country, code, city = party.country.upper(), party.postal_code, party.city
    if country in _FROM_THE_CODE:
        mark = f"〒{code}" if code and not code.startswith("〒") else code
        return Address(_known(mark, _beside(region, city), party.street, street2), ())
    if country in _CODE_ALONE:
        return Address((), _known(party.street, street2, city, region, code))
    if country in _TOWN_STATE_CODE:
        town = f"{city}," if country == "US" and city and region else city
        return Address((), _known(party.street, street2, _beside(town, region, code)))
    return Address((), _known(party.street, street2, _beside(code, city), region))


def with_its_nought(country: str, postal_code: str) -> str:
    """A postcode that lacks the nought at its beginning, with it; empty for any other one."""
    lacks = postal_code.isdecimal() and len(postal_code) == _FIGURES.get(country.upper(), 0) - 1
    return f"0{postal_code}" if lacks else ""


def country_line(country: str, sender: str) -> str:
    """The country for post from abroad, in capitals and in a language of the sender's country, as its post reads it.

    (Universal Postal Convention, regulations 17-107.) Nothing for post within a country.
    """
    if country.upper() == sender.upper():
        return ""
    return page_text(localized.country_text(country, _language_of(sender.upper())).upper())


@lru_cache(maxsize=512)
def _language_of(country: str) -> Locale:
    for language in get_official_languages(country):
        try:
            return Locale.parse(language)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en")


def _beside(*parts: str) -> str:
    return " ".join(filter(None, parts))


def _known(*lines: str) -> tuple[str, ...]:
    return tuple(filter(None, map(page_text, lines)))
