"""The fetch stage: mirror the supplier's trunks, transactions and balance, so that they belong together."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from billing_job.core.wallet import Balance, Trunk
from billing_job.didfarm.client import Client
from billing_job.didfarm.http import Http
from billing_job.didfarm.page import Page, ReadPage, page_reader
from billing_job.didfarm.walk import Mirror, WalkReport, walk
from billing_job.didfarm.wire_reading import BalanceReading, Reading


class FetchedInto(Mirror, Protocol):
    """The ledger, as far as fetching goes."""

    def save_trunks(self, trunks: Sequence[Trunk]) -> None:
        """Keep the supplier's trunks, whose ids and names connect transactions with trunks.csv."""

    def save_balance(self, balance: Balance) -> None:
        """Keep the wallet's balance of this moment, the proof that all rows were read."""


def fetch(
    http: Http,
    reading: Reading,
    ledger: FetchedInto,
    *,
    full: bool,
    explained: Callable[[], bool],
    on_page: Callable[[int, int], None],
    balance: BalanceReading | None = None,
) -> WalkReport:
    """Mirror everything; `on_page(page, total)` is told of each page.

    The balance is read between two looks at the newest page: when nothing arrived in between, both speak of one moment.
    `explained` tells whether the stored rows explain the stored balance. When they did before and no longer do, rows
    below the newest ones were edited or replaced: everything is read again. Errors: those of Http, and Incomplete.
    """
    ledger.save_trunks(read_trunks(http))
    read_page = page_reader(http, reading)

    def read(number: int, size: int | None) -> Page:
        page = read_page(number, size)
        on_page(number, page.total)
        return page

    return walk_and_audit(
        read,
        ledger,
        full=full,
        explained=explained,
        before_newest=lambda: ledger.save_balance(read_balance(http, balance)),
    )


def walk_and_audit(
    read: ReadPage, mirror: Mirror, *, full: bool, explained: Callable[[], bool], before_newest: Callable[[], None]
) -> WalkReport:
    """Walk, and once more in full when the balance, explained before, no longer is; the report tells of both."""
    was_explained = explained()
    report = walk(read, mirror, full=full, before_newest=before_newest)
    if report.full or not report.quiet or not was_explained or explained():
        return report
    audit = walk(read, mirror, full=True, before_newest=before_newest)
    why = "the balance moved by something else than the new rows, so everything was read again"
    return replace(
        audit,
        new=report.new + audit.new,
        changed=(*report.changed, *audit.changed),
        anomalies=(*report.anomalies, why, *audit.anomalies),
    )


def read_balance(http: Http, reading: BalanceReading | None = None) -> Balance:
    """The wallet's balance as a value of the ledger."""
    return Client(http, balance=reading).balance()


def read_trunks(http: Http) -> tuple[Trunk, ...]:
    """The supplier's trunks as far as the ledger knows them: both ids and the name."""
    return tuple(Trunk(trunk.trunk_id, trunk.uuid, trunk.name) for trunk in Client(http).trunks())
