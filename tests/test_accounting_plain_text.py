"""hledger and beancount read our journals, agree on every balance, and refuse a journal that is a cent off."""

from pathlib import Path

from accounting_judges import assert_golden, balances_of, hledger_balances, hledger_check
from sample_months import sample_documents, sample_journal

from billing_job.accounting.accounts import load_accounts
from billing_job.accounting.formats import FORMATS
from billing_job.accounting.options import AccountingOptions
from billing_job.accounting.sales import sales_csv

ACCOUNTS = load_accounts(None)


def _written(format_name: str, folder: Path) -> list[Path]:
    export = FORMATS[format_name].write(sample_journal(), ACCOUNTS, AccountingOptions())
    for name, content in export.files.items():
        assert_golden(name, content)
        (folder / name).write_bytes(content)
    assert export.warnings == ()
    return [folder / name for name in export.files]


def test_sales_and_journal_csv(tmp_path: Path) -> None:
    """The two CSV files are byte for byte the golden ones, and sales.csv from documents is the one from the journal."""
    sales, _ = _written("csv", tmp_path)
    assert sales_csv(sample_documents(), ACCOUNTS) == sales.read_bytes()


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
