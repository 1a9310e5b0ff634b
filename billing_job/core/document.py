"""The frozen values that stages hand to each other; what a document is once it is issued.

All amounts are integer cents of the document's currency. In these values a credit note's amounts are negative, so that
sums over documents are revenue; its printed page and its XML turn the sign (DESIGN: documents).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from billing_job.core.categories import is_own_charge
from billing_job.core.money import exchanged_cents
from billing_job.core.parties import Client, Seller
from billing_job.core.period import Period
from billing_job.core.units import unit_of_category


class Kind(StrEnum):
    """What a document is; the value is the contract's word for it."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


@dataclass(frozen=True, slots=True)
class Supply:
    """What the tax office asks of a line beside its VAT: as it was when the line's month was first taxed."""

    case: str
    """The category, and two cases that the books and the tax office tell apart from it.

    OSS is category S at the rate of a client's country that is not the seller's, DRC reverse charge at home.
    """
    country: str
    """The client's, Monaco as France."""
    vat_id: str
    """The client's."""


@dataclass(frozen=True, slots=True)
class Vat:
    """How a line is taxed: EN 16931 category, rate in percent, and why there is no VAT when there is none."""

    category: str
    """EN 16931 BT-151: S, AE, O, E or Z."""
    rate: Decimal
    exemption_code: str = ""
    """BT-121, for example VATEX-EU-AE."""
    exemption_reason: str = ""
    """BT-120, in English; the page prints the wording of the client's language by the code."""
    supply: Supply | None = field(default=None, compare=False)
    """None on documents from before it was kept; lines of one category and rate are taxed as one sum whatever it is."""


@dataclass(frozen=True, slots=True)
class DetailRow:
    """One transaction's (or fee's) share of a line; `transaction_id` is empty for a fee."""

    transaction_id: str
    date: date
    """In the seller's zone."""
    description: str
    number: str
    trunk: str
    quantity: int | Decimal
    net_cents: int


@dataclass(frozen=True, slots=True)
class Line:
    """Charges added up on a document; its detail rows add up to `net_cents`."""

    line: int
    category: str
    """A value of `[categories]`, or monthly_fee, minimum, discount; printed as a name in the client's language."""
    description: str
    """Free text beside the category's name; empty for most lines."""
    number: str
    """E.164 when all of the line is one number's, otherwise empty."""
    trunk: str
    quantity: int | Decimal
    """A decimal where a charge of one's own has one, such as 2.5 hours."""
    net_cents: int
    vat: Vat
    period_start: date
    period_end: date
    """Last day, inclusive. Earlier than the document's own period for late transactions."""
    rows: tuple[DetailRow, ...]
    is_refund: bool = False
    """It gives back what was charged in `category`."""
    unit: str = ""
    """What `quantity` counts, a word or code of core/units.py; empty on documents from before lines had one."""
    unit_price_micros: int | None = None
    """The price of one unit, where every row has that price; None where they differ."""

    @property
    def is_own_charge(self) -> bool:
        """Whether it is a charge of one's own, from which no discount is taken."""
        return any(is_own_charge(row.transaction_id) for row in self.rows)

    @property
    def counts(self) -> str:
        """What the quantity counts, on old documents as well."""
        return self.unit or unit_of_category(self.category, self.number)


@dataclass(frozen=True, slots=True)
class VatTotal:
    """The sum of one VAT category and rate (EN 16931 BG-23)."""

    vat: Vat
    net_cents: int
    vat_cents: int


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """What the client was billed for one earlier month, net; the page's chart shows the last six."""

    month: str
    net_cents: int


@dataclass(frozen=True, slots=True)
class Preceding:
    """An invoice that a credit note gives something of back (EN 16931 BT-25, BT-26)."""

    number: str
    issue_date: date


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or a credit note; once issued, a snapshot that never changes."""

    number: str
    """Empty on a draft."""
    kind: Kind
    period_start: date
    period_end: date
    issue_date: date
    due_date: date
    offered_cents: int = field(default=0, kw_only=True)
    """What the client has in credit and may deduct when it pays this invoice; the amount due is the same.

    Told early in the JSON, as what is open is worked out from the beginnings of many documents.
    """
    currency: str
    seller: Seller
    client: Client
    lines: tuple[Line, ...]
    vat_totals: tuple[VatTotal, ...]
    net_cents: int
    vat_cents: int
    gross_cents: int
    corrects: str = ""
    """On a credit note of an issued document: that document's number (BT-25)."""
    corrects_date: date | None = None
    reason: str = ""
    """On such a credit note: why, as the user wrote it."""
    client_vat_id_checked: str = ""
    """What the check of the client's VAT id gave when the document was issued: valid, invalid or empty for none."""
    history: tuple[MonthTotal, ...] = field(default=())
    preceding: tuple[Preceding, ...] = ()
    """On a credit note that comes from refunds: every invoice that it corrects (BG-3)."""
    tax_currency: str = ""
    """The seller's national currency, where the invoice is in another and charges VAT (BT-6)."""
    tax_currency_rate: Decimal | None = None
    """What one unit of the invoice's currency is in it."""
    trunk_names: tuple[tuple[str, str], ...] = ()
    """(the supplier's id, the trunk's name) of the trunks on its lines that have a name: a client sees no other."""

    def trunk_name(self, trunk: str) -> str:
        """What a client may read of a trunk: its name, or nothing."""
        return next((name for id_, name in self.trunk_names if id_ == trunk), "")

    @property
    def tax_currency_vat_cents(self) -> int | None:
        """The VAT in the national currency (BT-111), rounded half away from zero; None where none is to be shown."""
        return None if self.tax_currency_rate is None else exchanged_cents(self.vat_cents, self.tax_currency_rate)

    @property
    def corrected(self) -> tuple[Preceding, ...]:
        """Every document that this one gives something of back."""
        return _corrected(self)

    @property
    def is_draft(self) -> bool:
        """Whether it has no number yet, so that it may still change."""
        return not self.number

    @property
    def period(self) -> Period:
        """The calendar month that is billed."""
        return Period.of(self.period_end)

    def detail_rows(self) -> Iterator[tuple[Line, DetailRow]]:
        """Every detail row with the line it belongs to, in the document's order."""
        return ((line, row) for line in self.lines for row in line.rows)


@dataclass(frozen=True, slots=True)
class Heading:
    """An issued document without its lines: all that is told of it when nothing has to be made again."""

    number: str
    kind: Kind
    issue_date: date
    due_date: date
    currency: str
    seller: Seller
    client: Client
    vat_totals: tuple[VatTotal, ...]
    net_cents: int
    vat_cents: int
    gross_cents: int
    corrects: str = ""
    corrects_date: date | None = None
    preceding: tuple[Preceding, ...] = ()

    @property
    def corrected(self) -> tuple[Preceding, ...]:
        """Every document that this one gives something of back."""
        return _corrected(self)

    @property
    def is_draft(self) -> bool:
        """Never: only what was issued has a heading."""
        return False


def _corrected(document: "Document | Heading") -> tuple[Preceding, ...]:
    if document.corrects and document.corrects_date is not None:
        return (Preceding(document.corrects, document.corrects_date),)
    return document.preceding
