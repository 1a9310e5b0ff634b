"""A filled layout looks, reads and is tagged like a page laid out for one document: pages, words, cells and pixels."""

import io
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pikepdf
import pypdf
import pytest
import tinycss2  # type: ignore[import-untyped]
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from billing_job.core.document import Document
from billing_job.core.errors import DocumentError
from billing_job.core.resources import shipped_templates
from billing_job.documents.document_files import document_files
from billing_job.documents.html import document_pages
from billing_job.documents.pdf.make_pdf import shared_by_documents
from billing_job.documents.templates import Templates, load_templates
from tests.support.sample_documents import (
    CLIENT,
    SELLER,
    document,
    draft,
    full_credit,
    in_language,
    late_line,
    line,
    long_names,
    many_lines,
    mixed_rates,
    numbers_of,
)
from tests.support.tried import ALL, times

SHIPPED = load_templates(None)
CARRYING = replace(SELLER, carried_forward=True)
DOCUMENTS = {
    "one page": document(many_lines(12)),
    "many pages": document(many_lines(120)),
    "no rows to draw": document(many_lines(3)),
    "sums carried": document(many_lines(70), seller=CARRYING),
    "numbers": document(numbers_of((4, 3) * 30)),
    "other numbers": document(numbers_of((3, 4) * 30)),
    "rates": mixed_rates(),
    "late": document([late_line(1), *(replace(each, line=each.line + 1) for each in many_lines(9))]),
    "arabic": in_language("ar"),
    "japanese": in_language("ja"),
    "credit note": full_credit(),
    "long names": long_names(),
    "draft": draft(),
    "a word too long": document([line(1, "x" * 90, 100), *(replace(e, line=e.line + 1) for e in many_lines(9))]),
}
DRAWN = ["one page", "many pages", "sums carried", "late", "arabic", "credit note", "long names", "draft"]
"""Those whose pictures are compared, where pdftoppm (poppler-utils) is."""
TRACED = DOCUMENTS if ALL else {name: DOCUMENTS[name] for name in DRAWN if name != "many pages"}


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
    drawn = sorted(folder.glob("page*.png"))
    found = [Image.open(path).convert("RGB") for path in drawn]
    for path in drawn:
        path.unlink()
    return found


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_filled_form_is_like_a_page_laid_out(name: str, laid_out: Templates, tmp_path: Path) -> None:
    """The same words on the same pages, the same tags, the cells tied to the same heads, and the same pictures."""
    filled, plain = pdf_of(DOCUMENTS[name], SHIPPED), pdf_of(DOCUMENTS[name], laid_out)
    assert words(filled) == words(plain)
    assert tags(filled) == tags(plain)
    if name in DRAWN and shutil.which("pdftoppm") is not None:
        for one, other in zip(pictures(filled, tmp_path), pictures(plain, tmp_path), strict=True):
            # Pixel by pixel; only where four cells' lines met may one line be a shade of grey more even.
            assert max(high for _, high in ImageChops.difference(one, other).getextrema()) <= 8  # type: ignore[misc]


def test_a_form_leaves_no_trace_of_the_document_it_was_made_from() -> None:
    """The bytes are the same when a document is the first of its shape and when it fills the layout of another."""
    alone = {}
    for name, each in TRACED.items():
        forget_forms()
        alone[name] = pdf_of(each, SHIPPED)
    forget_forms()
    for each in TRACED.values():
        pdf_of(in_other_words(each), SHIPPED)
    assert {name: pdf_of(each, SHIPPED) for name, each in TRACED.items()} == alone


def test_documents_of_one_shape_share_a_form() -> None:
    """Other texts fill it; an address that takes a line more has a layout of its own."""
    forget_forms()
    layouts = shared_by_documents(SHIPPED.folders).layouts
    one = DOCUMENTS["one page"]
    longer = replace(one, client=replace(CLIENT, name=f"{CLIENT.name} and {CLIENT.name} and {CLIENT.name}"))
    layout, same, other = (
        layouts.fill(next(document_pages(each, SHIPPED)))[0] for each in (one, in_other_words(one), longer)
    )
    assert same is layout
    assert other is not layout
    assert layouts.fill(next(document_pages(one, SHIPPED)))[0] is layout


def test_selectors_ask_for_no_more_than_places_tell_apart() -> None:
    """Elements of one place share their styles: selectors ask for ancestors, attributes, and these of the siblings."""
    user_agent = files("weasyprint.css").joinpath("html5_ua.css").read_text(encoding="utf-8")
    own = (shipped_templates() / "invoice.css").read_text(encoding="utf-8")
    rules = tinycss2.parse_stylesheet(user_agent + own, skip_comments=True, skip_whitespace=True)
    asking = [tinycss2.serialize(rule.prelude) for rule in rules if rule.type == "qualified-rule"]
    selectors = " ".join(each for each in asking if not re.search("select|textarea", each))  # no page has such controls
    asked = set(re.findall(r"(?<!:):([a-z-]+(?:\(\s*[0-9a-z+ -]*\))?)", selectors))
    assert asked <= {"is", "not", "link", "visited", "first-child", "nth-child(2)", "before", "after", "lang(ja)"}
    assert "~" not in re.sub(r"\[[^\]]*\]", "", selectors)
    names = {name.strip() for name in re.findall(r"\[\s*([a-z-]+)", selectors)}
    assert not any(name in {"alt", "src", "content"} or name.startswith("data-") for name in names)


def test_a_picture_that_cannot_be_read_is_reported_each_time() -> None:
    """A logo is part of the layout; a broken one must not become a layout without it."""
    broken = document(many_lines(3), seller=replace(SELLER, logo="data:image/png;base64,AAAA"))
    for _ in range(2):
        with pytest.raises(DocumentError, match=r"INV-2026-00001: .*image"):
            pdf_of(broken, SHIPPED)


def in_other_words(each: Document) -> Document:
    """A document of the same shape: other numbers, names and amounts."""
    lines = tuple(replace(line, quantity=line.quantity + 1, net_cents=line.net_cents + 100) for line in each.lines)
    client = replace(each.client, client_id="z9", name=each.client.name[::-1])
    return replace(each, number=each.number[:-1] + "8" if each.number else "", lines=lines, client=client)


def forget_forms() -> None:
    """As in a process that has just begun."""
    shared_by_documents.cache_clear()


@settings(max_examples=times(4, 8), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=60)
    | st.sampled_from(["Wolf 🐺 Telecom", "ﷺ", "株式会社 Müller", "x" * 70, "one two " * 12]),
    street=st.sampled_from(["", "Keizersgracht 12", "Burgemeester Van Nispen tot Sevenaerstraatweg-Noord 123-125b"]),
    cents=st.integers(1, 10**12),
)
def test_any_name_reads_as_it_would_laid_out(name: str, street: str, cents: int, laid_out: Templates) -> None:
    """Whatever is in a name: the same words as on a page laid out, and the same bytes from a layout of its own."""
    client = replace(CLIENT, name=name, street=street)
    each = document([*many_lines(6), line(7, "call", cents, phone="+31207000009")], client=client)
    filled = pdf_of(each, SHIPPED)
    assert words(filled) == words(pdf_of(each, laid_out))
    forget_forms()
    assert pdf_of(each, SHIPPED) == filled


def test_another_sellers_colour_does_not_stay(laid_out: Templates) -> None:
    """Styles are shared by the documents of a process; a colour, a language and a draft's mark are not."""
    red = document(many_lines(12), seller=replace(SELLER, accent_colour="#aa0000"))
    dutch = document(many_lines(12), client=replace(CLIENT, language="nl"))
    before = pdf_of(DOCUMENTS["one page"], SHIPPED)
    others = [pdf_of(each, SHIPPED) for each in (red, dutch, in_language("ar"), replace(red, number=""))]
    assert pdf_of(DOCUMENTS["one page"], SHIPPED) == before
    assert [pdf_of(each, SHIPPED) for each in (red, dutch, in_language("ar"), replace(red, number=""))] == others
    assert words(others[1]) == words(pdf_of(dutch, laid_out))
