"""A reseller's folder with a ledger but without a supplier: rows are laid in, months are billed by the stages alone.

Nothing is rendered and nothing is asked for, so that a test of money takes milliseconds.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from billing_job.billing.invoicing.credit_note import Request, credit
from billing_job.config.settings_file import load_settings
from billing_job.core.decision import Decision
from billing_job.core.document import Document
from billing_job.core.period import Period
from billing_job.core.wallet import Balance, Trunk
from billing_job.didfarm.wire import read_transaction
from billing_job.ledger.credit_notes import issue_credit
from billing_job.ledger.decisions import record_decision
from billing_job.ledger.documents import Documents, all_documents, document_of_number
from billing_job.ledger.mirror import LedgerMirror
from billing_job.ledger.withdrawals import wallet_movements
from billing_job.month.job import Job, open_job
from billing_job.month.pipeline import Billed, bill
from billing_job.month.placed import Placed
from billing_job.month.placing import place
from billing_job.month.review import month_anomalies, month_margins
from tests.support.fakes import Clock
from tests.support.ledgers import storage

SELLER = (
    '[seller]\nname = "S"\ncountry = "NL"\nvat_id = "NL861994772B01"\n'
    '[billing]\nissue_date = "period_end"\nmax_waiting_percent = 100\n'
)
"""Tests of what waits have months of little else."""
CLIENTS = ("client_id,name,country,vat_id,plan,detail", "acme,Acme,NL,,,", "bruno,Bruno,NL,,,")
TRUNKS = ("trunk,client_id,valid_from,valid_to", "trk_a,acme,,", "trk_b,bruno,,")
NUMBERS = (
    "number,did_number_id,order_id,trunk,valid_from,valid_to,price",
    "+31201234567,42,1042,trk_a,,,",
    "+4930123456,43,1043,trk_b,,,",
)
OCTOBER = Period(2026, 10)


@dataclass(frozen=True)
class BilledHere(Billed):
    """With the documents themselves: those that were issued, or the drafts."""

    new: tuple[Document, ...] = ()


def billed_here(job: Job, month: Period, **options: Any) -> BilledHere:
    """Bill a month, and read what was issued back from the ledger."""
    billed = bill(job, month, **options)
    known = {field.name: getattr(billed, field.name) for field in fields(Billed)}
    return BilledHere(**known, new=billed.drafts or tuple(Documents(job.engine, billed.issued)))


class Desk:
    """Files, clock and ledger; each step opens the job anew, as each command does."""

    def __init__(self, folder: Path, settings: str = ""):
        self.config = folder / "config"
        self.config.mkdir(parents=True)
        self.clock = Clock(datetime(2026, 11, 5, tzinfo=UTC))
        self.settings(settings)
        self.file("clients.csv", *CLIENTS)
        self.file("trunks.csv", *TRUNKS)
        self.file("numbers.csv", *NUMBERS)

    @classmethod
    def at(cls, folder: Path) -> "Desk":
        """The desk that stands in a folder already, as another process sees it."""
        desk = cls.__new__(cls)
        desk.config = folder / "config"
        desk.clock = Clock(datetime(2026, 11, 5, tzinfo=UTC))
        return desk

    def settings(self, text: str) -> None:
        """billing.toml: a Dutch seller, and this."""
        self.file("billing.toml", SELLER + text)

    def file(self, name: str, *lines: str) -> None:
        """Write a file of config/; billing.toml leads to this desk's ledger, whatever else it says."""
        if name == "billing.toml":
            lines = (storage(self.config.parent), *lines)
        (self.config / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    @contextmanager
    def job(self) -> Iterator[Job]:
        job = open_job(load_settings(self.config / "billing.toml"), self.config, self.clock)
        try:
            yield job
        finally:
            job.close()

    def add(self, *rows: Mapping[str, Any]) -> None:
        """Put rows into the ledger as if they had come from the supplier, whose trunk 7 is trk_a."""
        with self.job() as job:
            mirror = LedgerMirror(job.engine, self.clock)
            mirror.save_trunks([Trunk("7", "trk_a", "A")])
            mirror.save([read_transaction(dict(row), job.reading()) for row in rows])

    def bill(self, month: Period = OCTOBER, *, at: tuple[int, ...] = (), **options: Any) -> BilledHere:
        """Bill a month `at` a moment of UTC, by default on the fifth of the next."""
        self.clock.set(*(at or (month.next.year, month.next.month, 5)))
        with self.job() as job:
            balance = wallet_movements(job.engine, job.withdrawn(), "EUR")
            LedgerMirror(job.engine, self.clock).save_balance(Balance(balance, job.settings.billing.currency))
            return billed_here(job, month, **options)

    def place(self, month: Period = OCTOBER) -> Placed:
        with self.job() as job:
            return place(job, month)

    def waiting(self, month: Period = OCTOBER) -> list[tuple[str, int, str]]:
        """(transaction, cents, reason) of what waits."""
        rows = self.place(month).exceptions
        return list(
            zip(rows["transaction_id"], (micros // 10_000 for micros in rows["micros"]), rows["reason"], strict=True)
        )

    def credit(self, number: str, **request: Any) -> Document:
        with self.job() as job:
            issued = document_of_number(job.engine, number)
            assert issued is not None
            today = self.clock.now().date()
            return issue_credit(
                job.engine,
                issued.document,
                lambda undone: credit(issued.document, undone, Request("wrong", **request), today),
                job.numbering,
                str(Period.of(today)),
                today,
            )

    def resolve(self, transaction_id: str, client_id: str) -> None:
        with self.job() as job:
            record_decision(job.engine, Decision(transaction_id, client_id, "known", "2026-11-05T00:00:00Z", "me"))

    def documents(self) -> list[Document]:
        with self.job() as job:
            return [issued.document for issued in all_documents(job.engine)]

    def margins(self, month: Period = OCTOBER) -> pd.DataFrame:
        with self.job() as job:
            return month_margins(job, month, place(job, month))

    def anomalies(self, month: Period = OCTOBER) -> list[tuple[str, str, str]]:
        """(kind, text, command) of what looks wrong."""
        with self.job() as job:
            placed = place(job, month)
            found = month_anomalies(job, month, placed, month_margins(job, month, placed))
            return [(each.kind, each.text, each.command) for each in found]


def row(
    row_id: int,
    cents: int,
    day: str = "2026-10-05",
    *,
    type_: str = "call",
    trunk: str | int = "trk_a",
    number: str | int = "",
    order: str | int = "",
    description: str = "",
) -> dict[str, Any]:
    """A movement at noon of a day (or at a moment) on a trunk, unless a number or an order is named."""
    kind, reference = ("number", number) if number else ("order", order) if order else ("trunk", trunk)
    return {
        "id": row_id,
        "type": type_,
        "amount": cents,
        "currency": "EUR",
        "description": description,
        "reference_type": kind,
        "reference_id": reference,
        "created_at": day if "T" in day else f"{day}T12:00:00Z",
    }


def lines_of(document: Document) -> list[tuple[str, int]]:
    """(category, net cents) of each line."""
    return [(line.category, line.net_cents) for line in document.lines]
