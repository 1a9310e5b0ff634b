"""Invariant 9, from the facts themselves: what is open is compared with the bank, the documents and the books."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from billing_job.accounting.booking import document_entry, receipt_entries
from billing_job.core.bank_entry import BankEntry
from billing_job.core.claim import BESIDE, Payment, PaymentKind
from billing_job.core.document import Document
from billing_job.core.money import decimal_text
from billing_job.core.parties import Client
from billing_job.ledger.bank import entries_in
from billing_job.ledger.database import transaction
from billing_job.ledger.payments import claims, recorded_payments
from billing_job.ledger.reminders import ReminderEvent, logged_reminders
from billing_job.month.job import Job
from billing_job.month.receivables import load_receivables
from billing_job.month.reminded import late_claims
from billing_job.receivables.late_claims import paid_beside
from billing_job.receivables.open_items import paid_before


def open_items_agree(job: Job, documents: Sequence[Document]) -> list[str]:
    """What speaks against invariant 9: payments that are not what the bank moved, items that are not what is left.

    `documents` are all that were issued. Each problem names the document or the entry, and both amounts.
    """
    payments = recorded_payments(job.engine)
    with transaction(job.engine) as connection:
        entries = {each.id: each.entry for each in entries_in(connection)}
    issued = {document.number: document for document in documents}
    return [
        *_payments_are_the_banks(payments, entries),
        *_payments_are_the_clients(payments, issued),
        *_nothing_beside_unasked(job, payments),
        *_items_are_what_is_left(job, payments, issued),
    ]


def _payments_are_the_banks(payments: Sequence[Payment], entries: Mapping[str, BankEntry]) -> Iterator[str]:
    """What an entry paid, less what the bank kept, is what it moved; of many payments in one, some may still wait."""
    booked: dict[str, int] = defaultdict(int)
    for payment in payments:
        booked[payment.entry] += payment.cents - payment.charges_cents
    for entry_id, cents in booked.items():
        entry = entries.get(entry_id)
        if entry is None:
            yield f"invariant 9: payments are booked of entry {entry_id}, which is in no bank statement"
            continue
        parts = [part.cents for part in entry.parts]
        lowest, highest = sum(min(0, part) for part in parts), sum(max(0, part) for part in parts)
        if not (lowest <= cents <= highest if len(parts) > 1 else cents == entry.cents):
            paid = ", ".join(one.document or f"balance of {one.client_id}" for one in payments if one.entry == entry_id)
            yield (
                f"invariant 9: entry {entry_id} moved {decimal_text(entry.cents)}, but {decimal_text(cents)} of it are"
                f" booked ({paid}); restore a backup"
            )


def _payments_are_the_clients(payments: Sequence[Payment], issued: Mapping[str, Document]) -> Iterator[str]:
    for payment in payments:
        if payment.document is None:
            continue
        document = issued.get(payment.document)
        owner = None if document is None else document.client.client_id
        if owner != payment.client_id:
            yield (
                f"invariant 9: a payment of {payment.client_id} is booked on {payment.document}, which is"
                f" {'not issued' if owner is None else f'of {owner}'}; restore a backup"
            )


def _nothing_beside_unasked(job: Job, payments: Sequence[Payment]) -> Iterator[str]:
    """What was paid of interest and costs beside a document is what letters claimed, at most."""
    most: dict[tuple[str, PaymentKind], int] = defaultdict(int)
    for claim in late_claims(logged_reminders(job.engine), frozenset(ReminderEvent)):
        for kind in BESIDE:
            most[claim.document, kind] = max(most[claim.document, kind], claim.cents(kind))
    for (number, kind), cents in paid_beside(payments, date.max).items():
        if not 0 <= cents <= most[number, kind]:
            yield (
                f"invariant 9: {decimal_text(cents)} of {kind} are booked beside {number}, but its reminders claim"
                f" {decimal_text(most[number, kind])} at most; restore a backup"
            )


def _items_are_what_is_left(job: Job, payments: Sequence[Payment], issued: Mapping[str, Document]) -> Iterator[str]:
    """Each item by its document and its payments, and all of them by what the journal books on the receivables."""
    state = load_receivables(job, date.max)
    known = {item.number for item in state.items}
    before = paid_before([claim for claim in claims(job.engine) if claim.number in known], job.first_day)
    paid: dict[str | None, int] = defaultdict(int)
    for payment in payments:
        if not payment.is_beside:
            paid[payment.document] += payment.cents
    for item in state.items:
        document = issued.get(item.number)
        gross = 0 if document is None else document.gross_cents
        left = gross - item.credited_cents - paid[item.number] - before.get(item.number, 0)
        if item.open_cents != left:
            yield (
                f"invariant 9: {item.number} is open over {decimal_text(item.open_cents)}, but its document, credit"
                f" notes and payments leave {decimal_text(left)}; restore a backup"
            )
    booked = _receivable_cents(job, payments, issued, known) - sum(before.values())
    if booked != state.total_open_cents:
        yield (
            f"invariant 9: the open items come to {decimal_text(state.total_open_cents)}, the receivable account of the"
            f" journal to {decimal_text(booked)}"
        )


def _receivable_cents(job: Job, payments: Sequence[Payment], issued: Mapping[str, Document], counting: set[str]) -> int:
    """The receivable account by the journal's own entries, without what is settled elsewhere before the first day."""
    entries = [document_entry(issued[number], job.accounts) for number in counting if number in issued]
    own = [one for one in payments if job.first_day.is_own(one)]
    ours = [one for one in own if one.document is None or one.document in counting]
    clients: dict[str, Client] = {document.client.client_id: document.client for document in issued.values()}
    clients |= job.clients
    parties = [(one, clients[one.client_id]) for one in ours if one.client_id in clients]
    entries += receipt_entries(parties, job.accounts)
    return sum(entry.receivable_cents for entry in entries)
