"""One HTTP request to the supplier, in one retry loop: limiter → send → read → parse → validate.

Three questions stay apart: `is_worth_retrying` (at all?), `seconds_to_wait` (how long?), `_jitter` (spread how much?).
The key is in the Authorization header and nowhere else: it is cut out of everything that an answer brings back.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, TypeVar
from urllib.parse import urljoin

import httpx
import tenacity

from billing_job.core.clock import Clock
from billing_job.core.errors import (
    Incomplete,
    InsufficientBalance,
    Invalid,
    MayHaveHappened,
    NotFound,
    RequestRefused,
    Unauthorized,
)
from billing_job.core.redaction import spellings
from billing_job.didfarm.deadline import Connection, Deadline
from billing_job.didfarm.rate_limit import Limiter
from billing_job.didfarm.retry import (
    ATTEMPTS,
    Retryable,
    asked_wait,
    failure,
    is_worth_retrying,
    retry_after_seconds,
    seconds_to_wait,
)
from billing_job.didfarm.wire import Json, parse_json

MAX_BODY_BYTES = 64 * 1024 * 1024

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


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer whose body was read whole and parsed."""

    body: Json
    status: int


class Http:
    """Requests to the supplier; counts them, spaces them out, repeats what may be repeated.

    Errors: Unauthorized (401, 403), RequestRefused (404, 422, redirects), Incomplete (the retry budget is used up).
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        clock: Clock,
        *,
        requests_per_minute: int = 60,
        timeout_seconds: float = 30,
        transport: httpx.BaseTransport | None = None,
        on_retry: Callable[[str], None] = lambda message: None,
    ):
        self.requests = 0
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._clock = clock
        self._timeout = timeout_seconds
        self._on_retry = on_retry
        self._limiter = Limiter(requests_per_minute, clock)
        self._connection = Connection()
        self._jitter = random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._client = httpx.Client(
            timeout=timeout_seconds,
            transport=transport,
            follow_redirects=False,
            trust_env=True,
            headers={"Authorization": f"Bearer {key}", "Accept": "application/json", "User-Agent": "billing-job"},
        )

    def __enter__(self) -> "Http":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, params: Mapping[str, str | int], validate: Callable[[Json], T]) -> T:
        """GET a path and validate its body; `validate` raises ValueError for an answer that must be asked for again."""
        what = f"GET {path}" + "".join(f" {name}={value}" for name, value in params.items())
        request = _Request("GET", path, params, {})

        def attempt() -> T:
            answer = self._once(request)
            try:
                return validate(answer.body)
            except (ValueError, RecursionError) as error:
                reason = self._without_key(str(error))
                raise Retryable(f"the answer is not usable: {reason}", status=answer.status) from None

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
            f"{what} at {self._base_url}: {self._without_key(reason)}. It may have been carried out all the same, so it"
            " was not repeated: look before you ask for it again",
            status=status,
            code=code,
        )

    def _repeating(self, what: str, attempt: Callable[[], T], otherwise: str) -> T:
        """Make attempts until one succeeds, may not be repeated, or the budget is used up; `otherwise` ends that."""
        try:
            return tenacity.Retrying(
                retry=tenacity.retry_if_exception(is_worth_retrying),
                stop=tenacity.stop_after_attempt(ATTEMPTS),
                wait=lambda state: seconds_to_wait(state.attempt_number, asked_wait(state), self._jitter.random()),
                sleep=self._clock.sleep,
                before_sleep=lambda state: self._on_retry(f"{what}: {failure(state)}; trying again"),
                reraise=True,
            )(attempt)
        except Retryable as error:
            raise Incomplete(
                f"{what} at {self._base_url}: {error}. {otherwise}", status=error.status, code=error.code
            ) from None
        except (Unauthorized, RequestRefused) as error:
            raise type(error)(f"{what} at {self._base_url}: {error}", status=error.status, code=error.code) from None

    def _once(self, request: _Request) -> Answer:
        """One attempt: the whole body within the deadline, or the reason why not."""
        self._limiter.wait()
        self.requests += 1
        try:
            with Deadline(self._timeout, self._connection) as deadline:
                response, content = self._read(request, deadline)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            reason = "took longer than the timeout" if deadline.passed else self._without_key(str(error)) or "no answer"
            raise Retryable(
                f"no whole answer ({type(error).__name__}: {reason})", harmless=isinstance(error, _NEVER_SENT)
            ) from None
        finally:
            self._limiter.received()
        return self._judge(response, content)

    def _read(self, request: _Request, deadline: Deadline) -> tuple[httpx.Response, bytes]:
        url = urljoin(f"{self._base_url}/", request.path.lstrip("/"))
        trace = {"trace": self._connection.watch}
        with self._client.stream(
            request.method, url, params=request.params, extensions=trace, **request.content
        ) as response:
            content = bytearray()
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > MAX_BODY_BYTES:
                    raise httpx.ReadError("the answer is larger than 64 MiB")
            if deadline.passed:
                raise httpx.ReadTimeout("deadline")
            return response, bytes(content)

    def _judge(self, response: httpx.Response, content: bytes) -> Answer:
        """Turn status and body into an Answer or the error that says what to do next."""
        status = response.status_code
        if 300 <= status < 400:
            target = self._without_key(response.headers.get("location", "nowhere"))
            raise RequestRefused(
                f"redirected to {target!r}; not followed, it would carry the key there: correct api.base_url",
                status=status,
            )
        body: Json = None
        problem = ""
        try:
            body = parse_json(content)
        except ValueError as error:
            problem = f"the body is not JSON ({self._without_key(str(error))})"
        if 200 <= status < 300:
            if problem:
                raise Retryable(problem, status=status)
            if isinstance(body, dict) and "error" in body and "data" not in body:
                code, message = self._error_of(body)
                raise Retryable(
                    f"status {status} with an error in it: {code} {message}".rstrip(), status=status, code=code
                )
            return Answer(body, status)
        code, message = self._error_of(body)
        said = f"status {status}" + (f" {code}" if code else "") + (f": {message}" if message else "")
        if status in (401, 403):
            remedy = "check DIDFARM_API_KEY or api.key_file" if status == 401 else "ask for a key with the permission"
            raise Unauthorized(f"{said}; {remedy}", status=status, code=code)
        if status in (408, 425, 429) or status >= 500:
            wait = retry_after_seconds(response.headers, self._clock.now())
            raise Retryable(said, status=status, code=code, retry_after=wait, harmless=status == 429)
        if status == 422:
            raise (InsufficientBalance if code == "insufficient_balance" else Invalid)(said, status=status, code=code)
        refused = NotFound if status == 404 else RequestRefused
        raise refused(f"{said}; check api.base_url", status=status, code=code)

    def _error_of(self, body: Json) -> tuple[str, str]:
        """Code and message of the guide's error body; anything else gives empty texts."""
        error: Any = body.get("error") if isinstance(body, dict) else None
        if not isinstance(error, dict):
            return "", ""
        # The key goes before the text is cut, for half a key would stay.
        code, message = (self._without_key(str(error.get(name, "")))[:300] for name in ("code", "message"))
        return code, message

    def _without_key(self, text: str) -> str:
        for spelling in spellings(self._key):
            text = text.replace(spelling, "[key]")
        return text


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


def connect(
    address: Address,
    key: str,
    clock: Clock,
    on_retry: Callable[[str], None],
    transport: httpx.BaseTransport | None = None,
) -> Http:
    """The supplier's API as configured; the one way by which commands reach it."""
    return Http(
        address.base_url,
        key,
        clock,
        requests_per_minute=address.requests_per_minute,
        timeout_seconds=address.timeout_seconds,
        transport=transport,
        on_retry=on_retry,
    )


_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol)
