"""Electronic addresses: where the Peppol network finds a seller or a client, and whether it can carry a document."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stdnum import ean
from stdnum.be import vat as be_enterprise
from stdnum.dk import cvr
from stdnum.eu import vat as eu_vat
from stdnum.fi import alv as fi_vat
from stdnum.fr import siren, siret
from stdnum.it import iva
from stdnum.no import orgnr as no_orgnr
from stdnum.se import orgnr as se_orgnr

from billing_job.core.document import Client, Document, Kind, Seller
from billing_job.documents.safe_text import plain_text


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier and the scheme it belongs to (ISO 6523 ICD or EAS code); the scheme may be empty."""

    scheme: str
    value: str


def _digits(count: int) -> Callable[[str], bool]:
    return lambda value: len(value) == count and value.isascii() and value.isdigit()


# How the value of a scheme is checked; a scheme that is not here is checked for its characters only.
_CHECKS: dict[str, Callable[[str], bool]] = {
    "0002": siren.is_valid,
    "0007": se_orgnr.is_valid,
    "0009": siret.is_valid,
    "0088": ean.is_valid,
    "0106": _digits(8),
    "0184": lambda value: value[:2] == "DK" and cvr.is_valid(value[2:]),
    "0190": _digits(20),
    "0192": no_orgnr.is_valid,
    "0208": lambda value: _digits(10)(value) and be_enterprise.is_valid(value),
    "0211": lambda value: iva.is_valid(value.removeprefix("IT")),
    "0213": lambda value: fi_vat.is_valid(value.removeprefix("FI")),
}
# Schemes of the VAT numbers of one country each (EAS 99xx), by the prefix that the number carries.
_VAT_SCHEMES = {
    "AT": "9914",
    "BE": "9925",
    "BG": "9926",
    "CY": "9928",
    "CZ": "9929",
    "DE": "9930",
    "EE": "9931",
    "EL": "9933",
    "ES": "9920",
    "FR": "9957",
    "HR": "9934",
    "HU": "9910",
    "IE": "9935",
    "LT": "9937",
    "LU": "9938",
    "LV": "9939",
    "MT": "9943",
    "NL": "9944",
    "PL": "9945",
    "PT": "9946",
    "RO": "9947",
    "SI": "9949",
    "SK": "9950",
}
# The scheme of the national company register, where the network knows the register by a code of its own, and what it
# writes before the number.
_REGISTERS = {
    "BE": ("0208", ""),
    "DK": ("0184", "DK"),
    "FR": ("0002", ""),
    "NL": ("0106", ""),
    "NO": ("0192", ""),
    "SE": ("0007", ""),
}


def compact(identifier: str) -> str:
    """A VAT or registration number without the blanks and marks people write into it: "NL 1234.56.782 B12"."""
    return "".join(character for character in plain_text(identifier).upper() if character.isalnum())


def registration(registration_id: str, country: str) -> Identifier | None:
    """A company register number with its scheme (BT-30-1, BT-47-1); without one where it fits no scheme we know."""
    value = plain_text(registration_id)
    if not value:
        return None
    scheme, prefix = _REGISTERS.get(country.upper(), ("", ""))
    number = prefix + compact(value).removeprefix(prefix)
    if scheme and _CHECKS[scheme](number):
        return Identifier(scheme, number)
    return Identifier("", value)


def electronic_address(*, country: str, vat_id: str, registration_id: str, peppol_id: str = "") -> Identifier | None:
    """The Peppol participant: the given "scheme:value", or derived from the register or VAT number; None without one.

    A number whose check digits are wrong addresses nobody.
    """
    if peppol_id:
        return _given(peppol_id)
    vat = compact(vat_id)
    if country.upper() == "BE" and be_enterprise.is_valid(vat):
        return Identifier("0208", be_enterprise.compact(vat))
    known = registration(registration_id, country)
    if known is not None and known.scheme and country.upper() != "FR":
        return known
    if vat[:2] == "SE" and se_orgnr.is_valid(vat[2:12]):
        return Identifier("0007", vat[2:12])
    if vat[:2] == "IT" and iva.is_valid(vat[2:]):
        return Identifier("0211", vat)
    if vat[:2] == "FI" and fi_vat.is_valid(vat[2:]):
        return Identifier("0213", vat)
    scheme = _VAT_SCHEMES.get(vat[:2])
    return Identifier(scheme, vat) if scheme and eu_vat.is_valid(vat) else None


def peppol_obstacle(document: Document) -> str:
    """Why Peppol BIS Billing 3.0 cannot carry this document, one clause of English; empty when it can."""
    client = document.client
    if buyer_address(document) is None:
        given = f" ({client.peppol_id!r} is no valid participant)" if client.peppol_id else ""
        return f"client {client.client_id} has no Peppol address{given}: set peppol_id, a VAT id or a registration_id"
    if seller_address(document) is None:
        return "the seller has no Peppol address: set vat_id or registration_id of [seller]"
    return _national_obstacle(document)


def buyer_address(document: Document) -> Identifier | None:
    """Where the client receives documents (BT-49)."""
    client = document.client
    return electronic_address(
        country=client.country,
        vat_id=client.vat_id,
        registration_id=client.registration_id,
        peppol_id=client.peppol_id,
    )


def seller_address(document: Document) -> Identifier | None:
    """Where the seller can be answered (BT-34)."""
    seller = document.seller
    return electronic_address(country=seller.country, vat_id=seller.vat_id, registration_id=seller.registration_id)


def _national_obstacle(document: Document) -> str:
    """What the network's rules for Dutch (NL-R-001 to 005) and German (DE-R-003 to 009) sellers ask beyond the rest."""
    seller, client = document.seller, document.client
    countries = (seller.country.upper(), client.country.upper())
    if countries[0] == "NL":
        if document.kind is Kind.CREDIT_NOTE and not document.corrected:
            return "a Dutch seller's credit note must name the invoice it corrects, and this one corrects none"
        for who, party in (("seller", seller), (f"client {client.client_id}", client)):
            known = registration(party.registration_id, "NL") if party.country.upper() == "NL" else None
            if known is not None and not known.scheme:
                return f"the registration_id of the {who} is no KVK number of eight digits"
    if countries[0] in ("NL", "DE") and (missing := _missing(seller, ("street", "postal_code", "city"))):
        return f"[seller] lacks {missing}"
    if countries in (("NL", "NL"), ("DE", "DE")) and (missing := _missing(client, ("street", "postal_code", "city"))):
        return f"client {client.client_id} lacks {missing}"
    if countries == ("DE", "DE") and (missing := _missing(seller, ("phone", "email"))):
        return f"[seller] lacks {missing}"
    return ""


def _missing(party: Seller | Client, fields: tuple[str, ...]) -> str:
    return ", ".join(field for field in fields if not getattr(party, field))


def _given(peppol_id: str) -> Identifier | None:
    scheme, _, value = plain_text(peppol_id).partition(":")
    value = value.strip()
    if not _digits(4)(scheme) or not value.isascii() or not value or len(value) > 50:
        return None
    if any(character.isspace() for character in value):
        return None
    check = _CHECKS.get(scheme) or _vat_check(scheme)
    return Identifier(scheme, value) if check is None or check(value) else None


def _vat_check(scheme: str) -> Callable[[str], bool] | None:
    """VAT schemes hold numbers with their country's prefix."""
    prefix = next((country for country, code in _VAT_SCHEMES.items() if code == scheme), "")
    if not prefix:
        return None
    return lambda value: eu_vat.is_valid(value if value.startswith(prefix) else prefix + value)


def peppol_notes(documents: Sequence[Document]) -> list[str]:
    """Why Peppol cannot carry some documents, one sentence a reason; their UBL is plain EN 16931."""
    found: dict[str, list[str]] = {}
    for document in documents:
        if obstacle := peppol_obstacle(document):
            found.setdefault(obstacle, []).append(document.number)
    return [f"{', '.join(numbers)} cannot go through Peppol: {obstacle}" for obstacle, numbers in found.items()]
