"""VAT in the money of the seller's country, where invoices are in another (Article 230 of Directive 2006/112/EC)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

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
"""By country, for those that ask for VAT in their own money."""
_EURO_IN_BULGARIA = date(2026, 1, 1)


def national_currency(country: str, day: date) -> str:
    """The money in which a seller's country wants the VAT of a day; empty where none is asked for."""
    if country.upper() == "BG" and day < _EURO_IN_BULGARIA:
        return "BGN"
    return NATIONAL_CURRENCIES.get(country.upper(), "")


def with_national_vat(document: Document, rates: Sequence[ExchangeRate]) -> Document:
    """The document with the rate of its issue date, which BT-111 is worked out with; as it is where none is needed.

    ValueError when no row holds.
    """
    national = national_currency(document.seller.country, document.issue_date)
    if not national or national == document.currency or not document.vat_cents:
        return document
    rate = _rate_of(document, national, document.issue_date, rates)
    return replace(document, tax_currency=national, tax_currency_rate=rate)


def national_rate(document: Document, national: str, rates: Sequence[ExchangeRate]) -> Decimal:
    """What one unit of an issued document's currency is in the national one, for the seller's returns.

    That is the rate that the document recorded. One without VAT recorded none: it has that of its day, a credit note
    that of its invoice's day. ValueError when no row holds.
    """
    if document.currency == national:
        return Decimal(1)
    if document.tax_currency == national and document.tax_currency_rate is not None:
        return document.tax_currency_rate
    return _rate_of(document, national, document.corrects_date or document.issue_date, rates)


def _rate_of(document: Document, national: str, day: date, rates: Sequence[ExchangeRate]) -> Decimal:
    """The rate of a day; a row names the national currency or the document's, and says what one of this is in that."""
    pair = (national, document.currency)
    dated = [row for row in rates if row.currency in pair and row.valid_from <= day]
    if not dated:
        raise ValueError(
            f"{document.seller.country} wants the VAT of invoices in {document.currency} in {national} too, and no rate"
            f" is known for {day}: add a row to exchange_rates.csv (currency {national}, rate: what one"
            f" {document.currency} is in {national}, valid_from)"
        )
    # Of two rows of one day that of the national currency counts.
    return max(dated, key=lambda row: (row.valid_from, row.currency == national)).rate
