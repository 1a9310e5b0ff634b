"""`open`: what clients owe, from the ledger, under the first day that the files name."""

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pypdf
import pytest

from tests.support.bank_files import Moved, camt
from tests.support.fakes import call, two_clients
from tests.support.issued_documents import BRUNO, BankOffice, bank_office, document

OCT_1 = date(2026, 10, 1)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[BankOffice]:
    documents = (
        document("INV-2026-00001", 12_100, issued=OCT_1),
        document("INV-2026-00002", 5_000, BRUNO),
        document("CN-2026-00001", -1_000, BRUNO, corrects="INV-2026-00002"),
    )
    with bank_office(tmp_path, *documents) as made:
        yield made


def test_open_items_of_the_ledger(here: BankOffice) -> None:
    """Without a payment everything is open, less what credit notes took off; by client, and as it stood on a day."""
    assert here.open() == {"INV-2026-00001": 12_100, "INV-2026-00002": 4_000}
    assert here.open("--client", "bruno", "--as-of", "2026-11-30") == {"INV-2026-00002": 4_000}
    assert here.open("--as-of", "2026-10-31") == {"INV-2026-00001": 12_100}
    (item,) = here.office.type("open", "--client", "acme", "--json").json["items"]
    assert item == {
        "number": "INV-2026-00001", "kind": "invoice", "client_id": "acme", "issue_date": "2026-10-01",
        "due_date": "2026-11-15", "gross_cents": 12_100, "paid_cents": 0, "credited_cents": 0, "open_cents": 12_100,
        "days_overdue": 16,
    }  # fmt: skip
    assert "open on 2026-12-01: EUR 161.00" in here.office.type("open").out
    for wrong in (("--as-of", "1.12.2026"), ("--client", "nobody")):
        assert here.office.type("open", *wrong).code == 2


def test_the_first_day_of_the_files(here: BankOffice) -> None:
    """`since` leaves earlier documents out, open_items.csv brings some of them back; wrong rows are told."""
    here.office.append("billing.toml", "[receivables]", "since = 2026-11-01")
    assert here.open() == {"INV-2026-00002": 4_000}
    listed = here.office.config / "open_items.csv"
    listed.write_text("number,open\nINV-2026-00001,21.00\n")
    assert here.open() == {"INV-2026-00001": 2_100, "INV-2026-00002": 4_000}
    for rows, said in (
        ("INV-2026-00009,1.00\n", "INV-2026-00009: no such document"),
        ("INV-2026-00002,\n", "INV-2026-00002: was issued on 2026-11-01"),
        ("INV-2026-00001,1.001\n", "row 2, column open"),
        ("INV-2026-00001,121.01\n", "INV-2026-00001: 121.01 cannot be open of a document over 121.00"),
        ("INV-2026-00001,-1.00\n", "INV-2026-00001: -1.00 cannot be open"),
    ):
        listed.write_text("number,open\n" + rows)
        refused = here.office.type("open")
        assert (refused.code, said in refused.err) == (2, True), refused.err


def text_of(pdf: bytes) -> str:
    """What the first page says."""
    return " ".join(pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text().split())


def test_a_credit_balance_is_offered_on_the_next_invoice(tmp_path: Path) -> None:
    """Once, as it was on the day of issue; the amount due is the same, and who pays the rest has used it."""
    rows = [call(1, -30_000, "2026-10-05"), call(2, -20_000, "2026-11-05"), call(3, -1_000, "2026-12-05")]
    with two_clients(tmp_path, rows) as (here, _):

        def paid(cents: int, number: str, day: str) -> list[dict[str, Any]]:
            (tmp_path / "bank.xml").write_bytes(camt(Moved(cents, number, day, day)))
            ran = here.type("bank", "import", str(tmp_path / "bank.xml"), "--json")
            assert ran.code == 0, ran.err
            found: list[dict[str, Any]] = ran.json["matched"]
            return found

        (first,) = here.run("--month", "2026-10").json["documents"]
        assert first["gross_cents"] == 36_300
        paid(36_300 + 4_200, first["number"], "2026-11-05")
        here.clock.moment = datetime(2026, 12, 6, 9, tzinfo=UTC)
        (second,) = here.run("--month", "2026-11").json["documents"]
        assert second["gross_cents"] == 24_200
        page = here.files()["2026-11/invoices/INV-2026-00002.pdf"]
        assert "credit balance of €42.00" in text_of(page)
        assert "please transfer €200.00 only" in text_of(page)
        here.clock.moment = datetime(2027, 1, 6, 9, tzinfo=UTC)
        (third,) = here.run("--month", "2026-12").json["documents"]
        assert "credit balance" not in text_of(here.files()[third["files"]["pdf"]])
        moved = paid(20_000, second["number"], "2026-12-20")
        assert [(each["kind"], each["cents"]) for each in moved] == [("set_off", -4_200), ("receipt", 24_200)]
        told = here.type("open", "--json").json
        assert ([item["number"] for item in told["items"]], told["credit_balances"]) == ([third["number"]], [])
        assert here.run("--month", "2026-11").code == 0
        assert here.files()["2026-11/invoices/INV-2026-00002.pdf"] == page
        assert here.type("verify", "--deep").code == 0
