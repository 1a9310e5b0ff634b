"""How a run ended reaches the textfile and the ping, and no trouble with either reaches the run."""

import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from billing_job.config.settings import Monitoring
from billing_job.operations.monitoring import Watch, metrics_text, ping, ping_url, watched
from tests.support.fakes import Clock, office

NOW = datetime(2026, 11, 5, 8, 0, tzinfo=UTC)
LATER = datetime(2026, 12, 5, 8, 0, tzinfo=UTC)
RESULT = {
    "status": "exceptions",
    "documents": [{"kind": "invoice", "new": True}, {"kind": "credit_note", "new": False}],
    "exceptions": [{"micros": -12_500_000}, {"micros": 3_000_000}, {"micros": None}],
    "wallet": {
        "opening_micros": 0,
        "movements_micros": 90_000_000_000_000_010_000,
        "balance_micros": 90_000_000_000_000_000_000,
    },
}


def samples(text: str) -> dict[str, float]:
    """The samples of a textfile by name and labels; every one must have a HELP and a TYPE before it."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        assert family.type == "gauge"
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sample.labels.items())
            found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


def test_amounts_and_counts_are_exact() -> None:
    """Euros are decimals with every cent; what waits costs money, so it is positive."""
    found = samples(metrics_text(Watch(3, RESULT), "EUR", 12.3456, NOW, ""))
    assert found['billing_job_exceptions_amount{currency="EUR"}'] == 9.5
    assert found['billing_job_wallet_difference{currency="EUR"}'] == -0.01
    assert found['billing_job_documents{kind="invoice"}'] == 1
    assert (found["billing_job_exceptions"], found["billing_job_documents_new"]) == (3, 1)
    assert found["billing_job_last_run_exit_code"] == 3
    assert "billing_job_last_success_timestamp_seconds" not in found


@pytest.mark.parametrize("before", ["", "billing_job_last_success_timestamp_seconds soon", "{ not a metric \0"])
def test_what_stood_in_the_file_never_stops_a_run(before: str) -> None:
    """A textfile that somebody else spoilt is written anew; there is no last success to keep."""
    found = samples(metrics_text(Watch(4, {"status": "incomplete"}), "EUR", 1, NOW, before))
    assert "billing_job_last_success_timestamp_seconds" not in found
    assert found["billing_job_last_run_exit_code"] == 4


def test_a_failure_keeps_the_last_success() -> None:
    """After a failed run the file still says when a run last succeeded: that is what an alert counts from."""
    good = metrics_text(Watch(0, {**RESULT, "status": "done"}), "EUR", 1, NOW, "")
    bad = samples(metrics_text(Watch(4, {"status": "incomplete"}), "EUR", 1, LATER, good))
    assert bad["billing_job_last_success_timestamp_seconds"] == NOW.timestamp()
    assert bad["billing_job_last_run_timestamp_seconds"] == LATER.timestamp()
    assert not any(name.startswith("billing_job_documents") for name in bad)


@pytest.mark.parametrize(
    ("code", "own", "wanted"),
    [
        (0, None, "https://watch.example/abc"),
        (3, None, "https://watch.example/abc/fail"),
        (4, "https://watch.example/no", "https://watch.example/no"),
    ],
)
def test_where_to_ping(code: int, own: str | None, wanted: str) -> None:
    """Success and failure have an address each; the one for failure follows from the other."""
    assert ping_url(Monitoring(ping_url="https://watch.example/abc", ping_failure_url=own), code) == wanted
    assert ping_url(Monitoring(), code) is None


def test_a_broken_watcher_is_a_warning(tmp_path: Path) -> None:
    """No connection, an error page, a folder that is not there: warnings, and the run's own error stays its error."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if len(asked) < 3:
            raise httpx.ConnectTimeout("no route")
        return httpx.Response(503)

    warnings: list[str] = []
    monitoring = Monitoring(textfile=tmp_path / "missing" / "x.prom", ping_url="https://watch.example/abc")
    clock = Clock(NOW)
    with (
        pytest.raises(KeyError),
        watched(monitoring, "EUR", clock, warnings.append, httpx.MockTransport(answer)),
    ):
        raise KeyError("a defect")
    assert asked == ["https://watch.example/abc/fail"] * 2
    assert len(warnings) == 2
    assert ping("https://watch.example/abc", httpx.MockTransport(answer)) == "HTTP 503"


def test_run_writes_the_textfile(tmp_path: Path) -> None:
    """A run's textfile is whole, readable by the collector, and says what happened; a draft leaves it alone."""
    with office(tmp_path) as (reseller, _):
        reseller.append("billing.toml", "[monitoring]", 'textfile = "metrics/billing.prom"')
        (tmp_path / "metrics").mkdir()
        textfile = tmp_path / "metrics" / "billing.prom"
        reseller.run("--draft")
        assert not textfile.exists()
        assert reseller.run().code == 0
        done = samples(textfile.read_text())
        assert textfile.stat().st_mode & 0o777 == 0o644
        reseller.environment = {}
        assert reseller.run().code == 2
        failed = samples(textfile.read_text())
        assert [path.name for path in textfile.parent.iterdir()] == ["billing.prom"]
    assert done['billing_job_documents{kind="invoice"}'] == 3
    assert done['billing_job_wallet_difference{currency="EUR"}'] == 0
    assert failed["billing_job_last_run_exit_code"] == 2
    assert failed["billing_job_last_success_timestamp_seconds"] == done["billing_job_last_run_timestamp_seconds"]


def test_json_logs_carry_the_run(tmp_path: Path) -> None:
    """Every line of a JSON log is one object with the same run id, also when things go wrong."""
    with office(tmp_path) as (reseller, _):
        reseller.environment = {}
        ran = reseller.type("--log-format", "json", "run", "--month", "2026-10")
    lines = [json.loads(line) for line in ran.err.splitlines()]
    assert lines
    assert len({line["run"] for line in lines}) == 1
    assert {"time", "level", "message"} <= set(lines[0])
