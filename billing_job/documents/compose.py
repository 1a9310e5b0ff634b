"""A document becomes the view that its template prints: every sum, sign and text is settled here."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from billing_job.core.document import Document, Kind
from billing_job.documents import localized, payment
from billing_job.documents.accent import accent_of, heading_colour
from billing_job.documents.charts import month_picture
from billing_job.documents.legal_mentions import vat_mentions, vat_name
from billing_job.documents.letterhead import (
    buyer_ids,
    buyer_party,
    footer_parts,
    joined,
    layout_classes,
    page_count,
    running_head,
    seller_party,
    sender_line,
    whole_address,
)
from billing_job.documents.localized import PrintedMoney
from billing_job.documents.page_columns import with_widths
from billing_job.documents.page_lines import PageLines
from billing_job.documents.page_room import arrangements_of, may_have_room
from billing_job.documents.payment_view import document_payment
from billing_job.documents.printed_sign import printed_sign
from billing_job.documents.safe_text import page_text
from billing_job.documents.templates import Templates
from billing_job.documents.translations import Labels, labels_for
from billing_job.documents.view import Arrangement, DocumentView, Fact, Row, RowKind

DETAIL_FILE = "{number}.csv"
"""The name under which the detail CSV is embedded in the PDF."""

_MOST_CORRECTED = 3
"""Invoices that a credit note corrects among its facts; more of them are named under the totals."""
_CLOSING_ROWS = 3
"""Rows that end a specification together, its sum among them."""


def document_view(document: Document, templates: Templates, *, pictures: bool = True) -> DocumentView:
    """The document in its client's language, ready to print; a credit note's amounts are turned positive.

    Without `pictures` it has no charts and no QR code, which take most of the time.
    """
    return next(document_views(document, templates, pictures=pictures))


def document_views(document: Document, templates: Templates, *, pictures: bool = True) -> Iterator[DocumentView]:
    """The document in each arrangement whose page one may have room, the roomiest first; the last one in any case."""
    labels = labels_for(templates, document.client.language)
    *others, last = arrangements_of(len(document.lines))
    before = None
    for arrangement in others:
        view = _view(document, labels, arrangement, pictures=pictures)
        is_the_same = before is not None and replace(view, arrangement=before.arrangement) == before
        if not is_the_same and may_have_room(view, document.seller.paper):
            yield view
        before = view
    yield _view(document, labels, last, pictures=pictures)


def _view(document: Document, labels: Labels, arrangement: Arrangement, *, pictures: bool) -> DocumentView:
    money = PrintedMoney(document.currency, printed_sign(document), labels.locale)
    heading = _heading(document, labels)
    seller_name = page_text(document.seller.name)
    lines = PageLines(document, money, labels, arrangement)
    rows = lines.rows()
    if arrangement.is_long:
        total = Row(RowKind.GROUP, labels("Total excluding VAT"), amount=money.bare(document.net_cents))
        rows = (*rows, total)
    closing = _CLOSING_ROWS if arrangement.is_long else 1
    buyer = buyer_party(document.client, document.seller)
    before, between, after = page_count(labels)
    if document.number:
        before = f"{page_text(document.number)} · {before}"
    view = DocumentView(
        language=labels.locale.language,
        direction=labels.direction,
        title=" · ".join(part for part in (heading, page_text(document.number), seller_name) if part),
        heading=heading,
        accent=accent_of(document.seller),
        heading_colour=heading_colour(document.seller),
        layout=layout_classes(document.seller, arrangement),
        arrangement=arrangement,
        draft_mark=labels("DRAFT") if document.is_draft else "",
        logo=document.seller.logo,
        brand=seller_name,
        seller=seller_party(document.seller, labels),
        sender_line=sender_line(document.seller, labels),
        buyer=buyer,
        facts=tuple(_facts(document, labels)),
        summary=Fact(labels(_summary_label(document)), money(document.gross_cents)),
        due=_due(document, labels),
        summary_note=_summary_note(document, labels),
        has_numbers=any(row.number for row in rows),
        has_rates=len(document.vat_totals) > 1,
        has_prices=any(row.unit_price for row in rows),
        description_head=labels("Description"),
        number_head=labels("Number"),
        quantity_head=labels("Quantity"),
        price_head=labels("Unit price"),
        vat_head=labels("VAT"),
        amount_head=labels("Amount ({currency})", currency=document.currency),
        widths=None,
        categories=lines.categories(accent_of(document.seller), pictures=pictures),
        specification_title=labels("Specification") if arrangement.is_long else "",
        rows=rows[:-closing],
        # They stay together as it is.
        closing_rows=tuple(replace(row, is_kept=False) for row in rows[-closing:]),
        totals=tuple(_totals(document, money, labels)),
        grand_total=Fact(labels("Total including VAT"), money(document.gross_cents)),
        payment=document_payment(document, money, labels, pictures=pictures),
        remark=joined((*_remarks(document, labels), whole_address(buyer, labels)), labels),
        month_chart=month_picture(document, money, labels) if pictures and arrangement.has_chart else None,
        running_head=_joined_head(heading, document, labels),
        footer=joined(footer_parts(document.seller, labels), labels),
        page_before=before,
        page_between=between,
        page_after=after,
    )
    return with_widths(view) if arrangement.is_tight else view


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
    for each in document.corrected if len(document.corrected) <= _MOST_CORRECTED else ():
        yield Fact(labels("Corrects invoice"), page_text(each.number))
        yield Fact(labels("Invoice dated"), localized.date_text(each.issue_date, locale))
    client = document.client
    yield Fact(labels("Customer number"), page_text(client.client_id))
    for name, value in (
        ("Your reference", client.buyer_reference),
        ("Purchase order", client.purchase_order),
        ("Contract", client.contract_reference),
    ):
        if value:
            yield Fact(labels(name), page_text(value))
    yield from buyer_ids(client, labels)
    yield Fact(labels("Details (attached)"), DETAIL_FILE.format(number=page_text(document.number) or "draft"))


def _joined_head(heading: str, document: Document, labels: Labels) -> str:
    title = " ".join(filter(None, (heading, page_text(document.number))))
    return running_head((title,), document.client, labels)


def _summary_label(document: Document) -> str:
    if document.is_draft:
        return "Total including VAT"
    return "Amount due" if _is_invoice(document) else "Amount credited"


def _due(document: Document, labels: Labels) -> Fact | None:
    if not payment.is_payable(document):
        return None
    return Fact(labels("Due date"), localized.date_text(document.due_date, labels.locale))


def _summary_note(document: Document, labels: Labels) -> str:
    if document.is_draft:
        return labels("This is a draft; there is nothing to pay yet.")
    if not _is_invoice(document):
        return labels("This amount is in your favour; no payment is needed.")
    if document.gross_cents <= 0:
        return labels("Nothing to pay.")
    if payment.is_collected(document):
        day = localized.date_text(payment.collected_on(document), labels.locale)
        return labels("Will be collected on {date}.", date=day)
    return labels("Please pay by {date}.", date=localized.date_text(document.due_date, labels.locale))


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


def _remarks(document: Document, labels: Labels) -> Iterable[str]:
    if document.reason:
        yield labels("Reason: {reason}", reason=labels.apart(page_text(document.reason)))
    if len(document.corrected) > _MOST_CORRECTED:
        named = (
            labels.apart(f"{page_text(each.number)} ({localized.date_text(each.issue_date, labels.locale)})")
            for each in document.corrected
        )
        yield f"{labels('Corrects invoice')}: {', '.join(named)}"
    yield from vat_mentions(document, labels)
