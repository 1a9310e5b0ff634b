"""Golden copies of a document's files: HTML, detail CSV, CII and UBL, for a person to read when they change."""

import os
from dataclasses import replace

import pytest

from billing_job.documents.detail_csv import COLUMNS, detail_csv
from billing_job.documents.einvoice.cii import cii_xml
from billing_job.documents.einvoice.ubl import ubl_xml
from billing_job.documents.html import document_pages
from billing_job.documents.templates import load_templates
from tests.support import paths
from tests.support.sample_documents import document, full_credit, in_language, standard_lines

GOLDENS = paths.GOLDENS / "documents"
TEMPLATES = load_templates(None)
DOCUMENTS = {"invoice": document(standard_lines()), "credit_note": full_credit(), "arabic": in_language("ar")}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_files_equal_their_goldens(name: str) -> None:
    """UPDATE_GOLDENS=1 writes the copies anew, for a person to read the difference."""
    each = DOCUMENTS[name]
    files = {
        f"{name}.html": next(document_pages(each, TEMPLATES)).encode(),
        f"{name}.csv": detail_csv(each),
        f"{name}.cii.xml": cii_xml(each, TEMPLATES),
        f"{name}.ubl.xml": ubl_xml(each, TEMPLATES),
    }
    for file, content in files.items():
        golden = GOLDENS / file
        if os.environ.get("UPDATE_GOLDENS"):
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_bytes(content)
        assert content == golden.read_bytes(), f"{file} differs from {golden}"


def test_the_detail_adds_up() -> None:
    """One row a transaction or fee, the contract's columns, amounts signed so that sums are revenue."""
    for each in DOCUMENTS.values():
        header, *rows = detail_csv(each).decode().splitlines()
        assert header == ",".join(COLUMNS)
        assert len(rows) == sum(len(line.rows) for line in each.lines)
        assert sum(cents_of(row) for row in rows) == each.net_cents


def cents_of(row: str) -> int:
    return int(row.split(",")[COLUMNS.index("net")].replace(".", ""))


def test_a_phone_number_stays_readable_and_a_formula_is_defused() -> None:
    """Numbers keep their plus sign; a description that a spreadsheet would run begins with an apostrophe."""
    (first, *_) = standard_lines()
    evil = replace(first.rows[0], description="=HYPERLINK(1)")
    (_, row) = detail_csv(document([replace(first, rows=(evil,))])).decode().splitlines()
    assert ",'=HYPERLINK(1),+31207000001," in row
