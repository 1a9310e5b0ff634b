"""A stand-in for VIES on loopback: real HTTP, its documented answers, and faults where it is told to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WORDS = (
    "MS_UNAVAILABLE", "SERVICE_UNAVAILABLE", "TIMEOUT", "MS_MAX_CONCURRENT_REQ", "MS_MAX_CONCURRENT_REQ_TIME",
    "GLOBAL_MAX_CONCURRENT_REQ", "GLOBAL_MAX_CONCURRENT_REQ_TIME", "INVALID_INPUT", "INVALID_REQUESTER_INFO",
    "VAT_BLOCKED", "IP_BLOCKED",
)  # fmt: skip
"""VIES' own codes of what went wrong."""


@dataclass
class ViesServer:
    """`says` has the answer by VAT id: True, False, a word of WORDS, or the name of a fault; others are valid.

    Faults: "silence" never answers, "hang up" closes, "html", "empty", "half", "null", "text", "list", "flood", "429",
    "500", "302", "another" (about another id), "contradiction", "user error" (200 with a word beside `valid`).
    """

    url: str = ""
    says: dict[str, object] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def ids(self) -> list[str]:
        """The VAT ids that were asked about, in order."""
        return [f"{each['countryCode']}{each['vatNumber']}" for each in self.asked]


@contextmanager
def vies_server() -> Iterator[ViesServer]:
    """The server, at `url` while the block lasts."""
    vies = ViesServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path != "/rest-api/check-vat-number":
                self._send(404, b"{}")
                return
            vies.asked.append(question)
            said = vies.says.get(vies.ids[-1], True)
            if said == "silence":
                vies.over.wait(30)
            elif said != "hang up":
                self._send(*_answer(said, question, len(vies.asked)))

        def _send(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    vies.url = f"http://127.0.0.1:{server.server_port}/rest-api"
    try:
        yield vies
    finally:
        vies.over.set()
        server.shutdown()
        server.server_close()


def _answer(said: object, question: dict[str, Any], number: int) -> tuple[int, bytes]:
    body: dict[str, Any] = {
        "countryCode": question["countryCode"],
        "vatNumber": question["vatNumber"],
        "requestDate": "2026-11-05T09:00:00.000Z",
        "valid": said is True,
        "requestIdentifier": f"WAPIAAAA{number:06d}" if "requesterNumber" in question else "",
        "name": "Bruno \x1b\u202eMüller GmbH" if said is True else "---",
        "address": "Lindenstr. 1\n10969 Berlin" if said is True else "---",
    }
    if said in WORDS:
        status = 200 if str(said).startswith(("MS", "TIMEOUT")) else 400
        return status, json.dumps({"actionSucceed": False, "errorWrappers": [{"error": said}]}).encode()
    whole = json.dumps(body | {"valid": True}).encode()
    texts: dict[object, tuple[int, bytes]] = {
        "html": (200, b"<html>Wartung</html>"),
        "empty": (200, b""),
        "half": (200, whole[:40]),
        "null": (200, json.dumps(body | {"valid": None}).encode()),
        "text": (200, json.dumps(body | {"valid": "true"}).encode()),
        "list": (200, b"[" + whole + b"]"),
        "flood": (200, b'{"valid": true, "name": "' + b"x" * 200_000 + b'"}'),
        "429": (429, b"slow down"),
        "500": (500, whole),
        "302": (302, whole),
        "another": (200, json.dumps(body | {"valid": True, "vatNumber": "999999999"}).encode()),
        "contradiction": (200, json.dumps(body | {"valid": True, "userError": "INVALID"}).encode()),
        "user error": (200, json.dumps(body | {"userError": "MS_UNAVAILABLE"}).encode()),
    }
    return texts.get(said, (200, json.dumps(body).encode()))
