"""CII and UBL of every kind of document pass the official XSDs and schematrons, and those catch what is wrong."""

import pytest
from invoice_rules import complaints
from sample_documents import LANGUAGES, document, every_kind, in_language, many_lines

from billing_job.documents.cii import cii_xml
from billing_job.documents.templates import load_templates
from billing_job.documents.ubl import ubl_xml
from billing_job.model import Document

TEMPLATES = load_templates(None)
DOCUMENTS = {
    **every_kind(),
    **{f"in-{language}": in_language(language) for language in LANGUAGES},
    "four-hundred": document(many_lines(400)),
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_no_complaint(document: Document) -> None:
    """Neither the XSD nor one rule of EN 16931 finds an error or a warning, in CII and in UBL."""
    assert complaints(cii_xml(document, TEMPLATES)) == []
    assert complaints(ubl_xml(document, TEMPLATES)) == []
