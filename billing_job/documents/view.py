"""What a template prints: frozen values, every text ready, every amount formatted, so that no template calculates."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Party:
    """The seller or the client as an address block; `lines` is street, city and country without the name."""

    name: str
    lines: tuple[str, ...]
    ids: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the document; `note` is its free text and, for late transactions, its own period."""

    name: str
    note: str
    number: str
    quantity: str
    vat: str
    amount: str


@dataclass(frozen=True, slots=True)
class Payment:
    """How to pay; `qr` is a data: URL or empty."""

    request: str
    facts: tuple[Fact, ...]
    qr: str
    qr_alt: str
    qr_caption: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart: heading, data: URL, the alternative text that says the same in words, each bar's name and amount.

    `height` is the room it needs, as CSS writes it.
    """

    title: str
    source: str
    alt: str
    captions: tuple[Fact, ...]
    height: str


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A whole document for `invoice.html` and `credit_note.html`."""

    language: str
    direction: str
    title: str
    heading: str
    accent: str
    draft_mark: str
    """The word to print behind a draft's pages; empty on an issued document."""
    logo: str
    brand: str
    seller: Party
    sender_line: str
    buyer: Party
    facts: tuple[Fact, ...]
    summary: Fact
    summary_note: str
    has_numbers: bool
    has_rates: bool
    description_head: str
    number_head: str
    quantity_head: str
    vat_head: str
    amount_head: str
    rows: tuple[Row, ...]
    closing_rows: tuple[Row, ...]
    """The last rows, which stay on one page with the totals."""
    totals: tuple[Fact, ...]
    grand_total: Fact
    payment: Payment | None
    notes_title: str
    notes: tuple[str, ...]
    category_chart: Picture | None
    month_chart: Picture | None
    footer: str
    page_before: str
    page_between: str
    page_after: str
