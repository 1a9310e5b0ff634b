"""`[peppol]`: the access point that takes our documents into the Peppol network; never its key."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from billing_job.core.toml import Table, WebAddress


def _without_slash(value: str) -> str:
    return value.rstrip("/")


class Peppol(Table):
    """`[peppol]`: without it no document goes by Peppol; the key comes from PEPPOL_KEY or `key_file`.

    `phoss-ap` is an access point of one's own, `e-invoice.be` a hosted one. `directory_url` is asked who is reachable
    where the access point itself cannot tell.
    """

    access_point: Literal["phoss-ap", "e-invoice.be"]
    url: Annotated[WebAddress, AfterValidator(_without_slash)]
    key_file: Path | None = None
    ca_file: Path | None = None
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 60
    directory_url: Annotated[WebAddress, AfterValidator(_without_slash)] = "https://directory.peppol.eu"
