"""Everything that knows the supplier: HTTP, paging, wire format, webhooks and the sandbox.

`from billing_job.didfarm import Client, SystemClock, errors` is all that a user of the library needs: the typed client,
the clock that spaces its requests out, and what it raises. Each is loaded only then, for `--help` must be quick.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from billing_job.core import errors
    from billing_job.core.clock import SystemClock
    from billing_job.didfarm.client import Client

__all__ = ["Client", "SystemClock", "errors"]


def __getattr__(name: str) -> Any:
    if name == "Client":
        from billing_job.didfarm.client import Client

        return Client
    if name == "SystemClock":
        from billing_job.core.clock import SystemClock

        return SystemClock
    if name == "errors":
        from billing_job.core import errors

        return errors
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
