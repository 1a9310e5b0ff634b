"""The sandbox's bank for a ledger that bills the sandbox: a statement in which its clients pay, each in its own way."""

from collections import defaultdict
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from billing_job.core.document import Kind
from billing_job.core.errors import ConfigError, OutputError
from billing_job.didfarm.sandbox.bank import Owed, camt053, movements
from billing_job.ledger.collections import logged_collections
from billing_job.ledger.documents import headings_of
from billing_job.ledger.payments import claims
from billing_job.ledger.reminders import logged_reminders
from billing_job.month.collected import collection_of
from billing_job.month.job import Job
from billing_job.month.reminded import late_claims


def write_statement(job: Job, file: Path) -> int:
    """Write the statement up to today; returns how many entries it has.

    ConfigError for a ledger that bills a real supplier: what nobody paid must not come into its books.
    """
    if not _is_here(job.settings.api.base_url):
        raise ConfigError(
            "--bank: api.base_url is no sandbox on this machine, and invented payments must not come into real books"
        )
    if job.settings.billing.currency != "EUR" or not job.seller.iban:
        raise ConfigError("--bank: the sandbox's bank keeps an account in euros: set seller.iban, and billing.currency")
    day = job.today
    moved = movements(_owed(job), day)
    try:
        file.write_bytes(camt053("".join(job.seller.iban.split()), moved, day))
    except OSError as error:
        raise OutputError(f"{file}: cannot be written ({error.strerror}); choose another --bank") from None
    return len(moved)


def _owed(job: Job) -> list[Owed]:
    collected: dict[str, list[tuple[date, int]]] = defaultdict(list)
    for file in logged_collections(job.engine):
        collection = collection_of(file)
        for debit in collection.debits:
            if debit.document_number not in file.rejected:
                collected[debit.document_number].append((collection.due, debit.cents))
    reminded: dict[str, tuple[date, int]] = {}
    for claim in late_claims(logged_reminders(job.engine)):
        if beside := claim.costs_cents + claim.interest_cents:
            reminded.setdefault(claim.document, (claim.day, beside))
    invoices = [one for one in claims(job.engine) if one.kind is Kind.INVOICE and one.gross_cents > 0]
    names = {
        number: heading.client.name
        for number, heading in headings_of(job.engine, [one.number for one in invoices]).items()
    }
    return [
        Owed(
            one.number,
            one.client_id,
            names[one.number],
            one.gross_cents,
            one.issue_date,
            one.due_date,
            tuple(collected[one.number]),
            reminded.get(one.number),
        )
        for one in sorted(invoices, key=lambda one: (one.issue_date, one.number))
    ]


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
