"""Telling programs how a run ended: a Prometheus textfile and a ping; neither may ever stop a run.

Metrics carry no client and no number, so that the collector, another user of the machine, may read the file.
"""

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

if TYPE_CHECKING:
    import httpx

PING_SECONDS = 5.0
PING_TRIES = 2
MICROS = 1_000_000
"""Of the currency."""
EMAIL_OUTCOMES = ("sent", "refused", "deferred", "uncertain", "held_back", "waiting", "no_address")

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

    Amounts are in the currency, times in seconds since 1970.
    """
    from prometheus_client import CollectorRegistry, Gauge, generate_latest  # loaded by who wants the textfile alone

    registry = CollectorRegistry()

    def gauge(name: str, text: str, value: float | None = None, **by_label: Mapping[str, float]) -> None:
        """One number, or one for each value of a label."""
        metric = Gauge(f"billing_job_{name}", text, tuple(by_label), registry=registry)
        if value is not None:
            metric.set(value)
        for values in by_label.values():
            for label, number in values.items():
                metric.labels(label).set(number)

    stamp = int(now.timestamp())
    success = stamp if watch.exit_code == 0 else _last_success(before)
    gauge("last_run_timestamp_seconds", "When the last run ended.", stamp)
    gauge("last_run_exit_code", "Its exit code; 0 is done.", watch.exit_code)
    gauge("last_run_duration_seconds", "How long it took.", round(seconds, 3))
    if success is not None:
        gauge("last_success_timestamp_seconds", "When a run last ended with exit code 0.", success)
    result = watch.result
    if result.get("status") in ("done", "exceptions"):
        documents, exceptions, wallet = result["documents"], result["exceptions"], result["wallet"]
        kinds = {kind: sum(each["kind"] == kind for each in documents) for kind in ("invoice", "credit_note")}
        gauge("documents", "Documents of the month.", kind=kinds)
        gauge("documents_new", "Those that this run issued.", sum(bool(each["new"]) for each in documents))
        gauge("exceptions", "Transactions that wait.", len(exceptions))
        waiting = -sum(each["micros"] or 0 for each in exceptions)
        gauge("exceptions_amount", "What they cost.", currency={currency: waiting / MICROS})
        if wallet["balance_micros"] is not None:
            difference = wallet["balance_micros"] - wallet["opening_micros"] - wallet["movements_micros"]
            unexplained = "What the wallet holds beyond what opening balance and movements explain."
            gauge("wallet_difference", unexplained, currency={currency: difference / MICROS})
        delivery = result.get("delivery")
        if delivery is not None and "sent" in delivery:
            counts = {outcome: len(delivery[outcome]) for outcome in EMAIL_OUTCOMES}
            gauge("emails", "E-mails of this run by what became of them.", outcome=counts)
    return generate_latest(registry).decode()


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


def _last_success(before: str) -> float | None:
    from prometheus_client.parser import text_string_to_metric_families

    try:
        samples = [sample for family in text_string_to_metric_families(before) for sample in family.samples]
    except ValueError:
        return None
    return next((sample.value for sample in samples if sample.name == _LAST_SUCCESS), None)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
