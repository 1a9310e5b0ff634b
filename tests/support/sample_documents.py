"""Documents to test with: every kind, their totals worked out here in plain integers, not by the program."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from billing_job.core.document import DetailRow, Document, Kind, Line, MonthTotal, Vat, VatTotal
from billing_job.core.parties import Client, Seller

LANGUAGES = ("en", "nl", "de", "fr", "es", "pt", "ar", "zh", "ja", "hi")

STANDARD_NL = Vat("S", Decimal("21"))
STANDARD_FI = Vat("S", Decimal("25.5"))
REVERSE_CHARGE = Vat("AE", Decimal("0"), "VATEX-EU-AE", "Reverse charge, Article 196 of Council Directive 2006/112/EC")
OUTSIDE_SCOPE = Vat("O", Decimal("0"), "VATEX-EU-O", "Not subject to VAT in the European Union")
EXEMPT = Vat("E", Decimal("0"), "", "Exempt from VAT")
ZERO_RATED = Vat("Z", Decimal("0"))

SELLER = Seller(
    name="Noordzee Telecom",
    legal_name="Noordzee Telecom B.V.",
    country="NL",
    street="Herengracht 168",
    postal_code="1016 BP",
    city="Amsterdam",
    vat_id="NL123456782B12",
    registration_id="12345678",
    email="billing@noordzee.example",
    phone="+31201234567",
    iban="NL91ABNA0417164300",
    bic="ABNANL2A",
)
CLIENT = Client(
    client_id="acme",
    name="Acme Trading B.V.",
    country="NL",
    street="Keizersgracht 12",
    postal_code="1015 CX",
    city="Amsterdam",
    vat_id="NL004495445B01",
    registration_id="87654321",
    email="ap@acme.example",
    language="en",
)
HISTORY = tuple(
    MonthTotal(month, cents)
    for month, cents in (
        ("2026-05", 8120),
        ("2026-06", 9344),
        ("2026-07", 8890),
        ("2026-08", 12010),
        ("2026-09", 11475),
    )
)
NAMES = {
    "en": "Harbour & Lime Logistics Ltd",
    "nl": "Gebroeders Van der Heijden Groothandel B.V.",
    "de": "Müller, Größmann & Söhne Fernmeldetechnik GmbH",
    "fr": "Société Générale d’Électricité Ménagère de l’Île",
    "es": "Compañía Ibérica de Señalización y Telefonía, S.A.",
    "pt": "Construções e Comunicações São João, Lda.",
    "ar": "شركة النخيل للاتصالات والتجارة الدولية",
    "zh": "上海浦江国际贸易有限公司",
    "ja": "株式会社東京国際通信サービス",
    "hi": "भारत संचार एवं व्यापार प्राइवेट लिमिटेड",
}

CITIES = {"ar": "دبي", "zh": "上海", "ja": "東京都", "hi": "मुंबई"}
STREETS = {
    "ar": "شارع الشيخ زايد 12",
    "zh": "浦东新区世纪大道100号",
    "ja": "千代田区丸の内1-1-1",
    "hi": "महात्मा गांधी मार्ग 12",
}


def line(
    number: int,
    category: str,
    net_cents: int,
    *,
    quantity: int = 1,
    vat: Vat = STANDARD_NL,
    phone: str = "",
    trunk: str = "",
    description: str = "",
    month: tuple[date, date] = (date(2026, 10, 1), date(2026, 10, 31)),
) -> Line:
    """A line whose detail rows share its cents: the first rows get one cent more."""
    first, last = month
    count = max(1, quantity)
    sign = -1 if net_cents < 0 else 1
    share, extra = divmod(abs(net_cents), count)
    rows = tuple(
        DetailRow(
            transaction_id="" if category in ("monthly_fee", "minimum", "discount") else f"{number:04d}{index:04d}",
            date=first + timedelta(days=index % last.day),
            description=f"{category} {phone}".strip(),
            number=phone,
            trunk=trunk,
            quantity=1,
            net_cents=sign * (share + (index < extra)),
        )
        for index in range(count)
    )
    return Line(number, category, description, phone, trunk, quantity, net_cents, vat, first, last, rows)


def document(
    lines: Sequence[Line],
    *,
    number: str = "INV-2026-00001",
    kind: Kind = Kind.INVOICE,
    seller: Seller = SELLER,
    client: Client = CLIENT,
    currency: str = "EUR",
    history: tuple[MonthTotal, ...] = HISTORY,
    **more: object,
) -> Document:
    """A document of these lines for October 2026, its totals added up here."""
    nets: dict[Vat, int] = {}
    for each in lines:
        nets[each.vat] = nets.get(each.vat, 0) + each.net_cents
    totals = tuple(VatTotal(vat, net, rounded_vat(net, vat.rate)) for vat, net in nets.items())
    net, vat_sum = sum(nets.values()), sum(total.vat_cents for total in totals)
    result = Document(
        number=number,
        kind=kind,
        period_start=date(2026, 10, 1),
        period_end=date(2026, 10, 31),
        issue_date=date(2026, 11, 2),
        due_date=date(2026, 11, 16),
        currency=currency,
        seller=seller,
        client=client,
        lines=tuple(lines),
        vat_totals=totals,
        net_cents=net,
        vat_cents=vat_sum,
        gross_cents=net + vat_sum,
        history=history,
    )
    return replace(result, **more)  # type: ignore[arg-type]


def rounded_vat(net_cents: int, rate: Decimal) -> int:
    """Half away from zero, with whole numbers only."""
    hundredths = int(rate * 100)
    cents = (2 * abs(net_cents) * hundredths + 10_000) // 20_000
    return cents if net_cents >= 0 else -cents


def phone(index: int) -> str:
    """A Dutch geographic number of a row of its own."""
    return f"+3120{7_000_000 + index:07d}"


def standard_lines(vat: Vat = STANDARD_NL) -> list[Line]:
    """Eight lines as a small client has them."""
    return [
        line(1, "number_setup", 450, quantity=3, vat=vat, phone=phone(1)),
        line(2, "number_rental", 585, quantity=3, vat=vat, phone=phone(1)),
        line(3, "call", 4217, quantity=131, vat=vat, phone=phone(1)),
        line(4, "number_rental", 195, vat=vat, phone=phone(2)),
        line(5, "call", 1033, quantity=40, vat=vat, phone=phone(2)),
        line(6, "message", 2566, quantity=350, vat=vat, phone=phone(2)),
        line(7, "monthly_fee", 1500, vat=vat),
        line(8, "refund", -195, vat=vat, phone=phone(2)),
    ]


def numbers_of(sizes: Sequence[int]) -> list[Line]:
    """Numbers with so many lines each; every fifth line gives money back."""
    places = [(place, each) for place, size in enumerate(sizes) for each in range(size)]
    return [
        line(
            index + 1,
            ("number_rental", "call", "message")[each % 3],
            (-1 if index % 5 == 4 else 1) * (195 + 7 * index),
            phone=f"+312070{place:05d}",
        )
        for index, (place, each) in enumerate(places)
    ]


def many_lines(count: int) -> list[Line]:
    """So many lines over a third as many numbers."""
    kinds = (("number_rental", 195, 1), ("call", 1234, 37), ("message", 415, 83))
    lines = []
    for index in range(count):
        category, cents, quantity = kinds[index % 3]
        lines.append(line(index + 1, category, cents + 7 * (index % 11), quantity=quantity, phone=phone(index // 3)))
    return lines


def in_language(language: str) -> Document:
    """The same month for a client of each language: reverse charge in the EU, outside scope elsewhere, NL at 21%."""
    country, vat_id, vat = {
        "en": ("IE", "IE6388047V", REVERSE_CHARGE),
        "nl": ("NL", "NL004495445B01", STANDARD_NL),
        "de": ("DE", "DE136695976", REVERSE_CHARGE),
        "fr": ("FR", "FR40303265045", REVERSE_CHARGE),
        "es": ("ES", "ESA58818501", REVERSE_CHARGE),
        "pt": ("PT", "PT501964843", REVERSE_CHARGE),
        "ar": ("AE", "", OUTSIDE_SCOPE),
        "zh": ("CN", "", OUTSIDE_SCOPE),
        "ja": ("JP", "", OUTSIDE_SCOPE),
        "hi": ("IN", "", OUTSIDE_SCOPE),
    }[language]
    client = replace(
        CLIENT,
        client_id=f"client-{language}",
        name=NAMES[language],
        country=country,
        vat_id=vat_id,
        registration_id="",
        language=language,
        postal_code="10115",
        city=CITIES.get(language, "Port-Sainte-Marie"),
        street=STREETS.get(language, "12 Quay Street"),
    )
    lines = standard_lines(vat)
    lines.append(replace(late_line(9), vat=vat))
    return document(lines, client=client, number="INV-2026-00042")


def late_line(number: int) -> Line:
    """A line of August transactions that turned up after August was invoiced."""
    return line(number, "call", 310, quantity=2, phone=phone(2), month=(date(2026, 8, 1), date(2026, 8, 31)))


def long_names() -> Document:
    """Names and streets of sixty characters, and a description without a blank."""
    name = "Verenigde Samenwerkende Telecommunicatiegroothandelaren Zuid"
    street = "Burgemeester Van Nispen tot Sevenaerstraatweg-Noord 123-125b"
    client = replace(CLIENT, name=name, street=street, city=name)
    lines = [*standard_lines(), line(9, "very_long_category_name_of_the_users_own_making", 100, description="x" * 120)]
    return document(lines, client=client, seller=replace(SELLER, name=name, legal_name=name + " B.V.", street=name))


def mixed_rates() -> Document:
    """Standard rate of two countries and a zero rate on one document, as the one-stop shop can give."""
    return document(
        [
            line(1, "call", 1999, quantity=7, phone=phone(1)),
            line(2, "call", 1001, quantity=3, vat=STANDARD_FI, phone=phone(1)),
            line(3, "number_rental", 195, vat=ZERO_RATED, phone=phone(2)),
        ]
    )


def with_discount() -> Document:
    """A monthly fee, a discount and a minimum, none of them with a transaction."""
    return document(
        [
            line(1, "call", 1000, quantity=3, phone=phone(1)),
            line(2, "monthly_fee", 500),
            line(3, "discount", -150, description="10%"),
            line(4, "minimum", 1150),
        ]
    )


def own_charges() -> Document:
    """What is sold beside the wallet: decimals of a unit, a code of Recommendation 20, a discount, half a month."""

    def sold(number: int, net_cents: int, quantity: int | Decimal, unit: str, price: int, last_day: int = 31) -> Line:
        made = line(number, "charge", net_cents, description=f"Sold {number}")
        days = (date(2026, 10, 1), date(2026, 10, last_day))
        rows = (replace(made.rows[0], transaction_id=f"charge:sold-{number}:2026-10", quantity=quantity),)
        return replace(
            made,
            quantity=quantity,
            rows=rows,
            unit=unit,
            unit_price_micros=price,
            period_start=days[0],
            period_end=days[1],
        )

    return document(
        [
            line(1, "call", 1999, quantity=7, phone=phone(1)),
            sold(2, 14250, Decimal("1.5"), "hour", 95_000_000),
            sold(3, 12, Decimal("0.125"), "KGM", 990_000),
            sold(4, 17900, 2, "H87", 89_500_000),
            sold(5, -500, -1, "piece", 5_000_000),
            sold(6, 1548, Decimal("0.516129"), "month", 30_000_000, 16),
        ]
    )


def full_credit() -> Document:
    """A credit note that reverses an invoice in full."""
    invoice = document(standard_lines())
    return _credit(invoice, [_reversed(each) for each in invoice.lines])


def partial_credit() -> Document:
    """A credit note of one line, rebilled."""
    invoice = document(standard_lines())
    return _credit(invoice, [replace(_reversed(invoice.lines[2]), line=1)])


def negative_month() -> Document:
    """A month whose refunds exceed its charges: a credit note without a preceding document."""
    lines = [line(1, "number_rental", 195, phone=phone(1)), line(2, "refund", -2500, quantity=2, phone=phone(1))]
    return document(lines, kind=Kind.CREDIT_NOTE, number="CN-2026-00002", history=())


def draft() -> Document:
    """An invoice that is not issued."""
    return document(standard_lines(), number="")


def _reversed(each: Line) -> Line:
    rows = tuple(replace(row, net_cents=-row.net_cents) for row in each.rows)
    return replace(each, net_cents=-each.net_cents, rows=rows)


def _credit(invoice: Document, lines: Sequence[Line]) -> Document:
    return document(
        lines,
        kind=Kind.CREDIT_NOTE,
        number="CN-2026-00001",
        client=invoice.client,
        history=(),
        corrects=invoice.number,
        corrects_date=invoice.issue_date,
        reason="Call charges of 3 October were billed twice.",
        issue_date=date(2026, 11, 9),
        due_date=date(2026, 11, 9),
    )


def every_kind() -> dict[str, Document]:
    """One document of each kind, by name."""
    german = replace(CLIENT, client_id="de", country="DE", vat_id="DE136695976", registration_id="", language="de")
    abroad = replace(CLIENT, client_id="us", country="US", vat_id="", registration_id="", language="en")
    finnish = replace(CLIENT, client_id="fi", country="FI", vat_id="", registration_id="", language="en")
    return {
        "standard": document(standard_lines()),
        "reverse-charge": document(standard_lines(REVERSE_CHARGE), client=german),
        "outside-scope": document(standard_lines(OUTSIDE_SCOPE), client=abroad),
        "oss": document(standard_lines(STANDARD_FI), client=finnish),
        "exempt": document(standard_lines(EXEMPT)),
        "mixed-rates": mixed_rates(),
        "full-credit": full_credit(),
        "partial-credit": partial_credit(),
        "negative-month": negative_month(),
        "discount": with_discount(),
        "late": document([*standard_lines(), late_line(9)]),
        "zero": document([line(1, "number_rental", 195), line(2, "refund", -195)]),
        "dollars": document(standard_lines(), currency="USD"),
        "long-names": long_names(),
        "forty": document(many_lines(40)),
    }
