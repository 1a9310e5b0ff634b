"""A month's documents through the Peppol network: each once, whatever happens in between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from billing_job.core.console import Console
from billing_job.core.document import Document
from billing_job.core.files.manifest import sha256
from billing_job.core.moments import moment_text
from billing_job.core.period import Period
from billing_job.delivery.message import Answer, Outcome
from billing_job.delivery.noting import note_answer
from billing_job.delivery.peppol.access_point import (
    AccessPoint,
    Posting,
    document_type,
    process,
    reference_of,
)
from billing_job.delivery.round_report import Delivered, Entry
from billing_job.documents.document_files import document_file
from billing_job.ledger.deliveries import (
    STUCK,
    UNKNOWN,
    ClaimedDelivery,
    Delivery,
    DeliveryEvent,
    claim,
    is_participant,
    latest_deliveries,
    names_elsewhere,
    record,
)
from billing_job.ledger.document_files import StoredFile, stored_files
from billing_job.month.job import Job

_OTHERWISE = "so the next `send` asks the access point for it"
MAX_BROKEN = 3
"""Documents in a row on which the connection broke: then the access point is ill, and the rest waits."""
SETTLES_AFTER = timedelta(minutes=10)
"""Until then "never taken" says nothing: the request that was cut off may still be on its way in."""


@dataclass(frozen=True, slots=True)
class PeppolItem:
    """A document that is to go from one participant to another, each as scheme:value."""

    document: Document
    sender: str
    receiver: str
    again: bool
    before: Delivery | None
    """What was known of it when the round began."""

    def entry(self, detail: str) -> Entry:
        """It in a round's report."""
        return Entry(self.document.number, self.document.client.client_id, self.receiver, detail)


def settle(job: Job, access_point: AccessPoint, console: Console) -> None:
    """Ask what became of documents of all months whose fate is open: uncertain ones, and those on their way."""
    names, now = names_elsewhere(job.engine), job.clock.now()
    for number, delivery in latest_deliveries(job.engine).items():
        on_its_way = delivery.event is DeliveryEvent.ACCEPTED
        if not is_participant(delivery.recipient) or not delivery.message_id:
            continue
        if not on_its_way and delivery.event not in UNKNOWN:
            continue
        answer = access_point.fate(delivery.message_id, names.get((number, delivery.attempt), ""))
        if answer.outcome is Outcome.DEFERRED:
            if on_its_way or now - datetime.fromisoformat(delivery.moment) < SETTLES_AFTER:
                continue
        elif answer.outcome is Outcome.UNCERTAIN or answer.outcome.value == delivery.event.value:
            continue
        known = ClaimedDelivery(number, delivery.attempt, delivery.message_id, delivery.recipient)
        note_answer(job, known, answer, console, _OTHERWISE)
        console.info(f"{number} to {delivery.recipient}: {answer.outcome.value} ({answer.detail})")


def may_post(before: Delivery | None, receiver: str, *, again: bool) -> bool:
    """Never twice by itself: what was sent or is uncertain only when named, what was refused to another receiver."""
    if before is None or again or before.event in (DeliveryEvent.DEFERRED, DeliveryEvent.NO_PARTICIPANT):
        return True
    return before.event in STUCK and before.recipient != receiver


def post_all(
    job: Job,
    month: Period,
    items: Sequence[PeppolItem],
    access_point: AccessPoint,
    delivered: Delivered,
    console: Console,
) -> None:
    """Note, submit, note: one document after the other; a damaged or refused one stops no other."""
    stored = stored_files(job.engine, [item.document.number for item in items])
    broken = 0
    for done, item in enumerate(items):
        posting = _posting(job, month, item, stored, delivered)
        if posting is None:
            continue
        answer = _post(job, item, posting, access_point, console)
        if answer is None:
            continue
        _enter(delivered, item, answer)
        broken = broken + 1 if answer.broken else 0
        if broken == MAX_BROKEN:
            delivered.stopped = (
                f"the connection to the access point broke on {MAX_BROKEN} documents in a row; the rest waits for the"
                " next round"
            )
            delivered.waiting += [left.entry("not tried") for left in items[done + 1 :]]
            return
        console.progress(done + 1, len(items), "documents by Peppol")


def _posting(
    job: Job, month: Period, item: PeppolItem, stored: Mapping[tuple[str, str], StoredFile], delivered: Delivered
) -> Posting | None:
    """The document as it goes, or None when its file is missing or was changed."""
    document = item.document
    folder, name = job.folder(month), document_file(document, "ubl")
    content, known = folder.read(name), stored.get((document.number, "ubl"))
    if content is None or known is None or sha256(content) != known.sha256:
        what = "is missing" if content is None else "was changed after it was written"
        delivered.held_back.append(
            item.entry(f"{folder.where(name)}: {what}; `billing-job render --month {month}` writes it again")
        )
        return None
    return Posting(
        number=document.number,
        reference="",
        sender=item.sender,
        receiver=item.receiver,
        document_type=document_type(document),
        process=process(),
        country=document.seller.country,
        content=content,
    )


def _post(job: Job, item: PeppolItem, posting: Posting, access_point: AccessPoint, console: Console) -> Answer | None:
    """None when another process has it."""
    before = item.before
    # What was never taken goes again under the same reference: should it have been taken after all, it is known there.
    same = before is not None and before.event is DeliveryEvent.DEFERRED and before.recipient == item.receiver

    def reference(attempt: int) -> str:
        if same and before is not None and before.message_id:
            return before.message_id
        return reference_of(posting.number, posting.content, attempt)

    claimed = claim(
        job.engine,
        posting.number,
        item.receiver,
        reference,
        lambda known: may_post(known, item.receiver, again=item.again),
        moment=moment_text(job.clock.now()),
        run_id=console.run_id,
    )
    if claimed is None:
        return None

    def noted(name: str) -> None:
        moment = moment_text(job.clock.now())
        record(job.engine, claimed, DeliveryEvent.NAMED, moment=moment, run_id=console.run_id, detail=name)

    named = replace(posting, reference=claimed.message_id)
    answer = access_point.submit(named, noted)
    note_answer(job, claimed, answer, console, _OTHERWISE)
    return answer


def _enter(delivered: Delivered, item: PeppolItem, answer: Answer) -> None:
    """Into the list of its outcome; what is uncertain is listed from the log, with that of other months."""
    match answer.outcome:
        case Outcome.ACCEPTED | Outcome.DELIVERED:
            delivered.sent.append(item.entry(answer.detail))
        case Outcome.REFUSED | Outcome.UNDELIVERED:
            delivered.refused.append(item.entry(answer.detail))
        case Outcome.DEFERRED:
            delivered.deferred.append(item.entry(answer.detail))
