"""VAT in the money of the seller's country, where invoices are in another (Article 230 of Directive 2006/112/EC)."""

from collections.abc import Sequence
from dataclasses import replace

from billing_job.core.document import Document
from billing_job.core.register import ExchangeRate

NATIONAL_CURRENCIES = {
    **dict.fromkeys(
        ("AT", "BE", "BG", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT", "LT", "LU", "LV", "MC", "MT",
         "NL", "PT", "SI", "SK"),
        "EUR",
    ),
    "CH": "CHF", "CZ": "CZK", "DK": "DKK", "GB": "GBP", "HU": "HUF", "IS": "ISK", "LI": "CHF", "NO": "NOK",
    "PL": "PLN", "RO": "RON", "SE": "SEK",
}  # fmt: skip
"""By country, for those that ask for VAT in their own money; Bulgaria has the euro since 2026-01-01."""


def with_national_vat(document: Document, rates: Sequence[ExchangeRate]) -> Document:
    """The document with the rate of its issue date, which BT-111 is worked out with; as it is where none is needed.

    A row of `rates` names the national currency, or the invoice's; either way it says what one unit of the invoice's is
    in the national one. ValueError when no row holds.
    """
    national = NATIONAL_CURRENCIES.get(document.seller.country.upper(), "")
    if not national or national == document.currency or not document.vat_cents:
        return document
    pair = (national, document.currency)
    dated = [row for row in rates if row.currency in pair and row.valid_from <= document.issue_date]
    if not dated:
        raise ValueError(
            f"{document.seller.country} wants the VAT of invoices in {document.currency} in {national} too, and no rate"
            f" is known for {document.issue_date}: add a row to exchange_rates.csv (currency {national}, rate: what one"
            f" {document.currency} is in {national}, valid_from)"
        )
    # Of two rows of one day that of the national currency counts.
    latest = max(dated, key=lambda row: (row.valid_from, row.currency == national))
    return replace(document, tax_currency=national, tax_currency_rate=latest.rate)
