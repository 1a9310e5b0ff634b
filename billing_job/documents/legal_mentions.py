"""What the law wants said on a document: why no VAT is charged, and what a business that pays late owes.

The first is in the client's language (Directive 2006/112/EC, Article 226), the second in the seller's (Directive
2011/7/EU).
"""

from billing_job.core.document import Document, Vat
from billing_job.documents.safe_text import page_text
from billing_job.documents.translations import Labels

# A document without an exemption code still has the mention of its category.
_CODES = {"AE": "VATEX-EU-AE", "O": "VATEX-EU-O"}
_TAXED = ("S", "Z")

LATE_PAYMENT = "Late payment: statutory interest and recovery costs ({law})."

LAWS = {
    "AT": "§§ 456, 458 UGB: 9,2 Prozentpunkte über dem Basiszinssatz, 40 EUR",
    "BE": "wet van 2 augustus 2002 / loi du 2 août 2002, 40 EUR",
    "DE": "§ 288 BGB: 9 Prozentpunkte über dem Basiszinssatz, 40 EUR",
    "DK": "renteloven",
    "ES": "Ley 3/2004, de 29 de diciembre, 40 EUR",
    "FI": "korkolaki 633/1982, laki 30/2013, 40 EUR",
    "FR": (
        "art. L441-10 et D441-5 du code de commerce : taux de la BCE majoré de 10 points, 40 EUR ;"
        " pas d'escompte pour paiement anticipé"
    ),
    "GB": "Late Payment of Commercial Debts (Interest) Act 1998",
    "IE": "S.I. No. 580/2012",
    "IT": "d.lgs. 9 ottobre 2002, n. 231, 40 EUR",
    "LU": "loi modifiée du 18 avril 2004, 40 EUR",
    "NL": "art. 6:119a en 6:96 lid 4 BW, 40 EUR",
    "PL": "ustawa z dnia 8 marca 2013 r. o przeciwdziałaniu nadmiernym opóźnieniom w transakcjach handlowych",
    "PT": "Decreto-Lei n.º 62/2013, 40 EUR",
    "SE": "räntelagen (1975:635): referensräntan + 8 procentenheter",
}
"""By the seller's country, and in its language, whatever the client's: the law that is named is the seller's."""

FRENCH_NOTES = (
    ("PMT", "Indemnité forfaitaire pour frais de recouvrement en cas de retard de paiement : 40 EUR (art. D441-5)."),
    ("PMD", "Pénalités de retard : taux de la BCE majoré de 10 points (art. L441-10 du code de commerce)."),
    ("AAB", "Pas d'escompte pour paiement anticipé."),
)
"""The three notes that French invoices carry for software (BT-21, BT-22), by their subject."""


def vat_name(vat: Vat, rate: str, labels: Labels) -> str:
    """How the totals call a VAT category: "VAT 21%", or why there is none, "VAT (reverse charge)"."""
    return labels("VAT {rate}", rate=rate) if vat.category == "S" else labels(f"vat:{vat.category}")


def vat_reason(vat: Vat, labels: Labels) -> str:
    """Why no VAT is charged (BT-120) in the language of the labels: by the code, otherwise as the document has it."""
    code = vat.exemption_code or ("" if vat.exemption_reason else _CODES.get(vat.category, ""))
    if labels.knows(code):
        return labels(code)
    return page_text(labels(vat.exemption_reason or "Exempt from VAT"))


def vat_mentions(document: Document, labels: Labels) -> tuple[str, ...]:
    """Every mention the document must carry, once each."""
    untaxed = (total.vat for total in document.vat_totals if total.vat.category not in _TAXED)
    return tuple(dict.fromkeys(vat_reason(vat, labels) for vat in untaxed))


def late_payment_law(document: Document) -> str:
    """The law of the seller's country, for a client that is a business; empty where we know none."""
    return LAWS.get(document.seller.country.upper(), "") if document.client.is_business else ""
