"""The countries of ISO 3166, and what to write instead of the codes that are taken for them."""

from functools import lru_cache
from importlib.resources import files

OTHERWISE = {"UK": "GB", "EL": "GR", "XI": "GB"}
"""Codes that are in use elsewhere (the internet, VAT ids of Greece and Northern Ireland), and the country's own."""

EU = frozenset(
    ["AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
     "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"]
)  # fmt: skip

_TAXED_AS = {"MC": "FR", "IM": "GB", "LI": "CH"}
"""Monaco and the Isle of Man count as part of France and the United Kingdom (Directive 2006/112/EC Article 7).

Liechtenstein is one territory with Switzerland for VAT (treaty of 28 October 1994, SR 0.641.295.142).
"""


def taxed_as(code: str) -> str:
    """The country whose VAT a country has."""
    return _TAXED_AS.get(code, code)


@lru_cache(maxsize=1)
def countries() -> frozenset[str]:
    """The two-letter codes that ISO 3166 assigns: no EU, XK or XX. Source: `iso3166.tab` of the IANA data in tzdata."""
    rows = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text(encoding="utf-8").splitlines()
    return frozenset(row.partition("\t")[0] for row in rows if row and not row.startswith("#"))


@lru_cache(maxsize=1 << 10)
def country(text: str) -> str:
    """The code of a country, in any case and with blanks around it; ValueError says what to write instead."""
    code = text.strip().upper()
    if code in countries():
        return code
    if code in OTHERWISE:
        raise ValueError(f"ISO 3166 has no {code}: write {OTHERWISE[code]}")
    raise ValueError("write the two-letter code of ISO 3166, such as NL")


@lru_cache(maxsize=1 << 10)
def numbering_country(text: str) -> str:
    """The same for a phone number: Kosovo and Ascension have numbers of their own, though ISO 3166 has no code."""
    code = text.strip().upper()
    if code in countries():
        return code
    from phonenumbers import SUPPORTED_REGIONS  # it takes time to load, and hardly anybody asks

    return code if code in SUPPORTED_REGIONS else country(code)
