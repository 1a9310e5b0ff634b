"""Rows that are drawn look, read and are tagged like those laid out: the same pages, words, cells and pixels."""

import io
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pikepdf
import pypdf
import pytest
from PIL import Image, ImageChops
from sample_documents import (
    CLIENT,
    SELLER,
    document,
    full_credit,
    in_language,
    late_line,
    line,
    many_lines,
    mixed_rates,
)

from billing_job.documents.files import document_files
from billing_job.documents.templates import Templates, load_templates
from billing_job.model import Document
from billing_job.resources import shipped_templates

SHIPPED = load_templates(None)
DOCUMENTS = {
    "one page": document(many_lines(12)),
    "many pages": document(many_lines(120)),
    "no rows to draw": document(many_lines(3)),
    "rates": mixed_rates(),
    "late": document([late_line(1), *(replace(each, line=each.line + 1) for each in many_lines(9))]),
    "arabic": in_language("ar"),
    "japanese": in_language("ja"),
    "credit note": full_credit(),
    "a word too long": document([line(1, "x" * 90, 100), *(replace(e, line=e.line + 1) for e in many_lines(9))]),
}


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """The shipped templates in a user's own folder: they are not known there, so every row is laid out."""
    folder = tmp_path_factory.mktemp("own") / "templates"
    shutil.copytree(shipped_templates(), folder)
    return load_templates(folder)


def pdf_of(each: Document, templates: Templates) -> bytes:
    return document_files(each, templates)["pdf"]


def words(pdf: bytes) -> list[str]:
    """The words of each page, whatever order they are drawn in."""
    return [" ".join(sorted(page.extract_text().split())) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def tags(pdf: bytes) -> Counter[str]:
    """How many elements of each kind the structure tree has, and how many cells name their heads."""
    found: Counter[str] = Counter()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for each in opened.objects:
            if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == "/StructElem":
                found[str(each.S)] += 1
                found["heads"] += "/Headers" in each.get("/A", {})
    return found


def pictures(pdf: bytes, folder: Path) -> list[Image.Image]:
    file = folder / "page.pdf"
    file.write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "72", "-png", str(file), str(folder / "page")], check=True)
    return [Image.open(path).convert("RGB") for path in sorted(folder.glob("page*.png"))]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_drawn_rows_are_like_laid_out_ones(name: str, laid_out: Templates) -> None:
    """The same words on the same pages, the same tags, and the cells tied to the same heads."""
    drawn, plain = pdf_of(DOCUMENTS[name], SHIPPED), pdf_of(DOCUMENTS[name], laid_out)
    assert words(drawn) == words(plain)
    assert tags(drawn) == tags(plain)


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="pdftoppm (poppler-utils) draws the pictures")
@pytest.mark.parametrize("name", ["one page", "many pages", "late", "a word too long"])
def test_the_pictures_are_the_same(name: str, laid_out: Templates, tmp_path: Path) -> None:
    """Pixel by pixel; only where four cells' lines met may one line be a shade of grey more even."""
    for which, templates in (("drawn", SHIPPED), ("plain", laid_out)):
        (tmp_path / which).mkdir()
        pictures(pdf_of(DOCUMENTS[name], templates), tmp_path / which)
    pairs = zip(sorted((tmp_path / "drawn").glob("*.png")), sorted((tmp_path / "plain").glob("*.png")), strict=True)
    for one, other in pairs:
        difference = ImageChops.difference(Image.open(one).convert("RGB"), Image.open(other).convert("RGB"))
        assert max(high for _, high in difference.getextrema()) <= 8  # type: ignore[misc]


def test_another_sellers_colour_does_not_stay(laid_out: Templates) -> None:
    """Styles are shared by the documents of a process; a colour, a language and a draft's mark are not."""
    red = document(many_lines(12), seller=replace(SELLER, accent_colour="#aa0000"))
    dutch = document(many_lines(12), client=replace(CLIENT, language="nl"))
    before = pdf_of(DOCUMENTS["one page"], SHIPPED)
    others = [pdf_of(each, SHIPPED) for each in (red, dutch, in_language("ar"), replace(red, number=""))]
    assert pdf_of(DOCUMENTS["one page"], SHIPPED) == before
    assert [pdf_of(each, SHIPPED) for each in (red, dutch, in_language("ar"), replace(red, number=""))] == others
    assert words(others[1]) == words(pdf_of(dutch, laid_out))
