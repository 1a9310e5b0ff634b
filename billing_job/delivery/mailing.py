"""One round of e-mail: each document of a month to its client, once, whatever happens in between."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from billing_job.config.mail import Mail
from billing_job.core.console import Console
from billing_job.core.document import Document, document_to_json
from billing_job.core.errors import ConfigError, DocumentError, LedgerError, RunFailed
from billing_job.core.files.manifest import MANIFEST, sha256
from billing_job.core.moments import moment_text
from billing_job.core.period import Period
from billing_job.delivery.letters import LetterWriter
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
from billing_job.delivery.round_report import Entry, Mailed
from billing_job.delivery.smtp import MailServerUnreachable
from billing_job.ledger.deliveries import (
    SENT,
    UNKNOWN,
    Claim,
    Delivery,
    DeliveryEvent,
    claim,
    confirm,
    latest_deliveries,
    record,
)
from billing_job.ledger.documents import document_of_number, documents_in_folder
from billing_job.month.job import Job

MAX_BROKEN = 3
"""Messages in a row on which the connection broke: then the server is ill, and the rest waits."""


@dataclass(frozen=True, slots=True)
class MailOptions:
    """The options of `send`."""

    dry_run: bool = False
    resend: tuple[str, ...] = ()
    confirm: tuple[str, ...] = ()


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


def send_month(
    job: Job,
    month: Period,
    mail: Mail,
    options: MailOptions,
    open_transport: Callable[[], AbstractContextManager[Transport]],
    console: Console,
) -> Mailed:
    """Send what was not sent yet; a document whose fate is unknown is listed, and sent again only when named.

    The month's folder must be whole. A refused or damaged document stops no other one.
    """
    documents = documents_in_folder(job.engine, str(month))
    _check_numbers(job, documents, options)
    if job.folder(month).read(MANIFEST) is None:
        raise RunFailed(
            f"{job.folder(month).where()}: has no {MANIFEST}, so it is not whole; run the month before sending"
        )
    for number in options.confirm:
        if not confirm(job.engine, number, moment=moment_text(job.clock.now()), run_id=console.run_id):
            raise ConfigError(f"--confirm {number}: nothing is uncertain about it")
    mailed = Mailed(month, options.dry_run)
    items = _sorted_out(job, documents, options, mailed)
    box = LetterWriter(job, mail, month, tuple(item.document.number for item in items))
    if options.dry_run:
        for item in items:
            _rehearse(box, item, mailed)
    elif items:
        with open_transport() as transport:
            _send_all(box, items, transport, mailed, console)
    clients = {document.number: document.client.client_id for document in documents}
    mailed.uncertain = [
        Entry(
            number, clients.get(number, ""), delivery.recipient, delivery.detail or "the program was stopped meanwhile"
        )
        for number, delivery in latest_deliveries(job.engine).items()
        if delivery.event in UNKNOWN
    ]
    return mailed


def may_send(before: Delivery | None, recipient: str, *, again: bool) -> bool:
    """Never twice by itself: a sent or an uncertain document only when named, a refused one to another address."""
    if before is None or again or before.event is DeliveryEvent.DEFERRED:
        return True
    return before.event is DeliveryEvent.REFUSED and before.recipient != recipient


def _check_numbers(job: Job, documents: Sequence[Document], options: MailOptions) -> None:
    known = {document.number for document in documents}
    problems = []
    for option, numbers in (("--resend", options.resend), ("--confirm", options.confirm)):
        for number in numbers:
            issued = None if number in known else document_of_number(job.engine, number)
            if issued is not None:
                problems.append(f"{option} {number}: it stands in {issued.folder}; use --month {issued.folder}")
            elif number not in known:
                problems.append(f"{option} {number}: no such document was issued")
    if problems:
        raise ConfigError(problems)


def _sorted_out(job: Job, documents: Sequence[Document], options: MailOptions, mailed: Mailed) -> list[_Item]:
    """What is to be sent, never tried ones first: one that the server chokes on must not keep the rest waiting."""
    log = latest_deliveries(job.engine)
    items = []
    for document in documents:
        # The address as it is now: a corrected one must reach a document that was issued before.
        client = job.clients.get(document.client.client_id, document.client)
        recipients = tuple(ascii_address(address) or "" for address in client.recipients)
        item = _Item(document, client.first_email, document.number in options.resend, client.recipients[1:])
        before = log.get(document.number)
        if before is not None and before.event in SENT and not item.again:
            mailed.already_sent.append(item.entry(before.detail))
        elif before is not None and before.event in UNKNOWN and not item.again:
            continue
        elif not client.first_email:
            mailed.no_address.append(item.entry("clients.csv has no e-mail address for this client"))
        elif not all(recipients):
            mailed.refused.append(item.entry("no mail server takes this address: correct it in clients.csv"))
        elif may_send(before, client.first_email, again=item.again):
            items.append(item)
        elif before is not None:
            mailed.refused.append(item.entry(f"refused on {before.moment}: {before.detail}"))
    return sorted(items, key=lambda item: item.document.number in log)


def _rehearse(box: LetterWriter, item: _Item, mailed: Mailed) -> None:
    try:
        letter = box.letter(item.document, item.recipient, item.others)
        mailed.sent.append(item.entry(f"{letter.subject} ({len(message_bytes(letter)) // 1024} KiB)"))
    except DocumentError as error:
        mailed.held_back.append(item.entry(str(error)))


def _send_all(
    box: LetterWriter, items: Sequence[_Item], transport: Transport, mailed: Mailed, console: Console
) -> None:
    clock, pause = box.job.clock, 60 / box.mail.per_minute
    broken = 0
    last = None
    for done, item in enumerate(items):
        if last is not None:
            clock.sleep(max(0.0, last + pause - clock.monotonic()))
        last = clock.monotonic()
        try:
            answer = _send_one(box, item, transport, mailed, console)
        except MailServerUnreachable as error:
            mailed.stopped = str(error)
            mailed.waiting += [left.entry("not tried") for left in items[done + 1 :]]
            return
        broken = broken + 1 if answer is not None and answer.broken else 0
        if broken == MAX_BROKEN:
            mailed.stopped = (
                f"the connection broke on {MAX_BROKEN} messages in a row; the rest waits for the next round"
            )
            mailed.waiting += [left.entry("not tried") for left in items[done + 1 :]]
            return
        console.progress(done + 1, len(items), "e-mails")


def _send_one(box: LetterWriter, item: _Item, transport: Transport, mailed: Mailed, console: Console) -> Answer | None:
    """Note, send, note; None when the document cannot be sent, or another process has it."""
    job, mail, document = box.job, box.mail, item.document
    try:
        letter = box.letter(document, item.recipient, item.others)
    except DocumentError as error:
        mailed.held_back.append(item.entry(str(error)))
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
        _record(job, claimed, Answer(Outcome.DEFERRED, str(error)), console)
        mailed.deferred.append(item.entry(str(error)))
        raise
    _record(job, claimed, answer, console)
    console.warn(*(f"{document.number}: {refused}" for refused in answer.copies_refused))
    lists = {Outcome.ACCEPTED: mailed.sent, Outcome.REFUSED: mailed.refused, Outcome.DEFERRED: mailed.deferred}
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


def _record(job: Job, claimed: Claim, answer: Answer, console: Console) -> None:
    event = DeliveryEvent(answer.outcome.value)
    moment = moment_text(job.clock.now())
    try:
        record(job.engine, claimed, event, moment=moment, run_id=console.run_id, detail=answer.detail)
    except LedgerError as error:
        # The last time that anybody knows it: from now on the ledger says no more than that it was being sent.
        raise LedgerError(
            f"{claimed.number} was {event.value} ({answer.detail}), which could not be noted, so it counts as uncertain"
            f" until `send` gets --confirm or --resend; {error}"
        ) from error
