"""GnuCash's own importers create, post and save our customers and invoices, and its book has the journal's balances."""

from pathlib import Path

from billing_job.accounting.accounts import load_accounts
from billing_job.accounting.journal import month_journal
from billing_job.accounting.options import AccountingOptions, GnucashOptions
from billing_job.accounting.programs.gnucash import write_gnucash
from tests.support.accounting_judges import assert_golden, balances_of, gnucash_accounts, gnucash_import, saved
from tests.support.sample_months import JANSEN, STANDARD, WALLET, sample_document, sample_journal

ACCOUNTS = load_accounts(None)
NEEDED = gnucash_accounts(sample_journal(), ACCOUNTS)


def test_gnucash_books_the_month(tmp_path: Path) -> None:
    """All seven documents are created and posted, no row is ignored, and every account has the journal's balance."""
    export = write_gnucash(sample_journal(), ACCOUNTS, AccountingOptions())
    for file in saved(export, tmp_path):
        assert_golden(file.name, file.read_bytes())
    said = gnucash_import(tmp_path, NEEDED)
    assert said["customers"] == {"created": 4, "ignored": 0}
    assert said["invoices"] == {"created": 7, "ignored": 0, "fixed": 0, "posted": 7}
    expected = balances_of(sample_journal(), ACCOUNTS, "gnucash")
    assert said["balances"] == {account: cents for account, cents in expected.items() if account in NEEDED}
    assert said["customer_names"]["mueller"] == "Müller & Söhne 'GmbH', Köln"
    wallet = {account for account in expected if account not in NEEDED}
    assert wallet == {"Expenses:Carrier", "Assets:Wallet", "Assets:Top-ups in transit"}
    assert [warning.split(" over ")[1].split()[0] for warning in export.warnings] == ["58.73", "100.00"]


def test_other_date_settings(tmp_path: Path) -> None:
    """A book with the United Kingdom's dates takes the same month when the option says so."""
    options = AccountingOptions(gnucash=GnucashOptions(date_format="uk"))
    saved(write_gnucash(sample_journal(), ACCOUNTS, options), tmp_path)
    assert gnucash_import(tmp_path, NEEDED, "uk")["invoices"]["posted"] == 7


def test_gnucash_refuses_dates_of_another_setting(tmp_path: Path) -> None:
    """ISO dates in a book with the United Kingdom's are refused, rather than booked on a wrong day."""
    saved(write_gnucash(sample_journal(), ACCOUNTS, AccountingOptions()), tmp_path)
    said = gnucash_import(tmp_path, NEEDED, "uk")
    assert said["invoices"]["created"] == 0
    assert "not a valid posting date" in said["info"]


def test_gnucash_refuses_an_unknown_account(tmp_path: Path) -> None:
    """A misspelt account drops that invoice by name and leaves the others."""
    for file in saved(write_gnucash(sample_journal(), ACCOUNTS, AccountingOptions()), tmp_path):
        file.write_text(file.read_text().replace("Income:Sales outside EU", "Income:Sales outsideEU"))
    said = gnucash_import(tmp_path, NEEDED)
    assert said["invoices"]["created"] == 6
    assert "account Income:Sales outsideEU does not exist" in said["info"]


def test_lines_stay_within_the_importers_buffer() -> None:
    """A line is at most 999 bytes, whatever the client is called, so that none is split and lost."""
    client = JANSEN.__class__("x" * 64, "€" * 300, "NL", street="ß" * 300, city="Ł" * 300, email="e" * 254)
    document = sample_document("INV-2026-00001", client, [("ж" * 300, 100, STANDARD)])
    export = write_gnucash(month_journal([document], WALLET, ACCOUNTS), ACCOUNTS, AccountingOptions())
    lines = [line for content in export.files.values() for line in content.split(b"\n")]
    assert max(len(line) for line in lines) <= 999
