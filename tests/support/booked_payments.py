"""Payments in an office's ledger as the bank's statements would bring them."""

from datetime import date

from billing_job.core.claim import PaymentKind
from billing_job.ledger.bank_tables import bank_statements, payments
from billing_job.ledger.chain import add
from billing_job.ledger.database import open_engine, transaction
from tests.support.fakes import Office

ACCOUNT = "NL91ABNA0417164300"


def book(office: Office, number: str | None, client_id: str, cents: int, day: date, bank_reason: str = "") -> None:
    """A payment of a document, or of the client's credit balance; below zero the bank took it back."""
    kind = PaymentKind.RECEIPT if cents > 0 else PaymentKind.RETURN
    columns = (
        "entry", "document_number", "client_id", "cents", "charges_cents", "day", "kind", "rule", "why",
        "bank_reason", "recorded", "recorded_by",
    )  # fmt: skip
    entry = f"{day}-{number}-{cents}"
    row = (
        entry,
        number,
        client_id,
        cents,
        0,
        day.isoformat(),
        kind.value,
        "hand",
        "test",
        bank_reason,
        "2026-12-01",
        "",
    )
    engine = open_engine(office.database_url)
    with transaction(engine) as connection:
        add(connection, payments, columns, [row])
    engine.dispose()


def statement_of(office: Office, day: date) -> None:
    """An imported statement whose last day this is."""
    columns = (
        "file_name", "file_sha256", "format", "account", "statement", "first_day", "last_day", "opening_cents",
        "closing_cents", "imported",
    )  # fmt: skip
    row = (f"{day}.xml", day.isoformat(), "camt053", ACCOUNT, "1", day.isoformat(), day.isoformat(), None, None, "")
    engine = open_engine(office.database_url)
    with transaction(engine) as connection:
        add(connection, bank_statements, columns, [row])
    engine.dispose()
