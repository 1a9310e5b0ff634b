"""A supplier that answers with the rows and the balance it is given, word for word: amounts may be of any form."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from billing_job.didfarm.sandbox.holdings import WireRow

PAGE_SIZE = 1000


@dataclass(slots=True)
class PlainSupplier:
    """Rows oldest first, and what `GET /wallet/balance` says."""

    rows: list[WireRow] = field(default_factory=list)
    balance: str = "0.00"
    base_url: str = ""

    def answer(self, path: str, page: int) -> dict[str, Any]:
        """The body of an answer."""
        if path == "/wallet/balance":
            return {"balance": self.balance, "currency": "EUR"}
        if path == "/wallet/transactions":
            part: Sequence[WireRow] = self.rows[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
            return {"data": part, "meta": {"total": len(self.rows), "page": page}}
        return {"data": [], "meta": {"total": 0, "page": page}}


@contextmanager
def plain_supplier(*rows: WireRow, balance: str) -> Iterator[PlainSupplier]:
    """One that listens on this machine."""
    supplier = PlainSupplier(list(rows), balance)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            body = json.dumps(supplier.answer(url.path, int(parse_qs(url.query).get("page", ["1"])[0]))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        supplier.base_url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield supplier
        finally:
            server.shutdown()
            thread.join()
