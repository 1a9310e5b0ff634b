"""What letters have in common: head, foot, signature, and how to pay the sum of several documents."""

from billing_job.core.document import Client, Seller
from billing_job.documents import localized
from billing_job.documents.accent import accent_of, heading_colour
from billing_job.documents.letter_view import Grid, LetterView
from billing_job.documents.letterhead import (
    FOOTER_ROOM,
    address_lines,
    buyer_ids,
    buyer_party,
    footer_parts,
    joined,
    layout_classes,
    running_head,
    seller_party,
    whole_address,
)
from billing_job.documents.localized import PrintedMoney
from billing_job.documents.payment_code import transfer_code
from billing_job.documents.safe_text import page_text, plain_text, shortened
from billing_job.documents.translations import Labels
from billing_job.documents.view import Fact, Payment

_SENDER_ROOM = 64
_REMITTANCE_ROOM = 140
"""Letters of unstructured remittance information in an EPC code (EPC069-12)."""
_EPC_NAME_ROOM = 70
_EPC_MOST_CENTS = 999_999_999_99


def letter_frame(
    seller: Seller,
    client: Client,
    labels: Labels,
    *,
    heading: str,
    facts: tuple[Fact, ...],
    summary: Fact,
    summary_note: str,
    greeting: str,
    paragraphs: tuple[str, ...],
    table: Grid,
    totals: tuple[Fact, ...],
    grand_total: Fact,
    ageing: Grid | None,
    payment: Payment | None,
    notes: tuple[str, ...],
    closing: str,
) -> LetterView:
    """A letter's page: what it says, between the head and the foot that all of them have."""
    before, between, after = labels("Page {page} of {pages}", page="\0", pages="\0").split("\0")
    name = page_text(seller.name)
    buyer = buyer_party(client, seller)
    notes = (*notes, *filter(None, (whole_address(buyer, labels),)))
    contact = joined((page_text(seller.email), localized.phone_text(seller.phone)), labels)
    signature = (page_text(seller.legal_name or seller.name), contact)
    return LetterView(
        language=labels.locale.language,
        direction=labels.direction,
        title=" · ".join((heading, page_text(client.name), name)),
        heading=heading,
        accent=accent_of(seller),
        heading_colour=heading_colour(seller),
        layout=layout_classes(seller),
        logo=seller.logo,
        brand=name,
        seller=seller_party(seller, labels),
        sender_line=shortened(joined((name, *address_lines(seller)), labels), _SENDER_ROOM),
        buyer=buyer,
        facts=(*facts, Fact(labels("Customer number"), page_text(client.client_id)), *buyer_ids(client, labels)),
        summary=summary,
        summary_note=summary_note,
        greeting=greeting,
        paragraphs=paragraphs,
        grid=table,
        totals=totals,
        grand_total=grand_total,
        ageing=ageing,
        payment=payment,
        notes_title=labels("Remarks") if notes else "",
        notes=notes,
        closing=closing,
        signature=tuple(text for text in signature if text),
        running_head=running_head((shortened(name, FOOTER_ROOM), heading), client, labels),
        footer=joined(footer_parts(seller, labels), labels),
        page_before=before,
        page_between=between,
        page_after=after,
    )


def transfer_request(
    seller: Seller,
    currency: str,
    cents: int,
    numbers: tuple[str, ...],
    request: str,
    labels: Labels,
    *,
    pictures: bool,
) -> Payment | None:
    """How to pay the sum: the documents' numbers are what a bank file finds them by again."""
    if not seller.iban or cents <= 0:
        return None
    purpose = plain_text(" ".join(numbers))
    facts = (
        Fact(labels("Account holder"), page_text(seller.account_name)),
        Fact(labels("IBAN"), localized.grouped(seller.iban)),
        Fact(labels("BIC"), seller.bic),
        Fact(labels("Reason for payment"), page_text(purpose) if len(purpose) <= _REMITTANCE_ROOM else ""),
    )
    amount = PrintedMoney(currency, 1, labels.locale)(cents)
    coded = pictures and currency == "EUR" and cents <= _EPC_MOST_CENTS and 0 < len(purpose) <= _REMITTANCE_ROOM
    return Payment(
        request=request,
        facts=tuple(fact for fact in facts if fact.value),
        qr=transfer_code(
            plain_text(seller.account_name)[:_EPC_NAME_ROOM],
            seller.iban.replace(" ", ""),
            seller.bic.replace(" ", ""),
            cents,
            "",
            purpose,
        )
        if coded
        else "",
        qr_alt=labels("QR code for a SEPA credit transfer of {amount}", amount=amount),
        qr_caption=labels("Scan with your banking app"),
    )
