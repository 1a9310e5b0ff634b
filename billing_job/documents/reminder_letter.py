"""A reminder becomes a page and an e-mail in the client's language."""

from dataclasses import dataclass
from datetime import date

from billing_job.core.parties import Client, Seller
from billing_job.documents import localized
from billing_job.documents.letter_frame import letter_frame
from billing_job.documents.letter_view import Head, LetterView, grid
from billing_job.documents.localized import PrintedMoney
from billing_job.documents.payment_view import transfer_request
from billing_job.documents.safe_text import page_text
from billing_job.documents.templates import Templates
from billing_job.documents.translations import labels_for
from billing_job.documents.view import Fact


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A document in a letter; cents."""

    number: str
    issue_date: date
    due_date: date
    days_overdue: int
    gross_cents: int
    open_cents: int
    interest_cents: int = 0


@dataclass(frozen=True, slots=True)
class ReminderLetter:
    """What a reminder says; `text` is friendly, firm or final, or the user's own words."""

    seller: Seller
    client: Client
    currency: str
    day: date
    pay_by: date
    text: str
    items: tuple[ItemRow, ...]
    in_favour_cents: int
    interest_cents: int
    interest_law: str
    costs_cents: int
    costs_law: str
    announced_cents: int
    announced_law: str
    asked_cents: int


_REMINDER_TEXTS = {
    "friendly": (
        "According to our books the invoices below are past their due date. Perhaps they have escaped your notice. If"
        " you have paid in the last few days, please disregard this letter."
    ),
    "firm": "We have reminded you of the invoices below and have not received your payment.",
    "final": (
        "Despite our reminders the invoices below are still unpaid. If your payment does not reach us in time, we may"
        " hand our claim over for collection without writing to you again."
    ),
}
_REMINDER_HEADINGS = {"friendly": "Payment reminder", "firm": "Second reminder", "final": "Final reminder"}


def reminder_view(letter: ReminderLetter, templates: Templates, *, pictures: bool = True) -> LetterView:
    """The page of a reminder; without `pictures` it has no QR code."""
    labels = labels_for(templates, letter.client.language)
    money = PrintedMoney(letter.currency, 1, labels.locale)
    day = localized.date_text(letter.pay_by, labels.locale)
    has_interest = letter.interest_cents > 0
    heads = [
        Head(labels("Invoice"), "text"),
        Head(labels("Date"), "day"),
        Head(labels("Due date"), "day"),
        Head(labels("Days late"), "days"),
        Head(labels("Amount ({currency})", currency=letter.currency), "sum"),
        Head(labels("Open ({currency})", currency=letter.currency), "sum"),
    ]
    rows = []
    for item in letter.items:
        cells = (
            page_text(item.number),
            localized.short_date_text(item.issue_date, labels.locale),
            localized.short_date_text(item.due_date, labels.locale),
            localized.count_text(item.days_overdue, labels.locale),
            money.bare(item.gross_cents),
            money.bare(item.open_cents),
        )
        rows.append((*cells, money.bare(item.interest_cents)) if has_interest else cells)
    if has_interest:
        heads.append(Head(labels("Interest ({currency})", currency=letter.currency), "sum"))
    totals = [Fact(labels("Open invoices"), money(sum(item.open_cents for item in letter.items)))]
    if letter.in_favour_cents:
        totals.append(Fact(labels("Less what you have in credit"), money(-letter.in_favour_cents)))
    if has_interest:
        until = localized.date_text(letter.day, labels.locale)
        totals.append(Fact(labels("Statutory interest up to {date}", date=until), money(letter.interest_cents)))
    if letter.costs_cents:
        totals.append(Fact(labels("Costs of recovery"), money(letter.costs_cents)))
    notes = []
    if has_interest and letter.interest_law:
        notes.append(
            labels("Interest: {law}, by the day on the open amount.", law=labels.apart(page_text(letter.interest_law)))
        )
    if letter.costs_cents:
        notes.append(labels("Costs of recovery: {law}.", law=labels.apart(page_text(letter.costs_law))))
    paragraphs = [labels(_REMINDER_TEXTS[letter.text]) if letter.text in _REMINDER_TEXTS else page_text(letter.text)]
    if letter.announced_cents:
        paragraphs.append(
            labels(
                "If you do not pay within 14 days, counted from the day after you receive this letter, you will owe"
                " costs of {amount} besides ({law}).",
                amount=money(letter.announced_cents),
                law=labels.apart(page_text(letter.announced_law)),
            )
        )
    heading = labels(_REMINDER_HEADINGS.get(letter.text, "Payment reminder"))
    asked = money(letter.asked_cents)
    return letter_frame(
        letter.seller,
        letter.client,
        labels,
        heading=heading,
        facts=(Fact(labels("Date"), localized.date_text(letter.day, labels.locale)),),
        summary=Fact(labels("Amount due"), asked),
        summary_note=labels("Please pay by {date}.", date=day),
        greeting=labels("Dear Sir or Madam,"),
        paragraphs=tuple(paragraphs),
        table=grid("", tuple(heads), rows),
        totals=tuple(totals),
        grand_total=Fact(labels("Amount due"), asked),
        ageing=None,
        payment=transfer_request(
            letter.seller,
            letter.currency,
            letter.asked_cents,
            tuple(item.number for item in letter.items),
            labels("Please transfer {amount} by {date}, naming the invoices.", amount=asked, date=day),
            labels,
            pictures=pictures,
        ),
        notes=tuple(notes),
        closing=labels("Kind regards,"),
    )
