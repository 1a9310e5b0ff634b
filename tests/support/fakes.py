"""What tests put at the boundary: a clock that is set, and a reseller's folder to run the real command line in."""

import io
import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from billing_job.cli import main
from billing_job.commands.options import KEY_VARIABLE
from billing_job.core.parties import Client
from billing_job.core.period import Period
from billing_job.didfarm.sandbox.config_files import write_config
from billing_job.didfarm.sandbox.holdings import Trunk, WireRow
from billing_job.didfarm.sandbox.running import RunningSandbox
from billing_job.didfarm.sandbox.world import World
from tests.support.ledgers import copy_ledger, empty_ledger, ledger_url, on_server, storage
from tests.support.paths import FIXTURES
from tests.support.sandbox_on_loopback import KEY, PAGE_SIZE, small_world

SETTINGS = """\
[api]
base_url = "{base_url}"
requests_per_minute = 1000
timeout_seconds = 5
ca_file = "{authority}"
[seller]
name = "Noordzee Telecom"
country = "NL"
vat_id = "NL861994772B01"
iban = "NL91ABNA0417164300"
[billing]
issue_date = "period_end"
[[plans]]
name = "standard"
[[plans.rules]]
category = "number_rental"
model = "markup"
percent = "30"
[[plans.rules]]
model = "pass_through"
[[plans]]
name = "wholesale"
[[plans.rules]]
model = "markup"
percent = "7.5"
[[plans]]
name = "premium"
[[plans.rules]]
model = "fixed"
price = "0.0950"
"""


def settings_text(base_url: str) -> str:
    """The billing.toml of an office."""
    # Reading all of the world's authorities takes 20 ms a run, and the loopback has no certificate.
    return SETTINGS.format(base_url=base_url, authority=FIXTURES / "authority.pem")


ACME, BRUNO = Trunk(7, "trk_aaaa0007", "Acme", "acme", "acme"), Trunk(8, "trk_bbbb0008", "Bruno", "bruno", "bruno")


class Clock:
    """Shows the moment it is set to; only `sleep` moves it by itself."""

    def __init__(self, now: datetime):
        self.moment = now
        self.seconds = 0.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.moment += timedelta(seconds=seconds)

    def set(self, *date_and_time: int) -> None:
        """Set it to a moment of UTC: year, month, day, hour, minute."""
        self.moment = datetime(*date_and_time, tzinfo=UTC)  # type: ignore[arg-type, misc]


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended: its exit code, and what it said on standard output and on standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on standard output; ValueError when there is anything else."""
        return json.loads(self.out)


@dataclass(slots=True)
class Office:
    """A reseller's folder: config/ with its files, later billing.db and output/; commands run as if typed in it."""

    folder: Path
    clock: Clock
    environment: dict[str, str] = field(default_factory=lambda: {KEY_VARIABLE: KEY})
    ledger_of: Path | None = None
    """The folder whose ledger it uses on a server, when that is not its own."""

    @property
    def config(self) -> Path:
        return self.folder / "config"

    @property
    def output(self) -> Path:
        return self.folder / "output"

    @property
    def database_url(self) -> str:
        """Where this office's ledger is."""
        return ledger_url(self.ledger_of if self.ledger_of and on_server() else self.folder)

    def month(self, name: str = "2026-10") -> Path:
        return self.output / name

    def type(self, *arguments: str) -> Ran:
        """Run `billing-job --config … ARGUMENTS` in this process: the real entry point, under this office's clock."""
        out, err = io.StringIO(), io.StringIO()
        code: Any = None
        with _environment(self.environment), _own_logging(), redirect_stdout(out), redirect_stderr(err):
            try:
                main(["--config", str(self.config / "billing.toml"), *arguments], self.clock)
            except SystemExit as stop:
                code = stop.code
        assert isinstance(code, int)
        # An error nobody foresaw would end as "unexpected …", and with -vv in a traceback.
        assert "Traceback" not in err.getvalue(), err.getvalue()
        assert "This is a defect" not in err.getvalue(), err.getvalue()
        return Ran(code, out.getvalue(), err.getvalue())

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """The same quietly in a process and a session of its own, under the real clock: somebody will kill it."""
        return subprocess.Popen(
            [sys.executable, "-m", "billing_job", "--config", str(self.config / "billing.toml"), "-q", *arguments],
            env=os.environ | self.environment,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> Ran:
        """`billing-job run --json`, rendering in this process."""
        return self.type("run", "--json", "--workers", "1", *arguments)

    def replace(self, name: str, old: str, new: str) -> None:
        """Edit a file of config/; `old` stands in it once."""
        path = self.config / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} has {old!r} {text.count(old)} times"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def append(self, name: str, *lines: str) -> None:
        """Add lines to a file of config/."""
        with (self.config / name).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)

    def fresh(self, folder: Path) -> "Office":
        """Another office with the same configuration to the byte, and with nothing in its ledger and its output.

        On a server it takes over this one's database, emptied, for the address is part of the configuration.
        """
        shutil.copytree(self.config, folder / "config")
        made = Office(folder, self.clock, self.environment, self.ledger_of or self.folder)
        if on_server():
            empty_ledger(made.database_url)
        return made

    def copied(self, folder: Path) -> "Office":
        """Another office with all that this one has."""
        shutil.copytree(self.folder, folder)
        made = Office(folder, self.clock, self.environment)
        if on_server():
            copy_ledger(self.database_url, made.database_url)
            made.replace("billing.toml", self.database_url, made.database_url)
        return made

    def files(self) -> dict[str, bytes]:
        """Every file of output/ by its name: what `diff -r` compares."""
        return {
            str(path.relative_to(self.output)): path.read_bytes()
            for path in sorted(self.output.rglob("*"))
            if path.is_file()
        }


@contextmanager
def office(
    folder: Path, world: World | None = None, *, shape: str = "plain"
) -> Iterator[tuple[Office, RunningSandbox]]:
    """An office whose config/ describes the world (the small one by default), and the sandbox that serves it."""
    world = world or small_world()
    clock = Clock(datetime(2026, 11, 5, 8, 0, tzinfo=UTC))
    with RunningSandbox(world, KEY, clock, requests_per_minute=0, page_size=PAGE_SIZE, shape=shape) as sandbox:
        write_config(world, folder / "config")
        settings = storage(folder) + settings_text(sandbox.base_url)
        (folder / "config" / "billing.toml").write_text(settings, encoding="utf-8")
        yield Office(folder, clock), sandbox


def call(row_id: int, cents: int, day: str, trunk: int = 7, type_: str = "call") -> WireRow:
    """A movement on a trunk at noon of a day; calls are passed through at cost."""
    return {
        "id": row_id,
        "type": type_,
        "amount": cents,
        "currency": "EUR",
        "description": "A call",
        "reference_type": "trunk",
        "reference_id": trunk,
        "created_at": day if "T" in day else f"{day}T12:00:00Z",
    }


FIRST = (call(1, -300, "2026-10-05"), call(2, -500, "2026-10-06", trunk=8))


@contextmanager
def two_clients(folder: Path, rows: Sequence[WireRow] = FIRST) -> Iterator[tuple[Office, RunningSandbox]]:
    """An office with a client in NL and one in DE, a trunk each, and just these rows in the wallet."""
    clients = (
        Client("acme", "Acme B.V.", "NL", vat_id="NL004495445B01", detail="number"),
        Client("bruno", "Bruno GmbH", "DE", vat_id="DE136695976", detail="transaction"),
    )
    world = World(1, Period(2026, 10), ZoneInfo("Europe/Amsterdam"), clients, (ACME, BRUNO), (), (), tuple(rows))
    with office(folder, world) as (here, sandbox):
        yield here, sandbox


def documents(ran_json: Mapping[str, Any]) -> list[tuple[str, str, int, bool]]:
    """What matters of each document of `run --json`: number, client, net, whether it is new."""
    return [(d["number"], d["client_id"], d["net_cents"], d["new"]) for d in ran_json["documents"]]


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.pop(KEY_VARIABLE, None)
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _own_logging() -> Iterator[None]:
    """A command sets up the process's logging; a test gives it back."""
    root, ours = logging.getLogger(), logging.getLogger("billing_job")
    before = (root.handlers, root.level, ours.level)
    root.handlers = []
    try:
        yield
    finally:
        root.handlers, level, our_level = before
        root.setLevel(level)
        ours.setLevel(our_level)
