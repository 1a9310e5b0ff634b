"""What reminders have said so far: how far each document was reminded of, and what was claimed beside its amount."""

from collections.abc import Collection, Iterable
from datetime import date
from functools import lru_cache

from pydantic import TypeAdapter

from billing_job.core.claim import Claim, LateClaim, Offer, Payment
from billing_job.core.parties import Client
from billing_job.ledger.documents import document_of_number
from billing_job.ledger.payments import claims, recorded_payments
from billing_job.ledger.reminders import SENT, UNKNOWN, ReminderEvent, SentReminder, logged_reminders
from billing_job.month.job import Job
from billing_job.receivables.late_claims import UnpaidClaim, after_credits, unpaid_claims
from billing_job.receivables.open_items import Receivables
from billing_job.receivables.reminder_plan import Reminded, Reminder


@lru_cache(maxsize=1)
def _json() -> TypeAdapter[Reminder]:
    return TypeAdapter(Reminder)


def reminder_to_json(reminder: Reminder) -> str:
    """All that a letter claims, as the ledger stores it."""
    return _json().dump_json(reminder).decode()


def reminder_of(logged: SentReminder) -> Reminder:
    """What `reminder_to_json` wrote."""
    return _json().validate_json(logged.body)


def reminded(log: Iterable[SentReminder]) -> dict[str, Reminded]:
    """Document → how far it was reminded of, by what has left or may have left."""
    found: dict[str, Reminded] = {}
    for each in log:
        if each.event not in SENT | UNKNOWN or not each.body:
            continue
        letter = reminder_of(each)
        for item in letter.items:
            before = found.get(item.number)
            announced = before.announced_on if before else None
            # The days that a consumer has begin with a letter that it is known to have had.
            if announced is None and letter.announced.cents and each.event in SENT:
                announced = letter.day
            rises = before is None or item.level > before.level
            day = letter.day if before is None or rises else before.day
            found[item.number] = Reminded(max(item.level, before.level if before else 0), day, announced)
    return found


def late_claims(log: Iterable[SentReminder], events: Collection[ReminderEvent] = SENT) -> list[LateClaim]:
    """What the letters that have left claimed beside their documents, in the order in which they were made."""
    return [
        LateClaim(
            item.number,
            date.fromisoformat(each.day),
            item.settled_costs_cents + item.costs_cents,
            item.settled_interest_cents + item.interest_cents,
            item.gross_cents,
            item.open_cents,
        )
        for each in log
        if each.event in events and each.body
        for item in reminder_of(each).items
    ]


def letter_offers(log: Iterable[SentReminder]) -> list[Offer]:
    """What these letters took off their documents because the client has it in credit, in the order of their days."""
    found = []
    for each in log:
        letter = reminder_of(each) if each.body else None
        if letter is not None and letter.in_favour_cents:
            documents = frozenset(item.number for item in letter.items)
            found.append(Offer(documents, letter.day, letter.in_favour_cents))
    return sorted(found, key=lambda offer: offer.day)


def all_claimed(job: Job, state: Receivables) -> list[UnpaidClaim]:
    """Interest and costs that reminders had claimed by the day of `state` and nobody paid, by document."""
    late = after_credits(late_claims(logged_reminders(job.engine)), claims(job.engine))
    return list(unpaid_claims(late, recorded_payments(job.engine), state.as_of).values())


def claimed_beside(
    log: Iterable[SentReminder], issued: Iterable[Claim], payments: Iterable[Payment], state: Receivables
) -> list[UnpaidClaim]:
    """Interest and costs that reminders claimed and nobody paid, of documents that are paid themselves."""
    paid = {item.number for item in state.items if item.open_cents <= 0 < item.gross_cents}
    found = unpaid_claims(after_credits(late_claims(log), issued), payments, state.as_of)
    return [claim for number, claim in found.items() if number in paid]


def client_of(job: Job, client_id: str, number: str = "") -> Client:
    """The client as the files know it now, otherwise as one of its documents does."""
    if client_id in job.clients:
        return job.clients[client_id]
    issued = document_of_number(job.engine, number) if number else None
    return issued.document.client if issued is not None else Client(client_id, client_id, job.seller.country)
