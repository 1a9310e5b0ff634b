"""Reminders as letters: the e-mail that brings one, and the PDF that is in it or goes by post."""

from datetime import date, timedelta

from billing_job.config.mail import Mail
from billing_job.core.parties import Client
from billing_job.delivery.message import Attachment, Letter, ascii_address
from billing_job.documents.document_files import letter_pdf
from billing_job.documents.email_text import letter_mail_texts
from billing_job.documents.reminder_letter import ItemRow, ReminderLetter, reminder_view
from billing_job.documents.safe_text import plain_text
from billing_job.month.job import Job
from billing_job.receivables.reminder_plan import Reminder

_FOLDER = "reminders"
_DAYS_TO_PAY = 14
_POST_DAYS = 3
"""Added where a consumer is given 14 days: they count from the day after it has the letter."""


def file_name(reminder: Reminder) -> str:
    """Where below the output folder the letter is written that goes by post."""
    return f"{_FOLDER}/{reminder.client_id}-{reminder.day}.pdf"


def reminder_mail(job: Job, mail: Mail, reminder: Reminder, client: Client) -> Letter:
    """The e-mail with the letter as a PDF, still without a Message-ID."""
    what = f"reminder of {reminder.client_id}"
    texts = letter_mail_texts(
        reminder_view(_told(job, reminder, client), job.templates, pictures=False), job.templates, what
    )
    name = file_name(reminder).rpartition("/")[2]
    to, *others = (ascii_address(address) or address for address in client.recipients)
    direct = len([address for address in client.email.split(";") if address.strip()]) - 1
    return Letter(
        message_id="",
        date=job.clock.now(),
        sender=mail.sender,
        sender_name=plain_text(job.seller.name),
        recipient=to,
        recipient_name=plain_text(client.name),
        reply_to=mail.reply_to,
        language=texts.language,
        subject=texts.subject,
        text=texts.text,
        html=texts.html,
        attachments=(Attachment(name, reminder_pdf(job, reminder, client)),),
        also_to=tuple(others[:direct]),
        copy_to=tuple(others[direct:]),
    )


def reminder_pdf(job: Job, reminder: Reminder, client: Client) -> bytes:
    """The letter as a PDF."""
    view = reminder_view(_told(job, reminder, client), job.templates)
    return letter_pdf(view, job.templates, day=reminder.day, what=f"reminder of {reminder.client_id}")


def _told(job: Job, reminder: Reminder, client: Client) -> ReminderLetter:
    return ReminderLetter(
        job.seller,
        client,
        job.settings.billing.currency,
        reminder.day,
        _pay_by(reminder),
        reminder.text,
        tuple(
            ItemRow(
                item.number,
                item.issue_date,
                item.due_date,
                item.days_overdue,
                item.gross_cents,
                item.open_cents,
                item.interest_cents,
            )
            for item in reminder.items
        ),
        reminder.in_favour_cents,
        reminder.interest_cents,
        reminder.interest_law,
        reminder.costs.cents,
        reminder.costs.law,
        reminder.announced.cents,
        reminder.announced.law,
        reminder.asked_cents,
    )


def _pay_by(reminder: Reminder) -> date:
    days = _DAYS_TO_PAY + (_POST_DAYS if reminder.announced.cents else 0)
    return reminder.day + timedelta(days=days)
