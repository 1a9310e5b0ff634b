"""Which reminders are due today, and what people say of those whose fate nobody knew.

After a backup was restored each client may have had reminders that the ledger does not know of: of what was due by then
nothing leaves until a person has said which it is.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from billing_job.core.console import Console
from billing_job.core.errors import ConfigError
from billing_job.core.parties import Client
from billing_job.delivery.noting import note_reminder
from billing_job.ledger.collections import logged_collections
from billing_job.ledger.payments import recorded_payments
from billing_job.ledger.reminders import UNKNOWN, ReminderEvent, SentReminder, logged_reminders
from billing_job.ledger.undelivered import not_reached
from billing_job.month.banked import waiting_money
from billing_job.month.collected import announced, collected, under_way, usable_mandate
from billing_job.month.job import Job
from billing_job.month.receivables import check_holds, load_receivables
from billing_job.month.reminded import client_of, reminded, reminder_to_json
from billing_job.receivables.late_claims import paid_beside
from billing_job.receivables.mandates import Collected
from billing_job.receivables.reminder_plan import Reminder, ReminderPlan, Terms
from billing_job.receivables.reminders import reminders


def planned_reminders(job: Job, log: Sequence[SentReminder]) -> ReminderPlan:
    """Today's reminders by what is open now."""
    check_holds(job)
    state, payments = load_receivables(job), recorded_payments(job.engine)
    overdue = [item for item in state.items if item.days_overdue(state.as_of)]
    owing = {item.client_id: item.number for item in overdue}
    history = collected(logged_collections(job.engine), payments)
    clients = {client_id: client_of(job, client_id, number) for client_id, number in owing.items()}
    debited = {id_ for id_, client in clients.items() if _is_debited(job, client, state.as_of, history)}
    terms = Terms(
        job.settings.reminders.levels,
        job.seller.country,
        job.settings.billing.currency,
        job.receivables_files.interest_rates,
        frozenset(client_id for client_id, client in clients.items() if client.is_business),
        job.receivables_files.holds,
        reminded(log),
        under_way(history),
        paid_beside(payments, state.as_of),
        announced(job.engine, [item.number for item in overdue if item.client_id in debited]),
        waiting_money(job),
        not_reached(job.engine, job.clock.now()),
    )
    return reminders(state, payments, terms)


def _is_debited(job: Job, client: Client, day: date, history: Sequence[Collected]) -> bool:
    most = job.settings.receivables.returns_before_transfer
    return usable_mandate(client, job.receivables_files.mandates, day, history, most) is not None


def settle(job: Job, console: Console, confirm: Sequence[str], resend: Sequence[str]) -> None:
    """What a person knows of uncertain reminders; ConfigError for a client of whom nothing is uncertain."""
    log = logged_reminders(job.engine)
    for option, clients, event, words in (
        ("--confirm", confirm, ReminderEvent.CONFIRMED, "confirmed by the user"),
        ("--resend", resend, ReminderEvent.GIVEN_UP, "not received, says the user"),
    ):
        for client_id in clients:
            open_ones = [each for each in log if each.client_id == client_id and each.event in UNKNOWN]
            if not open_ones:
                raise ConfigError(f"{option} {client_id}: no reminder of this client is uncertain")
            for each in open_ones:
                claimed = _stands_for(job, log, each) if each.is_doubt and event is ReminderEvent.CONFIRMED else ""
                note_reminder(job, each, event, words, console, claimed)


def may_have_left(reminder: Reminder, doubt: SentReminder) -> bool:
    """Whether it tells of a document that was due when the backup was restored."""
    return any(item.level and item.due_date.isoformat() <= doubt.day for item in reminder.items)


def _stands_for(job: Job, log: Sequence[SentReminder], doubt: SentReminder) -> str:
    """What the client has had, as JSON: each level that its documents had reached when the backup was restored.

    Rather one too many than one twice. Empty where nothing of the client is overdue.
    """
    day, levels = date.fromisoformat(doubt.day), job.settings.reminders.levels
    for reminder in planned_reminders(job, log).reminders:
        if reminder.client_id == doubt.client_id:
            items = tuple(
                replace(
                    item,
                    level=max(item.level, sum(item.due_date + timedelta(each.after_days) <= day for each in levels)),
                )
                for item in reminder.items
            )
            return reminder_to_json(replace(reminder, items=items))
    return ""
