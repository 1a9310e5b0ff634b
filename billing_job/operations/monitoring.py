"""Telling programs how a run ended: a Prometheus textfile and a ping; neither may ever stop a run.

Metrics carry no client and no number, so that the collector, another user of the machine, may read the file.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from billing_job.config.settings import Monitoring
from billing_job.core.clock import Clock
from billing_job.core.errors import ExitCode
from billing_job.core.files.local import write_whole
from billing_job.core.money import decimal_text

if TYPE_CHECKING:
    import httpx

PING_SECONDS = 5.0
PING_TRIES = 2

_LAST_SUCCESS = "billing_job_last_success_timestamp_seconds"


@dataclass(slots=True)
class Watch:
    """How a run ended; until it says so it has failed."""

    exit_code: int = ExitCode.FAILED
    result: Mapping[str, Any] = field(default_factory=dict)
    """The object of `run --json`; empty when the run broke off."""

    def ended(self, exit_code: int, result: Mapping[str, Any]) -> None:
        """Note the end."""
        self.exit_code, self.result = exit_code, result


@contextmanager
def watched(
    monitoring: Monitoring,
    currency: str,
    clock: Clock,
    warn: Callable[[str], None],
    transport: "httpx.BaseTransport | None" = None,
) -> Iterator[Watch]:
    """Report the run inside, however it ends; trouble with reporting is a warning."""
    watch, began = Watch(), clock.monotonic()
    try:
        yield watch
    finally:
        seconds = clock.monotonic() - began
        if monitoring.textfile is not None:
            try:
                before = _read(monitoring.textfile)
                text = metrics_text(watch, currency, seconds, clock.now(), before)
                # The collector must never see half a file. It alone of all our files is readable by others.
                write_whole(monitoring.textfile, text.encode(), 0o644)
            except OSError as error:
                warn(f"monitoring.textfile {monitoring.textfile}: cannot be written ({error.strerror})")
        url = ping_url(monitoring, watch.exit_code)
        if url is not None and (problem := ping(url, transport)):
            warn(f"the monitoring ping failed: {problem}")


def metrics_text(watch: Watch, currency: str, seconds: float, now: datetime, before: str) -> str:
    """The textfile of a run; `before` is the previous one, whose last success stays when this run failed.

    Amounts are decimals of the currency with two places; times are seconds since 1970.
    """
    stamp = int(now.timestamp())
    success = stamp if watch.exit_code == 0 else _last_success(before)
    lines = [
        *_metric("billing_job_last_run_timestamp_seconds", "When the last run ended.", [("", str(stamp))]),
        *_metric("billing_job_last_run_exit_code", "Its exit code; 0 is done.", [("", str(watch.exit_code))]),
        *_metric("billing_job_last_run_duration_seconds", "How long it took.", [("", f"{seconds:.3f}")]),
    ]
    if success is not None:
        lines += _metric(_LAST_SUCCESS, "When a run last ended with exit code 0.", [("", str(success))])
    if watch.result.get("status") in ("done", "exceptions"):
        lines += _outcome(watch.result, currency)
    return "\n".join(lines) + "\n"


def ping_url(monitoring: Monitoring, exit_code: int) -> str | None:
    """Where to report success (exit code 0) or failure (any other: somebody has to look)."""
    if exit_code == 0 or monitoring.ping_url is None:
        return monitoring.ping_url if exit_code == 0 else monitoring.ping_failure_url
    return monitoring.ping_failure_url or monitoring.ping_url.rstrip("/") + "/fail"


def ping(url: str, transport: "httpx.BaseTransport | None" = None) -> str:
    """Ask for the address once, and once more if that failed; what went wrong, empty for nothing."""
    import httpx  # loaded by who is to be pinged alone

    problem = ""
    with httpx.Client(transport=transport, timeout=PING_SECONDS) as client:
        for _ in range(PING_TRIES):
            try:
                answer = client.get(url)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                problem = f"{type(error).__name__}: {error}"
                continue
            if answer.is_success:
                return ""
            problem = f"HTTP {answer.status_code}"
    return problem


def _outcome(result: Mapping[str, Any], currency: str) -> Iterator[str]:
    documents = result["documents"]
    exceptions = result["exceptions"]
    wallet = result["wallet"]
    kinds = {kind: sum(document["kind"] == kind for document in documents) for kind in ("invoice", "credit_note")}
    yield from _metric(
        "billing_job_documents",
        "Documents of the month.",
        [(f'{{kind="{kind}"}}', str(count)) for kind, count in kinds.items()],
    )
    fresh = sum(bool(document["new"]) for document in documents)
    yield from _metric("billing_job_documents_new", "Those that this run issued.", [("", str(fresh))])
    yield from _metric("billing_job_exceptions", "Transactions that wait.", [("", str(len(exceptions)))])
    waiting = -sum(exception["cents"] or 0 for exception in exceptions)
    labels = f'{{currency="{currency}"}}'
    yield from _metric("billing_job_exceptions_amount", "What they cost.", [(labels, decimal_text(waiting))])
    if wallet["balance_cents"] is not None:
        difference = wallet["balance_cents"] - wallet["opening_cents"] - wallet["movements_cents"]
        yield from _metric(
            "billing_job_wallet_difference",
            "What the wallet holds beyond what opening balance and movements explain.",
            [(labels, decimal_text(difference))],
        )
    delivery = result.get("delivery")
    if delivery is not None and "sent" in delivery:
        names = ("sent", "refused", "deferred", "uncertain", "held_back", "waiting", "no_address")
        counts = [(f'{{outcome="{name}"}}', str(len(delivery[name]))) for name in names]
        yield from _metric("billing_job_emails", "E-mails of this run by what became of them.", counts)


def _metric(name: str, text: str, samples: list[tuple[str, str]]) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} gauge", *(f"{name}{labels} {value}" for labels, value in samples)]


def _last_success(before: str) -> int | None:
    found = re.search(rf"^{_LAST_SUCCESS} (\d+)$", before, re.MULTILINE)
    return None if found is None else int(found[1])


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
