"""`export`: accounting files of billed months at any time, all or none, and a folder that stays true."""

import json
from pathlib import Path

from billing_job.accounting.formats import FORMATS
from tests.support.fakes import Office, two_clients


def books(here: Office) -> set[str]:
    return {path.name for path in (here.month() / "accounting").iterdir()}


def listed(here: Office) -> set[str]:
    """The accounting files that the manifest vouches for."""
    files = json.loads((here.month() / "manifest.json").read_text())["files"]
    return {name.removeprefix("accounting/") for name in files if name.startswith("accounting/")}


def test_the_list_says_program_and_menu(tmp_path: Path) -> None:
    """Every format is there with what reads it and how, without a ledger or a configuration."""
    ran = Office(tmp_path, None).type("export", "--list")  # type: ignore[arg-type]
    assert ran.code == 0
    for known in FORMATS.values():
        assert f"{known.name:12}{known.program}\n            {known.how_imported}\n" in ran.out


def test_what_is_asked_for_must_be_known(tmp_path: Path) -> None:
    """An unknown format is refused with the known ones, before anything is opened; so is a call without a month."""
    with two_clients(tmp_path) as (here, _):
        ran = here.type("export", "--month", "2026-10", "--format", "csv", "--format", "sap")
        assert (ran.code, ran.out) == (2, "")
        assert "--format sap: is unknown; known are csv, hledger, beancount," in ran.err
        assert here.type("export", "--format", "csv").code == 2
        assert here.type("export", "--month", "2026-10").code == 2
        assert not here.output.exists()


def test_an_export_by_hand_does_not_stick(tmp_path: Path) -> None:
    """It is in folder and manifest until the month changes; then it goes, and the run says so: nothing stale stays."""
    with two_clients(tmp_path) as (here, _):
        here.run("--month", "2026-10", "--client", "acme")
        assert books(here) == listed(here) == {"sales.csv", "journal.csv", "2026-10.journal"}
        ran = here.type("export", "--month", "2026-10", "--format", "beancount", "--format", "sage50")
        assert ran.code == 0, ran.err
        assert books(here) == listed(here)
        assert "2026-10.beancount" in books(here)
        beancount = here.month() / "accounting" / "2026-10.beancount"
        assert "INV-2026-00002" not in beancount.read_text()

        assert 'href="accounting/2026-10.beancount"' in (here.month() / "report.html").read_text(encoding="utf-8")
        here.run("--month", "2026-10", "--client", "acme")
        assert beancount.exists()

        # Another format beside it changes nothing of the month, and takes nothing away.
        assert here.type("export", "--month", "2026-10", "--format", "fec").code == 0
        assert {"2026-10.beancount", "sage50_audit_trail.csv"} < books(here) == listed(here)
        assert here.type("export", "--month", "2026-10", "--format", "sage50").code == 0
        assert len(books(here)) == 6

        again = here.run("--month", "2026-10")
        assert books(here) == listed(here) == {"sales.csv", "journal.csv", "2026-10.journal"}
        assert "2026-10.beancount: no longer holds" in again.err
        assert here.type("verify", "--month", "2026-10").code == 0


def test_a_folder_of_ones_own_gets_all_files_or_none(tmp_path: Path) -> None:
    """With --output the month's folder stays as it is; where one file cannot be written, none is."""
    with two_clients(tmp_path) as (here, _):
        here.run("--month", "2026-10")
        before = here.files()
        elsewhere = tmp_path / "for the accountant"
        ran = here.type(
            "export", "--month", "2026-10", "--format", "csv", "--format", "datev", "--output", str(elsewhere)
        )
        assert ran.code == 0, ran.err
        assert "warning: datev: 2 clients without a debtor account" in ran.err
        written = {path.name: path.read_bytes() for path in elsewhere.iterdir()}
        assert set(written) == {"sales.csv", "journal.csv", "EXTF_Buchungsstapel_2026-10.csv"}
        assert written["sales.csv"] == before["2026-10/accounting/sales.csv"]

        blocked = tmp_path / "blocked"
        (blocked / "sales.csv").mkdir(parents=True)
        ran = here.type("export", "--month", "2026-10", "--format", "csv", "--output", str(blocked))
        assert ran.code == 1
        assert [path.name for path in blocked.iterdir()] == ["sales.csv"]
        assert here.files() == before


def test_files_of_an_earlier_export_are_not_imported_again(tmp_path: Path) -> None:
    """One folder for each month's files: last month's payments go, one's own files stay, DATEV's are told apart."""
    with two_clients(tmp_path) as (here, _):
        here.run("--month", "2026-10")
        folder = tmp_path / "for the accountant"
        folder.mkdir()
        for name in ("gnucash_payments.csv", "gnucash_notes.csv", "xero_credit_notes.csv", "xero_sales_invoices_2.csv"):
            (folder / name).write_text("September")
        exported = ("export", "--month", "2026-10", "--output", str(folder), "--format")
        assert "gnucash_payments.csv: an earlier export wrote it" in here.type(*exported, "gnucash").err
        assert not (folder / "gnucash_payments.csv").exists()
        assert (folder / "xero_credit_notes.csv").exists()
        assert here.type(*exported, "xero", "--format", "datev").code == 0
        left = {"gnucash_notes.csv", "gnucash_customers.csv", "gnucash_invoices.csv", "xero_sales_invoices.csv",
                "xero_manual_journal.csv", "EXTF_Buchungsstapel_2026-10.csv"}  # fmt: skip
        assert {path.name for path in folder.iterdir()} == left
        assert "written over" not in here.type(*exported, "datev").err
        (folder / "EXTF_Buchungsstapel_2026-10.csv").write_text("September's invoices of October")
        assert "EXTF_Buchungsstapel_2026-10.csv: held other bookings" in here.type(*exported, "datev").err


def test_a_missing_account_leaves_everything_as_it_was(tmp_path: Path) -> None:
    """Where one format has no account for a posting, the formats beside it are not written either."""
    with two_clients(tmp_path) as (here, _):
        here.run("--month", "2026-10")
        before = here.files()
        (here.config / "accounts.csv").write_text("kind,category,account\nrevenue,message,400\n")
        for where in ([], ["--output", str(tmp_path / "out")]):
            ran = here.type("export", "--month", "2026-10", "--format", "xero", "--format", "csv", *where)
            assert ran.code == 2
            assert "accounts.csv" in ran.err
        assert here.files() == before
        assert not (tmp_path / "out").exists()
