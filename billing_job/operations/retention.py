"""How long the law of the seller's country wants documents and books kept."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a country wants something kept, counted from the end of the year."""

    country: str
    what: str
    years: int
    source: str


RETENTIONS = (
    Retention("AT", "documents and books", 7, "§ 132 BAO"),
    Retention("BE", "documents and books", 10, "Article 60 of the VAT code, since 2023"),
    Retention("DE", "documents", 8, "§ 147 (3) AO and § 14b (1) UStG, since 2025"),
    Retention("DE", "books", 10, "§ 147 (3) AO"),
    Retention("FR", "documents and books", 10, "Article L123-22 of the Code de commerce"),
    Retention("LU", "documents and books", 10, "Article 16 of the Code de commerce"),
    Retention("NL", "documents and books", 7, "Article 52 AWR"),
)
OSS = Retention("EU", "records of the One Stop Shop", 10, "Article 369k of Directive 2006/112/EC")


def retentions_of(country: str, *, oss: bool) -> list[Retention]:
    """Those of a country, and those of the One Stop Shop for who uses it; none where the law is not known here."""
    found = [each for each in RETENTIONS if each.country == country.upper()]
    return [*found, OSS] if oss else found


def kept_until(retentions: Iterable[Retention], year: int) -> tuple[tuple[str, str, str], ...]:
    """(what, the last day on which it is to be kept, source) of what belongs to a year."""
    return tuple((each.what, f"{year + each.years:04d}-12-31", each.source) for each in retentions)
