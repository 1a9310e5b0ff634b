"""hledger and beancount read our journals, agree on every balance, and refuse a journal that is a cent off."""

from pathlib import Path

import pytest

from billing_job.accounting.accounts import load_accounts
from billing_job.accounting.formats import FORMATS
from billing_job.accounting.options import AccountingOptions, BeancountOptions
from billing_job.accounting.programs.beancount import account_name
from billing_job.core.errors import ConfigError
from tests.support.accounting_judges import (
    assert_golden,
    balances_of,
    beancount_ledger,
    hledger_balances,
    hledger_check,
    saved,
)
from tests.support.sample_months import sample_journal

ACCOUNTS = load_accounts(None)


def _written(format_name: str, folder: Path) -> list[Path]:
    export = FORMATS[format_name].write(sample_journal(), ACCOUNTS, AccountingOptions())
    files = saved(export, folder)
    for file in files:
        assert_golden(file.name, file.read_bytes())
    assert export.warnings == ()
    return files


def test_sales_and_journal_csv(tmp_path: Path) -> None:
    """The two CSV files are byte for byte the golden ones."""
    assert len(_written("csv", tmp_path)) == 2


def test_hledger_accepts_the_month(tmp_path: Path) -> None:
    """Strict checks pass: accounts, commodity and payees are declared, dates ordered, entries balanced."""
    (file,) = _written("hledger", tmp_path)
    result = hledger_check(file)
    assert (result.returncode, result.stderr) == (0, "")
    expected = balances_of(sample_journal(), ACCOUNTS, "hledger", lambda code: code.replace(";", ","))
    assert hledger_balances(file) == expected


def test_hledger_refuses_a_cent(tmp_path: Path) -> None:
    """The judge is awake: one cent more of VAT and the journal is refused."""
    (file,) = _written("hledger", tmp_path)
    file.write_text(file.read_text().replace("EUR -20.68", "EUR -20.69"))
    result = hledger_check(file)
    assert result.returncode == 1
    assert "balance" in result.stderr


def test_hledger_refuses_an_undeclared_account(tmp_path: Path) -> None:
    """Without its account line a posting is refused, so a typo in accounts.csv cannot open a second account."""
    (file,) = _written("hledger", tmp_path)
    file.write_text(file.read_text().replace("account revenues:books  ; type:R\n", ""))
    assert hledger_check(file).returncode == 1


def test_beancount_accepts_the_month(tmp_path: Path) -> None:
    """beancount loads the month without a complaint, its own balance lines included, and agrees on every account."""
    (file,) = _written("beancount", tmp_path)
    balances, complaints = beancount_ledger(file)
    assert complaints == []
    assert balances == balances_of(sample_journal(), ACCOUNTS, "beancount", account_name)


def test_beancount_refuses_a_cent(tmp_path: Path) -> None:
    """One cent more of VAT is outside the tolerance that the file sets."""
    (file,) = _written("beancount", tmp_path)
    file.write_text(file.read_text().replace("-20.68 EUR", "-20.69 EUR"))
    _, complaints = beancount_ledger(file)
    assert any("does not balance" in complaint for complaint in complaints)


def test_beancount_refuses_an_unknown_account(tmp_path: Path) -> None:
    """Without its open line an account is refused."""
    (file,) = _written("beancount", tmp_path)
    file.write_text(file.read_text().replace("1970-01-01 open Income:Books EUR\n", ""))
    assert any("Income:Books" in complaint for complaint in beancount_ledger(file)[1])


def test_two_months_in_one_beancount_ledger(tmp_path: Path) -> None:
    """Files for `include` open no account and assert no balance, so that two months stand side by side."""
    options = AccountingOptions(beancount=BeancountOptions(standalone=False))
    (alone,) = _written("beancount", tmp_path)
    opens = [line for line in alone.read_text().splitlines() if " open " in line]
    for number in (1, 2):
        export = FORMATS["beancount"].write(sample_journal(), ACCOUNTS, options)
        (tmp_path / f"month{number}.beancount").write_bytes(export.files["2026-10.beancount"])
    ledger = tmp_path / "ledger.beancount"
    ledger.write_text("\n".join([*opens, 'include "month1.beancount"', 'include "month2.beancount"', ""]))
    balances, complaints = beancount_ledger(ledger)
    assert complaints == []
    assert balances["Assets:Receivable"] == 2 * 35_379


def test_accounts_that_no_ledger_reads_are_refused(tmp_path: Path) -> None:
    """A name that hledger or beancount would not read back as one account is named with the remedy."""
    path = tmp_path / "accounts.csv"
    rows = ["wallet,hledger,assets::wallet", "clearing,hledger,(clearing)", "wallet,beancount,Wallet"]
    path.write_text("kind,format,account\n" + "\n".join(rows))
    accounts = load_accounts(path)
    for format_name, problems in (("hledger", 2), ("beancount", 1)):
        with pytest.raises(ConfigError) as caught:
            FORMATS[format_name].write(sample_journal(), accounts, AccountingOptions())
        assert len(caught.value.problems) == problems
