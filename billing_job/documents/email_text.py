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
from billing_job.documents.translations import Labels, labels_for
from billing_job.documents.view import DocumentView

_FULL_STOPS = ".。।"
_SEPARATORS = " \u00b7,:;-\N{EN DASH}"

TEMPLATES = {"text": "email/message.txt", "html": "email/message.html"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sentence or of a signature; one that `is_whole` must not be broken over two lines."""

    text: str
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class MailWords:
    """What an e-mail template prints beside the document's own view: ready sentences, the amount and its day first."""

    preheader: str
    """What a list of mails shows beside the subject; hidden in the mail itself."""
    amount_label: str
    amount: str
    note: str
    """Until when it is to be paid, or that nothing is."""
    greeting: str
    opening: tuple[Piece, ...]
    payment: tuple[tuple[str, Piece], ...]
    """What a transfer needs, each with its label; nothing where nothing is to be paid."""
    xml_note: str
    """Empty when no XML is attached."""
    closing: str
    signature: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class MailTexts:
    """A message's subject, its text and its HTML, and the language they are in."""

    language: str
    subject: str
    text: str
    html: str


def mail_texts(document: Document, templates: Templates, *, subject: str, attached: Collection[str]) -> MailTexts:
    """The texts from `email/message.txt` and `email/message.html`.

    `subject` may hold {kind} {number} {amount} {due} {seller} {client} {month}; `attached` names the kinds of files.
    DocumentError names the document, the template and what is wrong with it.
    """
    labels = labels_for(templates, document.client.language)
    view = document_view(document, templates, pictures=False)
    is_invoice = document.kind is Kind.INVOICE
    is_due = is_invoice and document.gross_cents > 0
    parts = {
        "kind": labels("Invoice" if is_invoice else "Credit note"),
        "number": plain_text(document.number),
        "amount": view.summary.value,
        "due": view.summary_note.rstrip(_FULL_STOPS) if is_due else "",
        "seller": plain_text(document.seller.name),
        "client": plain_text(document.client.name),
        "month": str(document.period),
    }
    words = _words(document, view, labels, "ubl" in attached)
    # A credit note is due on no day: what parts the day from the words before it goes, too.
    subject_line = subject.format(**parts).strip(_SEPARATORS)
    what = document_name(document)
    return MailTexts(
        labels.locale.language,
        plain_text(subject_line),
        rendered(TEMPLATES["text"], templates, what, autoescape=False, view=view, mail=words),
        rendered(TEMPLATES["html"], templates, what, view=view, mail=words),
    )


def letter_mail_texts(view: LetterView, templates: Templates, what: str) -> MailTexts:
    """The texts of the e-mail that brings a letter, from `email/letter.txt` and `email/letter.html`."""
    return MailTexts(
        view.language,
        plain_text(f"{view.heading}, {view.summary.value} - {view.brand}"),
        rendered("email/letter.txt", templates, what, autoescape=False, view=view),
        rendered("email/letter.html", templates, what, view=view),
    )


def _words(document: Document, view: DocumentView, labels: Labels, has_xml: bool) -> MailWords:
    seller = document.seller
    opening = (
        "Please find attached your invoice {number} ({period})."
        if document.kind is Kind.INVOICE
        else "Please find attached your credit note {number} ({period})."
    )
    period = localized.span_text(document.period_start, document.period_end, labels.locale)
    before, after = labels(opening, number="\0", period=period).split("\0")
    xml_note = labels("The attached XML file holds the same document for your accounting software.")
    signature = (
        Piece(plain_text(seller.legal_name or seller.name)),
        Piece(plain_text(seller.email)),
        Piece(localized.phone_text(seller.phone), is_whole=True),
    )
    return MailWords(
        preheader=" · ".join((plain_text(seller.name), period, f"{view.summary.label}: {view.summary.value}")),
        amount_label=view.summary.label,
        amount=view.summary.value,
        note=view.summary_note,
        greeting=labels("Dear Sir or Madam,"),
        opening=(Piece(before), Piece(plain_text(document.number), is_whole=True), Piece(after)),
        payment=tuple(
            (fact.label, Piece(fact.value, is_whole=fact.label != labels("Account holder")))
            for fact in (view.payment.facts if view.payment else ())
        ),
        xml_note=xml_note if has_xml else "",
        closing=labels("Kind regards,"),
        signature=tuple(piece for piece in signature if piece.text),
    )
