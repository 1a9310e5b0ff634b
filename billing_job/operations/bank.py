"""Statements in, payments out: every file of a call is read before anything is written, and all of it is kept or none.

What an entry pays is worked out from all that the ledger holds, so that the order in which files come in is of no
matter; only what changes is recorded.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from billing_job.core.bank_entry import IdentifiedEntry, Statement
from billing_job.core.claim import Payment
from billing_job.core.decision import BankDecision
from billing_job.core.errors import ConfigError
from billing_job.core.moments import moment_text
from billing_job.core.period import Period
from billing_job.ledger.bank import (
    add_bank_decision,
    add_entries,
    add_statement,
    balances_in,
    bank_decisions_in,
    bring_payments,
    entries_in,
    known_files_in,
)
from billing_job.ledger.database import transaction
from billing_job.ledger.documents import billed_periods
from billing_job.ledger.payments import claims_in, payments_in
from billing_job.month.banked import evidence_of
from billing_job.month.job import Job
from billing_job.operations.rejections import Rejected, keep_report
from billing_job.receivables.duplicates import check_same, identified, in_its_direction
from billing_job.receivables.matching import Matched, WaitingEntry, matched
from billing_job.receivables.statement_gaps import Gap, gaps, short_statements
from billing_job.receivables.statements.ours import CsvColumns, House
from billing_job.receivables.statements.reading import statements_of
from billing_job.receivables.statements.status_report import StatusReport, status_report


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file of the bank with its statements."""

    name: str
    sha256: str
    statements: tuple[Statement, ...]
    report: StatusReport | None = None
    """What the bank says of a file of direct debits, if it is no statement."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """What one file brought of one account."""

    file: str
    account: str
    entries: int
    new: int
    cents: int


@dataclass(frozen=True, slots=True)
class BankReport:
    """What a call came to: files, what is booked newly or otherwise, what waits by now, and statements missing."""

    files: tuple[FileReport, ...]
    booked: tuple[Payment, ...]
    waiting: tuple[WaitingEntry, ...]
    gaps: tuple[str, ...] = ()
    """A sentence for each statement that is missing, or that misses entries."""
    rejected: tuple[Rejected, ...] = ()
    """Direct debits that the bank will not book, of which no report told before."""
    books: tuple[str, ...] = ()
    """Months that were run already and whose books this changes."""


def read_files(job: Job, paths: Sequence[Path]) -> list[ReadFile]:
    """Every file, read whole; folders stand for the files in them; ConfigError names every file that cannot be read."""
    found: list[ReadFile] = []
    problems: list[str] = []
    house = _house(job)
    for path in _files_of(job, paths):
        try:
            content = path.read_bytes()
            report = status_report(content)
            statements = () if report is not None else tuple(statements_of(content, house))
            found.append(ReadFile(str(path), hashlib.sha256(content).hexdigest(), statements, report))
        except OSError as error:
            problems.append(f"{path}: cannot be read ({error.strerror}); nothing was imported")
        except ValueError as error:
            problems.append(f"{path}: {error}; nothing was imported")
    if problems:
        raise ConfigError(problems)
    return found


def import_files(job: Job, files: Sequence[ReadFile], run_id: str) -> BankReport:
    """Keep what is new of these files, and book what it pays."""
    now = moment_text(job.clock.now())
    with transaction(job.engine) as connection:
        known = {each.id: each for each in entries_in(connection)}
        known_files = known_files_in(connection)
        reports: list[FileReport] = []
        added: list[tuple[IdentifiedEntry, int]] = []
        rejected: list[Rejected] = []
        for file in files:
            try:
                if file.report is not None:
                    count, new = keep_report(connection, file.report, file.sha256, now, run_id)
                    rejected += new
                    reports.append(FileReport(file.name, "", count, len(new), 0))
                    continue
                reports += _kept(connection, file, known, added, now, is_new=file.sha256 not in known_files)
            except ValueError as error:
                raise ConfigError(f"{file.name}: {error}; nothing was imported") from None
            known_files.add(file.sha256)
        add_entries(connection, added)
        balances = balances_in(connection)
        booked, gone, outcome = _settled(connection, job, list(known.values()), now, {})
    told = {(one.account, one.name, one.opening_cents) for file in files for one in file.statements}
    missing = [
        str(gap) for gap in gaps(balances) if (gap.account, gap.before, gap.opening_cents) in told or _ends(gap, told)
    ]
    statements = [one for file in files for one in file.statements]
    missing += short_statements(statements, [each.entry for each in known.values()], job.settings.billing.currency)
    books = _books(job, [*booked, *gone])
    return BankReport(tuple(reports), tuple(booked), outcome.waiting, tuple(missing), tuple(rejected), books)


def _ends(gap: Gap, told: set[tuple[str, str, int | None]]) -> bool:
    return any((account, name) == (gap.account, gap.after) for account, name, _ in told)


def _kept(
    connection: Connection,
    file: ReadFile,
    known: dict[str, IdentifiedEntry],
    added: list[tuple[IdentifiedEntry, int]],
    now: str,
    *,
    is_new: bool,
) -> Iterator[FileReport]:
    """Add the file's statements; its entries go to `added` where they are new or tell more than is known."""
    rows: dict[int, int] = {}

    def row_of(statement: Statement) -> int:
        if id(statement) not in rows:
            rows[id(statement)] = add_statement(connection, statement, file.name, file.sha256, now)
        return rows[id(statement)]

    if is_new:
        for statement in file.statements:
            row_of(statement)
    accounts = dict.fromkeys(statement.account for statement in file.statements)
    new: dict[str, int] = defaultdict(int)
    for statement, told in identified(file.statements):
        each = in_its_direction(told, known)
        before = known.get(each.id)
        if before is not None:
            check_same(before.entry, each.entry)
            each = each.joined(before)
            if each == before:
                continue
        else:
            new[statement.account] += 1
        known[each.id] = each
        added.append((each, row_of(statement)))
    for account in accounts:
        entries = [entry for one in file.statements if one.account == account for entry in one.entries]
        yield FileReport(file.name, account, len(entries), new[account], sum(entry.cents for entry in entries))


def decide(job: Job, entry: str, decision: Callable[[str, str], BankDecision]) -> tuple[str, BankReport]:
    """Record a decision about an entry and book what follows; ConfigError, and nothing recorded, where it cannot be.

    `decision` makes it of the entry's whole id and the moment. Returns the id beside what the call came to.
    """
    now = moment_text(job.clock.now())
    with transaction(job.engine) as connection:
        known = entries_in(connection)
        ids = [each.id for each in known if each.id.startswith(entry)]
        if len(ids) != 1 or not entry:
            problem = "several entries begin so; write more of it" if ids else "there is no such entry"
            raise ConfigError(f"{entry}: {problem}; `billing-job bank list` shows them")
        made = decision(ids[0], now)
        _check(connection, job, made)
        add_bank_decision(connection, made)
        booked, gone, outcome = _settled(connection, job, known, now, {made.entry: made.decided_by})
        refused = next((one for one in outcome.waiting if one.entry == made.entry), None)
        if refused is not None and made.action != "undo":
            raise ConfigError(f"{entry}: {refused.suggestion or refused.reason}; nothing was recorded")
    return ids[0], BankReport((), tuple(booked), outcome.waiting, books=_books(job, [*booked, *gone]))


def _check(connection: Connection, job: Job, decision: BankDecision) -> None:
    issued = {claim.number for claim in claims_in(connection)}
    problems = [
        f"--document {number}: no such document was issued; `billing-job list` shows those that were"
        for number in decision.documents
        if number not in issued
    ]
    # The file's own rows: whether a mandate holds is asked of the ledger, which this call has for itself.
    if decision.client_id and all(client.client_id != decision.client_id for client in job.mapping.clients):
        problems.append(f"--client {decision.client_id}: there is no such client in clients.csv")
    if decision.action == "undo":
        earlier = bank_decisions_in(connection).get(decision.entry, [])
        is_decided = bool(earlier) and earlier[-1].action != "undo"
        if not is_decided and not payments_in(connection, entries=[decision.entry]):
            problems.append(f"{decision.entry}: nothing is booked of it, so there is nothing to undo")
    if problems:
        raise ConfigError(problems)


def _settled(
    connection: Connection, job: Job, known: Sequence[IdentifiedEntry], now: str, decided_by: Mapping[str, str]
) -> tuple[list[Payment], list[Payment], Matched]:
    """Work out what every entry comes to, and record what changes by it: what is booked newly, what is no more."""
    evidence = evidence_of(connection, job, known, claims_in(connection))
    outcome = matched(known, evidence)
    return *bring_payments(connection, evidence.recorded, outcome.payments, now, decided_by), outcome


def _books(job: Job, changed: Sequence[Payment]) -> tuple[str, ...]:
    """The months of these payments that were run already: who has imported their books does not have them."""
    months = {str(Period.of(payment.day)) for payment in changed}
    return tuple(sorted(months & billed_periods(job.engine)[0])) if months else ()


def _house(job: Job) -> House:
    bank, seller = job.settings.bank, job.settings.seller
    accounts = tuple(dict.fromkeys(account for account in (seller.iban, *bank.accounts) if account))
    return House(accounts, job.settings.billing.currency, job.today, CsvColumns(**bank.csv.model_dump()))


def _files_of(job: Job, paths: Sequence[Path]) -> Iterator[Path]:
    """The files that are meant, those of a folder by name; without any, those of the inbox."""
    if not paths:
        if job.settings.bank.inbox is None:
            raise ConfigError("name the files, or set bank.inbox in billing.toml to the folder in which they arrive")
        paths = [job.settings.bank.inbox]
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
        else:
            yield path
