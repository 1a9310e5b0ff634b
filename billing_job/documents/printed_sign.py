"""The sign of what is printed: page and XML show the same amounts and the same quantities."""

from billing_job.core.document import Document, Kind, Line


def printed_sign(document: Document) -> int:
    """What turns a document's amounts into the printed ones: a credit note shows positive amounts (EN 16931, 381)."""
    return -1 if document.kind is Kind.CREDIT_NOTE else 1


def printed_quantity(line: Line, sign: int) -> int:
    """The pieces of a line as page and XML show them: a price is never negative (BR-27), so the quantity is."""
    pieces = abs(line.quantity) or 1
    return -pieces if sign * line.net_cents < 0 else pieces
