"""When a run says no, or yes but: offline, locked, the supplier unreadable, the wallet open, a client untaxable."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from billing_job.didfarm.sandbox.faults import parse_fault
from billing_job.ledger.run_lock import run_lock
from tests.support.fakes import call, documents, two_clients


def test_offline_needs_a_ledger_that_was_read_after_the_month(tmp_path: Path) -> None:
    """Offline a run asks nothing; it refuses with exit 4 a ledger that was never read, or not since the month's end."""
    with two_clients(tmp_path) as (here, sandbox):
        never = here.run("--month", "2026-10", "--offline")
        assert (never.code, never.json["status"], sandbox.requests) == (4, "incomplete", [])
        here.clock.set(2026, 10, 31, 22, 59)
        assert here.type("sync").code == 0
        here.clock.set(2026, 11, 5)
        early = here.run("--month", "2026-10", "--offline")
        assert early.code == 4
        assert "billing-job sync" in early.err
        assert not here.month().exists()
        assert here.type("sync").code == 0
        asked = len(sandbox.requests)
        assert here.run("--month", "2026-10", "--offline").code == 0
        assert len(sandbox.requests) == asked


def test_only_one_run_at_a_time(tmp_path: Path) -> None:
    """While another run holds the ledger a second one ends with exit 5 at once, having asked and written nothing."""
    with two_clients(tmp_path) as (here, sandbox), run_lock(here.database_url):
        held = here.run("--month", "2026-10")
        assert (held.code, held.json["status"], sandbox.requests) == (5, "failed", [])
        assert f"process {os.getpid()}" in held.err
        assert here.files() == {}


def test_a_supplier_that_cannot_be_read_whole_stops_the_run(tmp_path: Path) -> None:
    """Exit 4 and no document; what was read is kept, and the next run gives what an undisturbed one gives."""
    with two_clients(tmp_path / "calm") as (calm, _):
        undisturbed = calm.run("--month", "2026-10")
    with two_clients(tmp_path / "rough") as (here, sandbox):
        sandbox.faults.add(parse_fault("server_error_forever:503"))
        broken = here.run("--month", "2026-10")
        assert (broken.code, broken.json["status"], broken.json["documents"]) == (4, "incomplete", [])
        assert broken.json["requests"] == len(sandbox.requests)
        assert here.files() == {}
        sandbox.faults.clear()
        assert documents(here.run("--month", "2026-10").json) == documents(undisturbed.json)
    parts = ("pdf", "csv", "xml")
    names = [f"2026-10/invoices/INV-2026-0000{n}.{part}" for n in (1, 2) for part in parts]
    assert [here.files()[name] for name in names] == [calm.files()[name] for name in names]


def test_a_row_edited_before_a_sync_that_broke_off_is_found_by_the_next(tmp_path: Path) -> None:
    """As without the outage: the next one took the difference for one of old, and advised another opening balance."""
    rows = [call(9, 5000, "2026-09-01", type_="topup"), *(call(10 + n, -100, f"2026-10-{n:02}") for n in range(1, 26))]
    with two_clients(tmp_path, rows) as (here, sandbox):
        assert here.type("sync").code == 0
        sandbox.state.change(11, amount=-900)
        sandbox.state.add(call(50, -50, "2026-10-30"))
        sandbox.faults.add(parse_fault("server_error_forever:503,page=all,at=2"))  # page 1 and the balance are read
        assert here.type("sync").code == 4
        sandbox.faults.clear()
        found = here.type("sync", "--json")
        assert (found.code, found.json["changed"], found.json["wallet"]["matches"]) == (0, ["11"], True)


def test_a_difference_is_an_old_one_once_two_readings_of_all_rows_left_it(tmp_path: Path) -> None:
    """A row edited while all were read left one that stayed; what changes an old one is looked for."""
    rows = [call(9, 5000, "2026-09-01", type_="topup"), *(call(10 + n, -100, f"2026-10-{n:02}") for n in range(1, 26))]
    with two_clients(tmp_path, rows) as (here, sandbox):
        sandbox.faults.add(parse_fault("change_amount:15,at=3"))  # on page 2, which was read
        assert here.type("sync", "--json").json["wallet"]["matches"] is False
        sandbox.faults.clear()
        found = here.type("sync", "--json").json
        assert (len(found["changed"]), found["wallet"]["matches"]) == (1, True)
        here.replace("billing.toml", "[billing]\n", '[billing]\nopening_balance = "5.00"\n')
        read_whole = [here.type("sync", "--json").json["full"] for _ in range(4)]
        assert read_whole == [True, True, False, False]
        sandbox.state.change(11, amount=-900)
        found = here.type("sync", "--json")
        assert (found.code, found.json["full"], found.json["changed"]) == (3, True, ["11"])


def test_a_wallet_that_does_not_add_up_is_said(tmp_path: Path) -> None:
    """A balance that opening and movements explained before, and do not now: billed, the difference named, exit 3."""
    with two_clients(tmp_path) as (here, sandbox):
        assert here.run("--month", "2026-10").code == 0
        sandbox.state.add(call(3, -70, "2026-11-02"))
        here.clock.set(2026, 12, 5)
        here.replace("billing.toml", "[billing]\n", '[billing]\nopening_balance = "5.00"\n')
        ran = here.run("--month", "2026-11")
        assert (ran.code, ran.json["status"], documents(ran.json)) == (
            3,
            "exceptions",
            [("INV-2026-00003", "acme", 70, True)],
        )
        assert ran.json["wallet"] == {
            "opening_cents": 500,
            "movements_cents": -870,
            "balance_cents": -870,
            "opening_micros": 5_000_000,
            "movements_micros": -8_700_000,
            "balance_micros": -8_700_000,
            "matches": False,
        }
        assert "a difference of -EUR 5.00" in ran.err
        assert here.type("reconcile").code == 3


def test_the_program_as_a_process(tmp_path: Path) -> None:
    """`python -m billing_job` from another folder: JSON alone on standard output, JSON log lines beside it, exit 0."""
    with two_clients(tmp_path / "office") as (here, _):
        environment = os.environ | here.environment | {"BILLING_JOB_CONFIG": str(here.config / "billing.toml")}
        arguments = ["--log-format", "json", "run", "--month", "2026-10", "--json", "--draft"]
        ended = subprocess.run(
            [sys.executable, "-m", "billing_job", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    assert [d["net_cents"] for d in json.loads(ended.stdout)["documents"]] == [300, 500]
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert {"time", "level", "run", "message"} <= set(lines[0])
    assert len({line["run"] for line in lines}) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["office"]


@pytest.mark.parametrize("vat_id", ["", "DE123"])
def test_a_client_that_cannot_be_taxed_blocks_only_itself(tmp_path: Path, vat_id: str) -> None:
    """No valid VAT id in another EU country: that client's rows wait for a decision, the others are billed."""
    with two_clients(tmp_path) as (here, _):
        here.replace("clients.csv", "DE136695976", vat_id)
        ran = here.run("--month", "2026-10")
        assert (ran.code, documents(ran.json)) == (3, [("INV-2026-00001", "acme", 300, True)])
        assert [(e["transaction_id"], e["reason"]) for e in ran.json["exceptions"]] == [("2", "untaxable_client")]
        here.replace("billing.toml", '[[plans]]\nname = "standard"', '[tax]\noss = true\n[[plans]]\nname = "standard"')
        solved = here.run("--month", "2026-10")
        assert documents(solved.json)[1:] == [("INV-2026-00002", "bruno", 500, True)]
        assert solved.json["documents"][1]["vat_cents"] == 95


def test_a_run_in_the_first_hour_of_the_month(tmp_path: Path) -> None:
    """At 00:05 in Amsterdam, still the day before in UTC, the month before is over and the default."""
    with two_clients(tmp_path) as (here, _):
        here.clock.set(2026, 10, 31, 23, 5)
        ran = here.run()
        assert (ran.code, ran.json["month"], len(ran.json["documents"])) == (0, "2026-10", 2), ran.err
