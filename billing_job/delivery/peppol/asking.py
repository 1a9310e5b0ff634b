"""Requests to an access point: one try each, whole within a deadline, and told apart by whether it can have counted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from billing_job.core.clock import Clock
from billing_job.core.deadline import Deadline
from billing_job.core.errors import ConfigError
from billing_job.didfarm.connection import http_client
from billing_job.didfarm.retry import seconds_asked_for, seconds_to_wait
from billing_job.didfarm.watched_connection import Connection

MAX_ANSWER_BYTES = 4 * 1024 * 1024
_WORDS = 300
_TOO_MANY = 429
_TRIES = 3
_LONGEST_WAIT = 10.0
"""Seconds; who asks for more gets the document with the next round."""
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol)


class NotSent(Exception):
    """The request has not reached the access point."""


class AnswerLost(Exception):
    """The request may have reached the access point; its answer did not reach us."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its status, and its body as JSON, or None where it is none."""

    status: int
    body: Any
    text: str
    headers: Mapping[str, str]

    @property
    def words(self) -> str:
        """What it says, in one short line."""
        said = self.body if isinstance(self.body, str) else self.text
        if isinstance(self.body, dict):
            for key in ("errorDetails", "message", "detail", "error", "errors"):
                if self.body.get(key):
                    found = self.body[key]
                    said = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
                    break
        line = " ".join(said.split())
        return f"status {self.status}" + (f": {line[:_WORDS]}" if line else "")

    def field(self, *path: str) -> Any:
        """The value at a path of keys; None where the body has another shape."""
        value = self.body
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value


class Asking:
    """One access point by HTTP; `headers` carry its key.

    Who answers 429 has taken nothing: it is asked again after the time that it asks for, as long as that is short.
    Where it never stops, the requests after that wait no longer.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        timeout_seconds: float,
        clock: Clock,
        ca_file: Path | None = None,
    ):
        try:
            self._client = http_client(timeout_seconds, ca_file, None)
        except ConfigError as error:
            raise ConfigError([text.replace("api.ca_file", "peppol.ca_file") for text in error.problems]) from None
        self._url = url
        self._headers = dict(headers)
        self._seconds = timeout_seconds
        self._clock = clock
        self._is_busy = False

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, **query: str) -> Reply:
        """GET; what it cannot reach raises, as with `post`."""
        return self._ask("GET", path, params=query)

    def post(self, path: str, *, query: Mapping[str, str] | None = None, **body: Any) -> Reply:
        """POST; `body` is what httpx takes (`content`, `files`). NotSent or AnswerLost where there is no answer."""
        return self._ask("POST", path, params=dict(query or {}), **body)

    def _ask(self, method: str, path: str, **rest: Any) -> Reply:
        """The answer to one request, or to a later try where the earlier ones counted for nothing."""
        for attempt in range(1, _TRIES):
            reply = self._ask_once(method, path, **rest)
            asked = seconds_asked_for(reply.headers, self._clock.now()) or 0.0
            if reply.status != _TOO_MANY or self._is_busy or asked > _LONGEST_WAIT:
                break
            self._clock.sleep(seconds_to_wait(attempt, asked, 0))
        else:
            reply = self._ask_once(method, path, **rest)
        self._is_busy = reply.status == _TOO_MANY
        return reply

    def _ask_once(self, method: str, path: str, **rest: Any) -> Reply:
        connection = Connection()
        # A server that sends a byte now and then never runs into the timeout between two of them.
        deadline = Deadline(2 * self._seconds, connection.shut_down)
        rest["headers"] = self._headers | rest.pop("headers", {})
        rest["extensions"] = {"trace": connection.watch}
        try:
            with deadline, self._client.stream(method, self._url + path, **rest) as answer:
                pieces, size = [], 0
                for piece in answer.iter_bytes():
                    size += len(piece)
                    if size > MAX_ANSWER_BYTES:
                        raise AnswerLost(f"its answer is larger than {MAX_ANSWER_BYTES // 1024**2} MiB")
                    pieces.append(piece)
                text = b"".join(pieces).decode("utf-8", "replace")
                return Reply(answer.status_code, _json(text), text, answer.headers)
        except _NEVER_SENT as error:
            raise NotSent(f"{self._url} cannot be reached ({_short(error)})") from None
        except (httpx.HTTPError, httpx.StreamError) as error:
            reason = f"no whole answer in {2 * self._seconds:g} s" if deadline.passed else _short(error)
            raise AnswerLost(f"the connection broke ({reason})") from None


def _json(text: str) -> Any:
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None


def _short(error: Exception) -> str:
    return str(error).strip()[:_WORDS] or type(error).__name__
