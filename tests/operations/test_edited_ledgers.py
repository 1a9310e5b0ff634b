"""Nothing is billed, credited or sent over facts that were changed by hand, and `verify --deep` tells which."""

import os
from pathlib import Path

import pytest

from tests.support.fakes import two_clients
from tests.support.ledgers import execute
from tests.support.lives import SEPTEMBER, life, moved, plan
from tests.support.mail_month import MONTH, mail_office
from tests.support.mail_server import mail_server

BYTES = "CAST(x'7b80' AS TEXT)"
"""What is no text; a server refuses it."""


@pytest.mark.parametrize(
    "value",
    ["replace(raw, '300', '301')", pytest.param(BYTES, marks=pytest.mark.sqlite_file("a server stores text only"))],
)
def test_a_changed_raw_row_is_not_billed(value: str, tmp_path: Path) -> None:
    """The run ends with exit code 1 and no document; so it does once more, and the deep check names the row."""
    with two_clients(tmp_path) as (here, _):
        assert here.type("sync").code == 0
        execute(here.database_url, f"UPDATE wallet_rows SET raw = {value} WHERE transaction_id = '1'")  # noqa: S608
        for _ in range(2):
            ran = here.run("--month", "2026-10", "--offline")
            assert (ran.code, ran.json["documents"]) == (1, [])
            assert "the raw row of transaction 1 was changed" in ran.err
        assert "(transaction 1) was changed after it was stored" in here.type("verify", "--deep").err


def test_a_month_run_again_finds_what_was_changed(tmp_path: Path) -> None:
    """A file with one other byte and its old date, a missing one, a billed raw row, a document: none goes unseen."""
    with two_clients(tmp_path) as (here, _):
        assert here.run("--month", "2026-10").code == 0
        files, invoices = here.files(), here.output / "2026-10" / "invoices"
        pdf, csv = invoices / "INV-2026-00001.pdf", invoices / "INV-2026-00002.csv"
        dates = pdf.stat().st_atime_ns, pdf.stat().st_mtime_ns
        pdf.write_bytes(pdf.read_bytes().replace(b"%%EOF", b"%%EOG"))
        os.utime(pdf, ns=dates)
        csv.unlink()
        assert here.run("--month", "2026-10", "--offline").code == 0
        assert here.files() == files
        for table, edit, undo, complaint in (
            ("wallet_rows", "raw = replace(raw, '300', '301')", "raw = replace(raw, '301', '300')", "raw row of"),
            ("documents", "body = body || ' '", "body = rtrim(body)", "document INV-2026-00001 was changed"),
        ):
            execute(here.database_url, f"UPDATE {table} SET {edit}")  # noqa: S608
            refused = here.run("--month", "2026-10", "--offline")
            assert (refused.code, complaint in refused.err) == (1, True), refused.err
            execute(here.database_url, f"UPDATE {table} SET {undo}")  # noqa: S608
        assert here.run("--month", "2026-10", "--offline").code == 0


@pytest.mark.parametrize("edit", ["micros = micros * 10", "reference_id = '8'", "standing = 'void'"])
def test_a_changed_reading_of_a_row_is_not_billed(edit: str, tmp_path: Path) -> None:
    """Another amount, owner or state than the raw row says: nothing is issued, and the row is named."""
    with two_clients(tmp_path) as (here, _):
        assert here.type("sync").code == 0
        execute(here.database_url, f"UPDATE transactions SET {edit} WHERE transaction_id = '1'")  # noqa: S608
        ran = here.run("--month", "2026-10", "--offline")
        assert (ran.code, ran.json["documents"]) == (1, [])
        assert "transaction 1 was changed after it was stored" in ran.err


def test_a_line_is_not_credited_twice_where_the_first_time_was_erased(tmp_path: Path) -> None:
    """`credit` stops at a missing row and a moved counter; the deep check finds a cost beside fee and minimum."""
    with life(tmp_path, plan(monthly_fee="5.00", minimum="30.00", discount_percent="10")) as here:
        here.add(moved(1, -1000, "2026-09-05"))
        here.run(SEPTEMBER)
        here.credit("INV-2026-00001", 1)
        execute(here.office.database_url, "UPDATE settlements SET cost_micros = cost_micros + 1")
        assert "chain: settlements has the" in here.office.type("verify", "--deep").err
        execute(here.office.database_url, "UPDATE settlements SET cost_micros = cost_micros - 1")
        assert here.office.type("verify", "--deep").code == 0
        execute(here.office.database_url, "UPDATE series SET last_number = last_number + 5")
        refused = here.office.type("credit", "INV-2026-00001", "--line", "2", "--reason", "x")
        assert (refused.code, "invariant 4: series" in refused.err) == (1, True)
        execute(here.office.database_url, "UPDATE series SET last_number = last_number - 5")
        execute(here.office.database_url, "DELETE FROM credited_lines")
        again = here.office.type("credit", "INV-2026-00001", "--line", "1", "--reason", "x")
        assert again.code == 1
        assert "credited_lines has 0 rows, but 2 were recorded" in again.err


def test_nothing_is_mailed_again_where_the_log_was_erased(tmp_path: Path) -> None:
    """`send` stops at the missing entries, though nothing in them says that the messages left."""
    with mail_server() as server:
        office = mail_office(tmp_path, server, 2)
        assert office.type("send", "--month", MONTH).code == 0
        execute(office.database_url, "DELETE FROM deliveries")
        refused = office.type("send", "--month", MONTH)
        assert (refused.code, len(server.taken)) == (1, 2)
        assert "deliveries has 0 rows, but 4 were recorded" in refused.err
