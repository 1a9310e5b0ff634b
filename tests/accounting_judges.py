"""The programs that judge our accounting files, started from outside, and the golden copies of those files."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from billing_job.accounting.accounts import Accounts
from billing_job.accounting.journal import Journal
from billing_job.money import cents_from_decimal

GOLDENS = Path(__file__).parent / "goldens" / "accounting"


def assert_golden(name: str, content: bytes) -> None:
    """The file equals its golden copy; UPDATE_GOLDENS=1 writes the copy anew, for a person to read the diff."""
    golden = GOLDENS / name
    if os.environ.get("UPDATE_GOLDENS"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_bytes(content)
    assert content == golden.read_bytes(), f"{name} differs from {golden}"


def balances_of(
    journal: Journal, accounts: Accounts, format_name: str, written: Callable[[str], str] = str
) -> dict[str, int]:
    """Cents by account of one format's chart, named as the format writes them; accounts at zero are left out."""
    chart = accounts.chart(format_name, journal.keys())
    sums: dict[str, int] = {}
    for entry in journal.entries:
        for posting in entry.postings:
            code = written(chart[posting.key].code)
            sums[code] = sums.get(code, 0) + posting.cents
    return {code: cents for code, cents in sums.items() if cents}


def run_judge(*command: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a judge to its end; skip the test when it is not installed."""
    program = str(command[0])
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
    )


def hledger_check(file: Path) -> subprocess.CompletedProcess[str]:
    """hledger's strict checks and the ones a bookkeeper adds."""
    return run_judge("hledger", "-f", file, "check", "-s", "accounts", "commodities", "payees", "ordereddates")


def hledger_balances(file: Path) -> dict[str, int]:
    """Cents by account, as hledger adds them up."""
    result = run_judge("hledger", "-f", file, "balance", "--flat", "-N", "-O", "csv")
    assert result.returncode == 0, result.stderr
    rows = [line.strip('"').split('","') for line in result.stdout.splitlines()[1:]]
    return {account: cents_from_decimal(amount.removeprefix("EUR ")) for account, amount in rows}
