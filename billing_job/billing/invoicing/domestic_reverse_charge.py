"""Countries in which a reseller of telecom services owes the VAT of what another one in the country sells it.

Article 199a(1)(g) of Directive 2006/112/EC lets a country do so until 31 December 2026 (Directive (EU) 2022/890), so
every row ends; what is not known here the user adds to domestic_reverse_charge.csv.
"""

from datetime import date

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
