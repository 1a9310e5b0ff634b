"""The text of the e-mail that brings a document, in its client's language."""

from collections.abc import Collection
from dataclasses import dataclass

from billing_job.core.document import Document, Kind
from billing_job.documents import localized
from billing_job.documents.compose import document_view
from billing_job.documents.html import document_name, rendered
from billing_job.documents.letter_view import LetterView
from billing_job.documents.safe_text import plain_text
from billing_job.documents.templates import Templates
from billing_job.documents.translations import labels_for

TEMPLATES = {"text": "email/message.txt", "html": "email/message.html"}


@dataclass(frozen=True, slots=True)
class MailWords:
    """What an e-mail template prints beside the document's own view: ready sentences."""

    greeting: str
    opening: str
    xml_note: str
    """Empty when no XML is attached."""
    closing: str
    signature: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MailTexts:
    """A message's subject, its text and its HTML, and the language they are in."""

    language: str
    subject: str
    text: str
    html: str


def mail_texts(document: Document, templates: Templates, *, subject: str, attached: Collection[str]) -> MailTexts:
    """The texts from `email/message.txt` and `email/message.html`.

    `subject` may hold {kind} {number} {seller} {client} {month}; `attached` names the kinds of files. DocumentError
    names the document, the template and what is wrong with it.
    """
    labels = labels_for(templates, document.client.language)
    view = document_view(document, templates, pictures=False)
    seller = document.seller
    is_invoice = document.kind is Kind.INVOICE
    opening = (
        "Please find attached your invoice {number} ({period})."
        if is_invoice
        else "Please find attached your credit note {number} ({period})."
    )
    number = plain_text(document.number)
    period = localized.span_text(document.period_start, document.period_end, labels.locale)
    words = MailWords(
        greeting=labels("Dear Sir or Madam,"),
        opening=labels(opening, number=number, period=period),
        xml_note=labels("The attached XML file holds the same document for your accounting software.")
        if "ubl" in attached
        else "",
        closing=labels("Kind regards,"),
        signature=tuple(
            text
            for text in (
                plain_text(seller.legal_name or seller.name),
                plain_text(seller.email),
                localized.phone_text(seller.phone),
            )
            if text
        ),
    )
    subject_line = subject.format(
        kind=labels("Invoice" if is_invoice else "Credit note"),
        number=number,
        seller=plain_text(seller.name),
        client=plain_text(document.client.name),
        month=str(document.period),
    )
    what, html = document_name(document), TEMPLATES["html"]
    return MailTexts(
        labels.locale.language,
        plain_text(subject_line),
        rendered(TEMPLATES["text"], templates, what, autoescape=False, view=view, mail=words),
        rendered(html, templates, what, view=view, mail=words),
    )


def letter_mail_texts(view: LetterView, templates: Templates, what: str) -> MailTexts:
    """The texts of the e-mail that brings a letter, from `email/letter.txt` and `email/letter.html`."""
    return MailTexts(
        view.language,
        plain_text(f"{view.heading} - {view.brand}"),
        rendered("email/letter.txt", templates, what, autoescape=False, view=view),
        rendered("email/letter.html", templates, what, view=view),
    )
