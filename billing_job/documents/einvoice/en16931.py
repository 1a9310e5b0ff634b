"""A document as the business terms of EN 16931 (BT-1 and so on), which CII and UBL both write.

Amounts are decimal strings of the printed sign: a credit note (381) shows positive amounts. Totals are the document's
own; nothing is added up again here.
"""

from typing import Any

from billing_job.core.document import Client, Document, Kind, Line, Seller, Vat, VatTotal
from billing_job.core.money import decimal_text, rate_text
from billing_job.documents import payment
from billing_job.documents.compose import printed_sign
from billing_job.documents.einvoice.peppol import (
    Identifier,
    buyer_address,
    compact,
    registration,
    seller_address,
)
from billing_job.documents.localized import date_text
from billing_job.documents.safe_text import plain_text
from billing_job.documents.translations import Labels
from billing_job.documents.vat_mentions import vat_reason

_INVOICE, _CREDIT_NOTE = "380", "381"  # UNTDID 1001
_CREDIT_TRANSFER, _SEPA_TRANSFER, _STANDING_AGREEMENT = "30", "58", "57"  # UNTDID 4461
_PIECE = "C62"  # UN/ECE Recommendation 20: one
_OUTSIDE_SCOPE = "O"


def business_terms(document: Document, labels: Labels, english: Labels) -> dict[str, Any]:
    """The dictionary that factur-x turns into CII or UBL, built anew each time because factur-x changes it.

    Free texts come in the client's language, the reason for VAT exemption (BT-120) in English as it was issued.
    """
    sign = printed_sign(document)
    outside = any(total.vat.category == _OUTSIDE_SCOPE for total in document.vat_totals)
    terms: dict[str, Any] = {
        "BT-1": plain_text(document.number),
        "BT-2": document.issue_date,
        "BT-3": _CREDIT_NOTE if document.kind is Kind.CREDIT_NOTE else _INVOICE,
        "BT-5": document.currency,
        "BT-10": plain_text(document.client.client_id),
        "BT-72": document.period_end,
        # Line periods must lie within the invoicing period (Peppol R110), so late lines begin it earlier.
        "BT-73": min([document.period_start, *(line.period_start for line in document.lines)]),
        "BT-74": max([document.period_end, *(line.period_end for line in document.lines)]),
        "BT-106": decimal_text(sign * document.net_cents),
        "BT-109": decimal_text(sign * document.net_cents),
        "BT-110": decimal_text(sign * document.vat_cents),
        "BT-112": decimal_text(sign * document.gross_cents),
        "BT-115": decimal_text(sign * document.gross_cents),
        "BG-4": _seller(document, outside=outside),
        "BG-7": _buyer(document, outside=outside),
        "BG-23": [_vat_total(total, sign, english) for total in document.vat_totals],
        "BG-25": [_line(line, document, sign, labels) for line in document.lines],
    }
    if document.reason:
        terms["BG-1"] = [{"BT-22": plain_text(document.reason)}]
    if document.corrected:
        terms["BG-3"] = [{"BT-25": plain_text(each.number), "BT-26": each.issue_date} for each in document.corrected]
    return terms | _payment(document, labels)


def _payment(document: Document, labels: Labels) -> dict[str, Any]:
    seller = document.seller
    if document.kind is Kind.CREDIT_NOTE:
        # How the money goes back is between the two parties; a credit transfer would name the wrong account.
        return {
            "BT-81": _STANDING_AGREEMENT,
            "BT-20": labels("This amount is in your favour; no payment is needed."),
        }
    due = date_text(document.due_date, labels.locale)
    terms = {
        "BT-9": document.due_date,
        "BT-20": labels("Please pay by {date}.", date=due),
        "BT-83": payment.payment_reference(document),
        "BT-81": _STANDING_AGREEMENT,
    }
    if seller.iban:
        terms["BT-81"] = _SEPA_TRANSFER if document.currency == "EUR" else _CREDIT_TRANSFER
        terms["BT-84"] = seller.iban.replace(" ", "")
        terms["BT-85"] = plain_text(seller.legal_name or seller.name)
        if seller.bic:
            terms["BT-86"] = seller.bic.replace(" ", "")
    return terms


def _seller(document: Document, *, outside: bool) -> dict[str, Any]:
    seller = document.seller
    name = plain_text(seller.legal_name or seller.name)
    contact = {"name": plain_text(seller.name), "phone": plain_text(seller.phone), "email": plain_text(seller.email)}
    party: dict[str, Any] = {
        "name": name,
        **_address(seller),
        **_register(seller),
        **_endpoint(seller_address(document)),
        "contacts": [{key: value for key, value in contact.items() if value}],
    }
    if plain_text(seller.name) != name:
        party["biz_name"] = plain_text(seller.name)
    vat_id = compact(seller.vat_id)
    # Outside the scope of VAT no VAT identifier may appear (BR-O-02), and yet the seller must be identified (BR-CO-26).
    if vat_id and not outside:
        party["vat_identifier" if _has_prefix(vat_id) else "tax_identifier"] = vat_id
    elif vat_id and "legal_identifier" not in party:
        party["identifiers"] = {None: vat_id}
    return party


def _buyer(document: Document, *, outside: bool) -> dict[str, Any]:
    client = document.client
    party: dict[str, Any] = {
        "name": plain_text(client.name),
        **_address(client),
        **_register(client),
        **_endpoint(buyer_address(document)),
    }
    if client.email:
        party["contacts"] = [{"email": plain_text(client.email)}]
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
    return {key: value for key, value in address.items() if value}


def _register(party: Seller | Client) -> dict[str, str]:
    known = registration(party.registration_id, party.country)
    if known is None:
        return {}
    scheme = {"legal_identifier_schemeid": known.scheme} if known.scheme else {}
    return {"legal_identifier": known.value, **scheme}


def _endpoint(address: Identifier | None) -> dict[str, str]:
    return {} if address is None else {"einvoicing_addr": address.value, "einvoicing_addr_schemeid": address.scheme}


def _has_prefix(vat_id: str) -> bool:
    """Whether a VAT number begins with its country, as BR-CO-09 wants it."""
    return vat_id[:2].isascii() and vat_id[:2].isalpha()


def _vat_total(total: VatTotal, sign: int, english: Labels) -> dict[str, Any]:
    terms = {
        "BT-116": decimal_text(sign * total.net_cents),
        "BT-117": decimal_text(sign * total.vat_cents),
        "BT-118": total.vat.category,
        **_rate("BT-119", total.vat),
    }
    # Standard and zero rate must not give a reason (BR-S-10, BR-Z-10); all others must (BR-AE-10, BR-E-10, BR-O-10).
    if total.vat.category not in ("S", "Z"):
        terms["BT-120"] = plain_text(total.vat.exemption_reason) or vat_reason(total.vat, english)
        if total.vat.exemption_code:
            terms["BT-121"] = total.vat.exemption_code
    return terms


def _rate(term: str, vat: Vat) -> dict[str, str]:
    """A rate; outside the scope of VAT there is none to state (BR-O-05)."""
    return {} if vat.category == _OUTSIDE_SCOPE else {term: rate_text(vat.rate)}


def _line(line: Line, document: Document, sign: int, labels: Labels) -> dict[str, Any]:
    net = sign * line.net_cents
    count = abs(line.quantity) or 1
    terms: dict[str, Any] = {
        "BT-126": str(line.line),
        # A price is never negative (BR-27), so a negative line has a negative quantity.
        "BT-129": str(-count if net < 0 else count),
        "BT-130": _PIECE,
        "BT-131": decimal_text(net),
        **_price(abs(net), count),
        "BT-151": line.vat.category,
        **_rate("BT-152", line.vat),
        "BT-153": plain_text(labels.category(line.category)),
    }
    if line.description:
        terms["BT-154"] = plain_text(line.description)
    if (line.period_start, line.period_end) != (document.period_start, document.period_end):
        terms["BT-134"], terms["BT-135"] = line.period_start, line.period_end
    attributes = ((labels("Number"), line.number), (labels("Trunk"), line.trunk))
    terms["BG-32"] = [{"BT-160": name, "BT-161": plain_text(value)} for name, value in attributes if value]
    return terms


def _price(net_cents: int, count: int) -> dict[str, str]:
    """The net price: of one piece where that is whole cents, otherwise of all pieces together (BT-149).

    Either way quantity × price ÷ base quantity is the line's net to the cent (Peppol R120).
    """
    each, left = divmod(net_cents, count)
    if left == 0:
        return {"BT-146": decimal_text(each)}
    return {"BT-146": decimal_text(net_cents), "BT-149": str(count)}
