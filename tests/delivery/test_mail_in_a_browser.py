"""The e-mail on a narrow phone: nothing is wider than the screen, and no number, amount or IBAN is broken.

Drives the system's Chromium, which `.ci/system-libraries --tests` installs; nothing is ever downloaded.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from billing_job.core.document import Document
from billing_job.documents.email_text import mail_texts
from billing_job.documents.templates import load_templates
from tests.support.mail_month import LANGUAGES
from tests.support.sample_documents import full_credit, in_language

if TYPE_CHECKING:
    from playwright.sync_api import Page

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# In CI a judge that is not installed fails its tests; elsewhere it is left out with the reason.
pytestmark = pytest.mark.skipif(CHROMIUM is None and "CI" not in os.environ, reason="there is no Chromium on the PATH")

NARROW = 340
WHOLE = """() => [...document.querySelectorAll("[style*='nowrap']")].map((place) => {
    const range = document.createRange();
    range.selectNodeContents(place);
    const boxes = [...range.getClientRects()];
    return [place.textContent, new Set(boxes.map((box) => Math.round(box.bottom))).size,
        Math.min(...boxes.map((box) => box.left)), Math.max(...boxes.map((box) => box.right))];
})"""


@pytest.fixture(scope="module")
def screen() -> "Iterator[Page]":
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM or "chromium", args=["--no-sandbox"])
        yield chromium.new_page(viewport={"width": NARROW, "height": 600})
        chromium.close()


def letters() -> Iterator[Document]:
    """An invoice in each language, one with an IBAN as long as Malta's and ten figures to pay, and a credit note."""
    for language in LANGUAGES:
        yield in_language(language)
    english = in_language("en")
    yield replace(english, seller=replace(english.seller, iban="MT84MALT011000012345MTLCAST001S"))
    yield replace(english, gross_cents=12_345_678_901)
    yield full_credit()


def test_nothing_is_broken_on_a_narrow_phone(screen: "Page") -> None:
    """In every language amount, number, IBAN and reference each stand on one line, inside the screen."""
    for document in letters():
        texts = mail_texts(document, load_templates(None), subject="{number}", attached=("pdf", "ubl"))
        screen.set_content(texts.html)
        whole = screen.evaluate(WHOLE)
        assert document.number in [text for text, *_ in whole]
        assert len(whole) >= (3 if document.kind.value == "credit_note" else 6)
        assert [text for text, lines, left, right in whole if lines != 1 or left < 0 or right > NARROW] == []
        assert screen.evaluate("document.documentElement.scrollWidth") == NARROW
