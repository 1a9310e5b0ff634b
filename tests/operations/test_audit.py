"""`make check` looks the pinned versions up: holes fail it, a service that is not there does not."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.paths import ROOT

HOLE = {
    "id": "PYSEC-2026-1",
    "summary": "Reads what it may not",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
        }
    ],
}


@contextmanager
def service(vulnerable: str, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A vulnerability service on loopback that knows one hole; its URL, and the packages it was asked for."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]["name"]
            asked.append(name)
            body = json.dumps({"vulns": [HOLE]} if name == vulnerable else {}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *_: object) -> None:
            """Nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query", asked
        finally:
            server.shutdown()
            thread.join()


def audit(url: str) -> "subprocess.CompletedProcess[str]":
    pytest.importorskip("pip_audit")
    command = [str(ROOT / ".ci" / "audit"), sys.executable, url]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_published_hole_fails_the_check() -> None:
    """The package, its hole and the version that closes it are named; every lock file was looked at."""
    with service("jinja2") as (url, asked):
        done = audit(url)
    assert done.returncode == 1
    assert "Found 1 known vulnerability in 1 package" in done.stderr
    assert all(word in done.stdout for word in ("jinja2", "PYSEC-2026-1", "99.1"))
    assert {"jinja2", "pytest", "duckdb"} <= set(asked)


def test_versions_without_holes_pass() -> None:
    """When every version was looked up and none is known to be bad, the check passes and says so."""
    with service("none") as (url, asked):
        done = audit(url)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "The pinned versions have no published vulnerabilities.\n"
    assert len(set(asked)) > 100


@pytest.mark.parametrize("status", [0, 503])
def test_without_an_answer_the_check_passes_and_says_so(status: int) -> None:
    """No network, or a service that is down: one line says that nothing was audited, and the exit code is 0."""
    with service("none", status or 200) as (url, _):
        down = "http://127.0.0.1:9/v1/query"
        done = audit(url if status else down)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("The pinned versions were not audited: no usable answer from http://127.0.0.1:")
    assert done.stdout.count("\n") == 1


def test_a_check_that_cannot_be_made_fails(tmp_path: Path) -> None:
    """A lock file without hashes is no network's fault: the check fails with the tool's own words."""
    (tmp_path / ".ci").mkdir()
    script = tmp_path / ".ci" / "audit"
    script.write_bytes((ROOT / ".ci" / "audit").read_bytes())
    (tmp_path / "requirements.lock").write_text("jinja2==3.1.6\n", encoding="utf-8")
    pytest.importorskip("pip_audit")
    done = subprocess.run(["bash", script, sys.executable], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "hash" in done.stderr
