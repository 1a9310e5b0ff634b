"""The programs that judge our accounting files, started from outside, and the golden copies of those files."""

import importlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import pytest

from billing_job.accounting.accounts import AccountKind, Accounts
from billing_job.accounting.export import Export
from billing_job.accounting.journal import Journal
from billing_job.core.money import cents_from_decimal
from tests.support import paths

GOLDENS = paths.GOLDENS / "accounting"
SYSTEM_PYTHON = "/usr/bin/python3"


def assert_golden(name: str, content: bytes) -> None:
    """The file equals its golden copy; UPDATE_GOLDENS=1 writes the copy anew, for a person to read the diff."""
    golden = GOLDENS / name
    if os.environ.get("UPDATE_GOLDENS"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_bytes(content)
    assert content == golden.read_bytes(), f"{name} differs from {golden}"


def saved(export: Export, folder: Path) -> list[Path]:
    """The export's files in a folder."""
    for name, content in export.files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in export.files]


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


def missing(program: str) -> NoReturn:
    """Skip the test, but fail it in CI, where a judge that was not installed would be a proof that did not happen."""
    if os.environ.get("CI"):
        pytest.fail(f"{program} is not installed")
    pytest.skip(f"{program} is not installed")


def judge_module(name: str) -> Any:
    """A judge's Python module."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        missing(name)


def run_judge(*command: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run a judge to its end; skip the test when it is not installed."""
    program = str(command[0])
    if shutil.which(program) is None:
        missing(program)
    return subprocess.run(
        [str(part) for part in command],
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
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


def hledger_month_ends(files: Sequence[Path], account: str, days: Sequence[date]) -> list[int]:
    """Cents of an account at the end of each day, by hledger over all the files."""
    named = [word for file in files for word in ("-f", file)]
    found = []
    for day in days:
        until = ("-e", str(day + timedelta(days=1)))
        result = run_judge("hledger", *named, "balance", account, "--flat", "-N", "-O", "csv", *until)
        assert result.returncode == 0, result.stderr
        rows = [line.strip('"').split('","') for line in result.stdout.splitlines()[1:]]
        found.append(sum(cents_from_decimal(amount.removeprefix("EUR ")) for _, amount in rows))
    return found


def beancount_ledger(file: Path) -> tuple[dict[str, int], list[str]]:
    """Cents by account and every complaint, as beancount's own loader (which bean-check runs) gives them."""
    loader, data = judge_module("beancount.loader"), judge_module("beancount.core.data")
    entries, errors, _ = loader.load_file(str(file))
    sums: dict[str, Decimal] = {}
    for posting in (p for entry in entries if isinstance(entry, data.Transaction) for p in entry.postings):
        sums[posting.account] = sums.get(posting.account, Decimal(0)) + posting.units.number
    return {account: int(amount * 100) for account, amount in sums.items() if amount}, [e.message for e in errors]


def gnucash_import(folder: Path, accounts: Mapping[str, str], date_format: str = "iso") -> dict[str, Any]:
    """What GnuCash's importers made of the two files in a folder, and its balances after the book was opened again."""
    script = Path(__file__).with_name("gnucash_import.py")
    if run_judge(SYSTEM_PYTHON, "-c", "import gnucash").returncode:
        missing("python3-gnucash")
    order = {"folder": str(folder), "accounts": dict(accounts), "date_format": date_format}
    result = run_judge(SYSTEM_PYTHON, script, text=json.dumps(order))
    assert result.returncode == 0, result.stderr
    said: dict[str, Any] = json.loads((folder / "said.json").read_text(encoding="utf-8"))
    return said


def gnucash_accounts(journal: Journal, accounts: Accounts) -> dict[str, str]:
    """The accounts that the book needs before the import, with their kind."""
    entries = [entry for entry, _ in (*journal.documents(), *journal.receipts())]
    keys = [posting.key for entry in entries for posting in entry.postings]
    kinds = set(AccountKind) - {AccountKind.EXPENSE, AccountKind.WALLET, AccountKind.CLEARING, AccountKind.PARTY}
    return {
        account.code: key.kind.value for key, account in accounts.chart("gnucash", keys).items() if key.kind in kinds
    }
