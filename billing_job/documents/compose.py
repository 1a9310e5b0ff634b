"""A document becomes the view that its template prints: every sum, sign and text is settled here."""

from collections.abc import Iterable

from billing_job.core.categories import REFUND
from billing_job.core.document import Document, Kind, Line
from billing_job.documents import localized, payment
from billing_job.documents.charts import accent_of, category_picture, month_picture
from billing_job.documents.late_payment import LATE_PAYMENT, late_payment_law
from billing_job.documents.letterhead import address_lines, buyer_party, footer_parts, joined, seller_party
from billing_job.documents.localized import PrintedMoney
from billing_job.documents.printed_sign import printed_quantity, printed_sign
from billing_job.documents.safe_text import page_text, shortened
from billing_job.documents.templates import Templates
from billing_job.documents.translations import Labels, labels_for
from billing_job.documents.vat_mentions import vat_mentions, vat_name
from billing_job.documents.view import DocumentView, Fact, Payment, Row

DETAIL_FILE = "{number}.csv"
"""The name under which the detail CSV is embedded in the PDF."""

_SENDER_ROOM = 64  # letters that fit on the line above the address
_CLOSING_ROWS = 3


def document_view(document: Document, templates: Templates, *, pictures: bool = True) -> DocumentView:
    """The document in its client's language, ready to print; a credit note's amounts are turned positive.

    Without `pictures` it has no charts and no QR code, which take most of the time.
    """
    labels = labels_for(templates, document.client.language)
    money = PrintedMoney(document.currency, printed_sign(document), labels.locale)
    heading = _heading(document, labels)
    seller_name = page_text(document.seller.name)
    rows = tuple(_row(line, document, money, labels) for line in document.lines)
    before, between, after = labels("Page {page} of {pages}", page="\0", pages="\0").split("\0")
    if document.number:
        before = f"{page_text(document.number)} · {before}"
    return DocumentView(
        language=labels.locale.language,
        direction=labels.direction,
        title=" · ".join(part for part in (heading, page_text(document.number), seller_name) if part),
        heading=heading,
        accent=accent_of(document.seller),
        draft_mark=labels("DRAFT") if document.is_draft else "",
        logo=document.seller.logo,
        brand=seller_name,
        seller=seller_party(document.seller, labels),
        sender_line=shortened(joined((seller_name, *address_lines(document.seller)), labels), _SENDER_ROOM),
        buyer=buyer_party(document.client, document.seller, labels),
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
        payment=_payment(document, money, labels, pictures=pictures),
        notes_title=labels("Remarks"),
        notes=tuple(_notes(document, labels)),
        category_chart=category_picture(document, money, labels) if pictures else None,
        month_chart=month_picture(document, money, labels) if pictures else None,
        footer=joined(footer_parts(document.seller, labels), labels),
        page_before=before,
        page_between=between,
        page_after=after,
    )


def _is_invoice(document: Document) -> bool:
    return document.kind is Kind.INVOICE


def _heading(document: Document, labels: Labels) -> str:
    if document.is_draft:
        return labels("Draft invoice" if _is_invoice(document) else "Draft credit note")
    return labels("Invoice" if _is_invoice(document) else "Credit note")


def _facts(document: Document, labels: Labels) -> Iterable[Fact]:
    locale = labels.locale
    if not document.is_draft:
        name = "Invoice number" if _is_invoice(document) else "Credit note number"
        yield Fact(labels(name), page_text(document.number))
    yield Fact(labels("Date"), localized.date_text(document.issue_date, locale))
    yield Fact(labels("Period"), localized.span_text(document.period_start, document.period_end, locale))
    for each in document.corrected:
        yield Fact(labels("Corrects invoice"), page_text(each.number))
        yield Fact(labels("Invoice dated"), localized.date_text(each.issue_date, locale))
    if _is_invoice(document) and document.gross_cents > 0:
        yield Fact(labels("Due date"), localized.date_text(document.due_date, locale))
    client = document.client
    yield Fact(labels("Customer number"), page_text(client.client_id))
    for name, value in (
        ("Your reference", client.buyer_reference),
        ("Purchase order", client.purchase_order),
        ("Contract", client.contract_reference),
    ):
        if value:
            yield Fact(labels(name), page_text(value))


def _summary_note(document: Document, labels: Labels) -> str:
    if not _is_invoice(document):
        return labels("This amount is in your favour; no payment is needed.")
    if document.gross_cents <= 0:
        return labels("Nothing to pay.")
    return labels("Please pay by {date}.", date=localized.date_text(document.due_date, labels.locale))


def _row(line: Line, document: Document, money: PrintedMoney, labels: Labels) -> Row:
    return Row(
        name=page_text(labels.category(line.category)),
        note=joined(
            (
                labels.category(REFUND) if line.is_refund and line.category != REFUND else "",
                _when(line, document, labels),
                page_text(line.description),
            ),
            labels,
        ),
        number=localized.phone_text(line.number) if line.number else page_text(line.trunk),
        quantity=localized.count_text(printed_quantity(line, printed_sign(document)), labels.locale),
        vat=localized.percent_text(line.vat.rate, labels.locale),
        amount=money.bare(line.net_cents),
    )


def _when(line: Line, document: Document, labels: Labels) -> str:
    """The day of a single transaction where the client wants each listed, otherwise the period of a late line."""
    if document.client.detail == "transaction" and len(line.rows) == 1 and line.rows[0].transaction_id:
        return localized.date_text(line.rows[0].date, labels.locale)
    if line.period_end < document.period_start:
        return localized.span_text(line.period_start, line.period_end, labels.locale)
    return ""


def _totals(document: Document, money: PrintedMoney, labels: Labels) -> Iterable[Fact]:
    yield Fact(labels("Total excluding VAT"), money(document.net_cents))
    for total in document.vat_totals:
        name = vat_name(total.vat, localized.percent_text(total.vat.rate, labels.locale), labels)
        label = (
            name
            if len(document.vat_totals) == 1
            else labels("{vat} on {amount}", vat=name, amount=money(total.net_cents))
        )
        yield Fact(label, money(total.vat_cents))
    if document.tax_currency_vat_cents is not None:
        rate = localized.rate_text(document.tax_currency_rate, labels.locale)
        label = labels("VAT in {currency}, at {rate}", currency=document.tax_currency, rate=rate)
        national = PrintedMoney(document.tax_currency, printed_sign(document), labels.locale)
        yield Fact(label, national(document.tax_currency_vat_cents))


def _payment(document: Document, money: PrintedMoney, labels: Labels, *, pictures: bool) -> Payment | None:
    if not payment.is_payable(document):
        return None
    seller = document.seller
    facts = (
        Fact(labels("Account holder"), page_text(seller.account_name) if seller.iban else ""),
        Fact(labels("IBAN"), localized.grouped(seller.iban)),
        Fact(labels("BIC"), seller.bic),
        Fact(labels("Payment reference"), payment.reference_text(payment.payment_reference(document))),
    )
    amount, day = money(document.gross_cents), localized.date_text(document.due_date, labels.locale)
    return Payment(
        request=labels("Please transfer {amount} by {date}, quoting the payment reference.", amount=amount, date=day),
        facts=tuple(fact for fact in facts if fact.value),
        qr=payment.epc_qr(document) if pictures else "",
        qr_alt=labels("QR code for a SEPA credit transfer of {amount}", amount=amount),
        qr_caption=labels("Scan with your banking app"),
    )


def _notes(document: Document, labels: Labels) -> Iterable[str]:
    if document.reason:
        yield labels("Reason: {reason}", reason=page_text(document.reason))
    yield from vat_mentions(document, labels)
    if payment.is_payable(document) and (law := late_payment_law(document)):
        yield labels(LATE_PAYMENT, law=law)
    yield labels(
        "Every transaction is listed in the attached file {file}.",
        file=DETAIL_FILE.format(number=page_text(document.number) or "draft"),
    )
