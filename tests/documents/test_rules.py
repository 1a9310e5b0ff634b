"""CII and UBL of every kind of document pass the official rules, and those catch what is wrong with a document."""

import re
from dataclasses import replace
from decimal import Decimal

import facturx
import pytest
from lxml import etree

from billing_job.core.document import Document, Kind, Vat
from billing_job.documents.document_files import document_files
from billing_job.documents.einvoice.cii import cii_xml
from billing_job.documents.einvoice.profiles import peppol_obstacle
from billing_job.documents.einvoice.ubl import ubl_xml
from billing_job.documents.templates import load_templates
from tests.support.invoice_rules import complaints, peppol_complaints
from tests.support.sample_documents import (
    CLIENT,
    EXEMPT,
    LANGUAGES,
    REVERSE_CHARGE,
    document,
    every_kind,
    in_language,
    line,
    many_lines,
    own_charges,
)

TEMPLATES = load_templates(None)
DOCUMENTS = {
    **every_kind(),
    **{f"in-{language}": in_language(language) for language in LANGUAGES},
    "own-charges": own_charges(),
    "four-hundred": document(many_lines(400)),
    "several-reasons": document(
        [
            line(number, "call", 100 * number, vat=vat)
            for number, vat in enumerate(
                (
                    EXEMPT,
                    replace(EXEMPT, exemption_reason="Of September"),
                    REVERSE_CHARGE,
                    Vat("AE", Decimal(0), "", "Btw verlegd"),
                ),
                1,
            )
        ]
    ),
}
STANDARD = DOCUMENTS["standard"]


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_no_complaint(document: Document) -> None:
    """Neither the XSD nor one rule of EN 16931 finds an error or a warning, in CII and in UBL."""
    assert complaints(cii_xml(document, TEMPLATES)) == []
    assert complaints(ubl_xml(document, TEMPLATES)) == []


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_peppol_or_plain(document: Document) -> None:
    """A document without obstacle keeps Peppol's own rules; one with an obstacle does not claim to be Peppol."""
    ubl = ubl_xml(document, TEMPLATES)
    if peppol_obstacle(document):
        assert b"peppol" not in ubl
    else:
        assert peppol_complaints(ubl) == []


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_amounts_are_the_document_s(document: Document) -> None:
    """Net, VAT and gross in both XML files are those of the document, positive on a credit note."""
    sign = -1 if document.kind is Kind.CREDIT_NOTE else 1
    expected = [sign * cents for cents in (document.net_cents, document.vat_cents, document.gross_cents)]
    cii = etree.fromstring(cii_xml(document, TEMPLATES))
    ubl = etree.fromstring(ubl_xml(document, TEMPLATES))

    def cents(root: etree._Element, *paths: str) -> list[int]:
        return [int(Decimal(root.find(path).text or "") * 100) for path in paths]

    total = ".//{*}SpecifiedTradeSettlementHeaderMonetarySummation/{*}"
    assert cents(cii, f"{total}TaxBasisTotalAmount", f"{total}TaxTotalAmount", f"{total}DuePayableAmount") == expected
    total = "{*}LegalMonetaryTotal/{*}"
    assert cents(ubl, f"{total}TaxExclusiveAmount", "{*}TaxTotal/{*}TaxAmount", f"{total}PayableAmount") == expected


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it leaves its XSD file open
def test_facturx_reads_what_the_pdf_carries() -> None:
    """The reader that others use finds factur-x.xml in the PDF, the same bytes, and calls its profile EN 16931."""
    name, xml = facturx.get_xml_from_pdf(document_files(STANDARD, TEMPLATES)["pdf"], check_xsd=True)
    assert name == "factur-x.xml"
    assert xml == cii_xml(STANDARD, TEMPLATES)
    assert facturx.get_level(etree.fromstring(xml)) == "en16931"


# Faults: what is replaced by what, once, in the UBL or CII of which document.
UBL_FAULTS = {
    "amount due": ("standard", r"(<cbc:PayableAmount[^>]*>)125\.25", r"\g<1>125.26"),
    "gross": ("standard", r"(<cbc:TaxInclusiveAmount[^>]*>)125\.25", r"\g<1>125.24"),
    "net": ("standard", r"(<cbc:TaxExclusiveAmount[^>]*>)103\.51", r"\g<1>103.50"),
    "sum of lines": ("standard", r"(<cbc:LineExtensionAmount[^>]*>)103\.51", r"\g<1>103.52"),
    "a line": ("standard", r"(<cbc:LineExtensionAmount[^>]*>)42\.17", r"\g<1>42.18"),
    "VAT total": ("standard", r"(<cbc:TaxAmount[^>]*>)21\.74", r"\g<1>21.73"),
    "taxable amount": ("mixed-rates", r"(<cbc:TaxableAmount[^>]*>)19\.99", r"\g<1>18.99"),
    "VAT rate": ("standard", r"<cbc:Percent>21</cbc:Percent>", "<cbc:Percent>12</cbc:Percent>"),
    "VAT category of a line": ("standard", r"(<cac:ClassifiedTaxCategory>\s*<cbc:ID>)S", r"\g<1>E"),
    "third decimal": ("standard", r"(<cbc:PayableAmount[^>]*>)125\.25", r"\g<1>125.250"),
    "no number": ("standard", r"<cbc:ID>INV-2026-00001</cbc:ID>", ""),
    "empty number": ("standard", r"<cbc:ID>INV-2026-00001</cbc:ID>", "<cbc:ID/>"),
    "unknown type": ("standard", r">380<", ">999<"),
    "unknown currency": ("standard", r"<cbc:DocumentCurrencyCode>EUR", "<cbc:DocumentCurrencyCode>EUX"),
    "unknown unit": ("standard", r'unitCode="C62"', 'unitCode="PIECE"'),
    "unknown country": ("standard", r"<cbc:IdentificationCode>NL", "<cbc:IdentificationCode>XX"),
    "no seller VAT id": ("standard", r"(?s)<cac:PartyTaxScheme>.*?</cac:PartyTaxScheme>", ""),
    "VAT id without country": ("standard", r"<cbc:CompanyID>NL123456782B12", "<cbc:CompanyID>123456782B12"),
    "no seller name": ("standard", r"<cbc:RegistrationName>[^<]*</cbc:RegistrationName>", ""),
    "no buyer country": ("standard", r"(?s)<cac:Country>(?!.*<cac:Country>).*?</cac:Country>", ""),
    "no issue date": ("standard", r"<cbc:IssueDate>[^<]*</cbc:IssueDate>", ""),
    "no account": ("standard", r"(?s)<cac:PayeeFinancialAccount>.*?</cac:PayeeFinancialAccount>", ""),
    "negative price": ("standard", r"(<cbc:PriceAmount[^>]*>)1\.95", r"\g<1>-1.95"),
    "period ends before it starts": ("standard", r"<cbc:EndDate>2026-10-31", "<cbc:EndDate>2026-09-30"),
    "no reason for reverse charge": ("reverse-charge", r"<cbc:TaxExemptionReason(Code)?>[^<]*</[^>]*>", ""),
    "a rate outside scope": (
        "outside-scope",
        r"(<cac:ClassifiedTaxCategory>\s*<cbc:ID>O</cbc:ID>)",
        r"\g<1><cbc:Percent>0</cbc:Percent>",
    ),
    "no preceding invoice": ("full-credit", r"<cbc:ID>INV-2026-00001</cbc:ID>", ""),
    "unknown address scheme": ("standard", r'schemeID="0106"', 'schemeID="4711"'),
}
CII_FAULTS = {
    "amount due": ("standard", r"(<ram:DuePayableAmount>)125\.25", r"\g<1>125.26"),
    "a line": ("standard", r"(<ram:LineTotalAmount>)42\.17", r"\g<1>42.18"),
    "VAT": ("standard", r"(<ram:CalculatedAmount>)21\.74", r"\g<1>21.73"),
    "no seller VAT id": ("standard", r"(?s)<ram:SpecifiedTaxRegistration>.*?</ram:SpecifiedTaxRegistration>", ""),
    "negative price": ("standard", r"(<ram:ChargeAmount>)1\.95", r"\g<1>-1.95"),
    "unknown date format": ("standard", r'format="102"', 'format="999"'),
    "no delivery": ("standard", r"(?s)<ram:ActualDelivery.*?</ram:ActualDeliverySupplyChainEvent>", "<ram:Nothing/>"),
    "no reason for reverse charge": ("reverse-charge", r"<ram:ExemptionReason(Code)?>[^<]*</[^>]*>", ""),
}


@pytest.mark.parametrize("fault", UBL_FAULTS)
def test_a_fault_in_ubl_is_caught(fault: str) -> None:
    """Each deliberate fault is a complaint, so that the silence about our documents means something."""
    name, pattern, replacement = UBL_FAULTS[fault]
    assert complaints(_changed(ubl_xml(DOCUMENTS[name], TEMPLATES), pattern, replacement))


@pytest.mark.parametrize("fault", CII_FAULTS)
def test_a_fault_in_cii_is_caught(fault: str) -> None:
    """The same for CII."""
    name, pattern, replacement = CII_FAULTS[fault]
    assert complaints(_changed(cii_xml(DOCUMENTS[name], TEMPLATES), pattern, replacement))


def _changed(xml: bytes, pattern: str, replacement: str) -> bytes:
    # Faults that take something away do so everywhere, the others once.
    changed, count = re.subn(pattern, replacement, xml.decode(), count=0 if not replacement else 1)
    assert count, "the fault found nothing to change"
    return changed.encode()


def test_a_price_that_does_not_multiply_out_is_caught() -> None:
    """Peppol's rule on quantity times price is outside EN 16931; our own copy of it sees a wrong price."""
    ubl = ubl_xml(STANDARD, TEMPLATES)
    assert peppol_complaints(_changed(ubl, r"(<cbc:PriceAmount[^>]*>)1\.95", r"\g<1>1.94")) == ["R120"]


def test_a_late_line_widens_the_period() -> None:
    """The invoicing period reaches back to the late line's own, which the line states (BT-73, BT-134)."""
    ubl = ubl_xml(DOCUMENTS["late"], TEMPLATES).decode()
    assert re.findall(r"<cbc:StartDate>(.*?)</cbc:StartDate>", ubl) == ["2026-08-01", "2026-08-01"]


def test_hostile_text_stays_text() -> None:
    """Control characters, markup and emoji in every free text still give XML that all rules accept."""
    bad = "<b>&amp;]]>\x00\x0b\ud800\ufffe\U0001f984 {{7*7}}\r\n" * 3
    client = replace(CLIENT, client_id="a/../b", name=bad, street=bad, city=bad, email=bad)
    hostile = replace(STANDARD, client=client, reason=bad, number="INV-\x07\u202e1")
    assert complaints(cii_xml(hostile, TEMPLATES)) == []
    assert complaints(ubl_xml(hostile, TEMPLATES)) == []
