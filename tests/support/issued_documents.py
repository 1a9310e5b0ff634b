"""An office whose ledger holds documents that are made up, so that a test need not bill a month to have some."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from billing_job.core.document import DetailRow, Document, Kind, Vat
from billing_job.core.parties import Client
from billing_job.ledger.database import open_engine, transaction
from billing_job.ledger.numbering import Numbers, store_documents
from tests.support.fakes import Clock, Office, settings_text
from tests.support.ledgers import storage
from tests.support.sample_months import sample_document

ACME, BRUNO = Client("acme", "Acme B.V.", "NL"), Client("bruno", "Bruno B.V.", "NL")
ACCOUNT = "NL91ABNA0417164300"
"""The seller's, as `SETTINGS` has it."""
OUTSIDE = Vat("O", Decimal(0), "VATEX-EU-O")
NOV_1, NOV_15 = date(2026, 11, 1), date(2026, 11, 15)


def document(
    number: str,
    cents: int,
    client: Client = ACME,
    *,
    issued: date = NOV_1,
    due: date = NOV_15,
    corrects: str = "",
) -> Document:
    """An invoice of so many cents without VAT; below zero a credit note."""
    made = sample_document(number, client, [("call", cents, OUTSIDE)], issued=issued, corrects=corrects)
    rows = (DetailRow("", issued, "", "", "", 1, cents),)
    return replace(made, due_date=due, lines=tuple(replace(line, rows=rows) for line in made.lines))


@dataclass(frozen=True, slots=True)
class BankOffice:
    """The office, and what its commands say of money."""

    office: Office

    def open(self, *options: str) -> dict[str, int]:
        """Document → open cents, and `client+` → its credit balance."""
        told = self.office.type("open", "--json", *options).json
        assert told["total_open_cents"] == sum(item["open_cents"] for item in told["items"]) - sum(
            each["cents"] for each in told["credit_balances"]
        )
        return {item["number"]: item["open_cents"] for item in told["items"]} | {
            f"{each['client_id']}+": each["cents"] for each in told["credit_balances"]
        }


def store(office: Office, documents: Sequence[Document]) -> None:
    """Put documents into the office's ledger as a run of October would; each has the next number of its series."""
    engine = open_engine(office.database_url)
    formats = {Kind.INVOICE: "INV-{year}-{number:05d}", Kind.CREDIT_NOTE: "CN-{year}-{number:05d}"}
    with transaction(engine) as connection:
        numbered = Numbers(connection, formats, NOV_1).give(documents)
        assert [one.number for one in numbered] == [one.number for one in documents]
        store_documents(connection, numbered, "2026-10")
    engine.dispose()


@contextmanager
def bank_office(folder: Path, *documents: Document, settings: str = "") -> Iterator[BankOffice]:
    """An office on 1 December 2026 with the clients acme and bruno and these documents; `settings` are more tables."""
    office = Office(folder, Clock(datetime(2026, 12, 1, 9, tzinfo=UTC)))
    office.config.mkdir(parents=True)
    text = settings_text("https://didfarm.invalid/api/v1") + storage(folder) + settings
    (office.config / "billing.toml").write_text(text, encoding="utf-8")
    (office.config / "clients.csv").write_text("client_id,name,country\nacme,Acme B.V.,NL\nbruno,Bruno B.V.,NL\n")
    (office.config / "trunks.csv").write_text("trunk,client_id\n")
    store(office, documents)
    yield BankOffice(office)
