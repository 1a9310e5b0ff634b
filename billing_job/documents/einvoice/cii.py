"""The UN/CEFACT Cross Industry Invoice of a document, profile EN 16931: what a Factur-X PDF carries inside."""

from facturx import generate_cii_xml

from billing_job.core.document import Document
from billing_job.documents.einvoice.en16931 import business_terms
from billing_job.documents.templates import Templates
from billing_job.documents.translations import FALLBACK, labels_for


def cii_xml(document: Document, templates: Templates) -> bytes:
    """The `factur-x.xml` of an issued document; the rules it must pass are run by the tests, not on every run."""
    labels, english = labels_for(templates, document.client.language), labels_for(templates, FALLBACK)
    terms = business_terms(document, labels, english)
    xml: bytes = generate_cii_xml(terms, level="en16931", check_xsd=False, check_schematron=None)
    return xml
