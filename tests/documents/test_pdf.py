"""The PDF: archivable, accessible, with its data inside, saying what the document says, always the same bytes."""

import hashlib
import io
import os
import subprocess
import sys
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pikepdf
import pypdf
import pytest
from lxml import etree

from billing_job.core.document import Document
from billing_job.core.errors import DocumentError
from billing_job.documents.detail_csv import detail_csv
from billing_job.documents.document_files import document_files
from billing_job.documents.einvoice.cii import cii_xml
from billing_job.documents.templates import load_templates
from billing_job.documents.translations import labels_for
from tests.support.paths import ROOT
from tests.support.sample_documents import (
    CLIENT,
    LANGUAGES,
    document,
    draft,
    every_kind,
    full_credit,
    in_language,
    late_line,
    line,
    many_lines,
    standard_lines,
)

TEMPLATES = load_templates(None)
XMP = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "fx": "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#",
}


@lru_cache(maxsize=32)
def pdf_of(document: Document) -> bytes:
    return document_files(document, TEMPLATES)["pdf"]


def pages_of(document: Document) -> list[str]:
    """The text of each page, blanks collapsed."""
    reader = pypdf.PdfReader(io.BytesIO(pdf_of(document)))
    return [" ".join(page.extract_text().split()) for page in reader.pages]


def test_one_metadata_packet_says_all() -> None:
    """PDF/A-3a, PDF/UA-1 and Factur-X stand in one rdf:RDF, where every reader looks."""
    with pikepdf.open(io.BytesIO(pdf_of(document(standard_lines())))) as pdf:
        packet = etree.fromstring(pdf.Root.Metadata.read_bytes())
        assert pdf.Root.Lang == "en-GB" or str(pdf.Root.Lang) == "en"
        with pdf.open_metadata() as metadata:
            assert metadata.pdfa_status == "3A"
            assert metadata["pdfuaid:part"] == "1"
    assert len(packet.findall(".//rdf:RDF", XMP)) == 1
    told = {name: packet.findtext(f".//fx:{name}", namespaces=XMP) for name in ("DocumentType", "ConformanceLevel")}
    assert told == {"DocumentType": "INVOICE", "ConformanceLevel": "EN 16931"}


def test_the_data_is_inside() -> None:
    """The CII and the detail CSV are embedded once each, byte for byte, with the relationship Factur-X asks for."""
    invoice = document(standard_lines())
    with pikepdf.open(io.BytesIO(pdf_of(invoice))) as pdf:
        found = {str(each.UF): (str(each.AFRelationship), each.EF.F.read_bytes()) for each in pdf.Root.AF}
        assert len(pdf.Root.AF) == 2
    assert found == {
        "factur-x.xml": ("/Alternative", cii_xml(invoice, TEMPLATES)),
        "INV-2026-00001.csv": ("/Supplement", detail_csv(invoice)),
    }


def test_a_draft_claims_nothing() -> None:
    """A draft has its mark, no number, nothing to pay with, and no data that software could book."""
    files = document_files(draft(), TEMPLATES)
    assert set(files) == {"pdf", "csv"}
    (page,) = pages_of(draft())
    assert "This is a draft; there is nothing to pay yet." in page
    assert "DRAFT" in page
    assert "Invoice number" not in page
    assert "IBAN" not in page
    with pikepdf.open(io.BytesIO(files["pdf"])) as pdf:
        assert [str(each.UF) for each in pdf.Root.AF] == ["draft.csv"]
        assert b"factur-x" not in pdf.Root.Metadata.read_bytes()


def test_the_page_says_what_the_document_says() -> None:
    """Number, dates, parties, lines and totals are on the page as text."""
    (page,) = pages_of(document(standard_lines()))
    for text in (
        "INV-2026-00001",
        "2 November 2026",
        "October 2026",
        "Your VAT ID NL004495445B01",
        "Noordzee Telecom B.V.",
        "Acme Trading B.V.",
        "+31 20 700 0001",
        "+31 20 700 0001 52.52 Number setup 3 numbers 4.50",
        "Calls 131 calls 42.17 +31 20 700 0002 35.99",
        "Refund \u22121 \u22121.95",
        "Total excluding VAT €103.51",
        "VAT 21% €21.74",
        "Total including VAT €125.25",
        "NL91 ABNA 0417 1643 00",
        "Page 1 of 1",
    ):
        assert text in page


def test_a_credit_note_shows_positive_amounts() -> None:
    """It names the invoice it corrects and the reason, and asks for no payment."""
    (page,) = pages_of(full_credit())
    assert "Credit note number CN-2026-00001" in page
    assert "Corrects invoice INV-2026-00001" in page
    assert "Total including VAT €125.25" in page
    assert "Reason: Call charges of 3 October were billed twice." in page
    assert "IBAN" not in page


def test_late_and_itemised_lines_say_when() -> None:
    """Late lines stand below the heading of their own month; a client who wants each transaction sees its day."""
    (page,) = pages_of(document([*standard_lines(), late_line(9)]))
    assert "Amount (EUR) October 2026 +31 20 700 0001" in page
    assert "August 2026 +31 20 700 0002 · Calls 2 calls 3.10" in page
    itemised = replace(CLIENT, detail="transaction")
    (page,) = pages_of(document([line(1, "call", 17, phone="+31207000001")], client=itemised, history=()))
    assert "Calls 1 October 2026 +31 20 700 0001 1 call 0.17" in page


def test_a_value_that_cannot_be_written_names_the_document() -> None:
    """A currency that does not exist stops the document by its number instead of giving half its files."""
    with pytest.raises(DocumentError, match=r"INV-2026-00001: .*EUX"):
        document_files(document(standard_lines(), currency="EUX"), TEMPLATES)


def test_continuation_pages_repeat_the_head() -> None:
    """Every page of 400 lines has its number and the head of its table, every one after the first says whose it is.

    Page one is enough to pay: the sums and the account are on it, and what they are made of follows.
    """
    long = document(many_lines(400))
    pages = pages_of(long)
    assert len(pages) > 8
    for number, page in enumerate(pages, 1):
        assert f"INV-2026-00001 · Page {number} of {len(pages)}" in page
        assert ("Invoice INV-2026-00001 · Acme Trading B.V. " in page) == (number > 1)
        assert "Description Quantity Amount (EUR)" in page
    assert "Number rental 134 months" in pages[0]
    assert "NL91 ABNA 0417 1643 00" in pages[0]
    assert pages[1].startswith("Specification Description")
    # Each number once: 133 with three lines below it and their sum, and one before its only line.
    assert sum(page.count("+31 20 70") for page in pages) == 134
    assert sum(page.count(" calls ") for page in pages[1:]) == 133


@pytest.mark.parametrize("count", [1, 8, 13, 15, 16, 17, 40])
def test_page_one_is_enough_to_pay(count: int) -> None:
    """Up to 16 lines are one page; of more, page one has sums by category, totals and the account, and no line alone.

    The last page of the specification has at least three lines with its total.
    """
    pages = pages_of(document(many_lines(count)))
    assert (len(pages) == 1) == (count <= 16)
    for text in ("Amount due €", "Due date 16 November 2026", "Total including VAT", "NL91 ABNA 0417 1643 00", "RF76"):
        assert text in pages[0]
    if count > 16:
        assert not [page for page in pages[1:] if "IBAN" in page]
        assert pages[-1].count(" calls ") + pages[-1].count(" messages ") + pages[-1].count(" month ") >= 3


def test_a_line_has_its_unit_and_its_price() -> None:
    """What is counted stands with the quantity; the price only where every row has it, with up to six places."""
    lines = [
        replace(line(1, "number_rental", 7800, quantity=40), unit_price_micros=1_950_000),
        replace(line(2, "message", 2, quantity=3), unit_price_micros=7_500),
        line(3, "call", 4217, quantity=131),
        replace(line(4, "hosting", 5000, quantity=2), unit="HUR", unit_price_micros=25_000_000),
        replace(line(5, "router", 9000), unit="piece"),
    ]
    (page,) = pages_of(document(lines))
    assert "Number rental 40 numbers 1.95 78.00 Messages 3 messages 0.0075 0.02 Calls 131 calls 42.17" in page
    assert "Hosting 2 hours 25.00 50.00 Router 1 90.00" in page


def test_a_client_reads_a_trunks_name_and_no_id() -> None:
    """Page and detail have the name that the trunk was given; one without a name, or of an old document, has none."""
    one = document([line(1, "call", 17, quantity=2, trunk="trk_a"), line(2, "call", 19, trunk="trk_b")])
    named = replace(one, trunk_names=(("trk_a", "Main line"),))
    for each in (one, named):
        (page,) = pages_of(each)
        files = document_files(each, TEMPLATES)
        texts = (page, files["csv"].decode(), files["ubl"].decode(), cii_xml(each, TEMPLATES).decode())
        assert [("Main line" in text, "trk_" in text) for text in texts] == [(each is named, False)] * 4


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language(language: str) -> None:
    """One page in the language's own words and script, nothing left in English, no glyph missing."""
    whole = in_language(language)
    priced = tuple(replace(each, unit_price_micros=10_000) for each in whole.lines)
    (page,) = pages_of(replace(whole, lines=priced, offered_cents=100))
    labels = labels_for(TEMPLATES, language)
    if language not in ("ar", "hi"):  # shaped scripts come back from a PDF in another order
        for message in ("Invoice number", "Total excluding VAT", "Payment reference", "Unit price"):
            assert labels(message) in page
    assert "\ufffd" not in page
    assert ("Total including VAT" in page) == (language == "en")
    assert ("credit balance of" in page) == (language == "en")


def test_what_no_font_carries_is_replaced_in_sight() -> None:
    """A name in an unassigned script or with control characters prints replacement characters, not nothing."""
    client = replace(CLIENT, name="A\x00B\U0001f984C\ue000D <b>&amp;")
    (page,) = pages_of(document(standard_lines(), client=client))
    assert "A\ufffdB\ufffdC\ufffdD <b>&amp;" in page


SCRIPT = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from tests.support import sample_documents as samples
from billing_job.documents.document_files import document_files
from billing_job.documents.templates import load_templates
for document in (samples.in_language(sys.argv[2]), samples.full_credit(), samples.draft()):
    for kind, content in sorted(document_files(document, load_templates(None)).items()):
        print(kind, hashlib.sha256(content).hexdigest())
"""


def test_same_document_same_bytes(tmp_path: Path) -> None:
    """Another process, time zone, folder, locale and hash seed write the same bytes, first document or third."""

    def elsewhere(**environment: str) -> str:
        command = [sys.executable, "-c", SCRIPT, str(ROOT), "ja"]
        return subprocess.run(
            command, env={**os.environ, **environment}, cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout

    here = [
        f"{kind} {hashlib.sha256(content).hexdigest()}"
        for each in (in_language("ja"), full_credit(), draft())
        for kind, content in sorted(document_files(each, TEMPLATES).items())
    ]
    assert elsewhere(TZ="Pacific/Kiritimati", PYTHONHASHSEED="1", LC_ALL="C").split("\n")[:-1] == here


def test_every_kind_is_made() -> None:
    """Each kind of document renders, and the line ends and totals of its CSV are in order."""
    for name, each in every_kind().items():
        files = document_files(each, TEMPLATES)
        assert files["pdf"].startswith(b"%PDF-1.7"), name
        nets = [line.split(",")[8] for line in files["csv"].decode().splitlines()[1:]]
        assert sum(int(net.replace(".", "")) for net in nets) == each.net_cents, name


def test_large_amounts_fit_below_their_bars() -> None:
    """From a hundred thousand on, the chart leaves the cents to the table, where every figure is whole."""
    (page,) = pages_of(document([line(1, "call", 1_234_567_89), line(2, "message", 99)]))
    assert "1,234,567.89" in page
    assert "Oct 1,234,569" in page
    (page,) = pages_of(document([line(1, "call", 12_345_678_99)]))
    assert "Oct 12.3M" in page
