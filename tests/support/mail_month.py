"""A month of many issued documents to send: a real ledger and folder, with stand-ins for the files that take long."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from billing_job.config.settings_file import load_settings
from billing_job.core.clock import Clock as AnyClock
from billing_job.core.document import Kind
from billing_job.core.files.manifest import sha256
from billing_job.core.parties import Client, Seller
from billing_job.core.period import Period
from billing_job.core.settlement import Bill
from billing_job.documents.document_files import SUFFIXES, document_file
from billing_job.ledger.document_files import StoredFile, record_files
from billing_job.ledger.documents import Documents
from billing_job.ledger.issuing import issue
from billing_job.month.job import Job, open_job
from tests.support.fakes import Clock, Office
from tests.support.ledgers import storage
from tests.support.mail_server import MailServer
from tests.support.sample_documents import CLIENT, SELLER, document, line, phone

MONTH = "2026-10"
LANGUAGES = ("en", "nl", "de", "fr", "es", "pt", "ar", "zh", "ja", "hi")
SETTINGS = """\
[seller]
name = "Noordzee Telecom"
country = "NL"
vat_id = "NL861994772B01"
[mail]
host = "127.0.0.1"
port = {port}
security = "none"
from = "billing@noordzee.example"
per_minute = 100000
timeout_seconds = 5
"""


def client_id(index: int) -> str:
    return f"client-{index:03d}"


def address(index: int) -> str:
    return f"ap@{client_id(index)}.example"


def number(index: int) -> str:
    return f"INV-2026-{index + 1:05d}"


def index_of(recipient: str) -> int:
    """The client behind an address."""
    return int(recipient.partition("-")[2].partition(".")[0])


def mail_office(folder: Path, server: MailServer, count: int) -> Office:
    """An office with `count` invoices of October, issued, written and not sent; one client each."""
    config = folder / "config"
    config.mkdir()
    (config / "billing.toml").write_text(storage(folder) + SETTINGS.format(port=server.port), encoding="utf-8")
    rows = "".join(f"{client_id(n)},Client {n},NL,{address(n)},{LANGUAGES[n % len(LANGUAGES)]}\n" for n in range(count))
    (config / "clients.csv").write_text("client_id,name,country,email,language\n" + rows, encoding="utf-8")
    (config / "trunks.csv").write_text("trunk,client_id\n", encoding="utf-8")
    clock = Clock(datetime(2026, 11, 5, 8, 0, tzinfo=UTC))
    with opened(config, clock) as job:
        _issue(job, count)
    return Office(folder, clock, {})


@contextmanager
def opened(config: Path, clock: AnyClock) -> Iterator[Job]:
    """The job of a configuration folder."""
    job = open_job(load_settings(config / "billing.toml"), config, clock)
    try:
        yield job
    finally:
        job.close()


def _issue(job: Job, count: int) -> None:
    clients = [
        replace(
            CLIENT,
            client_id=client_id(n),
            name=f"Client {n}",
            email=address(n),
            language=LANGUAGES[n % len(LANGUAGES)],
        )
        for n in range(count)
    ]
    issue_to(job, clients, SELLER)


def issue_to(job: Job, clients: Sequence[Client], seller: Seller) -> None:
    """Issue an invoice of October to each client, and write the month's folder with stand-ins for the files."""
    bills = []
    for n, client in enumerate(clients):
        draft = document(
            [line(1, "call", 1000 + n, quantity=3, phone=phone(n))], number="", client=client, seller=seller
        )
        bills.append(Bill(client.client_id, draft, ()))
    formats = {Kind.INVOICE: "INV-{year}-{number:05d}", Kind.CREDIT_NOTE: "CN-{year}-{number:05d}"}
    numbers = issue(
        job.engine, [bills], MONTH, formats, closes=True, now="2026-11-05T08:00:00Z", today=date(2026, 11, 5)
    )
    folder = job.folder(Period.parse(MONTH))
    files, stored = {}, []
    for each in Documents(job.engine, numbers):
        for kind in SUFFIXES:
            content = f"{kind} of {each.number}\n".encode()
            name = document_file(each, kind)
            folder.write(name, content)
            files[name] = (sha256(content), len(content))
            stored.append(StoredFile(each.number, kind, sha256(content), len(content)))
    record_files(job.engine, stored)
    folder.write_manifest(files, {"month": MONTH})
