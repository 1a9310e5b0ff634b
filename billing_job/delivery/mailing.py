"""One round of e-mail: each document of a month to its client, once, whatever happens in between."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from billing_job.config.mail import Mail
from billing_job.core.console import Console
from billing_job.core.document import Document
from billing_job.core.document_json import document_to_json
from billing_job.core.errors import DocumentError
from billing_job.core.files.manifest import sha256
from billing_job.core.moments import moment_text
from billing_job.core.period import Period
from billing_job.delivery.document_letters import LetterWriter
from billing_job.delivery.message import (
    Answer,
    Envelope,
    Letter,
    Outcome,
    Transport,
    ascii_address,
    message_bytes,
    message_id,
)
from billing_job.delivery.noting import UNCERTAIN_UNTIL, note_answer
from billing_job.delivery.round_report import Delivered, Entry
from billing_job.delivery.smtp import MailServerUnreachable
from billing_job.ledger.deliveries import (
    SENT,
    STUCK,
    UNKNOWN,
    Delivery,
    DeliveryEvent,
    claim,
)
from billing_job.month.job import Job

_OTHERWISE = UNCERTAIN_UNTIL.format(command="send")
MAX_BROKEN = 3
"""Messages in a row on which the connection broke: then the server is ill, and the rest waits."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A document that is about to be sent."""

    document: Document
    recipient: str
    again: bool
    others: tuple[str, ...] = ()
    """Further addresses of the client, and those of its copies."""

    def entry(self, detail: str) -> Entry:
        return Entry(self.document.number, self.document.client.client_id, self.recipient, detail)


def mail_all(
    job: Job,
    month: Period,
    mail: Mail,
    documents: Sequence[Document],
    log: Mapping[str, Delivery],
    resend: Collection[str],
    open_transport: Callable[[], AbstractContextManager[Transport]],
    delivered: Delivered,
    console: Console,
) -> None:
    """Send these documents of a month whose `log` lets them leave; a refused or damaged one stops no other one."""
    items = _sorted_out(job, documents, log, resend, delivered)
    box = LetterWriter(job, mail, month, tuple(item.document.number for item in items))
    if delivered.dry_run:
        for item in items:
            _rehearse(box, item, delivered)
    elif items:
        with open_transport() as transport:
            _send_all(box, items, transport, delivered, console)


def may_send(before: Delivery | None, recipient: str, *, again: bool) -> bool:
    """Never twice by itself: a sent or an uncertain document only when named, a stuck one to another address."""
    if before is None or again or before.event is DeliveryEvent.DEFERRED:
        return True
    return before.event in STUCK and before.recipient != recipient


def _sorted_out(
    job: Job, documents: Sequence[Document], log: Mapping[str, Delivery], resend: Collection[str], delivered: Delivered
) -> list[_Item]:
    """What is to be sent, never tried ones first: one that the server chokes on must not keep the rest waiting."""
    items = []
    for document in documents:
        # The address as it is now: a corrected one must reach a document that was issued before.
        client = job.clients.get(document.client.client_id, document.client)
        recipients = tuple(ascii_address(address) or "" for address in client.recipients)
        item = _Item(document, client.first_email, document.number in resend, client.recipients[1:])
        before = log.get(document.number)
        if before is not None and before.event in SENT and not item.again:
            delivered.already_sent.append(item.entry(before.detail))
        elif before is not None and before.event in UNKNOWN and not item.again:
            continue
        elif not client.first_email:
            delivered.no_address.append(item.entry("clients.csv has no e-mail address for this client"))
        elif not all(recipients):
            delivered.refused.append(item.entry("no mail server takes this address: correct it in clients.csv"))
        elif may_send(before, client.first_email, again=item.again):
            items.append(item)
        elif before is not None:
            delivered.refused.append(item.entry(f"refused on {before.moment}: {before.detail}"))
    return sorted(items, key=lambda item: item.document.number in log)


def _rehearse(box: LetterWriter, item: _Item, delivered: Delivered) -> None:
    try:
        letter = box.letter(item.document, item.recipient, item.others)
        delivered.sent.append(item.entry(f"{letter.subject} ({len(message_bytes(letter)) // 1024} KiB)"))
    except DocumentError as error:
        delivered.held_back.append(item.entry(str(error)))


def _send_all(
    box: LetterWriter, items: Sequence[_Item], transport: Transport, delivered: Delivered, console: Console
) -> None:
    clock, pause = box.job.clock, 60 / box.mail.per_minute
    broken = 0
    last = None
    for done, item in enumerate(items):
        if last is not None:
            clock.sleep(max(0.0, last + pause - clock.monotonic()))
        last = clock.monotonic()
        try:
            answer = _send_one(box, item, transport, delivered, console)
        except MailServerUnreachable as error:
            delivered.stopped = str(error)
            delivered.waiting += [left.entry("not tried") for left in items[done + 1 :]]
            return
        broken = broken + 1 if answer is not None and answer.broken else 0
        if broken == MAX_BROKEN:
            delivered.stopped = (
                f"the connection broke on {MAX_BROKEN} messages in a row; the rest waits for the next round"
            )
            delivered.waiting += [left.entry("not tried") for left in items[done + 1 :]]
            return
        console.progress(done + 1, len(items), "e-mails")


def _send_one(
    box: LetterWriter, item: _Item, transport: Transport, delivered: Delivered, console: Console
) -> Answer | None:
    """Note, send, note; None when the document cannot be sent, or another process has it."""
    job, mail, document = box.job, box.mail, item.document
    try:
        letter = box.letter(document, item.recipient, item.others)
    except DocumentError as error:
        delivered.held_back.append(item.entry(str(error)))
        return None
    body_sha256 = sha256(document_to_json(document).encode())
    claimed = claim(
        job.engine,
        document.number,
        item.recipient,
        lambda attempt: message_id(document.number, body_sha256, attempt, mail.sender),
        lambda before: may_send(before, item.recipient, again=item.again),
        moment=moment_text(job.clock.now()),
        run_id=console.run_id,
    )
    if claimed is None:
        return None
    letter = replace(letter, message_id=claimed.message_id)
    try:
        answer = transport.send(envelope_of(mail, letter), message_bytes(letter))
    except MailServerUnreachable as error:
        note_answer(job, claimed, Answer(Outcome.DEFERRED, str(error)), console, _OTHERWISE)
        delivered.deferred.append(item.entry(str(error)))
        raise
    note_answer(job, claimed, answer, console, _OTHERWISE)
    console.warn(*(f"{document.number}: {refused}" for refused in answer.copies_refused))
    lists = {Outcome.ACCEPTED: delivered.sent, Outcome.REFUSED: delivered.refused, Outcome.DEFERRED: delivered.deferred}
    if answer.outcome in lists:
        lists[answer.outcome].append(item.entry(answer.detail))
    return answer


def envelope_of(mail: Mail, letter: Letter) -> Envelope:
    """Everybody who gets the message, each once: a blind copy to who is named already would come twice."""
    named = {letter.recipient.casefold()}
    copies = []
    for address in (*letter.also_to, *letter.copy_to, *([mail.bcc] if mail.bcc else [])):
        if address.casefold() not in named:
            named.add(address.casefold())
            copies.append(address)
    return Envelope(mail.sender, letter.recipient, tuple(copies))
