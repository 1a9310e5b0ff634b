"""A sandbox that listens on loopback: in a thread for tests and the demo, or in the foreground for a command."""

import threading
from collections.abc import Callable, Iterable
from types import TracebackType

from billing_job.core.clock import Clock
from billing_job.didfarm.listening import address_of, listener_on
from billing_job.didfarm.sandbox.account import Account
from billing_job.didfarm.sandbox.deliveries import Deliveries
from billing_job.didfarm.sandbox.fault_plan import FaultPlan
from billing_job.didfarm.sandbox.faults import Fault
from billing_job.didfarm.sandbox.holdings import WireRow
from billing_job.didfarm.sandbox.loopback import HOST, LoopbackServer
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
from billing_job.didfarm.sandbox.world import World


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
        listener = listener_on(HOST, self._port)
        self.base_url = address_of(listener) + PREFIX
        self._server = LoopbackServer(sandbox_app(self._sandbox))
        self._delivering = threading.Thread(target=self.deliveries.run, name="sandbox webhooks", daemon=True)
        self._delivering.start()
        self._thread = self._server.start(listener, "sandbox")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.deliveries.stop()
        self._server.stop()
        self._delivering.join()
        self._thread.join()


def serve(sandbox: Sandbox, port: int, *, on_ready: Callable[[str], None] = lambda base_url: None) -> None:
    """Serve until SIGINT or SIGTERM, which is raised again after a clean stop; port 0 is any free one.

    `on_ready` gets the base URL once requests and signals are heard. ConfigError when the port is taken.
    """
    listener = listener_on(HOST, port)
    threading.Thread(target=sandbox.deliveries.run, name="sandbox webhooks", daemon=True).start()
    base_url = address_of(listener) + PREFIX
    LoopbackServer(sandbox_app(sandbox), on_ready=lambda: on_ready(base_url)).run([listener])
