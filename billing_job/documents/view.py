"""What a template prints: frozen values, every text ready, every amount formatted, so that no template calculates."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How page one is arranged, from the roomiest to the one that takes the least room."""

    is_long: bool = False
    """The lines follow on page two, under "Specification"."""
    has_headings: bool = True
    """A number with several lines stands above them, with their sum; otherwise beside the first of them."""
    has_notes_beside: bool = False
    """What is said of a line stands beside its name, otherwise below."""
    has_chart: bool = False
    is_dense: bool = False
    """Rows stand closer."""
    is_tight: bool = False
    """Of a dense page, lines and totals have the smallest letters, and columns no more than figures need."""
    has_categories: bool = False
    """What each category of a long document comes to."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Party:
    """The seller or the client as an address block: where letters go to in Japan, `before` stands above the name.

    `ids` are what else a letterhead tells of the seller.
    """

    name: str
    lines: tuple[str, ...]
    ids: tuple[Fact, ...] = ()
    before: tuple[str, ...] = ()
    is_long: bool = False
    """Whether it takes smaller letters to stand in the window."""
    most_lines: tuple[int, ...] = ()
    """Of a long one, the lines that the window has for each part: of `before`, the name, and `lines`."""


class RowKind(StrEnum):
    """What a row of the lines' table is; the value is its class in the style sheet."""

    LINE = "line"
    FIRST = "first"
    """The first of a number's lines, where there is no room for a heading: the number stands beside it."""
    GROUP = "group"
    """A number, or all lines, with the sum."""
    MONTH = "month"
    """The month of the rows below, where a document has lines of several."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the lines' table; `note` is a line's free text, `quantity` has the word for what it counts."""

    kind: RowKind
    name: str
    note: str = ""
    number: str = ""
    quantity: str = ""
    unit_price: str = ""
    """Empty where the rows of the line have no price in common."""
    vat: str = ""
    amount: str = ""
    is_kept: bool = False
    """Whether no page ends after this row: the next one belongs to it."""
    carried: str = ""
    """The sum of the lines so far, in words for the foot of a page that ends here; empty where none is asked for."""
    brought: str = ""
    """The same for the head of the page after."""


@dataclass(frozen=True, slots=True)
class Widths:
    """Of the columns of the lines' table but the first, in whole millimetres."""

    number: int
    quantity: int
    price: int
    vat: int
    amount: int


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """What a category comes to, on page one of a document with many lines; `bar` is a data: URL or empty."""

    name: str
    quantity: str
    vat: str
    amount: str
    bar: str
    bar_alt: str


@dataclass(frozen=True, slots=True)
class Payment:
    """How to pay; `qr` is a data: URL or empty."""

    request: str
    facts: tuple[Fact, ...]
    qr: str
    qr_alt: str
    qr_caption: str
    offer: str = ""
    """What the client has in credit, and what then remains to be paid; empty where it has nothing."""
    terms: str = ""
    """What late payment costs by law; empty where none is named."""


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
    heading_colour: str
    """The accent where it can be read on white, otherwise the colour of the text."""
    layout: str
    """Classes of the page: paper, the side of the address, fold marks, and whether its rows stand closer."""
    arrangement: Arrangement
    draft_mark: str
    """The word to print behind a draft's pages; empty on an issued document."""
    logo: str
    brand: str
    seller: Party
    sender_line: str
    buyer: Party
    facts: tuple[Fact, ...]
    summary: Fact
    due: Fact | None
    """When it is to be paid; None where nothing is."""
    summary_note: str
    """What is said in its place; the e-mail says it beside the date."""
    has_numbers: bool
    has_rates: bool
    has_prices: bool
    description_head: str
    number_head: str
    quantity_head: str
    price_head: str
    vat_head: str
    amount_head: str
    widths: Widths | None
    """Where columns have no more than their texts need; otherwise the style sheet has them."""
    categories: tuple[CategoryRow, ...]
    """Page one of a document with many lines; nothing where it has the lines themselves, or too many categories."""
    specification_title: str
    """Above the rows of a document with many lines, which begin on page two; empty where they are on page one."""
    rows: tuple[Row, ...]
    closing_rows: tuple[Row, ...]
    """The last rows, which stay on one page with the totals."""
    totals: tuple[Fact, ...]
    grand_total: Fact
    payment: Payment | None
    remark: str
    """One line under the totals: why no VAT is charged, and a credit note's reason; often empty."""
    month_chart: Picture | None
    running_head: str
    """What the second and later pages begin with: document and client."""
    footer: str
    page_before: str
    page_between: str
    page_after: str
