"""A document becomes the view that its template prints: every sum, sign and text is settled here."""

import re
from collections.abc import Iterable

from billing_job.documents import formats, payment
from billing_job.documents.chart import Bar, category_chart, month_chart
from billing_job.documents.labels import Labels, labels_for
from billing_job.documents.templates import Templates
from billing_job.documents.texts import page_text, shortened
from billing_job.documents.view import DocumentView, Fact, Party, Payment, Picture, Row
from billing_job.documents.wording import vat_mentions, vat_name
from billing_job.model import Client, Document, Kind, Line, Seller

DETAIL_FILE = "{number}.csv"
"""The name under which the detail CSV is embedded in the PDF."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_DEFAULT_COLOUR = "#0b5c6b"
_MAX_BARS = 6
_MONTHS = 6
_CHART_HEAD = 20  # CSS pixels of a chart's heading
_LABEL_ROOM, _SENDER_ROOM = 20, 64  # letters that fit beside a bar, and on the line above the address
_CLOSING_ROWS = 3


def document_view(document: Document, templates: Templates) -> DocumentView:
    """The document in its client's language, ready to print; a credit note's amounts are turned positive."""
    labels = labels_for(templates, document.client.language)
    sign = printed_sign(document)
    money = _Money(document.currency, sign, labels)
    heading = _heading(document, labels)
    seller_name = page_text(document.seller.name)
    rows = tuple(_row(line, document, money, labels) for line in document.lines)
    before, between, after = labels("Page {page} of {pages}", page="\0", pages="\0").split("\0")
    before = " · ".join(part for part in (page_text(document.number), before) if part)
    return DocumentView(
        language=labels.locale.language,
        direction=labels.direction,
        title=" · ".join(part for part in (heading, page_text(document.number), seller_name) if part),
        heading=heading,
        accent=_accent(document.seller),
        draft_mark=labels("DRAFT") if document.is_draft else "",
        logo=document.seller.logo,
        brand=seller_name,
        seller=_seller(document.seller, labels),
        sender_line=shortened(_joined((seller_name, *_address(document.seller)), labels), _SENDER_ROOM),
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
        rows=rows[:-_CLOSING_ROWS],
        closing_rows=rows[-_CLOSING_ROWS:],
        totals=tuple(_totals(document, money, labels)),
        grand_total=Fact(labels("Total including VAT"), money(document.gross_cents)),
        payment=_payment(document, money, labels),
        notes_title=labels("Remarks"),
        notes=tuple(_notes(document, labels)),
        category_chart=_category_chart(document, money, labels),
        month_chart=_month_chart(document, money, labels),
        footer=_joined(_footer(document.seller, labels), labels),
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


def _joined(parts: Iterable[str], labels: Labels) -> str:
    """Parts of one line; on a right-to-left page a mark keeps a Latin part's full stop at its end."""
    mark = "\N{LEFT-TO-RIGHT MARK}" if labels.direction == "rtl" else ""
    return " · ".join(part + (mark if part.isascii() else "") for part in parts if part)


def _is_invoice(document: Document) -> bool:
    return document.kind is Kind.INVOICE


def _heading(document: Document, labels: Labels) -> str:
    if document.is_draft:
        return labels("Draft invoice" if _is_invoice(document) else "Draft credit note")
    return labels("Invoice" if _is_invoice(document) else "Credit note")


def _accent(seller: Seller) -> str:
    """The seller's colour; only a plain #rrggbb may enter a style sheet."""
    return seller.accent_colour if _COLOUR.fullmatch(seller.accent_colour) else _DEFAULT_COLOUR


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
        note=_joined((page_text(line.description), span), labels),
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


def _category_chart(document: Document, money: _Money, labels: Labels) -> Picture | None:
    bars = _category_bars(document, money, labels) if _is_invoice(document) else []
    if len(bars) < 2:
        return None
    title = labels("Cost by category")
    source = category_chart(bars, _accent(document.seller), rtl=labels.direction == "rtl")
    captions = tuple(Fact(shortened(bar.label, _LABEL_ROOM), bar.amount) for bar in bars)
    return Picture(title, source, _in_words(title, bars), captions, f"{_CHART_HEAD + 15 * len(bars)}px")


def _month_chart(document: Document, money: _Money, labels: Labels) -> Picture | None:
    if not (_is_invoice(document) and document.history):
        return None
    months = [(each.month, each.net_cents) for each in document.history[1 - _MONTHS :]]
    months.append((str(document.period), document.net_cents))
    bars = [Bar(formats.month_text(month, labels.locale), cents, money.bare(cents)) for month, cents in months]
    title = labels("Last months, excluding VAT")
    source = month_chart(bars, _accent(document.seller), rtl=labels.direction == "rtl")
    captions = tuple(Fact(bar.label, bar.amount) for bar in bars)
    return Picture(title, source, _in_words(title, bars), captions, f"{_CHART_HEAD + 86}px")


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
