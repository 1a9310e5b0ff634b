"""`statement`: a client's account as PDF and CSV below output/statements/."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from billing_job.core.claim import Claim, Payment
from billing_job.core.errors import ConfigError
from billing_job.core.files.object_store import files_at
from billing_job.core.parties import Client
from billing_job.documents.document_files import letter_pdf
from billing_job.documents.statement_letter import AccountLine, StatementLetter, statement_csv, statement_view
from billing_job.ledger.payments import claims, recorded_payments
from billing_job.ledger.reminders import logged_reminders
from billing_job.month.job import Job
from billing_job.month.receivables import load_receivables
from billing_job.month.reminded import claimed_beside, client_of
from billing_job.receivables.account_statement import AccountStatement, clients_with_account, statement

FOLDER = "statements"
_MONTHS = 3


@dataclass(frozen=True, slots=True)
class WrittenStatement:
    """An account and the names of its files below the output folder."""

    statement: AccountStatement
    pdf: str
    csv: str
    claimed: Mapping[str, int]
    """Document → interest and costs that a reminder claimed and nobody paid, in cents: not in the balance."""


def default_first_day(as_of: date) -> date:
    """The first day of the third month before: a quarter and what has passed of the present month.

    >>> default_first_day(date(2026, 2, 14))
    datetime.date(2025, 11, 1)
    """
    months = as_of.year * 12 + as_of.month - 1 - _MONTHS
    return date(months // 12, months % 12 + 1, 1)


def write_statements(job: Job, client_id: str | None, as_of: date | None, first: date | None) -> list[WrittenStatement]:
    """The statement of one client, or of every client that has moved or owes something, as of the end of a day.

    ConfigError for a client that nobody knows, and for a span that ends before it begins.
    """
    last = as_of or job.today
    start = first or default_first_day(last)
    if start > last:
        raise ConfigError(f"--from {start}: is later than {last}, the day of the statement")
    state = load_receivables(job, last)
    issued, paid = claims(job.engine), recorded_payments(job.engine)
    everybody = clients_with_account(issued, paid, last)
    claims_of: dict[str, list[Claim]] = defaultdict(list)
    payments_of: dict[str, list[Payment]] = defaultdict(list)
    owner = {claim.number: claim.client_id for claim in issued}
    for claim in issued:
        claims_of[claim.client_id].append(claim)
    for payment in paid:
        payments_of[owner.get(payment.document or "", payment.client_id)].append(payment)
    if client_id is not None and client_id not in everybody and client_id not in job.clients:
        raise ConfigError(f"--client {client_id}: there is no such client in clients.csv, nor on any document")
    beside = {each.document: each.cents for each in claimed_beside(logged_reminders(job.engine), issued, paid, state)}
    files = files_at(job.settings.output.directory).below(FOLDER)
    written = []
    for each in everybody if client_id is None else [client_id]:
        account = statement(claims_of[each], payments_of[each], each, start, last, job.first_day)
        if client_id is None and not (account.opening_cents or account.movements or account.closing_cents):
            continue
        letter = _letter(
            job, account, beside, client_of(job, each, next((claim.number for claim in claims_of[each]), ""))
        )
        name = f"{each}-{last}"
        pdf = letter_pdf(statement_view(letter, job.templates), job.templates, day=last, what=f"statement of {each}")
        for suffix, content in ((".pdf", pdf), (".csv", statement_csv(letter))):
            if files.read(name + suffix) != content:
                files.write(name + suffix, content)
        written.append(WrittenStatement(account, f"{FOLDER}/{name}.pdf", f"{FOLDER}/{name}.csv", dict(letter.claimed)))
    return written


def _letter(job: Job, account: AccountStatement, beside: Mapping[str, int], client: Client) -> StatementLetter:
    lines = tuple(
        AccountLine(
            each.day, each.kind.value, each.document, each.detail, each.cents, each.balance_cents, each.due_date
        )
        for each in account.movements
    )
    own = {line.document for line in lines} | {item.number for item in account.open_items}
    return StatementLetter(
        job.seller,
        client,
        job.settings.billing.currency,
        account.first,
        account.as_of,
        account.opening_cents,
        lines,
        account.closing_cents,
        account.ageing,
        tuple(item.number for item in account.open_items if item.open_cents > 0),
        tuple((number, cents) for number, cents in beside.items() if number in own),
    )
