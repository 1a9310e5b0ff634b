"""Where things stand on paper, in mm from the PDF: margins, the window, nothing over or outside of another."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from billing_job.core.document import Document, Line, Preceding, Vat
from billing_job.core.parties import Client, Seller
from billing_job.documents.document_files import document_files, letter_pdf
from billing_job.documents.letter_view import LetterView
from billing_job.documents.payment import is_collected, is_payable
from billing_job.documents.reminder_letter import reminder_view
from billing_job.documents.statement_letter import statement_view
from billing_job.documents.templates import load_templates
from billing_job.documents.translations import labels_for
from tests.support.sample_documents import (
    CLIENT,
    HISTORY,
    LANGUAGES,
    OUTSIDE_SCOPE,
    REVERSE_CHARGE,
    SELLER,
    document,
    draft,
    full_credit,
    in_language,
    line,
    long_names,
    many_lines,
    mixed_rates,
    negative_month,
    numbers_of,
    phone,
    standard_lines,
    with_discount,
)
from tests.support.sample_letters import DAY, reminder, statement

pdfium = pytest.importorskip("pypdfium2")

TEMPLATES = load_templates(None)
MM = 72 / 25.4
LETTER = replace(SELLER, paper="letter")


def abroad(country: str, **more: str) -> Client:
    """A client without ids in another country."""
    return replace(CLIENT, country=country, vat_id="", registration_id="", **more)  # type: ignore[arg-type]


def _of_lines(count: int) -> Document:
    return document(many_lines(count))


def with_remarks(count: int, length: int) -> list[Line]:
    """Lines with a text each, of one line on the page or of several."""
    return [replace(each, description="Calls within the European Union. " * length) for each in many_lines(count)]


GERMAN = abroad("DE", street="Unter den Linden 1", city="Berlin", postal_code="10117", language="de")
BRITISH = abroad("GB", street="10 Downing Street", city="London", postal_code="SW1A 2AA")
CREDITOR = "NL79ZZZ999999990000"
DEBITED = replace(CLIENT, mandate_id="MANDATE-1", debited_iban="NL13TEST0123456789")
AMERICAN = abroad("US", street="350 Fifth Avenue", city="New York", region="NY", postal_code="10118")
JAPANESE = abroad("JP", street="丸の内1-1-1", region="東京都", city="千代田区", postal_code="100-0005", language="ja")
NOTED = replace(
    CLIENT,
    country="DE",
    vat_id="DE136695976",
    buyer_reference="Kostenstelle 4711-00815 Beschaffung",
    purchase_order="PO-2026-000000117",
    contract_reference="CTR-2026-Q4-0000099",
    attention="Frau Dr. Annegret Kleinschmidt",
    street2="Hinterhaus, 3. Stock links",
    region="Nordrhein-Westfalen",
)
RATES = [
    Vat("S", Decimal(rate)) for rate in ("17", "18", "19", "20", "20.5", "21", "22", "23", "24", "25", "25.5", "27")
]


def sold(place: int) -> Line:
    """A charge of one's own whose description fills the column, with a quantity of decimals and a unit price."""
    made = line(
        place + 1, "charge", 14_250 + place, description="Managed SIP channel bundle with fail-over and recording no 7"
    )
    row = replace(made.rows[0], transaction_id=f"charge:{place}:2026-10", quantity=Decimal("1.5"))
    return replace(made, quantity=Decimal("1.5"), unit="hour", unit_price_micros=95_000_000, rows=(row,))


def _sold_numbers(seller: Seller) -> Document:
    return document([replace(sold(place), number=phone(place)) for place in range(16)], seller=seller)


def _taxed_at_twelve(seller: Seller) -> Document:
    lines = [
        line(place + 1, "call", 999 + place, quantity=3, vat=RATES[place % 12], phone=phone(place))
        for place in range(16)
    ]
    return document(lines, seller=seller)


def _widest_names(country: str) -> Document:
    """Every part of an address without a blank, in the widest letters; the Arabic sign is a sentence."""
    letters = "\N{ARABIC LIGATURE BISMILLAH AR-RAHMAN AR-RAHEEM}" * 20 if country == "AE" else "W" * 200
    named = replace(CLIENT, name=letters, attention=letters, street=letters, street2=letters, region=letters)
    return document(many_lines(8), client=replace(named, country=country, city=letters, vat_id=""))


SAMPLES: dict[str, Callable[[], Document]] = {
    **{f"{count} lines": partial(_of_lines, count) for count in (1, 8, 15, 16, 17, 40)},
    **{language: partial(in_language, language) for language in LANGUAGES},
    "credit note": full_credit,
    "draft": draft,
    "long names": long_names,
    "rates": mixed_rates,
    "discount": with_discount,
    "GB": lambda: document(standard_lines(OUTSIDE_SCOPE), client=BRITISH),
    "US": lambda: document(standard_lines(OUTSIDE_SCOPE), client=AMERICAN, seller=LETTER),
    "JP": lambda: document(standard_lines(OUTSIDE_SCOPE), client=JAPANESE),
    "16 lines on Letter": lambda: document(many_lines(16), seller=LETTER),
    "window at the right": lambda: document(standard_lines(), seller=replace(SELLER, address="right")),
    "sums carried": lambda: document(numbers_of((4,) * 20), seller=replace(SELLER, carried_forward=True)),
    "10 lines of one remark": lambda: document(with_remarks(10, 1)),
    "16 lines of long texts": lambda: document(with_remarks(16, 5)),
    "16 lines of remarks on Letter": lambda: document(with_remarks(16, 1), seller=LETTER),
    "16 German lines on Letter": lambda: document(many_lines(16), client=GERMAN, seller=LETTER),
    "16 German lines and every note on Letter": lambda: document(
        [replace(each, vat=REVERSE_CHARGE) for each in many_lines(16)],
        client=replace(NOTED, language="de"),
        seller=replace(LETTER, contact="Accounts receivable", footer="Noordzee Telecom", tax_number="123/456/78901"),
        offered_cents=500,
    ),
    **{f"16 numbers of sixty letters, {seller.paper}": partial(_sold_numbers, seller) for seller in (SELLER, LETTER)},
    **{f"16 lines of twelve rates, {seller.paper}": partial(_taxed_at_twelve, seller) for seller in (SELLER, LETTER)},
    **{f"widest names, {country}": partial(_widest_names, country) for country in ("NL", "GB", "JP", "AE")},
    "16 charges at twelve rates with every note": lambda: document(
        [replace(sold(place), number=phone(place), vat=RATES[place % 12]) for place in range(16)],
        client=replace(NOTED, language="de"),
        seller=replace(SELLER, contact="Accounts receivable", footer="Noordzee Telecom", tax_number="123/456/78901"),
        offered_cents=500,
    ),
    "credit note of thirty invoices": lambda: replace(
        negative_month(),
        preceding=tuple(Preceding(f"INV-2026-{place:05d}", date(2026, 10, place)) for place in range(1, 31)),
    ),
    "16 charges of sixty letters": lambda: document([sold(place) for place in range(16)]),
    "twelve rates": lambda: document([line(n, "call", 999, quantity=3, vat=vat) for n, vat in enumerate(RATES, 1)]),
    "60 categories": lambda: document([line(n, f"own_{n}", 999) for n in range(60)]),
    "millions": lambda: document(
        [line(1, "call", 999_999_999)], history=tuple(replace(each, net_cents=999_999_999) for each in HISTORY)
    ),
    "direct debit": lambda: document(standard_lines(), client=DEBITED, seller=replace(SELLER, creditor_id=CREDITOR)),
}
RIGHT = replace(SELLER, address="right")
LONG = long_names()
ARABIC = in_language("ar").client
LETTERS: dict[str, tuple[Seller, Callable[[], LetterView]]] = {
    "reminder": (SELLER, lambda: reminder_view(reminder(SELLER, CLIENT), TEMPLATES)),
    "reminder ar": (SELLER, lambda: reminder_view(reminder(SELLER, ARABIC, text="final"), TEMPLATES)),
    "reminder de": (SELLER, lambda: reminder_view(reminder(SELLER, in_language("de").client), TEMPLATES)),
    "reminder ja": (SELLER, lambda: reminder_view(reminder(SELLER, in_language("ja").client), TEMPLATES)),
    "reminder of long names": (LONG.seller, lambda: reminder_view(reminder(LONG.seller, LONG.client), TEMPLATES)),
    "reminder of 60": (SELLER, lambda: reminder_view(reminder(SELLER, CLIENT, items=60), TEMPLATES)),
    "reminder on Letter": (LETTER, lambda: reminder_view(reminder(LETTER, AMERICAN), TEMPLATES)),
    "statement": (SELLER, lambda: statement_view(statement(SELLER, CLIENT), TEMPLATES)),
    "statement ar": (SELLER, lambda: statement_view(statement(SELLER, ARABIC), TEMPLATES)),
    "statement hi": (SELLER, lambda: statement_view(statement(SELLER, in_language("hi").client), TEMPLATES)),
    "statement of long names": (LONG.seller, lambda: statement_view(statement(LONG.seller, LONG.client), TEMPLATES)),
    "statement of 90": (RIGHT, lambda: statement_view(statement(RIGHT, CLIENT, movements=90), TEMPLATES)),
    "statement in favour": (SELLER, lambda: statement_view(statement(SELLER, CLIENT, balance=-5_000), TEMPLATES)),
}


@dataclass(frozen=True, slots=True)
class Box:
    """A text on a page, mm from the left and from the top."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        """Whether they share more than the height of an accent or the width of a hair."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        return wide > 0.3 and high > 0.8


def pages_of(content: bytes) -> Iterator[tuple[float, float, list[Box]]]:
    """Width and height of each page in mm, and its texts."""
    pdf = pdfium.PdfDocument(io.BytesIO(content))
    for page in pdf:
        width, height = (side / MM for side in page.get_size())
        yield width, height, list(_boxes(page.get_textpage(), height))
    pdf.close()


def _boxes(texts: Any, height: float) -> Iterator[Box]:
    for index in range(texts.count_rects()):
        left, bottom, right, top = (side / MM for side in texts.get_rect(index))
        text = texts.get_text_bounded(*texts.get_rect(index)).strip()
        # The letters of a draft's mark lie behind all others.
        if text and top - bottom < 12:
            yield Box(text, left, height - top, right, height - bottom)


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_stands_over_or_outside(name: str) -> None:
    """All texts lie within the margins, none over another; up to 16 lines are one page, the account is on the first."""
    each = SAMPLES[name]()
    pages = list(pages_of(document_files(each, TEMPLATES)["pdf"]))
    assert (len(pages) == 1) == (len(each.lines) <= 16 and "long texts" not in name)
    stand_apart(pages, each.seller)
    seen_through_the_window(pages, each.seller)
    if is_payable(each) and not is_collected(each):
        texts = [box.text.replace(" ", "") for box in pages[0][2]]
        caption = labels_for(TEMPLATES, each.client.language)("Scan with your banking app")
        assert SELLER.iban in "".join(texts)
        # On one line; other scripts are read in several fonts, or in the order of their glyphs.
        assert caption.replace(" ", "") in texts or not caption.isascii()


@pytest.mark.parametrize("name", LETTERS)
def test_letters_stand_within_the_same_margins(name: str) -> None:
    """Reminders and statements, of one page and of several; the window shows the client, and nothing else of them."""
    seller, view = LETTERS[name]
    pages = list(pages_of(letter_pdf(view(), TEMPLATES, day=DAY, what=name)))
    assert (len(pages) == 1) == (" of " not in name or "names" in name)
    stand_apart(pages, seller)
    shown = seen_through_the_window(pages, seller)
    assert len(shown) >= 4


def stand_apart(pages: Sequence[tuple[float, float, list[Box]]], seller: Seller) -> None:
    """All texts lie within the margins of their paper, none over another."""
    for width, height, boxes in pages:
        assert (round(width), round(height)) == ((216, 279) if seller.paper == "letter" else (210, 297))
        for box in boxes:
            assert 19.5 <= box.left < box.right <= width - 19.5, box
            assert 8 <= box.top < box.bottom <= height - 8, box
        clashes = [(a.text, b.text) for place, a in enumerate(boxes) for b in boxes[:place] if a.overlaps(b)]
        assert clashes == []


def seen_through_the_window(pages: Sequence[tuple[float, float, list[Box]]], seller: Seller) -> list[Box]:
    """The texts of page one between 20 and 105 mm and 45 and 90 mm, or in the mirror: none is cut by an edge."""
    (width, _, boxes), *_ = pages
    left, right = (width - 105, width - 20) if seller.address == "right" else (20, 105)
    shown = [box for box in boxes if box.top < 90 and box.bottom > 45 and box.left < right and box.right > left]
    assert all(left - 0.5 <= box.left and box.right <= right + 0.5 and box.bottom <= 90 for box in shown), shown
    return shown


@pytest.mark.parametrize("name", ["8 lines", "ar", "GB", "US", "JP", "window at the right"])
def test_the_window_shows_the_address_and_nothing_else(name: str) -> None:
    """DIN 5008 B: through 20 to 105 mm and 45 to 90 mm, or its mirror, show the sender's line and the client."""
    each = SAMPLES[name]()
    shown = seen_through_the_window(list(pages_of(document_files(each, TEMPLATES)["pdf"])), each.seller)
    lines: dict[int, list[Box]] = {}
    for box in sorted(shown, key=lambda box: box.bottom):
        near = next((place for place in lines if abs(place - box.bottom) < 2), round(box.bottom))
        lines.setdefault(near, []).append(box)
    _, *address = ["".join(box.text for box in sorted(line, key=lambda box: box.left)) for line in lines.values()]
    if name in WINDOWS:
        assert [line.replace(" ", "") for line in address] == [line.replace(" ", "") for line in WINDOWS[name]]
    else:
        assert not any("VAT" in line for line in address)


WINDOWS = {
    "8 lines": ["Acme Trading B.V.", "Keizersgracht 12", "1015 CX Amsterdam"],
    "GB": ["Acme Trading B.V.", "10 Downing Street", "London", "SW1A 2AA", "VERENIGD KONINKRIJK"],
    "US": ["Acme Trading B.V.", "350 Fifth Avenue", "New York, NY 10118", "VERENIGDE STATEN"],
    "JP": ["〒100-0005", "東京都 千代田区", "丸の内1-1-1", "Acme Trading B.V.", "JAPAN"],
}
