"""The clients of a sandbox world: twelve that show what invoices must cope with, then any number of plain ones."""

from dataclasses import dataclass
from random import Random

from billing_job.core.parties import Client
from billing_job.didfarm.sandbox.vat_ids import vat_id


@dataclass(frozen=True, slots=True)
class Customer:
    """A client, and how much it buys and uses."""

    client: Client
    numbers: int
    """Numbers it holds in a world that is large enough for them."""
    usage: int
    """Its share of messages and calls, relative to the others."""
    country_of_numbers: str
    first_month: int = 0
    """Months after the world's first in which it starts."""


def customers(count: int, rng: Random) -> tuple[Customer, ...]:
    """The first `count` customers of the world; the twelve known ones lead."""
    known = [_known(row, rng) for row in _KNOWN[:count]]
    return (*known, *(_plain(position, rng) for position in range(len(known) + 1, count + 1)))


# fmt: off
# client_id, name, street, postal code, city, country, language, plan, detail, terms, numbers, usage, first month.
# Among them: a name of 60 characters, about 40 and about 400 numbers, seven scripts, every VAT treatment.
_Row = tuple[str, str, str, str, str, str, str, str, str, int | None, int, int, int]
_KNOWN: tuple[_Row, ...] = (
    ("acme", "Acme Corp", "Keizersgracht 421", "1016 EK", "Amsterdam", "NL",
     "en", "standard", "number", None, 40, 30, 0),
    ("bakkerij-jansen", "Bakkerij Jansen B.V.", "Dorpsstraat 8", "3732 HJ", "De Bilt", "NL",
     "nl", "standard", "category", 30, 3, 12, 0),
    ("klantcontact-utrecht", "Koninklijke Nederlandse Vereniging voor Klantcontact Utrecht", "Croeselaan 212",
     "3521 CA", "Utrecht", "NL", "nl", "wholesale", "number", 30, 400, 14, 1),
    ("mueller-soehne", "Müller & Söhne Telefonbau GmbH", "Lindenstraße 76", "10969", "Berlin", "DE",
     "de", "wholesale", "number", None, 8, 16, 0),
    ("maison-dubois", "Maison Dubois SRL", "Rue de la Montagne 17", "6000", "Charleroi", "BE",
     "fr", "standard", "number", None, 5, 10, 0),
    ("cafe-etoile", "Café Littéraire de l’Étoile SARL", "12 rue des Écoles", "75005", "Paris", "FR",
     "fr", "premium", "transaction", None, 4, 9, 0),
    ("makhbaz-dimashq", "مخبز دمشق للحلويات الشرقية", "West-Kruiskade 55", "3014 AK", "Rotterdam", "NL",
     "ar", "standard", "number", None, 2, 6, 0),
    ("ellinikes-epikoinonies", "Ελληνικές Επικοινωνίες Α.Ε.", "Λεωφόρος Συγγρού 143", "171 21", "Αθήνα", "GR",
     "en", "standard", "number", None, 6, 9, 0),
    ("balgarski-tsentar", "Български център за обслужване ЕООД", "бул. Витоша 58", "1463", "София", "BG",
     "en", "standard", "number", None, 4, 7, 1),
    ("sharma-and-sons", "शर्मा एंड संस ट्रेडिंग लिमिटेड", "88 Brick Lane", "E1 6RL", "London", "GB",
     "hi", "premium", "number", None, 5, 8, 0),
    ("sakura-denwa", "株式会社さくら電話サービス", "Bahnhofstrasse 31", "8001", "Zürich", "CH",
     "ja", "premium", "number", None, 4, 6, 0),
    ("jinlong-trading", "金龙国际贸易有限公司", "640 Jackson Street", "94133", "San Francisco", "US",
     "zh", "standard", "number", 14, 5, 10, 0),
)
# fmt: on

_PLAIN_COUNTRIES = ("NL", "NL", "NL", "BE", "DE", "FR")
_LANGUAGE = {"NL": "nl", "BE": "nl", "DE": "de", "FR": "fr"}
_LEGAL_FORM = {"NL": "B.V.", "BE": "BV", "DE": "GmbH", "FR": "SARL"}
_PLACE = {"NL": ("3511 AB", "Utrecht"), "BE": ("9000", "Gent"), "DE": ("50667", "Köln"), "FR": ("69002", "Lyon")}
_TRADES = (
    "Adviesbureau",
    "Dental",
    "Garage",
    "Hotel",
    "Logistics",
    "Optik",
    "Reisen",
    "Studio",
    "Transport",
    "Verhuur",
)
_PLANS = ("standard", "standard", "wholesale", "premium")
_PEPPOL_SCHEME = {"BE": "0208", "DE": "9930", "FR": "9957"}


def _known(row: _Row, rng: Random) -> Customer:
    client_id, name, street, postal_code, city, country, language, plan, detail, terms, numbers, usage, first_month = (
        row
    )
    client = _client(client_id, name, street, (postal_code, city), country, language, plan, detail, terms, rng)
    return Customer(client, numbers, usage, country, first_month)


def _plain(position: int, rng: Random) -> Customer:
    """The customer at a position (from 1) after the known ones: an ordinary firm of one of four countries."""
    country = rng.choice(_PLAIN_COUNTRIES)
    name = f"{rng.choice(_TRADES)} {position:04d} {_LEGAL_FORM[country]}"
    street = f"Industrieweg {rng.randrange(1, 400)}"
    detail = "category" if position % 7 == 0 else "number"
    plan = rng.choice(_PLANS)
    client = _client(
        f"client-{position:04d}", name, street, _PLACE[country], country, _LANGUAGE[country], plan, detail, None, rng
    )
    return Customer(client, rng.randrange(1, 9), rng.randrange(2, 12), country)


def _client(
    client_id: str,
    name: str,
    street: str,
    place: tuple[str, str],
    country: str,
    language: str,
    plan: str,
    detail: str,
    terms: int | None,
    rng: Random,
) -> Client:
    vat = vat_id(country, rng)
    registration = f"{rng.randrange(10_000_000, 99_999_999)}" if country == "NL" else ""
    return Client(
        client_id=client_id,
        name=name,
        country=country,
        street=street,
        postal_code=place[0],
        city=place[1],
        vat_id=vat,
        registration_id=registration,
        email=f"invoices@{client_id}.example",
        language=language,
        plan=plan,
        payment_terms_days=terms,
        tax_treatment="",
        detail=detail,
        peppol_id=_peppol_id(country, vat, registration),
    )


def _peppol_id(country: str, vat: str, registration: str) -> str:
    """The address in the Peppol network: KvK number in NL, enterprise number in BE, VAT id in DE and FR."""
    if country == "NL":
        return f"0106:{registration}"
    scheme = _PEPPOL_SCHEME.get(country, "")
    return f"{scheme}:{vat.removeprefix('BE')}" if scheme else ""
