"""`remind`: who is overdue gets one letter with all that is, once, at the level that it has reached.

The protocol is that of documents: noted before a letter leaves, noted after, and what nobody knows is listed until a
person settles it. The figures are worked out when the letter leaves, so that what was paid meanwhile is not asked for.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from billing_job.config.mail import Mail
from billing_job.core.console import Console
from billing_job.core.errors import ConfigError, DocumentError
from billing_job.core.files.manifest import sha256
from billing_job.core.files.object_store import files_at
from billing_job.core.moments import moment_text
from billing_job.core.parties import Client
from billing_job.delivery.due_reminders import may_have_left, planned_reminders, settle
from billing_job.delivery.mailing import MAX_BROKEN, envelope_of
from billing_job.delivery.message import Answer, Outcome, Transport, ascii_address, message_bytes, message_id
from billing_job.delivery.noting import note_reminder
from billing_job.delivery.reminder_letters import file_name, reminder_mail, reminder_pdf
from billing_job.delivery.reminder_report import ReminderRound, Unsent
from billing_job.delivery.smtp import MailServerUnreachable
from billing_job.ledger.payments import claims, recorded_payments
from billing_job.ledger.reminders import UNKNOWN, ReminderEvent, SentReminder, claim_reminder, logged_reminders
from billing_job.month.job import Job
from billing_job.month.receivables import load_receivables, open_in_other_money, other_money_notes
from billing_job.month.reminded import claimed_beside, client_of, reminder_of, reminder_to_json
from billing_job.receivables.reminder_plan import Reminder


def remind(
    job: Job,
    mail: Mail | None,
    open_transport: Callable[[], AbstractContextManager[Transport]] | None,
    console: Console,
    *,
    dry_run: bool = False,
    confirm: Sequence[str] = (),
    resend: Sequence[str] = (),
) -> ReminderRound:
    """Send today's reminders; with `dry_run` say what they are. `confirm` and `resend` settle clients' uncertain ones.

    ConfigError where no level is configured, or an e-mail level has no server to go to.
    """
    if not job.settings.reminders.levels:
        raise ConfigError("reminders: no [[reminders.levels]] in billing.toml says when a client is reminded, and how")
    settle(job, console, confirm, resend)
    log = logged_reminders(job.engine)
    report = ReminderRound(dry_run)
    if not dry_run:
        _finish_letters(job, log, console)
        log = logged_reminders(job.engine)
    plan = planned_reminders(job, log)
    others = other_money_notes(open_in_other_money(job), job.settings.billing.currency)
    report.left_out, report.notes = plan.left_out, (*plan.notes, *others)
    report.claimed = claimed_beside(log, claims(job.engine), recorded_payments(job.engine), load_receivables(job))
    by_mail = []
    latest = {each.client_id: each for each in log}
    doubts = {each.client_id: each for each in log if each.is_doubt}
    doubted = set()
    for reminder in plan.reminders:
        client = client_of(job, reminder.client_id, reminder.items[0].number)
        if reminder.client_id in doubts and may_have_left(reminder, doubts[reminder.client_id]):
            doubted.add(reminder.client_id)
        elif reminder.channel == "letter":
            if not dry_run:
                _write_letter(job, reminder, client, log, console)
            report.sent.append((reminder, file_name(reminder)))
        elif problem := _unsendable(reminder, client, latest):
            report.unsent.append(Unsent(reminder.client_id, client.first_email, problem))
        else:
            by_mail.append((reminder, client))
    if dry_run:
        report.sent += [(reminder, client.first_email) for reminder, client in by_mail]
    elif by_mail:
        if mail is None or open_transport is None:
            raise ConfigError(
                "there is no [mail] table in billing.toml, so no reminder can be e-mailed; add host and from"
            )
        with open_transport() as transport:
            _send_all(job, mail, by_mail, log, transport, report, console)
    unknown = [each for each in logged_reminders(job.engine) if each.event in UNKNOWN]
    report.uncertain = [each for each in unknown if not each.is_doubt or each.client_id in doubted]
    return report


def _finish_letters(job: Job, log: Sequence[SentReminder], console: Console) -> None:
    """Letters that a killed run noted and may not have written: the same bytes, from what was noted."""
    for each in log:
        if each.event is ReminderEvent.SENDING and (reminder := reminder_of(each)).channel == "letter":
            _put_letter(job, reminder, client_of(job, each.client_id, reminder.items[0].number))
            note_reminder(job, each, ReminderEvent.WRITTEN, each.recipient, console)


def _write_letter(job: Job, reminder: Reminder, client: Client, log: Sequence[SentReminder], console: Console) -> None:
    noted = claim_reminder(
        job.engine,
        reminder.client_id,
        file_name(reminder),
        reminder.day.isoformat(),
        reminder_to_json(reminder),
        lambda attempt: "",
        log,
        moment=moment_text(job.clock.now()),
        run_id=console.run_id,
    )
    if noted is not None:
        _put_letter(job, reminder, client)
        note_reminder(job, noted, ReminderEvent.WRITTEN, noted.recipient, console)


def _put_letter(job: Job, reminder: Reminder, client: Client) -> None:
    files_at(job.settings.output.directory).write(file_name(reminder), reminder_pdf(job, reminder, client))


def _unsendable(reminder: Reminder, client: Client, latest: Mapping[str, SentReminder]) -> str:
    """Why no mail can go to the client, empty where it can; a refused address is tried again when it is another one."""
    if not client.first_email:
        return "clients.csv has no e-mail address for this client"
    if not all(ascii_address(address) for address in client.recipients):
        return "no mail server takes this address: correct it in clients.csv"
    last = latest.get(reminder.client_id)
    if last is not None and last.event is ReminderEvent.REFUSED and last.recipient == client.first_email:
        return f"refused on {last.moment}: {last.detail}; correct the address in clients.csv"
    return ""


def _send_all(
    job: Job,
    mail: Mail,
    wanted: Sequence[tuple[Reminder, Client]],
    log: Sequence[SentReminder],
    transport: Transport,
    report: ReminderRound,
    console: Console,
) -> None:
    broken, pause = 0, 60 / mail.per_minute
    for done, (reminder, client) in enumerate(wanted):
        if done:
            job.clock.sleep(pause)
        try:
            answer = _send_one(job, mail, reminder, client, log, transport, console)
        except MailServerUnreachable as error:
            report.stopped = str(error)
        except DocumentError as error:
            report.unsent.append(Unsent(reminder.client_id, client.first_email, str(error)))
            continue
        else:
            if answer is None:
                continue
            broken = broken + 1 if answer.broken else 0
            if answer.outcome is Outcome.ACCEPTED:
                report.sent.append((reminder, client.first_email))
            elif answer.outcome is not Outcome.UNCERTAIN:
                report.unsent.append(Unsent(reminder.client_id, client.first_email, answer.detail))
            if broken < MAX_BROKEN:
                continue
            report.stopped = f"the connection broke on {MAX_BROKEN} messages in a row"
        waiting = wanted[done + (0 if broken < MAX_BROKEN else 1) :]
        report.unsent += [Unsent(each.client_id, to.first_email, "not tried yet") for each, to in waiting]
        return


def _send_one(
    job: Job,
    mail: Mail,
    reminder: Reminder,
    client: Client,
    log: Sequence[SentReminder],
    transport: Transport,
    console: Console,
) -> Answer | None:
    """Note, send, note; None when another process has noted something of this client meanwhile."""
    letter = reminder_mail(job, mail, reminder, client)
    body = reminder_to_json(reminder)
    noted = claim_reminder(
        job.engine,
        reminder.client_id,
        client.first_email,
        reminder.day.isoformat(),
        body,
        lambda attempt: message_id("reminder", sha256(f"{reminder.client_id} {body}".encode()), attempt, mail.sender),
        log,
        moment=moment_text(job.clock.now()),
        run_id=console.run_id,
    )
    if noted is None:
        return None
    letter = replace(letter, message_id=noted.message_id)
    try:
        answer = transport.send(envelope_of(mail, letter), message_bytes(letter))
    except MailServerUnreachable as error:
        note_reminder(job, noted, ReminderEvent.DEFERRED, str(error), console)
        raise
    note_reminder(job, noted, ReminderEvent(answer.outcome.value), answer.detail, console)
    return answer
