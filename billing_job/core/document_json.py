"""Documents as the ledger stores them and as they travel to another process: JSON."""

from functools import lru_cache

from pydantic import TypeAdapter

from billing_job.core.document import Document, Heading


@lru_cache(maxsize=1)
def _document_json() -> TypeAdapter[Document]:
    return TypeAdapter(Document)


def document_to_json(document: Document) -> str:
    """A document as the ledger stores it: JSON with dates as ISO 8601, rates as strings, amounts as integer cents."""
    return _document_json().dump_json(document).decode()


def document_from_json(text: str) -> Document:
    """The document that `document_to_json` wrote."""
    return _document_json().validate_json(text)


@lru_cache(maxsize=1)
def _heading_json() -> TypeAdapter[Heading]:
    return TypeAdapter(Heading)


def heading_from_json(text: str) -> Heading:
    """The heading of the document that `document_to_json` wrote, in a fraction of the time that its lines take."""
    return _heading_json().validate_json(text)
