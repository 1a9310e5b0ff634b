"""Where page one has room for: the arrangements that are tried, and the estimate that leaves the others out."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from billing_job.core.document import Document
from billing_job.documents.compose import document_view, document_views
from billing_job.documents.html import rendered
from billing_job.documents.page_room import height
from billing_job.documents.pdf.make_pdf import shared_by_documents
from billing_job.documents.pdf.shared_styles import Tree, laid_out
from billing_job.documents.templates import load_templates
from billing_job.documents.view import DocumentView
from tests.support.sample_documents import CLIENT, LANGUAGES, SELLER, document, in_language, line, many_lines, phone

TEMPLATES = load_templates(None)
MM = 96 / 25.4


def end_of_page_one(view: DocumentView) -> float:
    """Where the last text of page one ends, mm below the upper margin, as WeasyPrint lays it out."""
    shared = shared_by_documents(TEMPLATES.folders)
    html = rendered("invoice.html", TEMPLATES, "sample", view=view)
    tree = Tree(ElementTree.fromstring(html), "file:///templates/", shared.fetcher)  # noqa: S314 - our own page
    page = laid_out(tree, shared.look, ())[0]
    return max(bottoms(page.children)) / MM - float(page.content_box_y()) / MM


def bottoms(found: Sequence[Any]) -> Iterator[float]:
    """Of what stands below one another in the page."""
    (html,) = (box for box in found if box.element_tag == "html")
    (body,) = html.children
    for box in body.children:
        if box.is_in_normal_flow():
            yield box.position_y + box.margin_height()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_estimate_is_near(language: str) -> None:
    """Half a centimetre from what WeasyPrint makes of it, in every arrangement that is tried."""
    each = in_language(language)
    views = list(document_views(each, TEMPLATES))
    for view in (views[0], views[-3]):
        assert abs(height(view, each.seller.paper) / 100 - end_of_page_one(view)) < 5


def test_the_remark_is_one_line() -> None:
    """Why no VAT is charged stands under the totals; the law on late payment is with the payment, the file a fact."""
    for language in LANGUAGES:
        view = document_view(in_language(language), TEMPLATES, pictures=False)
        assert len(view.remark) < 120
        assert "csv" not in view.remark
        assert view.facts[-1].value == "INV-2026-00042.csv"
    view = document_view(document(many_lines(1)), TEMPLATES, pictures=False)
    assert view.remark == ""
    assert view.payment is not None
    assert "6:119a" in view.payment.terms


def test_a_lone_number_stands_at_the_start_of_its_row() -> None:
    """Beside numbers with headings; where no number has a heading, a column has them all."""
    alone, *several = (line(place, "call", 100, phone=phone(place // 2)) for place in (1, 2, 3))
    view = document_view(document([alone, *several]), TEMPLATES, pictures=False)
    assert [row.name.strip("\N{EM SPACE}") for row in (*view.rows, *view.closing_rows)] == [
        "+31 20 700 0000 · Calls",
        "+31 20 700 0001",
        "Calls",
        "Calls",
    ]
    assert not view.has_numbers
    view = document_view(document([alone]), TEMPLATES, pictures=False)
    assert [(row.name, row.number) for row in view.closing_rows] == [("Calls", "+31 20 700 0000")]


def test_of_many_categories_the_smallest_stand_together() -> None:
    """Fifteen by name and one sum of the others, which is what the net lacks."""
    lines = [line(place + 1, f"own_{place}", 100 * (place % 20 + 1)) for place in range(40)]
    view = document_view(document(lines), TEMPLATES, pictures=False)
    *named, other = [(row.name, int(row.amount.replace(".", "").replace(",", ""))) for row in view.categories]
    assert (len(named), other[0]) == (15, "Other")
    assert sum(cents for _, cents in named) + other[1] == sum(each.net_cents for each in lines)
    assert min(cents for _, cents in named) == 1300


def test_a_charge_of_ones_own_goes_by_its_description() -> None:
    """Its category is only a word for those that have no other one."""
    sold = line(1, "charge", 14250, description="Support on site")
    sold = replace(sold, rows=(replace(sold.rows[0], transaction_id="charge:support:2026-10"),))
    for each, name, note in (
        (sold, "Support on site", ""),
        (replace(sold, category="hardware"), "Hardware", sold.description),
    ):
        (row,) = document_view(document([each]), TEMPLATES, pictures=False).closing_rows
        assert (row.name, row.note) == (name, note)


def test_amounts_of_arabic_currencies_have_their_code() -> None:
    """د.ك. would stand at the left of the figures in a sentence, and at their right in a column."""
    each: Document = document([line(1, "call", 123_450)], currency="KWD", client=in_language("ar").client)
    view = document_view(each, TEMPLATES, pictures=False)
    assert view.grand_total.value.strip("\N{LEFT-TO-RIGHT MARK}") == "1,493.75\N{NO-BREAK SPACE}KWD"


def test_without_an_account_nothing_is_said_of_a_reference() -> None:
    """The day, and no more."""
    view = document_view(document(many_lines(1), seller=replace(SELLER, iban="")), TEMPLATES, pictures=False)
    assert view.payment is not None
    assert (view.payment.request, view.payment.facts) == ("Please pay by 16 November 2026.", ())


def test_a_long_address_takes_smaller_letters() -> None:
    """Seven lines of the usual ones fill the window, ten of the small ones; what it cuts is under the totals, whole."""
    for name, is_long, is_cut in (("Acme", False, False), ("Wiesenblume" * 18, True, False), ("W" * 300, True, True)):
        client = replace(CLIENT, name=name, street="Keizersgracht 12", attention="Ms Jansen", region="Noord-Holland")
        view = document_view(document(many_lines(1), client=client), TEMPLATES)
        assert view.buyer.is_long is is_long
        assert view.remark == (f"Addressee in full: {name}" if is_cut else "")


def test_an_arabic_quantity_has_its_sign_where_amounts_have_it() -> None:
    """A word of Arabic after "−1" would take the sign to the other side of the figure."""
    each = document([line(1, "call", 500), line(2, "call", -300)], client=in_language("ar").client)
    view = document_view(each, TEMPLATES, pictures=False)
    apart = "\N{FIRST STRONG ISOLATE}\N{MINUS SIGN}1\N{POP DIRECTIONAL ISOLATE} "
    assert view.closing_rows[-1].quantity.startswith(apart)
