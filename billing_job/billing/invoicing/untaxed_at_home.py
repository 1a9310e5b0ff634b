"""What the seller's own country wants said on an invoice at home without VAT: of a small business, of a reverse charge.

Article 199a(1)(g) of Directive 2006/112/EC lets a country make the reseller of telecom services owe the VAT of what
another one in the country sells it, until 31 December 2026 (Directive (EU) 2022/890), so every row of it ends; what is
not known here the user adds to domestic_reverse_charge.csv.
"""

from datetime import date
from decimal import Decimal

from billing_job.core.document import Vat
from billing_job.core.register import DomesticReverseCharge

_END_OF_OPTION = date(2027, 1, 1)

SHIPPED_REVERSE_CHARGES = (
    DomesticReverseCharge(
        "DE",
        "Steuerschuldnerschaft des Leistungsempfängers (§ 13b Abs. 2 Nr. 12 UStG)",
        date(2021, 1, 1),
        _END_OF_OPTION,
        "§ 13b Abs. 2 Nr. 12, Abs. 5 Satz 6, § 14a Abs. 5 UStG; BMF 23.12.2020, III C 3 - S 7279/19/10006 :002",
    ),
    DomesticReverseCharge(
        "FR",
        "Autoliquidation (art. 283-2 octies du CGI)",
        date(2012, 1, 1),
        _END_OF_OPTION,
        "article 283-2 octies du CGI, art. 16 de la loi de finances pour 2012; annexe II au CGI, art. 242 nonies A",
    ),
    DomesticReverseCharge(
        "NL",
        "Btw verlegd (verleggingsregeling telecommunicatiediensten)",
        date(2017, 6, 2),
        date(2023, 3, 17),
        "Besluit verleggingsregeling telecommunicatiediensten, BWBR0039601, vervallen per 17-03-2023",
    ),
)
"""The rows that could be sourced; the user's own come first."""

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
