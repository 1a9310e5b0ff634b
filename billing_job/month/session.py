"""What a command was given, and the job that it works on with the ledger's lock held."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from billing_job.config.settings import Settings
from billing_job.core.clock import Clock
from billing_job.core.console import Console
from billing_job.ledger.run_lock import run_lock
from billing_job.month.job import Job, open_job

if TYPE_CHECKING:
    import httpx

    from billing_job.didfarm.http import Http


@dataclass(frozen=True, slots=True)
class Session:
    """What the command line knows and no stage may look up by itself."""

    settings: Settings
    config_folder: Path
    key: Callable[[], str]
    """The API key; ConfigError when there is none."""
    clock: Clock
    console: Console
    transport: "httpx.BaseTransport | None" = None


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The exit code and the JSON object of a command."""

    exit_code: int
    json: dict[str, Any]


@contextmanager
def locked_job(session: Session) -> Iterator[Job]:
    """The job, with the ledger's lock held."""
    with run_lock(session.settings.storage.database_url):
        job = open_job(session.settings, session.config_folder, session.clock)
        try:
            yield job
        finally:
            job.close()


def connected(session: Session) -> "Http":
    """The supplier's API as configured."""
    # A run from the ledger alone does not wait for the HTTP client to load.
    from billing_job.didfarm.http import connect

    return connect(session.settings.api, session.key, session.clock, session.console.warn, session.transport)
