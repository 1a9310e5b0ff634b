"""One round of deliveries: each document of a month to its client by the client's channel, once, whatever happens."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from billing_job.config.mail import Mail
from billing_job.core.console import Console
from billing_job.core.document import Document
from billing_job.core.errors import ConfigError, RunFailed
from billing_job.core.files.manifest import MANIFEST
from billing_job.core.moments import moment_text
from billing_job.core.parties import Client
from billing_job.core.period import Period
from billing_job.delivery.mailing import mail_all
from billing_job.delivery.message import Transport
from billing_job.delivery.peppol.access_point import AccessPoint, Reach, document_type, participants
from billing_job.delivery.peppol.posting import PeppolItem, may_post, post_all, settle
from billing_job.delivery.round_report import Delivered, Entry
from billing_job.ledger.deliveries import (
    SENT,
    UNKNOWN,
    Delivery,
    DeliveryEvent,
    confirm,
    latest_deliveries,
    note_no_participant,
)
from billing_job.ledger.documents import document_of_number, documents_in_folder
from billing_job.ledger.undelivered import undelivered
from billing_job.month.job import Job


@dataclass(frozen=True, slots=True)
class RoundOptions:
    """The options of `send`."""

    dry_run: bool = False
    resend: tuple[str, ...] = ()
    confirm: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ways:
    """What can carry documents: None where billing.toml has no [mail], or no [peppol]."""

    mail: Mail | None
    open_transport: Callable[[], AbstractContextManager[Transport]]
    access_point: AccessPoint | None


def send_month(job: Job, month: Period, ways: Ways, options: RoundOptions, console: Console) -> Delivered:
    """Send what was not sent yet; a document whose fate is unknown is listed, and sent again only when named.

    The month's folder must be whole. Uncertain documents of Peppol are asked for first.
    """
    documents = list(documents_in_folder(job.engine, str(month)))
    _check_numbers(job, documents, options)
    if job.folder(month).read(MANIFEST) is None:
        raise RunFailed(
            f"{job.folder(month).where()}: has no {MANIFEST}, so it is not whole; run the month before sending"
        )
    for number in options.confirm:
        if not confirm(job.engine, number, moment=moment_text(job.clock.now()), run_id=console.run_id):
            raise ConfigError(f"--confirm {number}: nothing is uncertain about it")
    if ways.access_point is not None and not options.dry_run:
        settle(job, ways.access_point, console)
    delivered = Delivered(month, options.dry_run)
    log = latest_deliveries(job.engine)
    by_peppol, by_mail = _by_channel(job, documents, log, ways, options, delivered, console)
    if ways.access_point is not None and by_peppol:
        if options.dry_run:
            delivered.sent += [item.entry(f"by Peppol, {ways.access_point.name}") for item in by_peppol]
        else:
            post_all(job, month, by_peppol, ways.access_point, delivered, console)
    if ways.mail is None:
        delivered.waiting += [
            _entry(document, "", "goes by e-mail, and billing.toml has no [mail] table: add host and from")
            for document in by_mail
        ]
    else:
        mail_all(job, month, ways.mail, by_mail, log, options.resend, ways.open_transport, delivered, console)
    clients = {document.number: document.client.client_id for document in documents}
    delivered.uncertain = [
        Entry(number, clients.get(number, ""), delivery.recipient, _doubt(delivery))
        for number, delivery in latest_deliveries(job.engine).items()
        if delivery.event in UNKNOWN
    ]
    delivered.queue = undelivered(job.engine, job.clock.now())
    return delivered


def _by_channel(
    job: Job,
    documents: Sequence[Document],
    log: Mapping[str, Delivery],
    ways: Ways,
    options: RoundOptions,
    delivered: Delivered,
    console: Console,
) -> tuple[list[PeppolItem], list[Document]]:
    """Which documents go by Peppol, and which by e-mail; all others are entered into the report."""
    by_peppol, by_mail = [], []
    for document in documents:
        before, again = log.get(document.number), document.number in options.resend
        channel = job.mapping.channels.get(document.client.client_id, "") or "auto"
        if before is not None and not again and before.event in SENT:
            delivered.already_sent.append(_entry(document, before.recipient, before.detail))
        elif before is not None and not again and before.event in UNKNOWN:
            continue
        elif channel == "none":
            delivered.not_wanted.append(_entry(document, "", "clients.csv says channel = none"))
        elif channel == "email" or (channel == "auto" and ways.access_point is None):
            if _needs_einvoice(document, job.clients.get(document.client.client_id, document.client)):
                console.warn(
                    f"{document.number}: between Belgian businesses a PDF by e-mail is no invoice since 2026; set up"
                    " [peppol], and channel = peppol for this client"
                )
            by_mail.append(document)
        else:
            way = _peppol_way(job, document, channel, before, ways.access_point, again, delivered, console)
            if way == "email":
                by_mail.append(document)
            elif isinstance(way, PeppolItem):
                by_peppol.append(way)
    return by_peppol, by_mail


def _peppol_way(
    job: Job,
    document: Document,
    channel: str,
    before: Delivery | None,
    access_point: AccessPoint | None,
    again: bool,
    delivered: Delivered,
    console: Console,
) -> PeppolItem | str:
    """The item for the network, "email", or "" when it was entered into the report."""
    if access_point is None:
        delivered.waiting.append(
            _entry(document, "", "goes by Peppol, and billing.toml has no [peppol] table: add access_point and url")
        )
        return ""
    client = job.clients.get(document.client.client_id, document.client)
    sender, receiver, missing = participants(document, client)
    if not missing:
        if before is not None and not may_post(before, receiver, again=again):
            told = f"{before.event.value} on {before.moment}: {before.detail}"
            delivered.refused.append(_entry(document, receiver, told))
            return ""
        found = access_point.lookup(receiver, document_type(document))
        if channel == "auto" and found.reach is Reach.UNKNOWN:
            told = f"nobody could be asked whether it is there: {found.detail}"
            delivered.deferred.append(_entry(document, receiver, told))
            return ""
        if found.reach is Reach.ABSENT or (found.reach is Reach.UNLISTED and channel == "auto"):
            missing = found.detail
    if not missing:
        return PeppolItem(document, sender, receiver, again, before)
    if channel == "auto" and not _needs_einvoice(document, client):
        return "email"
    if not delivered.dry_run:
        moment = moment_text(job.clock.now())
        note_no_participant(job.engine, document.number, receiver, missing, moment=moment, run_id=console.run_id)
    delivered.refused.append(_entry(document, receiver, missing))
    return ""


def _needs_einvoice(document: Document, client: Client) -> bool:
    """Whether the law wants a structured invoice: between businesses in Belgium since 2026 (law of 6 February 2024).

    A business is who is known as one now or was when the document was issued; a consumer has no address in Peppol.
    """
    in_belgium = document.seller.country.upper() == "BE" == document.client.country.upper()
    return in_belgium and any(each.is_business or each.peppol_id for each in (document.client, client))


def _check_numbers(job: Job, documents: Sequence[Document], options: RoundOptions) -> None:
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


def _entry(document: Document, recipient: str, detail: str) -> Entry:
    return Entry(document.number, document.client.client_id, recipient, detail)


def _doubt(delivery: Delivery) -> str:
    if delivery.event is not DeliveryEvent.UNCERTAIN or not delivery.detail:
        return "the program was stopped meanwhile"
    return delivery.detail
