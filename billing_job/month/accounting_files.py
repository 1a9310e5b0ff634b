"""The month for the books: its journal in the formats that are asked for, again at any time."""

import contextlib
import csv
import io
import secrets
import shutil
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from billing_job.accounting.export import Export
from billing_job.accounting.formats import FORMATS, left_behind, may_be_of_two_months
from billing_job.accounting.journal import WalletMonth, month_journal
from billing_job.core.categories import TOPUP
from billing_job.core.claim import Payment
from billing_job.core.columns.row_values import exact_sum
from billing_job.core.document import Document
from billing_job.core.errors import ConfigError, OutputError
from billing_job.core.files.local import LocalFiles, make_folder
from billing_job.core.files.manifest import sha256
from billing_job.core.money import (
    MICROCENTS_PER_CENT,
    MICROS_PER_CENT,
    cents_from_decimal,
    cents_of,
    decimal_text,
    shared_out,
)
from billing_job.core.parties import Client
from billing_job.core.period import Period
from billing_job.core.sentences import counted
from billing_job.ledger.documents import closed_periods, documents_in_folder, headings_of, latest_clients
from billing_job.ledger.payments import recorded_payments
from billing_job.ledger.sums import moved_before
from billing_job.month.job import Job
from billing_job.month.placed import Placed
from billing_job.month.placing import place
from billing_job.month.review import month_margins
from billing_job.reporting.margins import margin_csv


def check_formats(names: Iterable[str]) -> None:
    """ConfigError names every format that there is not, and those that there are."""
    unknown = [name for name in dict.fromkeys(names) if name not in FORMATS]
    if unknown:
        raise ConfigError([f"--format {name}: is unknown; known are {', '.join(FORMATS)}" for name in unknown])


def check_billed(job: Job, month: Period) -> None:
    """ConfigError for a month that was never billed, and in which nothing was paid: there is nothing to write."""
    if not _is_billed(job, month) and not recorded_payments(job.engine, first=month.first_day, last=month.last_day):
        raise ConfigError(f"month {month} was never billed: run `billing-job run --month {month}` first")


def _is_billed(job: Job, month: Period) -> bool:
    return str(month) in closed_periods(job.engine) or len(documents_in_folder(job.engine, str(month))) > 0


def month_books(
    job: Job, month: Period, placed: Placed, documents: Iterable[Document], formats: Collection[str]
) -> Export:
    """The month in these formats, written from one journal; the warnings of a format begin with its name.

    ConfigError when accounts.csv has no account for something.
    """
    paid = month_payments(job, month)
    journal = month_journal(documents, wallet_month(job, month, placed), job.accounts, paid)
    files: dict[str, bytes] = {}
    warnings = _other_money(job, month)
    for name in dict.fromkeys(formats):
        export = FORMATS[name].write(journal, job.accounts, job.settings.accounting)
        files.update(export.files)
        warnings += [f"{name}: {warning}" for warning in export.warnings]
    return Export(files, tuple(warnings))


def books_still_true(
    job: Job, month: Period, placed: Placed, documents: Sequence[Document], before: Mapping[str, str]
) -> dict[str, bytes]:
    """The files of formats that were exported by hand and would be written just so now; `before` is name → SHA-256."""
    if not before:
        return {}
    journal = month_journal(documents, wallet_month(job, month, placed), job.accounts, month_payments(job, month))
    found: dict[str, bytes] = {}
    for each in FORMATS.values():
        with contextlib.suppress(ConfigError):  # a format that nobody has used may lack accounts
            files = each.write(journal, job.accounts, job.settings.accounting).files
            if all(before.get(name) == sha256(content) for name, content in files.items()):
                found.update(files)
    return found


def books_are_behind(job: Job, month: Period, before: bytes) -> bool:
    """Whether a journal.csv has other sums than the ledger by now: the bank or the wallet told something later.

    Accounts that were named otherwise since are no difference, nor is money of before another `billing.currency`.
    """
    written = list(csv.DictReader(io.StringIO(before.decode("utf-8-sig"))))
    if any(row["currency"] != job.settings.billing.currency for row in written):
        return False
    documents = documents_in_folder(job.engine, str(month))
    files = month_books(job, month, place(job, month), documents, ["csv"]).files
    return _debits(written) != _debits(csv.DictReader(io.StringIO(files["journal.csv"].decode("utf-8-sig"))))


def _debits(rows: Iterable[Mapping[str, str]]) -> Counter[tuple[str, str]]:
    """Entry → what it debits; cents."""
    sums: Counter[tuple[str, str]] = Counter()
    for row in rows:
        sums[row["date"], row["document_number"]] += cents_from_decimal(row["debit"] or "0")
    return sums


def month_payments(job: Job, month: Period) -> list[tuple[Payment, Client]]:
    """What the bank booked in the calendar month, each with its client as the paid document has it."""
    recorded = recorded_payments(job.engine, first=month.first_day, last=month.last_day)
    found = [one for one in recorded if job.first_day.is_own(one)]
    if not found:
        return []
    numbers = dict.fromkeys(payment.document for payment in found if payment.document)
    parties = {number: document.client for number, document in headings_of(job.engine, list(numbers)).items()}
    by_client = dict(job.clients) | latest_clients(
        job.engine, {payment.client_id for payment in found} - set(job.clients)
    )
    return [
        (payment, parties[payment.document] if payment.document else by_client[payment.client_id]) for payment in found
    ]


def _other_money(job: Job, month: Period) -> list[str]:
    """What was paid in the month on documents of before `[billing]` had another currency: no journal holds it."""
    recorded = recorded_payments(job.engine, first=month.first_day, last=month.last_day)
    sums: dict[str, list[int]] = {}
    for payment in recorded:
        if not job.first_day.is_own(payment):
            sums.setdefault(payment.currency, []).append(payment.cents)
    return [
        f"{counted(len(cents), 'payment')} of {month} in {currency}, {decimal_text(sum(cents))} in all, left out: the"
        f" journal is in {job.settings.billing.currency}, so book what was paid on documents in {currency} by hand"
        for currency, cents in sums.items()
    ]


def export_books(job: Job, month: Period, formats: Collection[str], folder: Path) -> Export:
    """Write a billed month in these formats into any folder: all of the files, or none; an earlier export's go."""
    documents = documents_in_folder(job.engine, str(month))
    export = month_books(job, month, place(job, month), documents, formats)
    if not _is_billed(job, month):
        told = f"{month} is not billed yet: its payments and its wallet are as they stand now; export it again later"
        export = Export(export.files, (told, *export.warnings))
    blocked = [name for name in export.files if (folder / name).is_dir()]
    if blocked:
        raise OutputError(f"{folder / blocked[0]}: is a folder, so no file can take its name; choose another --output")
    make_folder(folder)
    stale = left_behind(LocalFiles(folder).names(""), formats, export)
    replaced = [
        name
        for name, content in export.files.items()
        if may_be_of_two_months(name) and LocalFiles(folder).read(name) not in (None, content)
    ]
    staging = LocalFiles(folder / f".export-{secrets.token_hex(4)}.tmp")
    try:
        for name, content in export.files.items():
            staging.write(name, content)
        for name in export.files:
            (staging.path / name).replace(folder / name)
        for name in stale:
            (folder / name).unlink()
    except OSError as error:
        raise OutputError(
            f"{folder}: files cannot be written there ({error.strerror}); choose another --output"
        ) from None
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(staging.path)
    notes = [f"{name}: an earlier export wrote it, and {month} has none, so it was removed" for name in stale]
    notes += [
        f"{name}: held other bookings and was written over: those of another month need a folder of their own"
        for name in replaced
    ]
    return Export(export.files, (*export.warnings, *notes))


def month_tables(job: Job, month: Period) -> dict[str, bytes]:
    """sales, journal and margin of a billed month as CSV, by their names."""
    placed = place(job, month)
    documents = documents_in_folder(job.engine, str(month))
    books = month_books(job, month, placed, documents, ["csv"]).files
    margin = b"".join(margin_csv(month_margins(job, month, placed)))
    return {"sales": books["sales.csv"], "journal": books["journal.csv"], "margin": margin}


def wallet_month(job: Job, month: Period, placed: Placed) -> WalletMonth:
    """What left and entered the wallet in the month, billed or not, in the seller's currency."""
    currency = job.settings.billing.currency
    gone = job.withdrawn()
    moved: dict[str, int] = {}
    for frame in placed.moved_in_month("currency", "micros", "transaction_id", "category"):
        rows = frame[(frame["currency"] == currency) & frame["micros"].notna()]
        if gone:
            rows = rows[~rows["transaction_id"].isin(sorted(gone))]
        for category, part in rows.groupby("category", dropna=False):
            moved[str(category)] = moved.get(str(category), 0) + exact_sum(part["micros"])
    sums = dict(sorted(moved.items()))
    # The books are in cents: a month moves them by what the wallet's rounded balance moves, so that they never drift.
    before = moved_before(job.engine, month.span(job.settings.billing.zone)[0], currency, gone)
    total = cents_of(before + sum(sums.values())) - cents_of(before)
    cents = shared_out(total, [micros * MICROCENTS_PER_CENT // MICROS_PER_CENT for micros in sums.values()])
    by_category = dict(zip(sums, cents, strict=True))
    return WalletMonth(month, currency, by_category, by_category.pop(TOPUP, 0))
