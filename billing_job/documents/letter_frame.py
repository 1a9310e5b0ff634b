"""What letters have in common: head, foot and signature."""

from billing_job.core.parties import Client, Seller
from billing_job.documents import localized
from billing_job.documents.accent import accent_of, heading_colour
from billing_job.documents.letter_view import Grid, LetterView
from billing_job.documents.letterhead import (
    FOOTER_ROOM,
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
from billing_job.documents.safe_text import page_text, shortened
from billing_job.documents.translations import Labels
from billing_job.documents.view import Fact, Payment


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
    before, between, after = page_count(labels)
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
        sender_line=sender_line(seller, labels),
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
