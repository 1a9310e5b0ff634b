"""A user's path through the month by the real command line: what is billed, when, once, and with which exit code."""

import csv
import hashlib
import io
import json
import os
from pathlib import Path

import pytest

from tests.support.fakes import FIRST, call, documents, office, two_clients
from tests.support.sandbox_on_loopback import KEY

DETAIL = "document_number,line,date,category,description,number,trunk,quantity,net,vat_category,vat_rate,transaction_id"
SALES = (
    "document_number,document_type,issue_date,due_date,period_start,period_end,client_id,client_name,client_country,"
    "client_vat_id,currency,vat_category,vat_rate,net,vat,gross,revenue_account,reference"
)
EXCEPTIONS = "transaction_id,created_at,type,reference_type,reference_id,amount,reason,suggestion,first_seen,age_days"
MARGIN = "client_id,document_number,category,number,trunk,cost,charge,margin,margin_percent"


STRANGER = 9
"""A trunk that no file knows."""


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_a_month_from_config_to_manifest(tmp_path: Path) -> None:
    """One run writes every file of the design with exactly its columns; a second one changes no byte and no number."""
    with office(tmp_path) as (here, sandbox):
        first = here.run("--month", "2026-10")
        assert (first.code, first.json["status"]) == (0, "done"), first.err
        files = here.files()
        again = here.run("--month", "2026-10")
        assert again.code == 0
        assert here.files() == files
        assert (here.type("verify").code, here.type("reconcile").code, here.type("exceptions").code) == (0, 0, 0)
        assert here.type("render", "--month", "2026-10", "--workers", "1", "--number", "INV-2026-00002").code == 0
        assert here.files() == files
    numbers = [d["number"] for d in first.json["documents"]]
    assert numbers == ["INV-2026-00001", "INV-2026-00002", "INV-2026-00003"]
    assert [d | {"new": False} for d in first.json["documents"]] == again.json["documents"]
    assert {name for name in files if "/invoices/" in name} == {
        name for d in first.json["documents"] for name in d["files"].values()
    }
    assert {f"2026-10/{name}" for name in ("exceptions.csv", "margin.csv", "manifest.json")} < set(files)
    for name, columns in (
        *((f"invoices/{number}.csv", DETAIL) for number in numbers),
        ("accounting/sales.csv", SALES),
        ("exceptions.csv", EXCEPTIONS),
        ("margin.csv", MARGIN),
    ):
        assert files[f"2026-10/{name}"].decode().split("\n")[0] == columns
    manifest = json.loads(files["2026-10/manifest.json"])
    assert {name.removeprefix("2026-10/") for name in files} - {"manifest.json", "numbers.json"} == set(
        manifest["files"]
    )
    for name, entry in manifest["files"].items():
        content = files[f"2026-10/{name}"]
        assert (entry["sha256"], entry["size"]) == (hashlib.sha256(content).hexdigest(), len(content))
    of_october = [row for row in sandbox.truth() if "2026-09-30T22" <= str(row["created_at"]) < "2026-10-31T23"]
    assert first.json["transactions"] == {
        "count": len(of_october),
        "cents": (cents := sum(int(str(r["amount"])) for r in of_october)),
        "micros": cents * 10_000,
    }
    assert first.json["wallet"]["matches"] is True
    assert KEY not in first.err + str(files)


@pytest.mark.sqlite_file("a server's files are its own")
def test_what_is_written_is_for_the_owner_alone(tmp_path: Path) -> None:
    """Ledger, folders and files can be read by nobody else, whatever the umask."""
    before = os.umask(0)
    try:
        with two_clients(tmp_path) as (here, _):
            assert here.run("--month", "2026-10").code == 0
    finally:
        os.umask(before)
    modes = {path: path.stat().st_mode & 0o777 for path in here.output.rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert (here.folder / "billing.db").stat().st_mode & 0o077 == 0


def test_late_transactions_go_on_the_next_invoice_once(tmp_path: Path) -> None:
    """What turns up after a month's invoice waits, then stands on the next one under its own date, and never again."""
    with two_clients(tmp_path) as (here, sandbox):
        assert here.run("--month", "2026-10").code == 0
        sandbox.state.add(call(3, -70, "2026-10-30"), call(4, -11, "2026-11-02"))
        waits = here.run("--month", "2026-10")
        assert documents(waits.json) == [
            ("INV-2026-00001", "acme", 300, False),
            ("INV-2026-00002", "bruno", 500, False),
        ]
        assert "1 transaction of EUR 0.70 came after" in waits.err
        here.clock.set(2026, 12, 5)
        november = here.run("--month", "2026-11")
        assert documents(november.json) == [("INV-2026-00003", "acme", 81, True)]
        assert documents(here.run("--month", "2026-11").json) == [("INV-2026-00003", "acme", 81, False)]
        here.clock.set(2027, 1, 5)
        assert documents(here.run("--month", "2026-12").json) == []
    rows = read_csv(here.month("2026-11") / "invoices" / "INV-2026-00003.csv")
    assert [(row["transaction_id"], row["date"], row["net"]) for row in rows] == [
        ("3", "2026-10-30", "0.70"),
        ("4", "2026-11-02", "0.11"),
    ]


def test_late_transactions_at_once_with_supplementary(tmp_path: Path) -> None:
    """--supplementary gives what is late an invoice of its own in the same month; nothing is left for the next."""
    with two_clients(tmp_path) as (here, sandbox):
        here.run("--month", "2026-10")
        sandbox.state.add(call(3, -70, "2026-10-30"))
        extra = here.run("--month", "2026-10", "--supplementary")
        assert documents(extra.json)[2:] == [("INV-2026-00003", "acme", 70, True)]
        assert [d[3] for d in documents(here.run("--month", "2026-10", "--supplementary").json)] == [False] * 3
        here.clock.set(2026, 12, 5)
        assert documents(here.run("--month", "2026-11").json) == []


def test_an_exception_solved_later_is_billed_once(tmp_path: Path) -> None:
    """A transaction without an owner waits with exit 3; once trunks.csv names the owner it is on the next invoice."""
    with two_clients(tmp_path, [*FIRST, call(3, -42, "2026-10-07", trunk=STRANGER)]) as (here, sandbox):
        waits = here.run("--month", "2026-10")
        assert (waits.code, waits.json["status"]) == (3, "exceptions")
        assert [(e["transaction_id"], e["cents"], e["reason"]) for e in waits.json["exceptions"]] == [
            ("3", -42, "unknown_reference")
        ]
        assert [(row["transaction_id"], row["amount"]) for row in read_csv(here.month() / "exceptions.csv")] == [
            ("3", "-0.42")
        ]
        asked = here.type("exceptions", "--json")
        assert (asked.code, [e["transaction_id"] for e in asked.json["exceptions"]]) == (3, ["3"])
        here.append("trunks.csv", f"{STRANGER},bruno,,")
        sandbox.state.add(call(4, -9, "2026-11-02", trunk=8))
        here.clock.set(2026, 12, 5)
        november = here.run("--month", "2026-11")
        assert (november.code, documents(november.json)) == (0, [("INV-2026-00003", "bruno", 51, True)])
        assert documents(here.run("--month", "2026-10", "--supplementary").json)[2:] == []
    assert read_csv(here.month() / "exceptions.csv") == []


def test_block_issues_nothing_while_something_waits(tmp_path: Path) -> None:
    """With on_exception = "block" one exception stops every invoice, with exit 3; the queue is written all the same."""
    with two_clients(tmp_path, [*FIRST, call(3, -42, "2026-10-07", trunk=STRANGER)]) as (here, _):
        here.replace("billing.toml", "[billing]\n", '[billing]\non_exception = "block"\n')
        blocked = here.run("--month", "2026-10")
        assert (blocked.code, blocked.json["documents"]) == (3, [])
        assert len(read_csv(here.month() / "exceptions.csv")) == 1
        here.append("trunks.csv", f"{STRANGER},acme,,")
        assert documents(here.run("--month", "2026-10").json) == [
            ("INV-2026-00001", "acme", 342, True),
            ("INV-2026-00002", "bruno", 500, True),
        ]


def test_one_client_alone(tmp_path: Path) -> None:
    """--client bills that one only; the month's own run then bills the others and leaves the first alone."""
    with two_clients(tmp_path) as (here, _):
        alone = here.run("--month", "2026-10", "--client", "bruno")
        assert documents(alone.json) == [("INV-2026-00001", "bruno", 500, True)]
        assert documents(here.run("--month", "2026-10").json) == [
            ("INV-2026-00001", "bruno", 500, False),
            ("INV-2026-00002", "acme", 300, True),
        ]
        nobody = here.run("--month", "2026-10", "--client", "nobody")
        assert nobody.code == 2
        assert "--client nobody" in nobody.err


def test_drafts_issue_nothing(tmp_path: Path) -> None:
    """A draft run and a preview write marked drafts apart from the month's folder and use up no number."""
    with two_clients(tmp_path) as (here, _):
        draft = here.run("--month", "2026-10", "--draft")
        assert draft.code == 0
        assert [(d["number"], d["net_cents"]) for d in draft.json["documents"]] == [("", 300), ("", 500)]
        assert {name for d in draft.json["documents"] for name in d["files"].values()} <= set(here.files())
        assert not here.month().exists()
        preview = here.type("preview", "--month", "2026-10", "--json", "--workers", "1")
        changes = [(change["client_id"], change["now_cents"]) for change in preview.json["changes"]]
        assert changes == [("acme", 300), ("bruno", 500)]
        here.clock.set(2026, 10, 20)
        assert here.type("preview", "--month", "2026-10", "--workers", "1").code == 0
        here.clock.set(2026, 11, 5)
        assert documents(here.run("--month", "2026-10").json)[0] == ("INV-2026-00001", "acme", 300, True)


def test_more_refunded_than_used_is_a_credit_note(tmp_path: Path) -> None:
    """A client whose net is negative gets a credit note, negative in JSON and CSV, in a series of its own."""
    rows = [call(1, -1000, "2026-09-09"), call(3, 1000, "2026-10-09", type_="refund"), FIRST[1]]
    with two_clients(tmp_path, rows) as (here, _):
        here.run("--month", "2026-09")
        ran = here.run("--month", "2026-10")
        found = {d["number"]: d for d in ran.json["documents"]}
    assert set(found) == {"INV-2026-00002", "CN-2026-00001"}
    note = found["CN-2026-00001"]
    assert (note["kind"], note["net_cents"], note["vat_cents"], note["gross_cents"]) == (
        "credit_note",
        -1000,
        -210,
        -1210,
    )
    sales = {row["document_number"]: row for row in read_csv(here.month() / "accounting" / "sales.csv")}
    assert (sales["CN-2026-00001"]["gross"], sales["INV-2026-00002"]["gross"]) == ("-12.10", "5.00")
    assert b"381" in (here.month() / "invoices" / "CN-2026-00001.xml").read_bytes()


def test_what_comes_to_nothing_gets_no_document(tmp_path: Path) -> None:
    """Charges that cancel out on one line settle their transactions without a document, for good."""
    rows = [call(1, -300, "2026-10-05"), call(2, 300, "2026-10-06")]
    with two_clients(tmp_path, rows) as (here, _):
        ran = here.run("--month", "2026-10")
        assert (ran.code, documents(ran.json)) == (0, [])
        assert ran.json["attributed"] == {"count": 2, "cents": 0, "micros": 0}
        assert documents(here.run("--month", "2026-10").json) == []
        assert here.type("reconcile", "--json").json["billed"] == {"count": 2, "cents": 0, "micros": 0}


def test_a_month_with_nothing_in_it(tmp_path: Path) -> None:
    """No transactions: no documents, exit 0, and a whole folder of empty lists."""
    with two_clients(tmp_path) as (here, _):
        ran = here.run("--month", "2026-07")
        assert (ran.code, ran.json["documents"], ran.json["transactions"]["count"]) == (0, [], 0)
        assert (here.month("2026-07") / "accounting" / "sales.csv").read_text().strip() == SALES
        assert (here.month("2026-07") / "manifest.json").exists()


def test_a_month_that_was_never_run_is_not_billed_by_a_later_one(tmp_path: Path) -> None:
    """September's rows wait for a run of September, and are said to."""
    with two_clients(tmp_path, [*FIRST, call(3, -25, "2026-09-30")]) as (here, _):
        october = here.run("--month", "2026-10")
        assert [net for _, _, net, _ in documents(october.json)] == [300, 500]
        assert "1 older transaction of EUR 0.25 belongs to months that were never run" in october.err
        assert documents(here.run("--month", "2026-09").json) == [("INV-2026-00003", "acme", 25, True)]


def test_midnight_of_the_sellers_zone_parts_the_months(tmp_path: Path) -> None:
    """23:59:59.999999 in Amsterdam is October's, the microsecond after is November's."""
    rows = [
        call(1, -1, "2026-10-31T22:59:59.999999Z"),
        call(2, -2, "2026-10-31T23:00:00Z"),
        call(3, -4, "2026-09-30T22:00:00"),
    ]
    with two_clients(tmp_path, rows) as (here, _):
        assert [net for _, _, net, _ in documents(here.run("--month", "2026-10").json)] == [5]
