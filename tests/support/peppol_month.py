"""A month of issued documents whose clients are participants of Peppol, and the access point that takes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from stdnum.be import vat as be_vat

from billing_job.core.parties import Seller
from billing_job.delivery.peppol.stand_in import RunningStandIn, StandIn
from tests.support.fakes import Clock, Office
from tests.support.ledgers import storage
from tests.support.mail_month import issue_to, opened
from tests.support.sample_documents import CLIENT, SELLER

KEY = "ap-key-4711-secret"
MONTH = "2026-10"
SETTINGS = """\
[seller]
name = "Zenne Telecom"
country = "BE"
street = "Kaai 1"
postal_code = "1000"
city = "Brussel"
vat_id = "BE0428759497"
[peppol]
access_point = "{kind}"
url = "{url}"
directory_url = "{url}"
timeout_seconds = 5
"""
BELGIAN: Seller = replace(
    SELLER, name="Zenne Telecom", country="BE", vat_id="BE0428759497", registration_id="0428759497"
)


def enterprise(index: int) -> str:
    """A Belgian enterprise number with right check digits."""
    first = 40_000_000 + index
    number = f"0{first // 10:07d}"[:8]
    return f"{number}{97 - int(number) % 97:02d}"


def participant(index: int) -> str:
    return f"0208:{enterprise(index * 10)}"


def peppol_office(folder: Path, url: str, count: int, kind: str = "phoss-ap", channel: str = "peppol") -> Office:
    """An office in Belgium with `count` invoices of October to Belgian businesses, issued, written and not sent."""
    assert be_vat.is_valid(f"BE{enterprise(0)}")
    config = folder / "config"
    config.mkdir()
    (config / "billing.toml").write_text(storage(folder) + SETTINGS.format(kind=kind, url=url), encoding="utf-8")
    rows = [
        f"client-{n:03d},Client {n},BE,Laan {n},1000,Brussel,BE{enterprise(n * 10)},ap{n}@client.example,{channel}"
        for n in range(count)
    ]
    columns = "client_id,name,country,street,postal_code,city,vat_id,email,channel"
    (config / "clients.csv").write_text("\n".join([columns, *rows, ""]), encoding="utf-8")
    (config / "trunks.csv").write_text("trunk,client_id\n", encoding="utf-8")
    clock = Clock(datetime(2026, 11, 5, 8, 0, tzinfo=UTC))
    clients = [
        replace(
            CLIENT, client_id=f"client-{n:03d}", name=f"Client {n}", country="BE", street=f"Laan {n}",
            postal_code="1000", city="Brussel", vat_id=f"BE{enterprise(n * 10)}", registration_id="", peppol_id="",
        )
        for n in range(count)
    ]  # fmt: skip
    with opened(config, clock) as job:
        issue_to(job, clients, BELGIAN)
    return Office(folder, clock, {"PEPPOL_KEY": KEY})


@contextmanager
def access_point() -> Iterator[tuple[str, StandIn]]:
    """The address of a stand-in, and what it knows."""
    with RunningStandIn(KEY) as running:
        yield running.url, running.state
