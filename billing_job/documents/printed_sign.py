"""The sign of what is printed: page and XML show the same amounts and the same quantities."""

from decimal import Decimal

from billing_job.core.document import Document, Kind, Line


def printed_sign(document: Document) -> int:
    """What turns a document's amounts into the printed ones: a credit note shows positive amounts (EN 16931, 381)."""
    return -1 if document.kind is Kind.CREDIT_NOTE else 1


def line_units(line: Line) -> int | Decimal:
    """How many units a line counts, without a sign; never none."""
    return max(line.quantity, -line.quantity) or 1


def printed_quantity(line: Line, sign: int) -> int | Decimal:
    """The units of a line as page and XML show them: a price is never negative (BR-27), so the quantity is."""
    units = line_units(line)
    return -units if sign * line.net_cents < 0 else units
