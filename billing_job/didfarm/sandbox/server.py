"""The sandbox's HTTP side: the endpoints of the guide, with its authentication, limit and error bodies."""

import hmac
import re
from collections.abc import Iterable
from email.utils import format_datetime

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from billing_job.core.clock import Clock
from billing_job.didfarm.sandbox.account import Account
from billing_job.didfarm.sandbox.deliveries import Deliveries
from billing_job.didfarm.sandbox.fault_plan import FaultPlan
from billing_job.didfarm.sandbox.faults import Fault
from billing_job.didfarm.sandbox.page_faults import PAGE_FAULTS, page_of
from billing_job.didfarm.sandbox.portal import PREFIX, portal_routes
from billing_job.didfarm.sandbox.rate_limit import SlidingWindow
from billing_job.didfarm.sandbox.response_faults import ANSWER_FAULTS, GATE_FAULTS
from billing_job.didfarm.sandbox.responses import error_answer, json_answer
from billing_job.didfarm.sandbox.shapes.answers import answer_of, list_reply
from billing_job.didfarm.sandbox.shapes.shape import Shape
from billing_job.didfarm.sandbox.shapes.table import PLAIN, SHAPES
from billing_job.didfarm.sandbox.wallet import Order, Wallet
from billing_job.didfarm.sandbox.wallet_faults import WALLET_FAULTS
from billing_job.didfarm.sandbox.wire_faults import WIRE_FAULTS
from billing_job.didfarm.sandbox.world import World

PAGE_SIZE = 100
REQUESTS_PER_MINUTE = 60
RequestRecord = tuple[str, str, int]
"""Method, path with its query, status; the status is 0 while there is no answer."""


class Sandbox:
    """What one sandbox knows: its wallet, account and key, the faults to play, and every request it got.

    Events go to `webhook_url`, signed with `webhook_secret`; without a URL they are only kept. `page_size`, `order` and
    the faults of pages are those of the plain shape; every other `shape` brings its own.
    """

    def __init__(
        self,
        world: World,
        key: str,
        clock: Clock,
        *,
        requests_per_minute: int = REQUESTS_PER_MINUTE,
        page_size: int = PAGE_SIZE,
        order: Order = "desc",
        faults: Iterable[Fault] = (),
        webhook_url: str = "",
        webhook_secret: str = "",
        shape: str = PLAIN,
    ):
        self.shape: Shape = SHAPES[shape]
        self.wallet = Wallet(world.transactions, order=order)
        self.deliveries = Deliveries(webhook_url, webhook_secret, clock)
        self.account = Account(world, self.wallet, clock, self.deliveries.emit)
        self.key = key
        self.clock = clock
        self.window = SlidingWindow(requests_per_minute, clock.monotonic)
        self.page_size = page_size
        self.faults = FaultPlan(faults)
        self.requests: list[RequestRecord] = []


def sandbox_app(sandbox: Sandbox) -> Starlette:
    """The ASGI app that serves a sandbox; its wire faults need the protocol of `wire_faults` below it."""

    async def transactions(request: Request) -> Response:
        for change in sandbox.faults.before_list_request(WALLET_FAULTS):
            WALLET_FAULTS[change.name](sandbox.wallet, change, sandbox.page_size)
        number = request.query_params.get("page", "1")
        if sandbox.shape.name != PLAIN:
            return _shaped_answer(sandbox, request)
        if not re.fullmatch(r"[1-9][0-9]{0,8}", number):
            raise HTTPException(422, "The page must be a positive integer.")
        return _list_answer(sandbox, int(number))

    async def balance(request: Request) -> Response:
        return answer_of(sandbox.shape.balance(sandbox.shape.balance_micros(sandbox.wallet.rows())))

    return Starlette(
        routes=[
            Route(f"{PREFIX}/wallet/transactions", transactions, methods=["GET"]),
            Route(f"{PREFIX}/wallet/balance", balance, methods=["GET"]),
            *portal_routes(sandbox.account, sandbox.faults, sandbox.shape),
        ],
        middleware=[Middleware(_Record, sandbox=sandbox), Middleware(_Gate, sandbox=sandbox)],
        exception_handlers={HTTPException: _http_error},
    )


def _list_answer(sandbox: Sandbox, number: int) -> Response:
    """A page of the list, or what the armed faults make of it."""
    if instead := sandbox.faults.first(ANSWER_FAULTS, number):
        return ANSWER_FAULTS[instead.name](instead, sandbox.key, sandbox.clock.now())
    page = page_of(sandbox.wallet, number, sandbox.page_size)
    for wrong in sandbox.faults.on_page(PAGE_FAULTS, number):
        page = PAGE_FAULTS[wrong.name](page, wrong, sandbox.wallet)
    answer = json_answer({"data": page.data, "meta": page.meta})
    on_its_way = sandbox.faults.first(WIRE_FAULTS, number)
    return WIRE_FAULTS[on_its_way.name](on_its_way, answer) if on_its_way else answer


def _shaped_answer(sandbox: Sandbox, request: Request) -> Response:
    """A page as the shape words it, or what faults of the answer and of the wire make of it."""
    if instead := sandbox.faults.first(ANSWER_FAULTS, None):
        return ANSWER_FAULTS[instead.name](instead, sandbox.key, sandbox.clock.now())
    url = str(request.url.replace(query=""))
    answer = answer_of(list_reply(sandbox.shape, sandbox.wallet.rows(), dict(request.query_params), url))
    on_its_way = sandbox.faults.first(WIRE_FAULTS, None)
    return WIRE_FAULTS[on_its_way.name](on_its_way, answer) if on_its_way else answer


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    messages = {404: "There is nothing here.", 405: "This method is not allowed here."}
    return error_answer(error.status_code, messages.get(error.status_code, error.detail), dict(error.headers or {}))


class _Record:
    """Notes every request when it comes and its status when the answer begins; dates the answer."""

    def __init__(self, app: ASGIApp, sandbox: Sandbox):
        self._app = app
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"].decode("ascii", "replace")
        method, path = scope["method"], f"{scope['path']}?{query}" if query else scope["path"]
        requests = self._sandbox.requests
        requests.append((method, path, 0))
        position = len(requests) - 1

        async def recording(message: Message) -> None:
            if message["type"] == "http.response.start":
                requests[position] = (method, path, message["status"])
                now = format_datetime(self._sandbox.clock.now(), usegmt=True)
                MutableHeaders(scope=message).setdefault("Date", now)
            await send(message)

        await self._app(scope, receive, recording)


class _Gate:
    """Lets a request through that has the key and fits into the limit's window; others get 401 or 429."""

    def __init__(self, app: ASGIApp, sandbox: Sandbox):
        self._app = app
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(Headers(scope=scope).get("Authorization", ""))
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, authorization: str) -> Response | None:
        sandbox = self._sandbox
        if fault := sandbox.faults.first(GATE_FAULTS, None):
            return GATE_FAULTS[fault.name](fault, sandbox.key, sandbox.clock.now())
        if not hmac.compare_digest(authorization.encode(), f"Bearer {sandbox.key}".encode()):
            return error_answer(401, "The API key is missing or wrong.")
        if seconds := sandbox.window.seconds_to_wait():
            return error_answer(429, "Too many requests.", {"Retry-After": str(seconds)})
        return None
