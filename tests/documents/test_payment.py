"""Payment: references that banks accept, and a QR code that says what the page says."""

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pypdf
import pytest
import segno.helpers
from lxml import etree
from stdnum import iso11649
from stdnum.be import ogm_vcs

from billing_job.documents.document_files import document_files
from billing_job.documents.einvoice.cii import cii_xml
from billing_job.documents.payment import epc_qr, payment_reference, reference_text
from billing_job.documents.payment_code import code_of
from billing_job.documents.templates import load_templates
from tests.support.invoice_rules import complaints, peppol_complaints
from tests.support.sample_documents import CLIENT, SELLER, document, draft, full_credit, line, standard_lines

TEMPLATES = load_templates(None)


@pytest.mark.parametrize(
    ("number", "reference", "text"),
    [
        ("INV-2026-00001", "RF76INV202600001", "RF76 INV2 0260 0001"),
        ("2026/0042", "RF8820260042", "RF88 2026 0042"),
        ("发票-2026-0007", "RF6320260007", "RF63 2026 0007"),
        ("A-VERY-LONG-NUMBER-SERIES-2026-00001", None, None),
    ],
)
def test_creditor_reference(number: str, reference: str | None, text: str | None) -> None:
    """ISO 11649: check digits right, at most 25 characters, only what banks carry."""
    made = payment_reference(document(standard_lines(), number=number))
    assert iso11649.is_valid(made)
    assert len(made) <= 25
    if reference is not None:
        assert (made, reference_text(made)) == (reference, text)


def test_belgian_communication() -> None:
    """A Belgian seller's reference is the structured communication with its check by 97."""
    belgian = replace(SELLER, country="BE", vat_id="BE0428759497", iban="BE68539007547034")
    reference = payment_reference(document(standard_lines(), seller=belgian))
    assert ogm_vcs.is_valid(reference)
    assert reference_text(reference) == "+++020/2600/00178+++"


def test_the_mask_is_the_one_that_segno_finds() -> None:
    """Module for module, over all sizes that a transfer's code can have: its mask is found in another way."""
    found = set()
    for length in (1, 20, 40, 80, 110, 140):
        for cents in range(1, 4000, 500):
            transfer = (
                "Café & Söhne" * (1 + length // 30),
                "NL91ABNA0417164300",
                Decimal(cents).scaleb(-2),
                "x" * length,
            )
            theirs = segno.helpers.make_epc_qr(*transfer, encoding="utf-8")
            ours = code_of(segno.helpers._make_epc_qr_data(*transfer, encoding="utf-8"))  # type: ignore[attr-defined]
            assert (ours.matrix, ours.mask) == (theirs.matrix, theirs.mask)
            found.add((ours.version, ours.mask))
    assert len({mask for _, mask in found}) > 5
    assert len({version for version, _ in found}) > 4


def test_nothing_to_pay_has_no_code() -> None:
    """Drafts, credit notes, other currencies, empty totals and sellers without an account get no QR code."""
    nothing = document([line(1, "call", 100), line(2, "refund", -100)])
    no_account = document(standard_lines(), seller=replace(SELLER, iban=""))
    for each in (draft(), full_credit(), document(standard_lines(), currency="USD"), nothing, no_account):
        assert epc_qr(each) == ""


@pytest.mark.parametrize("country", ["NL", "BE"])
def test_the_code_on_the_page_can_be_scanned(country: str) -> None:
    """Read from a page in black and white, the code gives name, IBAN, amount and reference (EPC069-12)."""
    pdfium = pytest.importorskip("pypdfium2")
    scanner = pytest.importorskip("zxingcpp")
    invoice = document(standard_lines(), seller=replace(SELLER, country=country))
    pdf = pdfium.PdfDocument(io.BytesIO(document_files(invoice, load_templates(None))["pdf"]))
    # As a cheap printer has it: 150 dots an inch, black or white, nothing between.
    (code,) = scanner.read_barcodes(pdf[0].render(scale=150 / 72).to_pil().convert("1", dither=0))
    pdf.close()
    reference = payment_reference(invoice)
    end = [reference] if country == "NL" else ["", reference_text(reference)]
    head = ["BCD", "002", "1", "SCT", "ABNANL2A", "Noordzee Telecom B.V.", "NL91ABNA0417164300", "EUR125.25", ""]
    assert code.text.split("\n") == head + end


def test_a_direct_debit_is_announced_and_asks_for_no_transfer() -> None:
    """What, when, from which account, under which mandate; means 59 with BT-89, BT-90, BT-91; no code, no account."""
    debited = replace(CLIENT, payment="direct_debit", mandate_id="M-7", debited_iban="DE89370400440532013000")
    seller = replace(SELLER, creditor_id="NL79ZZZ999999990000")
    # Due on Saturday 26 December 2026: banks settle again on Monday.
    made = replace(document(standard_lines(), client=debited, seller=seller), due_date=date(2026, 12, 26))
    files = document_files(made, TEMPLATES)
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(files["pdf"])).pages)
    text = " ".join(text.split())
    assert "will be collected from your account DE89 3704 0044 0532 0130 00 on 28 December 2026" in text
    assert "M-7" in text
    assert "NL79ZZZ999999990000" in text
    assert SELLER.iban[-4:] not in text
    assert epc_qr(made) == ""
    ubl, cii = etree.fromstring(files["ubl"]), etree.fromstring(cii_xml(made, TEMPLATES))
    means = ubl.find("{*}PaymentMeans")
    assert [
        means.findtext(path)
        for path in (
            "{*}PaymentMeansCode",
            "{*}PaymentMandate/{*}ID",
            "{*}PaymentMandate/{*}PayerFinancialAccount/{*}ID",
        )
    ] == ["59", "M-7", "DE89370400440532013000"]
    assert means.find("{*}PayeeFinancialAccount") is None
    assert ubl.findtext(".//{*}PartyIdentification/{*}ID[@schemeID='SEPA']") == "NL79ZZZ999999990000"
    assert [cii.findtext(f".//{{*}}{tag}") for tag in ("CreditorReferenceID", "DirectDebitMandateID")] == [
        "NL79ZZZ999999990000",
        "M-7",
    ]
    assert cii.findtext(".//{*}PayerPartyDebtorFinancialAccount/{*}IBANID") == "DE89370400440532013000"
    assert complaints(files["ubl"]) == complaints(cii_xml(made, TEMPLATES)) == peppol_complaints(files["ubl"]) == []
    assert epc_qr(replace(made, client=replace(debited, mandate_id=""))) != ""
