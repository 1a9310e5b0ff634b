"""Everything that knows the supplier: HTTP, paging, wire format, webhooks and the sandbox.

`from billing_job.didfarm import Client` gives the typed client; it is loaded only then, for `--help` must be quick.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from billing_job.didfarm.client import Client

__all__ = ["Client"]


def __getattr__(name: str) -> Any:
    if name == "Client":
        from billing_job.didfarm.client import Client

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
