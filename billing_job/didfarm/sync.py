"""The fetch stage: mirror the supplier's trunks, transactions and balance, so that they belong together."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from billing_job.core.errors import SupplierError
from billing_job.core.wallet import Balance, Trunk
from billing_job.didfarm.client import Client
from billing_job.didfarm.http import Http
from billing_job.didfarm.mirroring import Explained, Mirror, WalkReport
from billing_job.didfarm.page import ListReading, Page, counts_itself, page_reader
from billing_job.didfarm.walk import walk
from billing_job.didfarm.walk_uncounted import walk_uncounted
from billing_job.didfarm.wire_reading import BalanceReading


class FetchedInto(Mirror, Protocol):
    """The ledger, as far as fetching goes."""

    def save_trunks(self, trunks: Sequence[Trunk]) -> None:
        """Keep the supplier's trunks, whose ids and names connect transactions with trunks.csv."""

    def save_balance(self, balance: Balance | None) -> None:
        """Keep the wallet's balance of this moment, the proof that all rows were read; None: it is not known."""


def fetch(
    http: Http,
    reading: ListReading,
    ledger: FetchedInto,
    *,
    full: bool,
    explained: Explained,
    looks_whole: Callable[[], bool],
    on_page: Callable[[int, int | None], None],
    on_trouble: Callable[[str], None],
    balance: BalanceReading | None = None,
) -> WalkReport:
    """Mirror everything; `on_page(page, pages)` is told of each page, `on_trouble` of what is done without.

    Trunks and balance may fail by themselves: the ledger goes on with the trunks it has, and knows no balance of this
    moment. The balance is read between two looks at the newest page: when nothing arrived in between, both speak of one
    moment. `looks_whole` tells whether the stored rows explain the balance, or differ from it as reading the whole list
    has left it twice. Where they do not, rows below the newest ones may have been edited or replaced, since the list
    was read or meanwhile: everything is read again. Errors: those of Http, and Incomplete.
    """
    _mirror_trunks(http, ledger, on_trouble)
    read_page = page_reader(http, reading)
    balances = _BalanceReader(http, balance, ledger, on_trouble)

    numbers: set[int] = set()

    def read(number: int, size: int | None) -> Page:
        page = read_page(number, size)
        numbers.add(number)
        rows = size or len(page.rows)
        on_page(len(numbers), -(-page.total // rows) if page.total is not None and rows else None)
        return page

    def walk_once(*, full: bool) -> WalkReport:
        if counts_itself(reading):
            return walk(read, ledger, full=full, before_newest=balances.save)
        return walk_uncounted(
            read,
            ledger,
            by_links=reading.paging == "next",
            full=full,
            before_newest=balances.save,
            explained=explained,
        )

    return audited(walk_once, full=full, looks_whole=looks_whole)


def _mirror_trunks(http: Http, ledger: FetchedInto, on_trouble: Callable[[str], None]) -> None:
    try:
        ledger.save_trunks(read_trunks(http, on_trouble))
    except SupplierError as error:
        if error.status == 401:
            raise
        on_trouble(
            f"the supplier's trunks cannot be read, so those of the ledger hold ({error}); what names a trunk by an id"
            " that trunks.csv does not have waits"
        )


class _BalanceReader:
    """Reads the balance before each last look; once it could not be read, it is not known for this sync."""

    def __init__(
        self, http: Http, reading: BalanceReading | None, ledger: FetchedInto, on_trouble: Callable[[str], None]
    ):
        self._http, self._reading, self._ledger, self._on_trouble = http, reading, ledger, on_trouble
        self._lost = False

    def save(self) -> None:
        """Keep the balance of this moment."""
        if self._lost:
            return
        try:
            balance = read_balance(self._http, self._reading)
        except SupplierError as error:
            if error.status == 401:
                raise
            self._lost = True
            self._ledger.save_balance(None)
            self._on_trouble(f"the wallet's balance cannot be read, so nothing proves the wallet ({error})")
        else:
            self._ledger.save_balance(balance)


class WalkOnce(Protocol):
    """A walk with all but its extent settled."""

    def __call__(self, *, full: bool) -> WalkReport:
        """Read the list, from the newest rows to what is known, or all of it."""


def audited(walk_once: WalkOnce, *, full: bool, looks_whole: Callable[[], bool]) -> WalkReport:
    """Walk, and once more in full when the balance says that the new rows are not all; the report tells of both."""
    report = walk_once(full=full)
    if report.full or not report.quiet or looks_whole():
        return report
    audit = walk_once(full=True)
    why = "the new rows do not explain how the balance moved, so everything was read again"
    return replace(
        audit,
        new=report.new + audit.new,
        changed=(*report.changed, *audit.changed),
        anomalies=(*report.anomalies, why, *audit.anomalies),
    )


def read_balance(http: Http, reading: BalanceReading | None = None) -> Balance:
    """The wallet's balance as a value of the ledger."""
    return Client(http, balance=reading).balance()


def read_trunks(http: Http, on_trouble: Callable[[str], None] = lambda message: None) -> tuple[Trunk, ...]:
    """The supplier's trunks as far as the ledger knows them: both ids and the name.

    `on_trouble` is told of those that lack an id.
    """
    trunks = Client(http).trunks()
    for lacking, what in (
        ([each for each in trunks if not each.uuid], "no uuid, by which webhooks speak of it"),
        ([each for each in trunks if each.uuid and not each.trunk_id], "no id, by which routing speaks of it"),
    ):
        if lacking:
            names = ", ".join((each.name or each.trunk_id or each.uuid)[:40] for each in lacking[:5])
            on_trouble(f"{len(lacking)} of {len(trunks)} trunks that the supplier lists have {what}: {names}")
    return tuple(Trunk(each.trunk_id, each.uuid, each.name) for each in trunks if each.uuid)
