"""The files of one document: PDF, CSV and UBL, as bytes.

Who asks for their names alone does not wait for templates, WeasyPrint and factur-x, which take a second to load.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from billing_job.core.document import Document, Heading
from billing_job.core.errors import DocumentError
from billing_job.core.files.manifest import DRAFT, INVOICES

if TYPE_CHECKING:
    from billing_job.documents.letter_view import LetterView
    from billing_job.documents.templates import Templates

SUFFIXES = {"pdf": ".pdf", "csv": ".csv", "ubl": ".xml"}
"""The suffix of each kind of file."""


def document_files(document: Document, templates: Templates) -> dict[str, bytes]:
    """The bytes of a document's files by kind: pdf, csv, ubl, as `kinds_of` names them.

    The PDF carries the CII (`factur-x.xml`) and the CSV inside. A draft has neither CII nor UBL: software must not take
    it for an invoice; nor has a document of a client that takes none. DocumentError names the document.
    """
    try:
        return _files(document, templates)
    except ValueError as error:  # what factur-x and segno say of values they cannot write: a currency, an account
        from billing_job.documents.html import document_name

        raise DocumentError(f"{document_name(document)}: {error}") from error


def _files(document: Document, templates: Templates) -> dict[str, bytes]:
    from billing_job.documents.compose import DETAIL_FILE
    from billing_job.documents.detail_csv import detail_csv
    from billing_job.documents.einvoice.cii import cii_xml
    from billing_job.documents.einvoice.ubl import ubl_xml
    from billing_job.documents.html import document_name, document_pages
    from billing_job.documents.pdf.make_pdf import Embedded, pdf_bytes

    detail = detail_csv(document)
    embedded = [Embedded(DETAIL_FILE.format(number=document.number or "draft"), detail, "Detail", "Supplement")]
    files = {"csv": detail}
    has_xml = "ubl" in kinds_of(document)
    if has_xml:
        embedded.insert(0, Embedded("factur-x.xml", cii_xml(document, templates), "Factur-X invoice", "Alternative"))
    pages, what = document_pages(document, templates), document_name(document)
    pdf = pdf_bytes(next(pages), templates, day=document.issue_date, embedded=embedded, what=what, closer=pages)
    if has_xml:
        files["ubl"] = ubl_xml(document, templates, pdf if document.seller.pdf_in_ubl else b"")
    return {"pdf": pdf, **files}


def letter_pdf(view: LetterView, templates: Templates, *, day: date, what: str) -> bytes:
    """A letter's page as PDF/A-3a and PDF/UA-1, dated `day`; DocumentError names `what` and the template's mistake."""
    from billing_job.documents.html import LETTER_TEMPLATE, rendered
    from billing_job.documents.pdf.make_pdf import pdf_bytes

    html = rendered(LETTER_TEMPLATE, templates, what, view=view)
    return pdf_bytes(html, templates, day=day, embedded=(), what=what, cached=False)


def kinds_of(document: Document | Heading) -> tuple[str, ...]:
    """Which files a document has: no XML on a draft, nor for a client whose `einvoice` is none."""
    without_xml = document.is_draft or document.client.einvoice == "none"
    return tuple(kind for kind in SUFFIXES if not (without_xml and kind == "ubl"))


def document_file(document: Document | Heading, kind: str) -> str:
    """The name of a document's file below its month's folder; a draft is named after its client."""
    return f"{INVOICES}/{document.number or DRAFT + document.client.client_id}{SUFFIXES[kind]}"
