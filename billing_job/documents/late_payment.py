"""What the law of the seller's country lets a business ask of another one that pays late (Directive 2011/7/EU)."""

from billing_job.core.document import Document

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


def late_payment_law(document: Document) -> str:
    """The law of the seller's country, for a client that is a business; empty where we know none."""
    return LAWS.get(document.seller.country.upper(), "") if document.client.is_business else ""
