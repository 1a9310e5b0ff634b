"""The key is in no log, answer, error, traceback or file, whatever the supplier sends back and however much is said."""

import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import cycle
from pathlib import Path
from urllib.parse import quote

import pytest

from billing_job.didfarm.sandbox.faults import parse_fault
from tests.support.fakes import Office, office
from tests.support.sandbox_on_loopback import KEY

BAIT = (
    "key_in_error:500",
    "key_in_error:422,page=3",
    "redirect:https://elsewhere.example/x",
    "unauthorized:401",
    "unauthorized:403",
    "truncated_length:2",
    "html_200:2",
)
COMMANDS = (("sync", "--json"), ("run", "--json", "--month", "2026-10", "--workers", "1"), ("doctor",))


def _bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_key_that_comes_back_is_cut_out(tmp_path: Path) -> None:
    """At debug level, where httpx logs headers too: sync, run and doctor under seven faults say and store no key."""
    formats = cycle(("text", "json"))
    with office(tmp_path) as (reseller, sandbox):
        spoken = ""
        for fault in BAIT:
            for command in COMMANDS:
                sandbox.faults.clear()
                sandbox.faults.add(parse_fault(fault))
                ran = reseller.type("-vv", "--log-format", next(formats), *command)
                spoken += ran.out + ran.err
        sandbox.faults.clear()
        assert reseller.type("sync").code == 0
    assert "receive_response_headers" in spoken
    assert "[key]" in spoken
    assert KEY not in spoken
    assert KEY[:12] not in spoken.replace("df_test_[key]", "")
    assert KEY.encode() not in _bytes_of(tmp_path)


class _Echo(BaseHTTPRequestHandler):
    """A server that sends the key back in a header, as it came and as part of a URL."""

    def do_GET(self) -> None:
        key = self.headers["Authorization"].removeprefix("Bearer ")
        body = b'{"data": [], "meta": {"current_page": 1, "per_page": 15, "total": 0}}'
        self.send_response(200)
        self.send_header("X-Echo", f"{key} {quote(key, safe='')}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Nothing: the test looks at what the program says."""


@pytest.mark.parametrize("command", [("init",), ("api", "trunks", "list")])
def test_a_header_that_echoes_the_key_is_cut_out(command: tuple[str, ...], tmp_path: Path) -> None:
    """Whichever command reads the key, the log of HTTP headers never shows it."""
    key = f"{KEY}/+x"
    server = HTTPServer(("127.0.0.1", 0), _Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with office(tmp_path) as (reseller, _):
        here = Office(reseller.folder, reseller.clock, {"DIDFARM_API_KEY": key})
        path = here.config / "billing.toml"
        text = path.read_text(encoding="utf-8")
        url = f"http://127.0.0.1:{server.server_port}/api/v1"
        path.write_text(re.sub(r'(?m)^base_url = ".*"', f'base_url = "{url}"', text), encoding="utf-8")
        ran = here.type("-vv", *command)
    server.shutdown()
    server.server_close()
    assert "X-Echo" in ran.err
    assert key not in ran.out + ran.err
    assert quote(key, safe="") not in ran.out + ran.err


def test_a_traceback_shows_no_key(tmp_path: Path) -> None:
    """An exception that carries the key, logged with its traceback by the program itself, is cut too."""
    program = (
        "import logging, sys; from billing_job.core.console import Console;"
        "console = Console('run', log_format=sys.argv[1], verbosity=2); console.redactor.add(sys.argv[2])\n"
        "def ask(url):\n    raise ValueError(f'no answer from {url}')\n"
        "try:\n    ask('https://x.example/?api_key=' + sys.argv[2])\n"
        "except ValueError:\n    logging.getLogger('any.library').exception('failed with %s', sys.argv[2])\n"
    )
    for log_format in ("text", "json"):
        ran = subprocess.run(
            [sys.executable, "-c", program, log_format, KEY], capture_output=True, text=True, check=True
        )
        assert "Traceback" in ran.stderr
        assert "in ask" in ran.stderr
        assert "[key]" in ran.stderr
        assert KEY not in ran.stderr + ran.stdout


def test_a_wrong_key_is_not_repeated(tmp_path: Path) -> None:
    """A key with a blank in it is refused without being shown."""
    with office(tmp_path) as (reseller, _):
        here = Office(reseller.folder, reseller.clock, {"DIDFARM_API_KEY": f"{KEY} {KEY}"})
        ran = here.type("-vv", "sync")
    assert ran.code == 2
    assert KEY not in ran.out + ran.err
