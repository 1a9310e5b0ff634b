"""The UBL 2.1 Invoice or CreditNote of a document: Peppol BIS Billing 3.0, or plain EN 16931 where Peppol cannot go."""

from facturx import generate_ubl_xml

from billing_job.core.document import Document
from billing_job.documents.einvoice.en16931 import business_terms
from billing_job.documents.einvoice.peppol import peppol_obstacle
from billing_job.documents.templates import Templates
from billing_job.documents.translations import FALLBACK, labels_for

_PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
_EN16931 = b"<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>"
_PEPPOL = (
    b"<cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
    b"</cbc:CustomizationID>"
)


def ubl_xml(document: Document, templates: Templates) -> bytes:
    """The UBL file of an issued document; `peppol_obstacle` says why one is plain EN 16931."""
    labels, english = labels_for(templates, document.client.language), labels_for(templates, FALLBACK)
    terms = business_terms(document, labels, english)
    is_peppol = not peppol_obstacle(document)
    if is_peppol:
        terms["BT-23"] = _PROCESS
    xml: bytes = generate_ubl_xml(terms, level="en16931", check_xsd=False, check_schematron=None)
    # factur-x writes the identifier of EN 16931 itself and knows none of its specialisations.
    return xml.replace(_EN16931, _PEPPOL, 1) if is_peppol else xml
