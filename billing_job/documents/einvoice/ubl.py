"""The UBL 2.1 Invoice or CreditNote of a document, in the profile that its client takes."""

import re
from functools import partial

from facturx import generate_ubl_xml

from billing_job.core.document import Document
from billing_job.documents.einvoice.en16931 import business_terms
from billing_job.documents.einvoice.profiles import SPECIFICATIONS, choice_of
from billing_job.documents.einvoice.xml_lines import Syntax, xml_of
from billing_job.documents.templates import Templates
from billing_job.documents.translations import FALLBACK, labels_for

_SPECIFICATION = "<cbc:CustomizationID>{}</cbc:CustomizationID>"
SYNTAX = Syntax(
    partial(generate_ubl_xml, level="en16931", check_xsd=False, check_schematron=None),
    re.compile(r" *<cac:(InvoiceLine|CreditNoteLine)>.*?</cac:\1>\n", re.DOTALL),
)
_EN16931 = _SPECIFICATION.format("urn:cen.eu:en16931:2017").encode()


def ubl_xml(document: Document, templates: Templates, page: bytes = b"") -> bytes:
    """The UBL file of an issued document; `choice_of` says in which profile, and why in no narrower one.

    `page` is the PDF to carry inside (BG-24), empty for none.
    """
    labels, english = labels_for(templates, document.client.language), labels_for(templates, FALLBACK)
    profile = choice_of(document).profile
    terms = business_terms(document, profile, labels, english)
    if page:
        name = f"{document.number}.pdf"
        terms["BG-24"] = [
            {
                "BT-122": document.number,
                "BT-125": page,
                "BT-125-1": "application/pdf",
                "BT-125-2": name,
            }
        ]
    xml = xml_of(SYNTAX, terms)
    # factur-x writes the identifier of EN 16931 itself and knows none of its specialisations.
    wanted = SPECIFICATIONS.get(profile)
    return xml.replace(_EN16931, _SPECIFICATION.format(wanted).encode(), 1) if wanted else xml
