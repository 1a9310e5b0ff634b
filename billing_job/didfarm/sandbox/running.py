"""A sandbox that listens on loopback: in a thread for tests and the demo, or in the foreground for a command."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterable
from types import TracebackType

import uvicorn

from billing_job.core.clock import Clock
from billing_job.core.errors import ConfigError, RunFailed
from billing_job.didfarm.sandbox.account import Account
from billing_job.didfarm.sandbox.deliveries import Deliveries
from billing_job.didfarm.sandbox.fault_plan import FaultPlan
from billing_job.didfarm.sandbox.faults import Fault
from billing_job.didfarm.sandbox.holdings import WireRow
from billing_job.didfarm.sandbox.portal import PREFIX
from billing_job.didfarm.sandbox.server import (
    PAGE_SIZE,
    REQUESTS_PER_MINUTE,
    RequestRecord,
    Sandbox,
    sandbox_app,
)
from billing_job.didfarm.sandbox.shapes.table import PLAIN
from billing_job.didfarm.sandbox.wallet import Order, Wallet
from billing_job.didfarm.sandbox.wire_faults import WireProtocol
from billing_job.didfarm.sandbox.world import World

HOST = "127.0.0.1"
_START_SECONDS = 10


class RunningSandbox:
    """A sandbox on a free port (or `port`) while the `with` block runs; `base_url` is what the client needs.

    `state` is the wallet it serves, `account` what is held, `faults` what it plays: all may be changed while it runs.
    `requests` are (method, path with query, status) in the order they came; `deliveries` the events. ConfigError when
    the port is taken.
    """

    def __init__(
        self,
        world: World,
        key: str,
        clock: Clock,
        *,
        port: int = 0,
        requests_per_minute: int = REQUESTS_PER_MINUTE,
        page_size: int = PAGE_SIZE,
        order: Order = "desc",
        faults: Iterable[Fault] = (),
        webhook_url: str = "",
        webhook_secret: str = "",
        shape: str = PLAIN,
    ):
        self._sandbox = Sandbox(
            world,
            key,
            clock,
            requests_per_minute=requests_per_minute,
            page_size=page_size,
            order=order,
            faults=faults,
            webhook_url=webhook_url,
            webhook_secret=webhook_secret,
            shape=shape,
        )
        self._port = port
        self.base_url = ""

    @property
    def requests(self) -> list[RequestRecord]:
        """What was asked so far, and the status that was answered."""
        return self._sandbox.requests

    @property
    def state(self) -> Wallet:
        """The wallet it serves; a test may add, change or remove rows."""
        return self._sandbox.wallet

    @property
    def account(self) -> Account:
        """Numbers, trunks and routes that the customer holds."""
        return self._sandbox.account

    @property
    def deliveries(self) -> Deliveries:
        """The webhook events: sent, waiting and dropped."""
        return self._sandbox.deliveries

    @property
    def faults(self) -> FaultPlan:
        """The faults it still has to play."""
        return self._sandbox.faults

    def truth(self) -> list[WireRow]:
        """The rows that the list holds now, in its order."""
        return self._sandbox.wallet.rows()

    def __enter__(self) -> "RunningSandbox":
        listener = _listener(self._port)
        self.base_url = _base_url(listener)
        listening = threading.Event()
        self._server = _Server(self._sandbox, on_ready=listening.set)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="sandbox", daemon=True)
        self._delivering = threading.Thread(target=self.deliveries.run, name="sandbox webhooks", daemon=True)
        self._thread.start()
        self._delivering.start()
        if not listening.wait(_START_SECONDS):
            raise RunFailed(f"the sandbox did not start on {self.base_url}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.deliveries.stop()
        self._server.stop()
        self._delivering.join()
        self._thread.join()


def serve(
    world: World,
    port: int,
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
    on_ready: Callable[[str], None] = lambda base_url: None,
) -> None:
    """Serve a world until SIGINT or SIGTERM, which is raised again after a clean stop; port 0 is any free one.

    `on_ready` gets the base URL once requests and signals are heard. ConfigError when the port is taken.
    """
    sandbox = Sandbox(
        world,
        key,
        clock,
        requests_per_minute=requests_per_minute,
        page_size=page_size,
        order=order,
        faults=faults,
        webhook_url=webhook_url,
        webhook_secret=webhook_secret,
        shape=shape,
    )
    listener = _listener(port)
    threading.Thread(target=sandbox.deliveries.run, name="sandbox webhooks", daemon=True).start()
    _Server(sandbox, on_ready=lambda: on_ready(_base_url(listener))).run([listener])


def _listener(port: int) -> socket.socket:
    # Named as TCP, so that asyncio sends small answers without waiting for the peer (TCP_NODELAY).
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"port {port} on {HOST} cannot be listened on: {error.strerror}. Choose another one."
        ) from error
    return listener


def _base_url(listener: socket.socket) -> str:
    return f"http://{HOST}:{listener.getsockname()[1]}{PREFIX}"


class _Server(uvicorn.Server):
    """uvicorn without its log set-up and Date, and without the tenths of a second that it takes to stop."""

    def __init__(self, sandbox: Sandbox, on_ready: Callable[[], None]):
        super().__init__(
            uvicorn.Config(
                sandbox_app(sandbox),
                http=WireProtocol,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                date_header=False,
            )
        )
        self._on_ready = on_ready
        self._wake: Callable[[], None] = lambda: None

    async def main_loop(self) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(stop.set)

        self._wake = wake
        self._on_ready()
        while not self.should_exit:
            await stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close everything at once: nobody waits for an answer that a fault holds back."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:
            await asyncio.sleep(0.001)

    def handle_exit(self, sig: int, frame: object) -> None:
        super().handle_exit(sig, frame)  # type: ignore[arg-type]
        self._wake()

    def stop(self) -> None:
        """Stop from another thread."""
        self.should_exit = True
        self._wake()
