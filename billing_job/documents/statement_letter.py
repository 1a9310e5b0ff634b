"""A statement of account becomes a page in the client's language, and a CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from billing_job.core.files.csv_writer import csv_text
from billing_job.core.money import decimal_text
from billing_job.core.parties import Client, Seller
from billing_job.documents import localized
from billing_job.documents.letter_frame import letter_frame
from billing_job.documents.letter_view import Grid, Head, LetterView, grid
from billing_job.documents.letterhead import joined
from billing_job.documents.localized import PrintedMoney
from billing_job.documents.payment_view import transfer_request
from billing_job.documents.safe_text import page_text
from billing_job.documents.templates import Templates
from billing_job.documents.translations import Labels, labels_for
from billing_job.documents.view import Fact


@dataclass(frozen=True, slots=True)
class AccountLine:
    """A movement: `kind` is a word of `_KINDS`; the balance is after it."""

    day: date
    kind: str
    document: str
    detail: str
    cents: int
    balance_cents: int
    due_date: date | None = None


@dataclass(frozen=True, slots=True)
class StatementLetter:
    """What a statement of account says; `ageing` are buckets as `open` names them, and their cents."""

    seller: Seller
    client: Client
    currency: str
    first: date
    day: date
    opening_cents: int
    lines: tuple[AccountLine, ...]
    closing_cents: int
    ageing: tuple[tuple[str, int], ...]
    open_documents: tuple[str, ...]
    claimed: tuple[tuple[str, int], ...] = ()
    """Documents whose interest and costs a reminder claimed and nobody paid, and their cents: not in the balance."""


_KINDS = {
    "invoice": "Invoice",
    "credit_note": "Credit note",
    "payment": "Payment received",
    "return": "Payment returned by the bank",
    "paid_back": "Paid back to you",
    "set_off": "Credit balance used",
    "costs": "Costs of recovery",
    "interest": "Interest on late payment",
}


def statement_view(letter: StatementLetter, templates: Templates, *, pictures: bool = True) -> LetterView:
    """The page of a statement of account."""
    labels = labels_for(templates, letter.client.language)
    locale = labels.locale
    money = PrintedMoney(letter.currency, 1, locale)
    day = localized.date_text(letter.day, locale)
    heads = (
        Head(labels("Date"), "day"),
        Head(labels("Description"), "text"),
        Head(labels("Amount ({currency})", currency=letter.currency), "sum"),
        Head(labels("Balance ({currency})", currency=letter.currency), "sum"),
    )
    opening = labels("Balance brought forward")
    rows = [(localized.short_date_text(letter.first, locale), opening, "", money.bare(letter.opening_cents))]
    for line in letter.lines:
        texts = (labels(_KINDS[line.kind]), page_text(line.document), page_text(line.detail))
        rows.append(
            (
                localized.short_date_text(line.day, locale),
                joined(texts, labels),
                money.bare(line.cents),
                money.bare(line.balance_cents),
            )
        )
    closing = Fact(labels("Balance on {date}", date=day), money(letter.closing_cents))
    owes = letter.closing_cents > 0
    if owes:
        note = ""
    elif letter.closing_cents < 0:
        note = labels("This amount is in your favour; no payment is needed.")
    else:
        note = labels("Nothing to pay.")
    notes = [
        labels(
            "Claimed by our reminder for {number} and still unpaid: {amount}. It is not part of the balance.",
            number=page_text(number),
            amount=money(cents),
        )
        for number, cents in letter.claimed
    ]
    amount = money(letter.closing_cents)
    return letter_frame(
        letter.seller,
        letter.client,
        labels,
        heading=labels("Statement of account"),
        facts=(
            Fact(labels("Date"), day),
            Fact(labels("Period"), localized.span_text(letter.first, letter.day, locale)),
        ),
        summary=closing,
        summary_note=note,
        greeting="",
        paragraphs=(),
        table=grid("", heads, rows),
        totals=(),
        grand_total=closing,
        ageing=_ageing(letter.ageing, money, labels) if any(cents for _, cents in letter.ageing) else None,
        payment=transfer_request(
            letter.seller,
            letter.currency,
            letter.closing_cents,
            letter.open_documents,
            labels("If you wish to settle the balance, please transfer {amount}, naming the invoices.", amount=amount),
            labels,
            pictures=pictures,
        )
        if owes
        else None,
        notes=tuple(notes),
        closing="",
    )


def _ageing(buckets: Sequence[tuple[str, int]], money: PrintedMoney, labels: Labels) -> Grid:
    """One row: what is not due, and what is late by so many days."""
    heads = []
    for name, _ in buckets:
        if name == "not_due":
            text = labels("Not due")
        elif name.startswith("over_"):
            text = labels("Over {days} days", days=name.removeprefix("over_"))
        else:
            text = labels("{days} days", days=name.replace("-", "–"))
        heads.append(Head(text, "sum"))
    return grid(labels("Open by days late"), tuple(heads), [tuple(money.bare(cents) for _, cents in buckets)])


CSV_COLUMNS = ("date", "kind", "document_number", "due_date", "detail", "amount", "balance")


def statement_csv(letter: StatementLetter) -> bytes:
    """Opening, movements and closing as CSV: the same figures as the page, decimals with two places."""
    rows = [(letter.first.isoformat(), "opening", "", "", "", "", decimal_text(letter.opening_cents))]
    rows += [
        (
            line.day.isoformat(),
            line.kind,
            line.document,
            line.due_date.isoformat() if line.due_date else "",
            line.detail,
            decimal_text(line.cents),
            decimal_text(line.balance_cents),
        )
        for line in letter.lines
    ]
    rows.append((letter.day.isoformat(), "closing", "", "", "", "", decimal_text(letter.closing_cents)))
    return csv_text(CSV_COLUMNS, rows)
