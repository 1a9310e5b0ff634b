"""CII and UBL are, to the byte, what factur-x writes of the whole document."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from billing_job.core.document import Document
from billing_job.documents.einvoice import cii, ubl
from billing_job.documents.einvoice.en16931 import business_terms
from billing_job.documents.einvoice.profiles import choice_of
from billing_job.documents.einvoice.xml_lines import Syntax, xml_of
from billing_job.documents.templates import load_templates
from billing_job.documents.translations import FALLBACK, labels_for
from tests.support.sample_documents import (
    LANGUAGES,
    document,
    every_kind,
    in_language,
    line,
    many_lines,
    own_charges,
)

TEMPLATES = load_templates(None)


def hostile() -> Document:
    """Texts that mean something in XML, in a pattern, in a form with gaps; empty ones; one shape twice."""
    texts = [
        '<a href="x">&amp; %s %% %(a)s \\1 ]]>',
        "gap BT-154 4",
        "900000002",
        "",
        "é\u200d日本 \U0001f600",
        "x" * 999,
    ]
    lines = [line(1, text or "message", 100, phone=text, trunk=text, description=text) for text in texts]
    return document([replace(each, line=place) for place, each in enumerate([*lines, *lines], 1)])


DOCUMENTS: dict[str, Callable[[], Document]] = {
    **{language: lambda language=language: in_language(language) for language in LANGUAGES},  # type: ignore[misc]
    **{kind: lambda kind=kind: every_kind()[kind] for kind in every_kind()},  # type: ignore[misc]
    "hostile": hostile,
    "own charges": own_charges,
    "many": lambda: document(many_lines(60)),
}


@pytest.mark.parametrize("syntax", [cii.SYNTAX, ubl.SYNTAX], ids=["cii", "ubl"])
def test_filled_lines_are_those_of_factur_x(syntax: Syntax) -> None:
    """Each document twice: a line's form is made for one document and then filled for others."""
    for name in [*DOCUMENTS, *DOCUMENTS]:
        each = DOCUMENTS[name]()
        labels = labels_for(TEMPLATES, each.client.language), labels_for(TEMPLATES, FALLBACK)
        whole, filled = (business_terms(each, choice_of(each).profile, *labels) for _ in range(2))
        assert xml_of(syntax, filled) == syntax.generate(whole), name


def test_more_shapes_than_are_held() -> None:
    """A line whose form is known stands beside a thousand new ones: the documents of months need not end there."""
    first = date(2026, 1, 1)
    lines = [line(1, "call", 100), *(line(n + 2, "call", n, month=(first, first + timedelta(n))) for n in range(1_000))]
    assert [cii.cii_xml(document(made), TEMPLATES).count(b"<ram:BilledQuantity") for made in (lines[:1], lines)] == [
        1,
        1_001,
    ]
