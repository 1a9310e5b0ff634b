"""What a command was given, and the job that it works on with the ledger's lock held."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from billing_job.config.settings import Settings
from billing_job.core.clock import Clock
from billing_job.core.console import Console
from billing_job.ledger.database import database_path, is_file
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
def locked_job(session: Session, *, makes_ledger: bool = False) -> Iterator[Job]:
    """The job, with the ledger's lock held.

    Where there is no ledger yet, a command that does not make one works with an empty one that goes away with it.
    """
    settings = session.settings
    url = settings.storage.database_url
    with ExitStack() as stack:
        if not makes_ledger and is_file(url) and not database_path(url).exists():
            session.console.warn(
                f"{database_path(url)}: there is no ledger yet; `billing-job run` or `billing-job sync` makes it. If"
                " there was one, correct storage.database_url or restore a copy"
            )
            folder = stack.enter_context(TemporaryDirectory(prefix="billing-job-"))
            url = f"sqlite:///{folder}/billing.db"
            settings = settings.model_copy(
                update={"storage": settings.storage.model_copy(update={"database_url": url})}
            )
        stack.enter_context(run_lock(url))
        job = open_job(settings, session.config_folder, session.clock)
        try:
            yield job
        finally:
            job.close()


def connected(session: Session) -> "Http":
    """The supplier's API as configured."""
    # A run from the ledger alone does not wait for the HTTP client to load.
    from billing_job.didfarm.http import connect

    console = session.console
    return connect(session.settings.api, session.key, session.clock, console.warn, session.transport, console.waiting())
