"""What became of an attempt, noted in the ledger; where that fails, the last words that anybody hears of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from billing_job.core.console import Console
from billing_job.core.errors import LedgerError
from billing_job.core.moments import moment_text
from billing_job.delivery.message import Answer
from billing_job.ledger.deliveries import ClaimedDelivery, DeliveryEvent, record
from billing_job.ledger.reminders import ReminderEvent, SentReminder, record_reminder
from billing_job.month.job import Job

UNCERTAIN_UNTIL = "so it counts as uncertain until `{command}` gets --confirm or --resend"
_TO_FINISH = "so the next `remind` writes it again, with the same bytes"


def note_answer(job: Job, claimed: ClaimedDelivery, answer: Answer, console: Console, otherwise: str) -> None:
    """Note what became of a document; `otherwise` says what it means where the ledger cannot be written."""
    event, moment = DeliveryEvent(answer.outcome.value), moment_text(job.clock.now())
    with _or_say(f"{claimed.number} was {event.value} ({answer.detail})", otherwise):
        record(job.engine, claimed, event, moment=moment, run_id=console.run_id, detail=answer.detail)


def note_reminder(
    job: Job, noted: SentReminder, event: ReminderEvent, detail: str, console: Console, claimed: str = ""
) -> None:
    """Note what became of a reminder, or what a person said of it."""
    otherwise = _TO_FINISH if event is ReminderEvent.WRITTEN else UNCERTAIN_UNTIL.format(command="remind")
    with _or_say(f"the reminder to {noted.client_id} was {event.value} ({detail})", otherwise):
        moment = moment_text(job.clock.now())
        record_reminder(job.engine, noted, event, moment=moment, run_id=console.run_id, detail=detail, claimed=claimed)


@contextmanager
def _or_say(what: str, otherwise: str) -> Iterator[None]:
    try:
        yield
    except LedgerError as error:
        # The last time that anybody knows it: from now on the ledger says no more than that it was under way.
        raise LedgerError(f"{what}, which could not be noted, {otherwise}; {error}") from error
