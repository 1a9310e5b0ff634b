"""Copies of the ledger: taken while it is in use, proven whole before they count, and put back without losing anything.

The copy goes through SQLite's own backup interface, for a file that is in use cannot simply be copied.
"""

import contextlib
import hashlib
import os
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from billing_job.core.errors import LedgerError
from billing_job.core.moments import moment_text
from billing_job.ledger.collections import doubt_collections
from billing_job.ledger.database import open_engine
from billing_job.ledger.deliveries import doubt_all_unsent
from billing_job.ledger.migrations import STEPS
from billing_job.ledger.reminders import doubt_reminders

BUSY_SECONDS = 30
_COMPANIONS = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy that was checked: where it is, what it holds, and the SHA-256 of the file."""

    path: Path
    documents: int
    transactions: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Restored:
    """A ledger that was put back; `kept` is where the one before it is now, None when there was none."""

    ledger: Copied
    kept: Path | None
    in_doubt: int
    """Documents whose e-mail may have left after the copy was made: marked as uncertain."""
    clients_in_doubt: int
    """Clients that may have been reminded after it: likewise."""


def back_up(ledger: Path, target: Path) -> Copied:
    """Copy the ledger, in use or not, into a file that its owner alone can read; LedgerError when it is not whole.

    An existing file is never replaced: a copy of yesterday may be the last good one.
    """
    if not ledger.is_file():
        raise LedgerError(f"{ledger}: there is no ledger to copy; check storage.database_url")
    if target.exists():
        raise LedgerError(f"{target}: is there already; name another file, for example with the date in it")
    with _temporary(target) as temporary:
        copied = _checked_copy(ledger, temporary)
        os.link(temporary, target)  # unlike a rename it fails when somebody made the file meanwhile
        _sync_folder(target)
    return Copied(target, copied.documents, copied.transactions, copied.sha256)


def restore(copy: Path, ledger: Path, now: datetime, run_id: str, *, reminds: bool = False) -> Restored:
    """Put a copy in the ledger's place; the ledger that was there stays beside it under another name.

    The caller holds the ledger's lock. LedgerError for a copy that is damaged, no ledger of ours, or newer than this
    program, and for a ledger that another program has open; the present ledger is untouched then. The file changes
    its place in one step, so that a kill leaves either the old ledger or the new one. `reminds` says that reminders
    are configured, so that some may have left after the copy was made.
    """
    if not copy.is_file():
        raise LedgerError(f"{copy}: there is no such file")
    if ledger.exists() and copy.samefile(ledger):
        raise LedgerError(f"{copy}: is the ledger itself")
    ledger.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    moment = moment_text(now)
    with _temporary(ledger) as temporary:
        _checked_copy(copy, temporary)
        engine = open_engine(f"sqlite:///{temporary}")
        try:
            in_doubt = doubt_all_unsent(engine, moment=moment, run_id=run_id)
            doubt_collections(engine, moment=moment, run_id=run_id)
            clients = doubt_reminders(engine, moment=moment, run_id=run_id) if reminds else 0
        finally:
            engine.dispose()
        copied = _closed_and_checked(temporary)
        kept = _set_aside(ledger, moment) if ledger.exists() else None
        temporary.rename(ledger)
        _sync_folder(ledger)
    return Restored(Copied(ledger, copied.documents, copied.transactions, copied.sha256), kept, in_doubt, clients)


def _checked_copy(source: Path, target: Path) -> Copied:
    with _ledger_errors(source):
        address = f"file:{quote(str(source.absolute()))}?mode=ro"
        with (
            contextlib.closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)) as reading,
            contextlib.closing(sqlite3.connect(target, timeout=BUSY_SECONDS)) as writing,
        ):
            reading.backup(writing)
    return _closed_and_checked(target, source)


def _closed_and_checked(path: Path, named: Path | None = None) -> Copied:
    """Make one file of it, without a log beside it, and prove that it is a sound ledger that this program can read."""
    named = named or path
    with _ledger_errors(named), contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
        if found != ["ok"]:
            raise LedgerError(f"{named}: is damaged ({'; '.join(found)}); use another copy")
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {"facts", "documents", "wallet_rows"} <= tables:
            raise LedgerError(f"{named}: is a database, but not a billing-job ledger")
        orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
        if orphans:
            raise LedgerError(f"{named}: is damaged: {len(orphans)} rows refer to rows that are not there")
        version = connection.execute("SELECT value FROM facts WHERE name = 'schema_version'").fetchone()
        if version is None or not str(version[0]).isdecimal() or int(version[0]) > len(STEPS):
            raise LedgerError(
                f"{named}: has schema version {'none' if version is None else version[0]}, this program knows"
                f" {len(STEPS)}: install a newer billing-job"
            )
        documents = connection.execute("SELECT COUNT(*) FROM documents").fetchone()[0]
        transactions = connection.execute("SELECT COUNT(DISTINCT transaction_id) FROM wallet_rows").fetchone()[0]
    with path.open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Copied(named, documents, transactions, digest)


def _set_aside(ledger: Path, moment: str) -> Path:
    """Give the present ledger a second name, its log folded in; a damaged one is kept with its log as it is."""
    kept = _free_name(ledger, moment)
    try:
        with contextlib.closing(sqlite3.connect(ledger, timeout=1)) as connection:
            # Folding the log in needs the file for oneself: an idle connection of another program is in the way.
            is_alone = connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0] == "delete"
    except sqlite3.OperationalError as error:
        is_alone = "locked" not in str(error)
    except sqlite3.DatabaseError:
        is_alone = True  # not readable any more, which is why it is being replaced
    if not is_alone:
        raise LedgerError(f"{ledger}: another program has it open; close it and restore again")
    for suffix in ("", *_COMPANIONS):
        part = ledger.with_name(ledger.name + suffix)
        if part.exists():
            os.link(part, kept.with_name(kept.name + suffix))
    for suffix in _COMPANIONS:
        ledger.with_name(ledger.name + suffix).unlink(missing_ok=True)
    return kept


def _free_name(ledger: Path, moment: str) -> Path:
    stem = f"{ledger.name}.replaced-{moment.replace(':', '').replace('-', '')}"
    names = (stem if n == 0 else f"{stem}-{n}" for n in range(1000))
    return next(path for name in names if not (path := ledger.with_name(name)).exists())


@contextlib.contextmanager
def _temporary(beside: Path) -> Iterator[Path]:
    """An empty file in the same folder, readable by its owner alone; whatever is left of it goes away."""
    path = beside.with_name(f".{beside.name}.{secrets.token_hex(4)}.tmp")
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        yield path
    except OSError as error:
        raise LedgerError(
            f"{beside}: cannot be written ({error.strerror}); make room or choose another place"
        ) from None
    finally:
        for suffix in ("", *_COMPANIONS, "-journal"):
            with contextlib.suppress(OSError):
                path.with_name(path.name + suffix).unlink(missing_ok=True)


@contextlib.contextmanager
def _ledger_errors(named: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise LedgerError(
            f"{named}: cannot be copied ({error}); if the disk is full make room, else use a copy"
        ) from None


def _sync_folder(path: Path) -> None:
    """A new name survives a power cut only when its folder is on the disk."""
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
