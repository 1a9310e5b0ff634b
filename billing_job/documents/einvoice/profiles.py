"""Under which specification the XML of a document goes, and why under no narrower one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from billing_job.core.document import Document
from billing_job.core.money import decimal_text
from billing_job.documents.einvoice.addresses import Identifier, address_of, email_address, french_address, siren_of
from billing_job.documents.einvoice.leitweg_id import is_leitweg_id, is_meant_as_leitweg_id
from billing_job.documents.einvoice.national_rules import (
    Issued,
    client_lacks,
    client_register,
    names_no_invoice,
    national_obstacle,
    outside_scope,
    seller_lacks,
    seller_register,
)
from billing_job.documents.einvoice.price import unit_price
from billing_job.documents.printed_sign import line_units

_CTC_DECIMALS = 6
_KVK = "KVK number of eight digits"


class Profile(StrEnum):
    """A specification that narrows EN 16931, or the plain standard."""

    PEPPOL = "peppol"
    XRECHNUNG = "xrechnung"
    NLCIUS = "nlcius"
    FRENCH_CTC = "french_ctc"
    EN16931 = "en16931"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Choice:
    """The profile of a document; `because` is why it is not what was wished for, one clause, mostly empty."""

    profile: Profile
    because: str = ""


SPECIFICATIONS: Mapping[Profile, str] = {
    Profile.PEPPOL: "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0",
    Profile.XRECHNUNG: "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0",
    Profile.NLCIUS: "urn:cen.eu:en16931:2017#compliant#urn:fdc:nen.nl:nlcius:v1.0",
}
"""BT-24, where it is not that of EN 16931."""

_PEPPOL_PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
PROCESSES: Mapping[Profile, str] = {
    Profile.PEPPOL: _PEPPOL_PROCESS,
    Profile.XRECHNUNG: _PEPPOL_PROCESS,
    Profile.FRENCH_CTC: "S1",
}
"""BT-23; S1 is a service invoiced by its seller, in the French rules."""


def choice_of(document: Issued) -> Choice:
    """The profile that the client's `einvoice` asks for, or plain EN 16931 with the reason.

    `auto` and `peppol` ask for Peppol BIS Billing 3.0; between French parties plain EN 16931 keeps the rules of the
    French reform (flux 2).
    """
    match document.client.einvoice:
        case "none":
            return Choice(Profile.NONE)
        case "xrechnung":
            wished, obstacle = Profile.XRECHNUNG, _xrechnung_obstacle(document)
        case "nlcius":
            wished, obstacle = Profile.NLCIUS, _nlcius_obstacle(document)
        case "en16931" if depends_on_lines(document):
            wished, obstacle = Profile.FRENCH_CTC, _french_obstacle(document)
        case "en16931":
            return Choice(Profile.EN16931)
        case _:
            wished, obstacle = Profile.PEPPOL, peppol_obstacle(document)
    return Choice(Profile.EN16931, obstacle) if obstacle else Choice(wished)


def buyer_address(document: Issued, profile: Profile) -> Identifier | None:
    """Where the client receives documents of this profile (BT-49)."""
    if profile is Profile.FRENCH_CTC:
        return french_address(document.client)
    known = address_of(document.client)
    return known if known is not None or profile is Profile.PEPPOL else email_address(document.client)


def seller_address(document: Issued, profile: Profile) -> Identifier | None:
    """Where the seller can be answered (BT-34)."""
    if profile is Profile.FRENCH_CTC:
        return french_address(document.seller)
    known = address_of(document.seller)
    return known if known is not None or profile is Profile.PEPPOL else email_address(document.seller)


def peppol_obstacle(document: Issued) -> str:
    """Why Peppol BIS Billing 3.0 cannot carry this document, one clause of English; empty when it can."""
    client = document.client
    if address_of(client) is None:
        given = f" ({client.peppol_id!r} is no valid participant)" if client.peppol_id else ""
        return f"client {client.client_id} has no Peppol address{given}: set peppol_id, a VAT id or a registration_id"
    if address_of(document.seller) is None:
        return "the seller has no Peppol address: set peppol_id, vat_id or registration_id of [seller]"
    return national_obstacle(document)


def _xrechnung_obstacle(document: Issued) -> str:
    """What XRechnung 3.0.2 asks for: BR-DE-1 to BR-DE-31, and both electronic addresses."""
    client = document.client
    if not client.buyer_reference:
        return f"client {client.client_id} lacks buyer_reference, which XRechnung wants"
    if is_meant_as_leitweg_id(client.buyer_reference) and not is_leitweg_id(client.buyer_reference):
        return f"the buyer_reference of client {client.client_id} is no valid Leitweg-ID"
    if buyer_address(document, Profile.XRECHNUNG) is None:
        return f"client {client.client_id} has no electronic address: set peppol_id or email"
    return (
        seller_lacks(document, "postal_code", "city", "phone", "email")
        or client_lacks(document, "postal_code", "city")
        or outside_scope(document)
    )


def _nlcius_obstacle(document: Issued) -> str:
    """What NLCIUS 1.0.3 asks of Dutch sellers, and of Dutch clients of theirs."""
    if document.seller.country.upper() != "NL":
        return "NLCIUS is for Dutch sellers"
    dutch = document.client.country.upper() == "NL"
    return (
        names_no_invoice(document)
        or seller_register(document, "0106", _KVK, required=True)
        or seller_lacks(document, "street", "postal_code", "city")
        or (client_lacks(document, "street", "postal_code", "city") if dutch else "")
        or (client_register(document, "0106", _KVK, required=False) if dutch else "")
    )


def depends_on_lines(document: Issued) -> bool:
    """Whether the profile is known from the whole document only: the French rules ask something of its prices."""
    return document.client.einvoice == "en16931" and _is_french(document)


def _is_french(document: Issued) -> bool:
    return document.seller.country.upper() == "FR" == document.client.country.upper()


def _french_obstacle(document: Issued) -> str:
    """What the French rules of flux 2 ask: a SIREN of both (BR-FR-10, BR-FR-12), prices of six decimals.

    And the VAT in euros of what is in other money (BR-FR-CO-12), which a document without VAT does not state.
    """
    seller, client = document.seller, document.client
    if not siren_of(seller.registration_id, seller.vat_id):
        return "the registration_id of the seller is no SIREN"
    if french_address(client) is None:
        return f"the registration_id of client {client.client_id} is no SIREN, and it has no peppol_id"
    if clause := names_no_invoice(document):
        return clause
    if document.currency != "EUR" and not document.vat_cents:
        return f"French rules want the VAT in euros, and a document in {document.currency} without VAT states none"
    if isinstance(document, Document):
        for line in document.lines:
            price = unit_price(abs(line.net_cents), line_units(line))
            if len(price.partition(".")[2]) > _CTC_DECIMALS:
                return f"line {line.line} of {decimal_text(line.net_cents)} has a price of over six decimals"
    return ""


_NAMES: Mapping[str, str] = {"xrechnung": "XRechnung", "nlcius": "NLCIUS", "en16931": "the French rules (flux 2)"}


def wish_of(document: Issued) -> str:
    """What the client's `einvoice` asks for, by its name for people."""
    return _NAMES.get(document.client.einvoice, "Peppol")


def profile_notes(documents: Sequence[Issued]) -> list[str]:
    """Why documents are plain EN 16931, one sentence a reason."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for document in documents:
        if not document.is_draft and (because := choice_of(document).because):
            reasons.setdefault((wish_of(document), because), []).append(document.number)
    return [f"{', '.join(numbers)} cannot go through {wish}: {because}" for (wish, because), numbers in reasons.items()]
