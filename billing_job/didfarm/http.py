"""One HTTP request to the supplier, in one retry loop: limiter → send → read → parse → validate.

Three questions stay apart: `Patience.goes_on` (at all?), `seconds_to_wait` (how long?), `_jitter` (spread how much?).
The key is in the Authorization header and nowhere else: it is cut out of everything that an answer brings back.
"""

import random
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import urljoin

import httpx
import tenacity

from billing_job.core.clock import Clock
from billing_job.core.deadline import Deadline
from billing_job.core.errors import ConfigError, Incomplete, MayHaveHappened, RequestRefused, Unauthorized
from billing_job.didfarm.answers import Answer, Keys, judge
from billing_job.didfarm.connection import http_client, untrusted
from billing_job.didfarm.dotted_paths import UnexpectedShape
from billing_job.didfarm.rate_limit import Limiter
from billing_job.didfarm.retry import (
    ATTEMPTS,
    LONGEST_RETRY_AFTER_SECONDS,
    SHAPE_ATTEMPTS,
    Patience,
    Retryable,
    asks_too_much,
)
from billing_job.didfarm.unpacking import TooLarge, unpacked
from billing_job.didfarm.watched_connection import Connection
from billing_job.didfarm.wire_json import Json

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Form:
    """A body of form fields and files, sent as multipart/form-data; a file is (name, content, media type)."""

    fields: Mapping[str, str]
    files: tuple[tuple[str, tuple[str, bytes, str]], ...]


@dataclass(frozen=True, slots=True)
class _Request:
    """What one attempt sends."""

    method: str
    path: str
    params: Mapping[str, str | int]
    content: Mapping[str, Any]
    """The body, as httpx's keyword arguments."""


class Http:
    """Requests to the supplier; counts them, spaces them out, repeats what may be repeated.

    `key` is the key, or where it is read: there it is read again when the supplier refuses it in the middle of a run.

    Errors: Unauthorized (401, 403), RequestRefused (404, 422, redirects), Incomplete (the retry budget is used up).
    """

    def __init__(
        self,
        base_url: str,
        key: str | Callable[[], str],
        clock: Clock,
        *,
        requests_per_minute: int = 60,
        timeout_seconds: float = 30,
        ca_file: Path | None = None,
        transport: httpx.BaseTransport | None = None,
        on_retry: Callable[[str], None] = lambda message: None,
        on_wait: Callable[[int], None] | None = None,
    ):
        self.requests = 0
        self.base_url = self._base_url = base_url.rstrip("/")
        self._key = key if callable(key) else lambda: key
        self._keys = Keys(self._key())
        self._accepted = False
        self._clock = clock
        self._timeout = timeout_seconds
        self._on_retry = on_retry
        self._limiter = Limiter(requests_per_minute, clock, on_wait)
        self._connection = Connection()
        self._jitter = random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._client = http_client(timeout_seconds, ca_file, transport)

    def __enter__(self) -> "Http":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, params: Mapping[str, str | int], validate: Callable[[Json], T]) -> T:
        """GET a path and validate its body; `validate` raises ValueError for an answer that must be asked for again.

        UnexpectedShape, a ValueError, is one that does not pass by itself.
        """
        what = f"GET {path}" + "".join(f" {name}={value}" for name, value in params.items())
        request = _Request("GET", path, params, {})

        def attempt() -> T:
            answer = self._once(request)
            try:
                return validate(answer.body)
            except (ValueError, RecursionError) as error:
                reason = self._keys.cut(str(error))
                attempts = SHAPE_ATTEMPTS if isinstance(error, UnexpectedShape) else ATTEMPTS
                raise Retryable(
                    f"the answer is not usable: {reason}", status=answer.status, attempts=attempts
                ) from None

        return self._repeating(what, attempt, "Everything read so far is kept; run again later to go on")

    def post(self, path: str, body: Mapping[str, Json] | Form, validate: Callable[[Json], T]) -> T:
        """POST JSON or a form, and validate the answer; sent a second time only when the first changed nothing.

        Errors: those of `get`, and MayHaveHappened where the answer is lost, a server's failure or not usable.
        """
        what = f"POST {path}"
        content = {"data": body.fields, "files": body.files} if isinstance(body, Form) else {"json": body}
        request = _Request("POST", path, {}, content)

        def attempt() -> T:
            try:
                answer = self._once(request)
            except Retryable as error:
                if error.harmless:
                    raise
                raise self._unknown(what, str(error), error.status, error.code) from None
            try:
                return validate(answer.body)
            except ValueError as error:
                raise self._unknown(what, f"the answer is not usable: {error}", answer.status, None) from None

        return self._repeating(what, attempt, "Nothing was done; run again later")

    def _unknown(self, what: str, reason: str, status: int | None, code: str | None) -> MayHaveHappened:
        return MayHaveHappened(
            f"{what} at {self._base_url}: {self._keys.cut(reason)}. It may have been carried out all the same, so it"
            " was not repeated: look before you ask for it again",
            status=status,
            code=code,
        )

    def _repeating(self, what: str, attempt: Callable[[], T], otherwise: str) -> T:
        """Make attempts until one succeeds, may not be repeated, or the budget is used up; `otherwise` ends that."""
        patience = Patience(self._jitter.random)
        try:
            return tenacity.Retrying(
                retry=tenacity.retry_if_exception(patience.goes_on),
                stop=tenacity.stop_never,
                wait=patience.wait,
                sleep=self._clock.sleep,
                before_sleep=lambda state: self._on_retry(f"{what}: {patience.told(state)}"),
                reraise=True,
            )(attempt)
        except Retryable as error:
            raise Incomplete(
                f"{what} at {self._base_url}: {error}. {self._too_long(error)}{otherwise}",
                status=error.status,
                code=error.code,
            ) from None
        except (Unauthorized, RequestRefused) as error:
            raise type(error)(f"{what} at {self._base_url}: {error}", status=error.status, code=error.code) from None

    def _too_long(self, error: Retryable) -> str:
        if not asks_too_much(error):
            return ""
        seconds = error.retry_after or 0
        try:
            again = f"again after {self._clock.now() + timedelta(seconds=seconds):%Y-%m-%d %H:%M} UTC"
        except OverflowError:
            again = "again when the supplier allows it"
        return (
            f"The supplier asks to wait {seconds:.0f} s, longer than the {LONGEST_RETRY_AFTER_SECONDS:.0f} s that a"
            f" run waits: run {again}. "
        )

    def _once(self, request: _Request) -> Answer:
        """One attempt; where the key is refused, one more with the key as it now is, if that is another one."""
        try:
            return self._sent(request)
        except Unauthorized as error:
            if error.status != 401:
                raise
            if self._keys.replace(self._key_now()):
                return self._sent(request)
            if not self._accepted:
                raise
            raise Unauthorized(
                f"{error}. The key was accepted before in this run and is not any more: it was revoked or replaced",
                status=error.status,
                code=error.code,
            ) from None

    def _key_now(self) -> str:
        try:
            return self._key()
        except ConfigError:  # the file has gone meanwhile; the key that was refused is what there is
            return self._keys.current

    def _sent(self, request: _Request) -> Answer:
        """One request: the whole body within the deadline, or the reason why not."""
        self._limiter.wait()
        self.requests += 1
        try:
            with Deadline(self._timeout, self._connection.shut_down) as deadline:
                response, content = self._read(request, deadline)
        except UnexpectedShape as error:
            raise Retryable(f"the answer is not usable: {error}", attempts=SHAPE_ATTEMPTS) from None
        except (TooLarge, httpx.HTTPError, httpx.InvalidURL, OSError, EOFError, zlib.error) as error:
            distrust = untrusted(error)
            reason = distrust or self._keys.cut(str(error)) or "no answer"
            if deadline.passed:
                reason = "took longer than the timeout"
            raise Retryable(
                f"no whole answer ({type(error).__name__}: {reason})",
                harmless=isinstance(error, _NEVER_SENT),
                attempts=SHAPE_ATTEMPTS if distrust or isinstance(error, TooLarge) else ATTEMPTS,
            ) from None
        finally:
            self._limiter.received()
        answer = judge(response.status_code, response.headers, content, self._keys, self._clock.now())
        self._accepted = True
        return answer

    def _read(self, request: _Request, deadline: Deadline) -> tuple[httpx.Response, bytes]:
        url = urljoin(f"{self._base_url}/", request.path.lstrip("/"))
        with self._client.stream(
            request.method,
            url,
            params=request.params,
            headers={"Authorization": f"Bearer {self._keys.current}"},
            extensions={"trace": self._connection.watch},
            **request.content,
        ) as response:
            pieces = cast(httpx.SyncByteStream, response.stream)
            content = unpacked(pieces, response.headers.get("content-encoding", ""))
            if deadline.passed:
                raise httpx.ReadTimeout("deadline")
            return response, content


class Address(Protocol):
    """Where the supplier is, and our manners there: the table `[api]`, or what stands for it."""

    @property
    def base_url(self) -> str:
        """Where every path of the guide begins."""

    @property
    def requests_per_minute(self) -> int:
        """How many requests we allow ourselves in any 60 seconds; at least 1."""

    @property
    def timeout_seconds(self) -> float:
        """How many seconds one request may take in all."""

    @property
    def ca_file(self) -> Path | None:
        """PEM file of the authorities that the supplier's certificate is checked against; None: the machine's."""


def connect(
    address: Address,
    key: Callable[[], str],
    clock: Clock,
    on_retry: Callable[[str], None],
    transport: httpx.BaseTransport | None = None,
    on_wait: Callable[[int], None] | None = None,
) -> Http:
    """The supplier's API as configured; the one way by which commands reach it."""
    return Http(
        address.base_url,
        key,
        clock,
        requests_per_minute=address.requests_per_minute,
        timeout_seconds=address.timeout_seconds,
        ca_file=address.ca_file,
        transport=transport,
        on_retry=on_retry,
        on_wait=on_wait,
    )


_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol)
