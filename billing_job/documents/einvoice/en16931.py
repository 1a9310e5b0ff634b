"""A document as the business terms of EN 16931 (BT-1 and so on), which CII and UBL both write.

Amounts are decimal strings of the printed sign: a credit note (381) shows positive amounts. Totals are the document's
own; nothing is added up again here.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from billing_job.core.document import Document, Kind, Line, Vat, VatTotal
from billing_job.core.money import decimal_text, rate_text
from billing_job.core.units import unit_code
from billing_job.documents import payment
from billing_job.documents.einvoice.parties import buyer_group, seller_group
from billing_job.documents.einvoice.payment_means import (
    CREDIT_TRANSFER,
    SEPA_DIRECT_DEBIT,
    SEPA_TRANSFER,
    payment_means,
)
from billing_job.documents.einvoice.price import unit_price
from billing_job.documents.einvoice.profiles import PROCESSES, Profile
from billing_job.documents.legal_mentions import FRENCH_NOTES, LATE_PAYMENT, late_payment_law, vat_reason
from billing_job.documents.localized import date_text
from billing_job.documents.printed_sign import line_units, printed_quantity, printed_sign
from billing_job.documents.safe_text import plain_text
from billing_job.documents.translations import Labels

_INVOICE, _CREDIT_NOTE = "380", "381"  # UNTDID 1001
_OUTSIDE_SCOPE = "O"


def business_terms(document: Document, profile: Profile, labels: Labels, english: Labels) -> dict[str, Any]:
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
        "BT-72": document.period_end,
        # Line periods must lie within the invoicing period (Peppol R110), so late lines begin it earlier.
        "BT-73": min([document.period_start, *(line.period_start for line in document.lines)]),
        "BT-74": max([document.period_end, *(line.period_end for line in document.lines)]),
        "BT-106": decimal_text(sign * document.net_cents),
        "BT-109": decimal_text(sign * document.net_cents),
        "BT-110": decimal_text(sign * document.vat_cents),
        "BT-112": decimal_text(sign * document.gross_cents),
        "BT-115": decimal_text(sign * document.gross_cents),
        "BG-4": seller_group(document, profile, outside=outside),
        "BG-7": buyer_group(document, profile, outside=outside),
        "BG-23": _vat_totals(document, sign, english),
        "BG-25": [_line(line, document, sign, labels) for line in document.lines],
    }
    terms |= {term: value for term, value in _references(document, profile).items() if value}
    if document.tax_currency_vat_cents is not None:
        terms["BT-6"] = document.tax_currency
        terms["BT-111"] = decimal_text(sign * document.tax_currency_vat_cents)
    if profile in PROCESSES:
        terms["BT-23"] = PROCESSES[profile]
    if notes := _notes(document, profile):
        terms["BG-1"] = notes
    if document.corrected:
        terms["BG-3"] = [{"BT-25": plain_text(each.number), "BT-26": each.issue_date} for each in document.corrected]
    return terms | _payment(document, labels)


def _references(document: Document, profile: Profile) -> dict[str, str]:
    """The buyer's own words; where Peppol wants one (R003) and there is none, the person or firm that is meant."""
    client = document.client
    reference = client.buyer_reference
    if not reference and not client.purchase_order and profile is Profile.PEPPOL:
        reference = client.attention or client.name
    # Between German parties the network's rules want BT-10 itself (DE-R-015).
    if not reference and profile is Profile.PEPPOL and document.seller.country == client.country == "DE":
        reference = client.purchase_order
    return {
        "BT-10": plain_text(reference),
        "BT-12": plain_text(client.contract_reference),
        "BT-13": plain_text(client.purchase_order),
    }


def _notes(document: Document, profile: Profile) -> list[dict[str, str]]:
    """Why a document was corrected, and the notes of French sellers; Peppol has room for one note only (R002)."""
    notes = [{"BT-22": plain_text(document.reason)}] if document.reason else []
    if document.seller.country.upper() == "FR" and profile is not Profile.PEPPOL and _is_domestic(document):
        notes += [{"BT-21": subject, "BT-22": text} for subject, text in FRENCH_NOTES]
    return notes


def _is_domestic(document: Document) -> bool:
    return document.seller.country.upper() == document.client.country.upper()


def _payment(document: Document, labels: Labels) -> dict[str, Any]:
    seller, means = document.seller, payment_means(document)
    if document.kind is Kind.CREDIT_NOTE:
        return {"BT-81": means, "BT-20": labels("This amount is in your favour; no payment is needed.")}
    if means == SEPA_DIRECT_DEBIT:
        day = date_text(payment.collected_on(document), labels.locale)
        sentences = [labels("Will be collected on {date}.", date=day)]
    else:
        sentences = [labels("Please pay by {date}.", date=date_text(document.due_date, labels.locale))]
    if law := late_payment_law(document):
        sentences.append(labels(LATE_PAYMENT, law=law))
    terms = {
        "BT-9": document.due_date,
        "BT-20": " ".join(sentences),
        "BT-83": payment.payment_reference(document),
        "BT-81": means,
    }
    if means == SEPA_DIRECT_DEBIT:
        terms["BT-89"] = document.client.mandate_id
        terms["BT-90"] = seller.creditor_id
        terms["BT-91"] = document.client.debited_iban
    if means in (SEPA_TRANSFER, CREDIT_TRANSFER):
        terms["BT-84"] = seller.iban.replace(" ", "")
        terms["BT-85"] = plain_text(seller.account_name)
        if seller.bic:
            terms["BT-86"] = seller.bic.replace(" ", "")
    return terms


def _vat_totals(document: Document, sign: int, english: Labels) -> list[dict[str, Any]]:
    """One breakdown for each category and rate (BR-E-01, BR-AE-01), also where its lines have several reasons.

    A line of a month in which the client was exempt for another reason has that one beside the present.
    """
    groups: dict[tuple[str, Decimal], list[VatTotal]] = {}
    for total in document.vat_totals:
        groups.setdefault((total.vat.category, total.vat.rate), []).append(total)
    return [_vat_total(totals, sign, english) for totals in groups.values()]


def _vat_total(totals: Sequence[VatTotal], sign: int, english: Labels) -> dict[str, Any]:
    vats = [total.vat for total in totals]
    terms = {
        "BT-116": decimal_text(sign * sum(total.net_cents for total in totals)),
        "BT-117": decimal_text(sign * sum(total.vat_cents for total in totals)),
        "BT-118": vats[0].category,
        **_rate("BT-119", vats[0]),
    }
    # Standard and zero rate must not give a reason (BR-S-10, BR-Z-10); all others must (BR-AE-10, BR-E-10, BR-O-10).
    if vats[0].category not in ("S", "Z"):
        reasons = (plain_text(vat.exemption_reason) or vat_reason(vat, english) for vat in vats)
        terms["BT-120"] = "; ".join(dict.fromkeys(reasons))
        codes = {vat.exemption_code for vat in vats}
        if len(codes) == 1 and vats[0].exemption_code:
            terms["BT-121"] = vats[0].exemption_code
    return terms


def _rate(term: str, vat: Vat) -> dict[str, str]:
    """A rate; outside the scope of VAT there is none to state (BR-O-05)."""
    return {} if vat.category == _OUTSIDE_SCOPE else {term: rate_text(vat.rate)}


def _line(line: Line, document: Document, sign: int, labels: Labels) -> dict[str, Any]:
    net = sign * line.net_cents
    quantity = printed_quantity(line, sign)
    terms: dict[str, Any] = {
        "BT-126": str(line.line),
        "BT-129": str(quantity),
        "BT-130": unit_code(line.counts),
        "BT-131": decimal_text(net),
        "BT-146": unit_price(abs(net), line_units(line)),
        "BT-151": line.vat.category,
        **_rate("BT-152", line.vat),
        "BT-153": plain_text(labels.category(line.category)),
    }
    if line.description:
        terms["BT-154"] = plain_text(labels.described(line))
    if (line.period_start, line.period_end) != (document.period_start, document.period_end):
        terms["BT-134"], terms["BT-135"] = line.period_start, line.period_end
    attributes = ((labels("Number"), line.number), (labels("Trunk"), document.trunk_name(line.trunk)))
    terms["BG-32"] = [{"BT-160": name, "BT-161": plain_text(value)} for name, value in attributes if value]
    return terms
