"""Why a small business charges no VAT, in the words that its own country's administration expects on an invoice."""

from decimal import Decimal

from billing_job.core.document import Vat

REASONS = {
    "AT": "Umsatzsteuerfrei aufgrund der Kleinunternehmerregelung gemäß § 6 Abs. 1 Z 27 UStG",
    "BE": "Bijzondere vrijstellingsregeling kleine ondernemingen, artikel 56bis Wbtw",
    "DE": "Steuerfrei nach § 19 UStG (Kleinunternehmer)",
    "FR": "TVA non applicable, art. 293 B du CGI",
    "LU": "TVA non applicable, article 57 de la loi TVA (régime de franchise)",
    "NL": "Vrijgesteld van omzetbelasting op grond van artikel 25 Wet OB (kleineondernemersregeling)",
}
"""By the seller's country, and in its language, whatever the client's: the law that is named is the seller's."""

ELSEWHERE = "Exempt from VAT under the special scheme for small enterprises"


def small_business_vat(seller_country: str, own_reason: str) -> Vat:
    """Category E with the reason (EN 16931 BR-E-10); `own_reason` wins over the country's wording."""
    return Vat("E", Decimal(0), "", own_reason or REASONS.get(seller_country, ELSEWHERE))
