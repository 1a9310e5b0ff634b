"""Small issued documents and a wallet's month for the accounting tests: every VAT case, awkward names, both signs."""

from datetime import date
from decimal import Decimal

from billing_job.accounting.accounts import load_accounts
from billing_job.accounting.journal import Journal, WalletMonth, month_journal
from billing_job.core.document import Document, Kind, Line, Vat, VatTotal
from billing_job.core.money import vat_cents
from billing_job.core.parties import Client, Seller
from billing_job.core.period import Period

OCTOBER = Period(2026, 10)
SELLER = Seller(name="Belwinkel", country="NL", legal_name="Belwinkel Telecom B.V.", vat_id="NL123456789B01")
STANDARD = Vat("S", Decimal("21"))
REDUCED = Vat("S", Decimal("9.0"))
REVERSE_CHARGE = Vat("AE", Decimal(0), "VATEX-EU-AE", "Reverse charge")
OUTSIDE = Vat("O", Decimal(0), "VATEX-EU-O", "Not subject to VAT")
FRENCH = Vat("S", Decimal("20.00"))
EXEMPT = Vat("E", Decimal(0), "", "Small business")
ZERO = Vat("Z", Decimal(0))

JANSEN = Client("jansen", "Bakkerij Jansen B.V.", "NL", street="Dam 1", postal_code="1012 JS", city="Amsterdam")
MUELLER = Client("mueller", 'Müller & Söhne "GmbH"; Köln', "DE", vat_id="DE136695976", city="Köln")
LONG = Client("long", "Ånaïs-Łódź " * 27 + "end", "FR")
SWISS = Client("swiss", "=HYPERLINK(Zürich AG)|\tBern", "CH")

WALLET = WalletMonth(
    OCTOBER, "EUR", {"number_rental": -4510, "call": -1613, "refund": 250, "message": 0}, topup_cents=10_000
)


def sample_document(
    number: str,
    client: Client,
    nets: list[tuple[str, int, Vat]],
    *,
    issued: date = date(2026, 11, 1),
    corrects: str = "",
    seller: Seller = SELLER,
) -> Document:
    """A document with one line for each (category, net cents, VAT); below zero in sum it is a credit note."""
    lines = tuple(
        Line(row, category, "", "", "", 1, net, vat, OCTOBER.first_day, OCTOBER.last_day, ())
        for row, (category, net, vat) in enumerate(nets, 1)
    )
    totals = []
    for vat in dict.fromkeys(line.vat for line in lines):
        net = sum(line.net_cents for line in lines if line.vat == vat)
        totals.append(VatTotal(vat, net, vat_cents(net, vat.rate)))
    net, tax = sum(total.net_cents for total in totals), sum(total.vat_cents for total in totals)
    return Document(
        number=number,
        kind=Kind.CREDIT_NOTE if net < 0 or corrects else Kind.INVOICE,
        period_start=OCTOBER.first_day,
        period_end=OCTOBER.last_day,
        issue_date=issued,
        due_date=date(issued.year, issued.month, 15),
        currency="EUR",
        seller=seller,
        client=client,
        lines=lines,
        vat_totals=tuple(totals),
        net_cents=net,
        vat_cents=tax,
        gross_cents=net + tax,
        corrects=corrects,
        corrects_date=date(2026, 10, 1) if corrects else None,
    )


def sample_documents() -> list[Document]:
    """Seven documents: domestic with a rounding cent, reverse charge, OSS, outside the EU, zero, and credit notes."""
    thirds = [("number_rental", 3333, STANDARD), ("call", 3333, STANDARD), ("message", 3333, STANDARD)]
    return [
        sample_document("INV-2026-00001", JANSEN, [*thirds, ("books", 1005, REDUCED), ("refund", -150, STANDARD)]),
        sample_document("INV-2026-00002", MUELLER, [("number_rental", 20_000, REVERSE_CHARGE), ("sip;trunk", 1, ZERO)]),
        sample_document("INV-2026-00003", LONG, [("number_rental", 1999, FRENCH)]),
        sample_document("INV-2026-00004", SWISS, [("call", 5000, OUTSIDE), ("message", 250, EXEMPT)]),
        sample_document("INV-2026-00005", JANSEN, [("call", 0, STANDARD)], issued=date(2026, 11, 2)),
        sample_document("CN-2026-00001", JANSEN, [("call", -3333, STANDARD)], corrects="INV-2026-00001"),
        sample_document("CN-2026-00002", MUELLER, [("refund", -1250, REVERSE_CHARGE)], issued=date(2026, 11, 3)),
    ]


def sample_journal() -> Journal:
    """The sample documents and the sample wallet, booked with the shipped accounts."""
    return month_journal(sample_documents(), WALLET, load_accounts(None))
