"""The lock that lets one run at a time work on a ledger."""

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator

from billing_job.core.errors import LedgerError, LockHeld
from billing_job.ledger.database import database_path, is_file


def run_lock(database_url: str) -> contextlib.AbstractContextManager[None]:
    """Hold the ledger for one run; LockHeld when another has it. It is freed whatever way a process ends."""
    if is_file(database_url):
        return _file_lock(database_url)
    from billing_job.ledger.postgres import postgres_lock  # who has a file does not wait for it

    return postgres_lock(database_url)


@contextlib.contextmanager
def _file_lock(database_url: str) -> Iterator[None]:
    """The kernel holds the lock, so it ends with the process."""
    database = database_path(database_url)
    path = database.with_name(f"{database.name}.run-lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise LedgerError(
                f"{path}: is a symbolic link, and what it leads to would be overwritten; remove it, then run again"
            ) from None
        raise LedgerError(
            f"{path}: the lock file cannot be made ({error.strerror}); check storage.database_url"
        ) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            raise LockHeld(
                f"{path}: another run (process {holder}) is at work on this ledger; wait until it is done"
            ) from None
        # Only who is told that the lock is held wants to know by whom: a full disk is no reason not to hold it.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
