"""Plays every fault against the sandbox and tells what comes of it; run it to write the table of docs/sync.md."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, select

from billing_job.config.reading import TransactionsReading
from billing_job.core.errors import BillingJobError, Incomplete
from billing_job.didfarm.http import Http
from billing_job.didfarm.mirroring import WalkReport
from billing_job.didfarm.sandbox.faults import parse_fault
from billing_job.didfarm.sandbox.holdings import WireRow
from billing_job.didfarm.sandbox.running import RunningSandbox
from billing_job.didfarm.sync import fetch
from billing_job.didfarm.wire_json import canonical_json
from billing_job.ledger.database import open_engine, transaction
from billing_job.ledger.last_look import last_balance
from billing_job.ledger.mirror import LedgerMirror, absent_ids
from billing_job.ledger.run_lock import run_lock
from billing_job.ledger.tables import wallet_rows
from billing_job.ledger.transactions import changed
from billing_job.ledger.withdrawals import wallet_movements, withdrawn
from tests.support.ledgers import ledger_url, rows
from tests.support.paths import DOCS
from tests.support.sandbox_on_loopback import KEY, PAGE_SIZE, StillClock, small_world

DOCUMENT = DOCS / "sync.md"
HEADING = "| no. | fault | as the sandbox plays it | this sync | requests | next sync | requests |"


@dataclass(frozen=True, slots=True)
class Case:
    """A fault of the list, and how it is played; `before` is synced first when the fault is one of later runs."""

    number: str
    what: str
    faults: tuple[str, ...]
    page_size: int = PAGE_SIZE
    limit: int = 0
    timeout: float = 30
    synced_before: bool = False


CASES = (
    Case("1", "rows prepended between pages", ("prepend_rows:3",)),
    Case("2", "a whole page prepended at once", ("prepend_page",)),
    Case("3", "steady inflow", ("inflow:1",)),
    Case("4", "a row deleted mid-walk", ("delete_row:3,at=3",)),
    Case("5", "a back-dated row mid-walk", ("backdate_row:40",)),
    Case("5", "a back-dated row before a later sync", ("backdate_row:40,at=1",), synced_before=True),
    Case("6", "tied rows change places", ("reshuffle_ties",)),
    Case("7", "an amount changed under its id", ("change_amount:0",)),
    Case("7", "the same, deep in the list, before a later sync", ("change_amount:60,at=1",), synced_before=True),
    Case("8", "a duplicate id inside a page", ("duplicate_id:2",)),
    Case("9", "a short page in the middle", ("short_page:2",)),
    Case("10", "an empty page in the middle", ("empty_page:2",)),
    Case("10", "an empty page for ever", ("empty_page:2,times=8",)),
    Case("11", "a stale total", ("stale_total:3",)),
    Case("11", "a total that stays stale", ("stale_total:3,page=all,times=20",)),
    Case("12", "total missing", ("bad_total:missing",)),
    Case("12", "total null", ("bad_total:null",)),
    Case("12", "total a string", ("bad_total:string",)),
    Case("12", "total negative", ("bad_total:negative",)),
    Case("13", "a wrong meta.page", ("wrong_page:2",)),
    Case("13", "pages past the end clamped to the last", ("clamp_page",), page_size=17),
    Case("14", "the page size changes once", ("page_size:4",)),
    Case("14", "the page size changes for good", ("page_size:4,page=all,at=4,forever",)),
    Case("15", "a body cut short, with Content-Length", ("truncated_length:2",)),
    Case("16", "a body cut short, without", ("truncated_chunked:2",)),
    Case("17", "HTML with status 200", ("html_200:2",)),
    Case("18", "an error body with status 200", ("error_200:2",)),
    Case("19", "data: null", ("null_data:2",)),
    Case("20", "429 with Retry-After 2", ("rate_limit:2",)),
    Case("21", "Retry-After 0", ("retry_after:0",)),
    Case("21", "Retry-After -1", ("retry_after:-1",)),
    Case("21", "Retry-After 1.5", ("retry_after:1.5",)),
    Case("21", "Retry-After garbage", ("retry_after:garbage",)),
    Case("22", "Retry-After as a date, the server's clock an hour off", ("retry_after_date:2,3600",)),
    Case("23", "Retry-After 3600", ("retry_after:3600",)),
    Case("24", "429 without Retry-After", ("rate_limit_bare",)),
    Case("25", "a storm of 429s", ("rate_limit_storm:10",)),
    Case("26", "500 three times", ("server_error:500,3",)),
    Case("26", "502 three times", ("server_error:502,3",)),
    Case("26", "503 three times", ("server_error:503,3",)),
    Case("26", "504 three times", ("server_error:504,3",)),
    Case("27", "500 for ever (until the next sync)", ("server_error_forever:500,page=4",)),
    Case("28", "401", ("unauthorized:401",)),
    Case("28", "403", ("unauthorized:403",)),
    Case("29", "a reset before the answer", ("reset",)),
    Case("30", "a hang", ("hang",), timeout=1),
    Case("31", "a slow drip", ("slow_drip:200",), timeout=1),
    Case("34", "an unknown field", ("unknown_field",)),
    Case("34", "a missing field", ("missing_field:amount,5",)),
    Case("35", "an amount of 20 digits", ("huge_amount:5",)),
    Case("36", "the key in an error body and a URL", ("key_in_error:500",)),
    Case("37", "a redirect to another host", ("redirect:https://elsewhere.example/x",)),
    Case("38", "a sliding window of 60 a minute", (), page_size=1, limit=60),
)
"""All but 32 and 33, which are about processes: tests/month/test_kill.py."""
UNTIL_THE_NEXT_SYNC = ("server_error_forever", "unauthorized")
"""Faults without an end of their own."""


@dataclass(slots=True)
class Ledger:
    """A ledger of its own for one case."""

    engine: Engine
    clock: StillClock

    def versions(self) -> list[tuple[str, str]]:
        """Every version of every row, (transaction_id, raw), in the order they were stored."""
        with transaction(self.engine) as connection:
            rows = connection.execute(select(wallet_rows).order_by(wallet_rows.c.seq))
            return [(row.transaction_id, row.raw) for row in rows]

    def listed(self) -> dict[str, str]:
        """The latest version of each row that the supplier is known to list."""
        with transaction(self.engine) as connection:
            gone = absent_ids(connection)
        return {id_: raw for id_, raw in self.versions() if id_ not in gone}

    def explained(self) -> bool:
        balance = last_balance(self.engine)
        return balance is not None and balance.micros == wallet_movements(
            self.engine, withdrawn(self.engine, 0, "EUR"), "EUR"
        )


@dataclass(frozen=True, slots=True)
class Synced:
    """What one sync came to: a report or an error, and the requests the supplier got, 429s among them."""

    report: WalkReport | None
    error: BillingJobError | None
    requests: int
    refused: int
    said: tuple[str, ...]

    def __str__(self) -> str:
        if self.report is None:
            kind = "incomplete" if isinstance(self.error, Incomplete) else type(self.error).__name__
            return f"{kind}, exit {self.error.exit_code if self.error else 0}"
        found = [
            f"{len(names)} {name}"
            for name, names in (("changed", self.report.changed), ("vanished", self.report.absent))
            if names
        ]
        if self.report.anomalies:
            found.append("said so")
        return ", ".join([f"whole, {self.report.total} rows", *found])


@dataclass(frozen=True, slots=True)
class Played:
    """A case with what came of it."""

    case: Case
    first: Synced
    second: Synced
    ledger: dict[str, str]
    truth: list[WireRow]
    versions: list[tuple[str, str]]
    database: bytes

    @property
    def is_true_copy(self) -> bool:
        """Whether the ledger holds exactly the rows the supplier lists in the end, byte by byte of their JSON."""
        return self.ledger == {str(row["id"]): canonical_json(row) for row in self.truth}

    def row(self) -> str:
        """The case as a row of the table."""
        how = ", ".join(f"`{fault}`" for fault in self.case.faults) or "`limit=60`"
        cells = (
            self.case.number,
            self.case.what,
            how,
            str(self.first),
            str(self.first.requests),
            str(self.second),
            str(self.second.requests),
        )
        return f"| {' | '.join(cells)} |"


@contextmanager
def ledger_in(folder: Path, clock: StillClock) -> Iterator[Ledger]:
    """An empty ledger, with the lock of its run held."""
    url = ledger_url(folder)
    with run_lock(url):
        engine = open_engine(url)
        try:
            yield Ledger(engine, clock)
        finally:
            engine.dispose()


def sync(sandbox: RunningSandbox, ledger: Ledger, *, timeout: float = 30, full: bool = False) -> Synced:
    """One sync, as `billing-job sync` does it; requests are counted where they arrive."""
    before = len(sandbox.requests)
    said: list[str] = []
    report: WalkReport | None = None
    failure: BillingJobError | None = None
    with Http(
        sandbox.base_url, KEY, ledger.clock, requests_per_minute=60, timeout_seconds=timeout, on_retry=said.append
    ) as http:
        try:
            report = fetch(
                http,
                TransactionsReading(),
                LedgerMirror(ledger.engine, ledger.clock),
                full=full,
                explained=ledger.explained,
                looks_whole=ledger.explained,
                on_page=lambda page, total: None,
                on_trouble=said.append,
            )
        except BillingJobError as error:
            failure = error
            said.append(str(error))
    requests = sandbox.requests[before:]
    refused = sum(status == 429 for _, _, status in requests)
    return Synced(report, failure, len(requests), refused, (*said, *(report.anomalies if report else ())))


def play(case: Case, folder: Path) -> Played:
    """Sync while the fault strikes, and once more after it; a small world of 85 rows."""
    clock = StillClock()
    running = RunningSandbox(
        small_world(), KEY, clock, requests_per_minute=case.limit, page_size=case.page_size, faults=()
    )
    with running as sandbox, ledger_in(folder, clock) as ledger:
        if case.synced_before:
            sync(sandbox, ledger)
        sandbox.faults.add(*(parse_fault(fault) for fault in case.faults))
        first = sync(sandbox, ledger, timeout=case.timeout)
        if case.faults and case.faults[0].startswith(UNTIL_THE_NEXT_SYNC):
            sandbox.faults.clear()
        second = sync(sandbox, ledger, timeout=case.timeout)
        listed, versions, truth = ledger.listed(), ledger.versions(), sandbox.truth()
        changed(ledger.engine)
        on_server = b"" if ledger.engine.dialect.name == "sqlite" else repr(rows(ledger_url(folder))).encode()
    stored = b"".join(path.read_bytes() for path in sorted(folder.glob("billing.db*"))) or on_server
    return Played(case, first, second, listed, truth, versions, stored)


def table(rows: list[str]) -> str:
    """The table of docs/sync.md."""
    return "\n".join([HEADING, "|---|---|---|---|--:|---|--:|", *rows])


def documented_rows() -> list[str]:
    """The rows that docs/sync.md shows."""
    _, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(HEADING + "\n")
    return [line for line in rest.split("\n\n")[0].splitlines()[1:] if line]


def main() -> None:
    """Play all and put the table into docs/sync.md."""
    rows = []
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(play(case, Path(folder)).row())
    text = DOCUMENT.read_text(encoding="utf-8")
    pattern = re.escape(HEADING) + r"\n(\|.*\n)*"
    DOCUMENT.write_text(re.sub(pattern, lambda _: table(rows) + "\n", text), encoding="utf-8")
    print(table(rows))


if __name__ == "__main__":
    main()
