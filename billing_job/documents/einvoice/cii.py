"""The UN/CEFACT Cross Industry Invoice of a document, profile EN 16931: what a Factur-X PDF carries inside."""

import re
from functools import partial

from facturx import generate_cii_xml
from stdnum import iban

from billing_job.core.document import Document
from billing_job.documents.einvoice.en16931 import business_terms
from billing_job.documents.einvoice.profiles import Profile, choice_of
from billing_job.documents.einvoice.xml_lines import Syntax, xml_of
from billing_job.documents.templates import Templates
from billing_job.documents.translations import FALLBACK, labels_for

SYNTAX = Syntax(
    partial(generate_cii_xml, level="en16931", check_xsd=False, check_schematron=None),
    re.compile(r" *<ram:IncludedSupplyChainTradeLineItem>.*?</ram:IncludedSupplyChainTradeLineItem>\n", re.DOTALL),
)
_STAND_IN = "GB33BUKB20201555555555"


def cii_xml(document: Document, templates: Templates) -> bytes:
    """The `factur-x.xml` of an issued document; the rules it must pass are run by the tests, not on every run.

    It is Factur-X whatever the UBL is; of the narrower profiles only the French rules speak of it as well.
    """
    labels, english = labels_for(templates, document.client.language), labels_for(templates, FALLBACK)
    french = choice_of(document).profile is Profile.FRENCH_CTC
    terms = business_terms(document, Profile.FRENCH_CTC if french else Profile.EN16931, labels, english)
    account = terms.get("BT-84", "")
    # factur-x calls an account an IBAN only where python-stdnum lists its bank. The check digits were checked when the
    # configuration was read, and an IBAN has a tag of its own, so it is written for another one and put in its place.
    if account and not iban.is_valid(account):
        terms["BT-84"] = _STAND_IN
    xml = xml_of(SYNTAX, terms)
    tag = b"<ram:IBANID>%s</ram:IBANID>"
    return xml.replace(tag % _STAND_IN.encode(), tag % account.encode()) if account else xml
