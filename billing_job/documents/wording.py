"""What the law wants said about VAT on a document, in the client's language and, where it differs, the seller's."""

from billing_job.documents.labels import Labels
from billing_job.documents.texts import page_text
from billing_job.model import Document, Vat

# The mentions that national law prescribes word for word for a small business, whatever language the client reads.
_SMALL_BUSINESS_CODES = ("VATEX-FR-FRANCHISE", "VATEX-EU-SME")
_SMALL_BUSINESS_BY_COUNTRY = {
    "AT": "Umsatzsteuerbefreit gemäß § 6 Abs. 1 Z 27 UStG (Kleinunternehmer)",
    "BE": "Bijzondere vrijstellingsregeling kleine ondernemingen"
    " / Régime particulier de franchise des petites entreprises",
    "DE": "Steuerfreier Umsatz gemäß § 19 UStG (Kleinunternehmer)",
    "FR": "TVA non applicable, article 293 B du CGI",
    "NL": "Factuur vrijgesteld van btw op grond van artikel 25 Wet op de omzetbelasting 1968",
    "PT": "IVA – regime de isenção, artigo 53.º do CIVA",
}


def vat_name(vat: Vat, rate: str, labels: Labels) -> str:
    """How a VAT category is called in the totals: "VAT 21%", or why there is none."""
    if vat.category == "S":
        return labels("VAT {rate}", rate=rate)
    return labels(f"vat:{vat.category}") if labels.knows(f"vat:{vat.category}") else labels("VAT {rate}", rate=rate)


def vat_reason(vat: Vat, labels: Labels) -> str:
    """Why no VAT is charged (BT-120), by the code in the language of the labels, otherwise as the document has it."""
    if vat.exemption_code and labels.knows(vat.exemption_code):
        return labels(vat.exemption_code)
    if vat.exemption_reason:
        return page_text(labels(vat.exemption_reason))
    return labels(f"reason:{vat.category}") if labels.knows(f"reason:{vat.category}") else ""


def vat_mentions(document: Document, labels: Labels) -> tuple[str, ...]:
    """Every mention the document must carry, once each: one a category without VAT, and national law's own words."""
    mentions = []
    for total in document.vat_totals:
        mentions.append(vat_reason(total.vat, labels))
        if _is_small_business(total.vat):
            mentions.append(_SMALL_BUSINESS_BY_COUNTRY.get(document.seller.country.upper(), ""))
    return tuple(dict.fromkeys(mention for mention in mentions if mention))


def _is_small_business(vat: Vat) -> bool:
    if vat.category != "E":
        return False
    return vat.exemption_code in _SMALL_BUSINESS_CODES or "small business" in vat.exemption_reason.lower()
