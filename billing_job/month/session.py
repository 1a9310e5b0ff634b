"""What a command was given, and the job that it works on with the ledger's lock held."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from billing_job.config.receivables import load_first_day
from billing_job.config.settings import Settings
from billing_job.core.claim import FirstDay
from billing_job.core.clock import Clock
from billing_job.core.console import Console
from billing_job.ledger.database import database_path, is_file, open_engine
from billing_job.ledger.run_lock import run_lock

if TYPE_CHECKING:
    import httpx
    from sqlalchemy import Engine

    from billing_job.didfarm.http import Http
    from billing_job.month.job import Job


@dataclass(frozen=True, slots=True)
class Session:
    """What the command line knows and no stage may look up by itself."""

    settings: Settings
    config_folder: Path
    key: Callable[[], str]
    """The API key; ConfigError when there is none."""
    clock: Clock
    console: Console
    transport: httpx.BaseTransport | None = None


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The exit code and the JSON object of a command."""

    exit_code: int
    json: dict[str, Any]


@dataclass(frozen=True, slots=True)
class OpenLedger:
    """What questions about issued documents are answered from; clients, prices and templates have no part in it."""

    settings: Settings
    engine: Engine
    clock: Clock
    first_day: FirstDay

    @property
    def today(self) -> date:
        """The present day in the seller's zone."""
        return self.settings.billing.day_of(self.clock.now())


@contextmanager
def locked_job(session: Session, *, makes_ledger: bool = False) -> Iterator[Job]:
    """The job, with the ledger's lock held.

    Where there is no ledger yet, a command that does not make one works with an empty one that goes away with it.
    """
    # Who only asks what was issued does not wait for pandas and the templates to load.
    from billing_job.month.job import open_job

    with _locked(session, makes_ledger=makes_ledger) as settings:
        job = open_job(settings, session.config_folder, session.clock)
        try:
            yield job
        finally:
            job.close()


@contextmanager
def locked_ledger(session: Session) -> Iterator[OpenLedger]:
    """The ledger alone, with its lock held; an empty one that goes away where there is none yet."""
    told = session.settings
    first_day = load_first_day(session.config_folder / "open_items.csv", told.receivables, told.billing.currency)
    with _locked(session, makes_ledger=False) as settings:
        engine = open_engine(settings.storage.database_url)
        try:
            yield OpenLedger(settings, engine, session.clock, first_day)
        finally:
            engine.dispose()


@contextmanager
def _locked(session: Session, *, makes_ledger: bool) -> Iterator[Settings]:
    """The settings that lead to the ledger whose lock is held."""
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
        yield settings


def connected(session: Session) -> Http:
    """The supplier's API as configured."""
    # A run from the ledger alone does not wait for the HTTP client to load.
    from billing_job.didfarm.http import connect

    console = session.console
    return connect(session.settings.api, session.key, session.clock, console.warn, session.transport, console.waiting())
