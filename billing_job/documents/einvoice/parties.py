"""Seller and buyer as the groups BG-4 and BG-7 of EN 16931."""

from typing import Any

from billing_job.core.document import Document
from billing_job.core.parties import Client, Seller
from billing_job.documents.einvoice.addresses import Identifier, compact, registration, siren_of
from billing_job.documents.einvoice.profiles import Profile, buyer_address, seller_address
from billing_job.documents.safe_text import plain_text


def seller_group(document: Document, profile: Profile, *, outside: bool) -> dict[str, Any]:
    """The seller (BG-4). Outside the scope of VAT no VAT identifier may appear (BR-O-02).

    A seller must be identified all the same (BR-CO-26): by the register, or by an identifier without a scheme.
    """
    seller = document.seller
    name = plain_text(seller.legal_name or seller.name)
    contact = {
        "name": plain_text(seller.contact or seller.name),
        "phone": plain_text(seller.phone),
        "email": plain_text(seller.email),
    }
    party: dict[str, Any] = {
        "name": name,
        **_address(seller),
        **_register(seller, profile),
        **_endpoint(seller_address(document, profile)),
        "contacts": [{key: value for key, value in contact.items() if value}],
    }
    if plain_text(seller.name) != name:
        party["biz_name"] = plain_text(seller.name)
    vat_id, tax_number = compact(seller.vat_id), plain_text(seller.tax_number)
    if vat_id and not outside:
        party["vat_identifier" if _has_prefix(vat_id) else "tax_identifier"] = vat_id
    if tax_number:
        party["tax_identifier"] = tax_number
    elif not vat_id and seller.registration_id:
        party["tax_identifier"] = plain_text(seller.registration_id)
    if "legal_identifier" not in party and (outside or not _has_prefix(vat_id)) and (vat_id or tax_number):
        party["identifiers"] = {None: vat_id or tax_number}
    return party


def buyer_group(document: Document, profile: Profile, *, outside: bool) -> dict[str, Any]:
    """The buyer (BG-7), with the person who is meant and the first e-mail address (BG-9)."""
    client = document.client
    party: dict[str, Any] = {
        "name": plain_text(client.name),
        **_address(client),
        **_register(client, profile),
        **_endpoint(buyer_address(document, profile)),
    }
    contact = {"name": plain_text(client.attention), "email": plain_text(client.first_email)}
    if any(contact.values()):
        party["contacts"] = [{key: value for key, value in contact.items() if value}]
    vat_id = compact(client.vat_id)
    if vat_id and _has_prefix(vat_id) and not outside:
        party["vat_identifier"] = vat_id
    return party


def _address(party: Seller | Client) -> dict[str, str]:
    address = {
        "addr_l1": plain_text(party.street),
        "postcode": plain_text(party.postal_code),
        "city": plain_text(party.city),
        "country_code": party.country.upper(),
    }
    if isinstance(party, Client):
        address["addr_l2"] = plain_text(party.street2)
        address["country_subdivision"] = plain_text(party.region)
    return {key: value for key, value in address.items() if value}


def _register(party: Seller | Client, profile: Profile) -> dict[str, str]:
    known = registration(party.registration_id, party.country)
    if profile is Profile.FRENCH_CTC and (known is None or not known.scheme):
        number = siren_of(party.registration_id, party.vat_id)
        known = Identifier("0002", number) if number else known
    if known is None:
        return {}
    scheme = {"legal_identifier_schemeid": known.scheme} if known.scheme else {}
    return {"legal_identifier": known.value, **scheme}


def _endpoint(address: Identifier | None) -> dict[str, str]:
    return {} if address is None else {"einvoicing_addr": address.value, "einvoicing_addr_schemeid": address.scheme}


def _has_prefix(vat_id: str) -> bool:
    """Whether a VAT number begins with its country, as BR-CO-09 wants it."""
    return vat_id[:2].isascii() and vat_id[:2].isalpha()
