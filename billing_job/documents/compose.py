"""A document becomes the view that its template prints: every sum, sign and text is settled here."""

import re
from base64 import b64encode
from collections.abc import Iterable
from xml.sax.saxutils import escape

from billing_job.documents import formats, payment
from billing_job.documents.chart import Bar, ChartStyle, category_chart, month_chart
from billing_job.documents.labels import Labels, labels_for
from billing_job.documents.templates import Templates
from billing_job.documents.texts import page_text
from billing_job.documents.view import DocumentView, Fact, Party, Payment, Picture, Row
from billing_job.documents.wording import vat_mentions, vat_name
from billing_job.model import Client, Document, Kind, Line, Seller

DETAIL_FILE = "{number}.csv"
"""The name under which the detail CSV is embedded in the PDF."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_DEFAULT_COLOUR = "#0b5c6b"
_MAX_BARS = 6
_CLOSING_ROWS = 3


def document_view(document: Document, templates: Templates) -> DocumentView:
    """The document in its client's language, ready to print; a credit note's amounts are turned positive."""
    labels = labels_for(templates, document.client.language)
    sign = printed_sign(document)
    money = _Money(document.currency, sign, labels)
    heading = _heading(document, labels)
    seller_name = page_text(document.seller.name)
    rows = tuple(_row(line, document, money, labels) for line in document.lines)
    style = _style(document, labels)
    before, between, after = labels("Page {page} of {pages}", page="\0", pages="\0").split("\0")
    return DocumentView(
        language=labels.locale.language,
        direction=labels.direction,
        title=" · ".join(part for part in (heading, page_text(document.number), seller_name) if part),
        heading=heading,
        accent=style.accent,
        draft_mark=_draft_mark(labels("DRAFT"), style) if document.is_draft else "",
        logo=document.seller.logo,
        seller=_seller(document.seller, labels),
        sender_line=" · ".join(filter(None, (seller_name, *_address(document.seller)))),
        buyer=_buyer(document.client, document.seller, labels),
        facts=tuple(_facts(document, labels)),
        summary=Fact(labels("Amount due" if _is_invoice(document) else "Amount credited"), money(document.gross_cents)),
        summary_note=_summary_note(document, labels),
        has_numbers=any(line.number or line.trunk for line in document.lines),
        has_rates=len(document.vat_totals) > 1,
        description_head=labels("Description"),
        number_head=labels("Number"),
        quantity_head=labels("Quantity"),
        vat_head=labels("VAT"),
        amount_head=labels("Amount ({currency})", currency=document.currency),
        lines_title=labels("Lines"),
        rows=rows[:-_CLOSING_ROWS],
        closing_rows=rows[-_CLOSING_ROWS:],
        totals=tuple(_totals(document, money, labels)),
        grand_total=Fact(labels("Total including VAT"), money(document.gross_cents)),
        payment=_payment(document, money, labels),
        notes_title=labels("Remarks"),
        notes=tuple(_notes(document, labels)),
        pictures=tuple(_pictures(document, money, labels, style)),
        footer=" · ".join(_footer(document.seller, labels)),
        page_before=before,
        page_between=between,
        page_after=after,
    )


def printed_sign(document: Document) -> int:
    """What turns a document's amounts into the printed ones: a credit note shows positive amounts (EN 16931, 381)."""
    return -1 if document.kind is Kind.CREDIT_NOTE else 1


class _Money:
    """Writes cents of one document with the sign its page prints."""

    def __init__(self, currency: str, sign: int, labels: Labels):
        self.currency, self.sign, self.locale = currency, sign, labels.locale

    def __call__(self, cents: int) -> str:
        return formats.money_text(self.sign * cents, self.currency, self.locale)

    def bare(self, cents: int) -> str:
        return formats.amount_text(self.sign * cents, self.locale)


def _is_invoice(document: Document) -> bool:
    return document.kind is Kind.INVOICE


def _heading(document: Document, labels: Labels) -> str:
    if document.is_draft:
        return labels("Draft invoice" if _is_invoice(document) else "Draft credit note")
    return labels("Invoice" if _is_invoice(document) else "Credit note")


def _style(document: Document, labels: Labels) -> ChartStyle:
    colour = document.seller.accent_colour
    cjk = "Noto Sans CJK JP" if labels.language == "ja" else "Noto Sans CJK SC"
    return ChartStyle(
        accent=colour if _COLOUR.fullmatch(colour) else _DEFAULT_COLOUR,
        font_family=f"Noto Sans, Noto Sans Arabic, Noto Sans Devanagari, {cjk}, sans-serif",
        rtl=labels.direction == "rtl",
    )


def _address(party: Seller | Client) -> tuple[str, ...]:
    city = " ".join(filter(None, (party.postal_code, party.city)))
    return tuple(filter(None, (page_text(party.street), page_text(city))))


def _seller(seller: Seller, labels: Labels) -> Party:
    ids = (
        Fact(labels("VAT ID"), page_text(seller.vat_id)),
        Fact(labels("Registration no."), page_text(seller.registration_id)),
        Fact(labels("E-mail"), page_text(seller.email)),
        Fact(labels("Telephone"), formats.phone_text(seller.phone)),
    )
    lines = (*_address(seller), formats.country_text(seller.country, labels.locale))
    name = page_text(seller.legal_name or seller.name)
    return Party(name, lines, tuple(fact for fact in ids if fact.value))


def _buyer(client: Client, seller: Seller, labels: Labels) -> Party:
    abroad = client.country.upper() != seller.country.upper()
    country = (formats.country_text(client.country, labels.locale),) if abroad else ()
    ids = (
        Fact(labels("VAT ID"), page_text(client.vat_id)),
        Fact(labels("Registration no."), page_text(client.registration_id)),
    )
    return Party(page_text(client.name), (*_address(client), *country), tuple(fact for fact in ids if fact.value))


def _facts(document: Document, labels: Labels) -> Iterable[Fact]:
    locale = labels.locale
    if not document.is_draft:
        name = "Invoice number" if _is_invoice(document) else "Credit note number"
        yield Fact(labels(name), page_text(document.number))
    yield Fact(labels("Date"), formats.date_text(document.issue_date, locale))
    yield Fact(labels("Period"), formats.span_text(document.period_start, document.period_end, locale))
    if document.corrects:
        yield Fact(labels("Corrects invoice"), page_text(document.corrects))
        if document.corrects_date is not None:
            yield Fact(labels("Invoice dated"), formats.date_text(document.corrects_date, locale))
    if _is_invoice(document) and document.gross_cents > 0:
        yield Fact(labels("Due date"), formats.date_text(document.due_date, locale))
    yield Fact(labels("Customer number"), page_text(document.client.client_id))


def _summary_note(document: Document, labels: Labels) -> str:
    if not _is_invoice(document):
        return labels("This amount is in your favour; no payment is needed.")
    if document.gross_cents <= 0:
        return labels("Nothing to pay.")
    return labels("Please pay by {date}.", date=formats.date_text(document.due_date, labels.locale))


def _row(line: Line, document: Document, money: _Money, labels: Labels) -> Row:
    is_late = line.period_end < document.period_start
    span = formats.span_text(line.period_start, line.period_end, labels.locale) if is_late else ""
    return Row(
        name=page_text(labels.category(line.category)),
        note=" · ".join(filter(None, (page_text(line.description), span))),
        number=formats.phone_text(line.number) if line.number else page_text(line.trunk),
        quantity=formats.count_text(abs(line.quantity), labels.locale),
        vat=formats.percent_text(line.vat.rate, labels.locale),
        amount=money.bare(line.net_cents),
    )


def _totals(document: Document, money: _Money, labels: Labels) -> Iterable[Fact]:
    yield Fact(labels("Total excluding VAT"), money(document.net_cents))
    for total in document.vat_totals:
        name = vat_name(total.vat, formats.percent_text(total.vat.rate, labels.locale), labels)
        label = (
            name
            if len(document.vat_totals) == 1
            else labels("{vat} on {amount}", vat=name, amount=money(total.net_cents))
        )
        yield Fact(label, money(total.vat_cents))


def _payment(document: Document, money: _Money, labels: Labels) -> Payment | None:
    if not payment.is_payable(document):
        return None
    seller = document.seller
    facts = (
        Fact(labels("Account holder"), page_text(seller.legal_name or seller.name) if seller.iban else ""),
        Fact(labels("IBAN"), formats.grouped(seller.iban)),
        Fact(labels("BIC"), seller.bic),
        Fact(labels("Payment reference"), payment.reference_text(payment.payment_reference(document))),
    )
    amount, day = money(document.gross_cents), formats.date_text(document.due_date, labels.locale)
    return Payment(
        request=labels("Please transfer {amount} by {date}, quoting the payment reference.", amount=amount, date=day),
        facts=tuple(fact for fact in facts if fact.value),
        qr=payment.epc_qr(document),
        qr_alt=labels("QR code for a SEPA credit transfer of {amount}", amount=amount),
        qr_caption=labels("Scan with your banking app"),
    )


def _notes(document: Document, labels: Labels) -> Iterable[str]:
    if document.reason:
        yield labels("Reason: {reason}", reason=page_text(document.reason))
    yield from vat_mentions(document, labels)
    yield labels(
        "Every transaction is listed in the attached file {file}.",
        file=DETAIL_FILE.format(number=page_text(document.number) or "draft"),
    )


def _pictures(document: Document, money: _Money, labels: Labels, style: ChartStyle) -> Iterable[Picture]:
    if not _is_invoice(document):
        return
    bars = _category_bars(document, money, labels)
    if len(bars) > 1:
        title = labels("Cost by category")
        yield Picture(title, category_chart(bars, style), _in_words(title, bars))
    months = [*document.history[-5:]]
    if months:
        title = labels("Last months, excluding VAT")
        bars = [Bar(formats.month_text(m.month, labels.locale), m.net_cents, money.bare(m.net_cents)) for m in months]
        this = formats.month_text(str(document.period), labels.locale)
        bars.append(Bar(this, document.net_cents, money.bare(document.net_cents)))
        yield Picture(title, month_chart(bars, style), _in_words(title, bars))


def _category_bars(document: Document, money: _Money, labels: Labels) -> list[Bar]:
    sums: dict[str, int] = {}
    for line in document.lines:
        sums[line.category] = sums.get(line.category, 0) + line.net_cents
    ranked = sorted(sums.items(), key=lambda item: (-abs(item[1]), item[0]))
    shown = ranked if len(ranked) <= _MAX_BARS else ranked[: _MAX_BARS - 1]
    bars = [Bar(page_text(labels.category(name)), cents, money.bare(cents)) for name, cents in shown]
    rest = sum(cents for _, cents in ranked[len(shown) :])
    return bars if len(shown) == len(ranked) else [*bars, Bar(labels("Other"), rest, money.bare(rest))]


def _in_words(title: str, bars: Iterable[Bar]) -> str:
    return f"{title}: " + "; ".join(f"{bar.label} {bar.amount}" for bar in bars)


def _footer(seller: Seller, labels: Labels) -> Iterable[str]:
    if seller.footer:
        yield page_text(seller.footer)
        return
    yield page_text(seller.legal_name or seller.name)
    if seller.vat_id:
        yield f"{labels('VAT ID')} {page_text(seller.vat_id)}"
    if seller.registration_id:
        yield f"{labels('Registration no.')} {page_text(seller.registration_id)}"


def _draft_mark(word: str, style: ChartStyle) -> str:
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 794 1123" width="794" height="1123">'
        f'<text x="397" y="600" transform="rotate(-35 397 562)" text-anchor="middle" font-size="150" font-weight="700" '
        f'font-family="{escape(style.font_family)}" fill="#eef1f3">{escape(word)}</text></svg>'
    )
    return "data:image/svg+xml;base64," + b64encode(svg.encode()).decode()
