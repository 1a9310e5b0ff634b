"""Where pages of lines end: numbers stay together, and the sum so far goes from one page to the next."""

import io
import re
from dataclasses import replace
from itertools import pairwise

import pypdf
import pytest

from billing_job.core.document import Document, Kind
from billing_job.documents.document_files import document_files
from billing_job.documents.templates import load_templates
from billing_job.documents.translations import labels_for
from tests.support.sample_documents import CLIENT, LANGUAGES, SELLER, document, full_credit, late_line, numbers_of

TEMPLATES = load_templates(None)
CARRYING = replace(SELLER, carried_forward=True)
OF_A_LINE = r"(\+[\d ]+ · |\s*)(Number rental|Calls|Messages) "
SIZES = (3, 1, 6, 2, 7, 4, 12, 5) * 6


def pages_of(each: Document) -> list[list[str]]:
    """The lines of text on each page."""
    reader = pypdf.PdfReader(io.BytesIO(document_files(each, TEMPLATES)["pdf"]))
    return [page.extract_text().split("\n") for page in reader.pages]


def cents(text: str) -> int:
    """An amount at the end of a line as this language writes it, in cents; figures have two places in all of them."""
    sign, figures = re.findall(r"(−?)([\d.,'\s\u202f\xa0]*\d{2})\u200e?$", text)[-1]
    return (-1 if sign else 1) * int("".join(filter(str.isdigit, figures)))


def test_each_page_carries_the_sum_of_the_lines_so_far() -> None:
    """Read from the PDF page by page and added up here; months and numbers have sums of their own, which count none."""
    late = [late_line(1000 + place) for place in range(30)]
    each = document([*numbers_of(SIZES), *late], seller=CARRYING)
    _, *pages = pages_of(each)
    so_far = 0
    for place, page in enumerate(pages):
        brought = [cents(line) for line in page if line.startswith("Brought forward")]
        assert brought == ([so_far] if place else [])
        so_far += sum(cents(line) for line in page if re.match(OF_A_LINE, line))
        carried = [cents(line) for line in page if line.startswith("Carried forward")]
        assert carried == ([so_far] if place + 1 < len(pages) else [])
    assert len(pages) > 4
    assert so_far == each.net_cents


# Who reads a PDF gets the syllables of Hindi in the order of their glyphs.
@pytest.mark.parametrize(
    "language",
    [
        # One of each way to write at a desk; that every language has the words is looked for in test_templates.py.
        pytest.param(name, marks=() if name in ("ar", "en", "ja") else pytest.mark.at_length)
        for name in sorted({*LANGUAGES} - {"hi"})
    ],
)
def test_sums_are_carried_in_every_language(language: str) -> None:
    """What a page carries the next one brings, each in the client's words."""
    labels = labels_for(TEMPLATES, language)
    assert labels.knows("Carried forward")
    assert labels.knows("Brought forward")
    each = document(numbers_of((4,) * 30), seller=CARRYING, client=replace(CLIENT, language=language))
    said = []
    for page in pages_of(each):
        brought = [line for line in page if labels("Brought forward") in line]
        carried = [line for line in page if labels("Carried forward") in line and line not in brought]
        said.append([re.findall(r"\d[\d.,\s]*\d", "".join(lines)) for lines in (carried, brought)])
    for before, after in pairwise(said[1:]):
        assert before[0] == after[1] != []


def test_a_credit_note_carries_what_it_prints() -> None:
    """Positive sums, like its lines; a document of one page carries nothing, nor does one that was not asked to."""
    credit = replace(
        full_credit(), lines=document([replace(e, net_cents=-e.net_cents) for e in numbers_of((4,) * 20)]).lines
    )
    assert credit.kind is Kind.CREDIT_NOTE
    said = [line for page in pages_of(replace(credit, seller=CARRYING)) for line in page if "forward" in line]
    assert said
    assert not any("−" in line for line in said)
    for each in (document(numbers_of((4,)), seller=CARRYING), document(numbers_of(SIZES))):
        assert not any("forward" in line for page in pages_of(each) for line in page)


def test_numbers_stay_together() -> None:
    """Up to six lines are on their number's page; of more, the first is with the number and the last with another."""
    places: list[int] = []
    for place, page in enumerate(pages_of(document(numbers_of(SIZES)))[1:]):
        rows = [line for line in page if re.match(r"\s*(Number rental|Calls|Messages|\+31 20 70) ?", line)]
        places += [place] * len(rows)
    at = 0
    for size in SIZES:
        of_number = places[at : at + (size + 1 if size > 1 else 1)]
        at += len(of_number)
        if size <= 6:
            assert len(set(of_number)) == 1, of_number
        else:
            assert of_number[0] == of_number[1]
            assert of_number[-1] == of_number[-2]
    assert len(places) == at
    assert max(places) > 3
