"""`archive`: a year's documents, books and evidence in one file that can be checked without this program's ledger."""

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import ColumnElement, Table, func, select

from billing_job.core.errors import OutputError, RunFailed
from billing_job.core.files.csv_writer import csv_text
from billing_job.core.files.manifest import ACCOUNTING, MANIFEST, sha256
from billing_job.core.moments import moment_text, utc_text
from billing_job.core.period import Period
from billing_job.ledger.billing_tables import documents
from billing_job.ledger.chain import chained_tables
from billing_job.ledger.database import transaction
from billing_job.ledger.documents import closed_periods
from billing_job.ledger.tables import transactions, wallet_rows
from billing_job.month.accounting_files import books_are_behind
from billing_job.month.job import Job
from billing_job.operations.retention import Retention, kept_until, retentions_of

SCHEMA = "billing-job/archive@1"
CONTENTS, DOCUMENTS = "archive.json", "documents.csv"
JOURNAL = f"{ACCOUNTING}/journal.csv"
DOCUMENT_COLUMNS = (
    "number", "kind", "series_year", "series_number", "client_id", "issue_date", "folder", "net_cents", "gross_cents"
)  # fmt: skip
EVIDENCE = frozenset(
    {
        "absences", "accepted_differences", "balances", "bank_decisions", "bank_entries", "bank_statements", "closings",
        "collections", "decisions", "deliveries", "document_evidence", "payments", "proven_readings", "reminders",
        "vat_closings", "vies_answers",
    }
)  # fmt: skip
"""Tables of the ledger that tell how documents came about and what became of them; what was issued is in each month's
issued.jsonl.gz already, what moved the wallet in wallet/."""
WALLET_COLUMNS = (
    wallet_rows.c.transaction_id, transactions.c.created_at, transactions.c.type, transactions.c.micros,
    transactions.c.currency, transactions.c.standing, transactions.c.problem, wallet_rows.c.first_seen,
    wallet_rows.c.sha256, wallet_rows.c.raw,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Archived:
    """A finished archive: where it is, its SHA-256, and what it holds; `keep` are (what, until when, source)."""

    path: Path
    sha256: str
    documents: int
    files: int
    keep: tuple[tuple[str, str, str], ...]


def archive(job: Job, year: int, target: Path) -> Archived:
    """Write the year's archive, whole or not at all.

    A month belongs to the year of its folder. RunFailed when there is none, one is not as it was written, or its books
    lack what was told later; OutputError when the file is there already, or cannot be written.
    """
    folders = _folders(job, year)
    if not folders:
        raise RunFailed(f"no month of {year} was run: there is nothing to archive")
    if damaged := [text for folder in folders for text in job.folder(Period.parse(folder)).damaged()]:
        raise RunFailed("\n".join(damaged))
    if behind := [folder for folder in folders if _is_behind(job, Period.parse(folder))]:
        raise RunFailed(
            f"the bank or the wallet told later what the books of {', '.join(behind)} do not have: run"
            f" `billing-job run --month {behind[0]}`" + (" and the others" if len(behind) > 1 else "") + " first"
        )
    if target.exists():
        raise OutputError(f"{target}: is there already, and an archive is never replaced; name another file")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = target.with_name(f".{target.name}.part")
    try:
        with os.fdopen(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
            digest, held = _write(file, _members(job, folders), lambda files: _contents(job, year, folders, files))
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, target)  # unlike a rename it fails when somebody made the file meanwhile
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({error.strerror or error})") from None
    finally:
        temporary.unlink(missing_ok=True)
    return Archived(target, digest, _count(job, folders), held, kept_until(_retentions(job), year))


def member(name: str, size: int) -> tarfile.TarInfo:
    """The header of a file in an archive: nothing in it depends on the moment, the machine or the user."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


def sealed(contents: Mapping[str, Any]) -> str:
    """SHA-256 of all that archive.json says beside its seal."""
    rest = {key: value for key, value in contents.items() if key != "seal"}
    return sha256(json.dumps(rest, sort_keys=True, ensure_ascii=False).encode())


def written(contents: Mapping[str, Any]) -> bytes:
    """archive.json, which can be written in this way only."""
    return (json.dumps(contents, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


class Hashed(io.RawIOBase):
    """A file that is written to another one and hashed on the way."""

    def __init__(self, file: BinaryIO | None = None):
        self._file = file
        self.digest = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Write and hash."""
        self.digest.update(data)
        self.size += len(data)
        return len(data) if self._file is None else self._file.write(data)


def _write(
    file: BinaryIO, members: Iterator[tuple[str, bytes]], contents: Callable[[dict[str, Any]], dict[str, Any]]
) -> tuple[str, int]:
    hashed = Hashed(file)
    held: dict[str, Any] = {}
    with tarfile.open(fileobj=hashed, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for name, content in members:
            held[name] = {"sha256": sha256(content), "size": len(content)}
            tar.addfile(member(name, len(content)), io.BytesIO(content))
        told = contents(held)
        told["seal"] = sealed(told)
        last = written(told)
        tar.addfile(member(CONTENTS, len(last)), io.BytesIO(last))
    return hashed.digest.hexdigest(), len(held)


def _members(job: Job, folders: list[str]) -> Iterator[tuple[str, bytes]]:
    for month in folders:
        folder = job.folder(Period.parse(month))
        for name in [*sorted(folder.manifest()["files"]), MANIFEST]:
            content = folder.read(name)
            if content is None:
                raise RunFailed(f"{folder.where(name)}: has gone meanwhile; run `archive` again")
            yield f"{month}/{name}", content
    columns = [documents.c[name] for name in DOCUMENT_COLUMNS]
    with transaction(job.engine) as connection:
        query = select(*columns).where(documents.c.folder.in_(folders))
        rows = [tuple(map(str, row)) for row in connection.execute(query.order_by(*columns[1:4]))]
    yield DOCUMENTS, csv_text(DOCUMENT_COLUMNS, rows)
    for table in chained_tables():
        if table.name in EVIDENCE:
            yield f"evidence/{table.name}.jsonl", _rows(job, table)
    year, zone = folders[0][:4], job.settings.billing.zone
    for number in range(1, 13):
        starts, ends = Period(int(year), number).span(zone)
        within = (transactions.c.created_at >= starts) & (transactions.c.created_at < ends)
        if content := _wallet_rows(job, within):
            yield f"wallet/{year}-{number:02d}.jsonl.gz", content
    undated = transactions.c.created_at.is_(None) & wallet_rows.c.first_seen.like(f"{year}-%")
    if content := _wallet_rows(job, undated):
        yield "wallet/undated.jsonl.gz", content


def _wallet_rows(job: Job, condition: ColumnElement[bool]) -> bytes:
    """Every version of the wallet's rows as they came and as they are read, as gzipped lines; nothing without any."""
    packed = io.BytesIO()
    # Without the name and the moment that gzip would write, the same rows are the same bytes.
    with gzip.GzipFile("", "wb", 5, packed, mtime=0) as lines, transaction(job.engine) as connection:
        query = select(*WALLET_COLUMNS).join(transactions, transactions.c.seq == wallet_rows.c.seq).where(condition)
        rows = connection.execute(query.order_by(wallet_rows.c.seq).execution_options(yield_per=10_000)).mappings()
        found = False
        for row in rows:
            found = True
            moment = None if row["created_at"] is None else utc_text(row["created_at"])
            told = dict(row) | {"created_at": moment}
            lines.write((json.dumps(told, ensure_ascii=False, sort_keys=True) + "\n").encode())
    return packed.getvalue() if found else b""


def _rows(job: Job, table: Table) -> bytes:
    with transaction(job.engine) as connection:
        rows = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        lines = [json.dumps(dict(row), ensure_ascii=False, sort_keys=True, default=_plain) for row in rows]
    return "".join(f"{line}\n" for line in lines).encode()


def _plain(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _contents(job: Job, year: int, folders: list[str], files: dict[str, Any]) -> dict[str, Any]:
    seller, retentions = job.seller, _retentions(job)
    kept = [{"what": what, "until": until, "source": source} for what, until, source in kept_until(retentions, year)]
    return {
        "schema": SCHEMA,
        "year": year,
        "made": moment_text(job.clock.now()),
        "seller": {"name": seller.name, "country": seller.country, "vat_id": seller.vat_id},
        "keep": kept,
        "retentions": [asdict(each) for each in retentions],
        "elsewhere": _elsewhere(job, folders),
        "files": files,
    }


def _retentions(job: Job) -> list[Retention]:
    return retentions_of(job.seller.country, oss=job.settings.tax.oss)


def _folders(job: Job, year: int) -> list[str]:
    """The months of the year that have documents or were run: the wallet and payments are booked in either."""
    starts = f"{year:04d}-"
    with transaction(job.engine) as connection:
        query = select(documents.c.folder).where(documents.c.folder.like(f"{starts}%")).distinct()
        issued = set(connection.execute(query).scalars())
    return sorted(issued | {month for month in closed_periods(job.engine) if month.startswith(starts)})


def _is_behind(job: Job, month: Period) -> bool:
    """Whether the month is over, and its books were written before all of it was known."""
    journal = job.folder(month).read(JOURNAL)
    return month.last_day < job.today and journal is not None and books_are_behind(job, month, journal)


def _count(job: Job, folders: list[str]) -> int:
    with transaction(job.engine) as connection:
        query = select(func.count()).select_from(documents).where(documents.c.folder.in_(folders))
        return int(connection.execute(query).scalar_one())


def _elsewhere(job: Job, folders: list[str]) -> list[list[Any]]:
    """Kind, year and number of the documents of the same series that are in the archive of another year."""
    with transaction(job.engine) as connection:
        columns = (documents.c.kind, documents.c.series_year, documents.c.series_number)
        inside = select(documents.c.kind, documents.c.series_year).where(documents.c.folder.in_(folders)).distinct()
        series = {tuple(row) for row in connection.execute(inside)}
        others = select(*columns).where(documents.c.folder.not_in(folders)).order_by(*columns)
        return [list(row) for row in connection.execute(others) if tuple(row[:2]) in series]
