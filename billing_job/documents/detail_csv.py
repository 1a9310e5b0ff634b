"""The detail of a document as CSV: one row a transaction or fee, amounts signed so that sums are revenue."""

from decimal import Decimal

from billing_job.csvfile import csv_text
from billing_job.model import Document
from billing_job.money import decimal_text

COLUMNS = (
    "document_number",
    "line",
    "date",
    "category",
    "description",
    "number",
    "trunk",
    "quantity",
    "net",
    "vat_category",
    "vat_rate",
    "transaction_id",
)
"""The contract's columns (DESIGN: files of a month)."""


def detail_csv(document: Document) -> bytes:
    """Every detail row of a document in its order; a credit note's amounts are negative, a draft's number is empty."""
    return csv_text(
        COLUMNS,
        (
            (
                document.number,
                line.line,
                row.date.isoformat(),
                line.category,
                row.description,
                row.number,
                row.trunk,
                row.quantity,
                decimal_text(row.net_cents),
                line.vat.category,
                _rate(line.vat.rate),
                row.transaction_id,
            )
            for line, row in document.detail_rows()
        ),
    )


def _rate(rate: Decimal) -> str:
    return f"{rate.normalize():f}"
