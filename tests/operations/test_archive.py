"""`archive`, and `verify --archive`: a year that proves itself, and the smallest change that is found."""

import gzip
import io
import json
import random
import tarfile
from datetime import date
from pathlib import Path

import pytest

from billing_job.operations.archive import member
from tests.support.booked_payments import book
from tests.support.fakes import Office, two_clients


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Office, Path]:
    """An office with a month without use, one that was billed, one invoice credited, and its archive of 2026."""
    folder = tmp_path_factory.mktemp("archive")
    with two_clients(folder) as (here, _):
        assert here.run("--month", "2026-09").code == here.run("--month", "2026-10").code == 0
        assert here.type("credit", "INV-2026-00001", "--reason", "It was wrong").code == 0
        here.clock.set(2026, 12, 5, 8, 0)
        made = here.type("archive", "2026", "--json")
    assert made.code == 0, made.err
    assert made.json["documents"] == 3
    assert made.json["keep"][0]["until"] == "2033-12-31"  # NL: seven years
    return here, Path(made.json["file"])


def test_an_archive_proves_itself_on_a_bare_machine(archived: tuple[Office, Path], tmp_path: Path) -> None:
    """Neither ledger nor configuration is needed; unpacked it is checked as well."""
    _, file = archived
    bare = Office(tmp_path, archived[0].clock, {})
    checked = bare.type("verify", "--archive", str(file), "--json")
    assert (checked.code, checked.json["problems"], checked.json["documents"]) == (0, [], 3)
    with tarfile.open(file) as tar:
        tar.extractall(tmp_path / "unpacked", filter="data")
        names = tar.getnames()
    assert bare.type("verify", "--archive", str(tmp_path / "unpacked")).code == 0
    assert {"2026-10/invoices/INV-2026-00001.pdf", "2026-10/accounting/sales.csv", "documents.csv"} <= set(names)
    assert "2026-09/accounting/journal.csv" in names  # the books of a month without a document
    assert json.loads((tmp_path / "unpacked" / "archive.json").read_text())["seller"]["country"] == "NL"
    rows = gzip.decompress((tmp_path / "unpacked" / "wallet" / "2026-10.jsonl.gz").read_bytes()).splitlines()
    assert {json.loads(row)["transaction_id"] for row in rows} == {"1", "2"}


def test_one_flipped_bit_is_found(archived: tuple[Office, Path], tmp_path: Path) -> None:
    """Whichever bit it is: in a file, in a header, or between them."""
    here, file = archived
    content = file.read_bytes()
    chance = random.Random(3)  # noqa: S311 - picks bits, guards nothing
    damaged = tmp_path / "damaged.tar"
    for place in [0, 100, len(content) - 1, *(chance.randrange(len(content)) for _ in range(25))]:
        changed = bytearray(content)
        changed[place] ^= 1 << chance.randrange(8)
        damaged.write_bytes(changed)
        checked = here.type("verify", "--archive", str(damaged), "--json")
        assert checked.code == 1, f"byte {place}"
        assert checked.json["problems"], f"byte {place}"


def test_what_was_taken_out_put_in_or_written_anew_is_named(archived: tuple[Office, Path], tmp_path: Path) -> None:
    """Each with the file that it is about."""
    here, file = archived
    with tarfile.open(file) as tar:
        tar.extractall(tmp_path, filter="data")
    (tmp_path / "2026-10/invoices/INV-2026-00002.xml").unlink()
    (tmp_path / "2026-10/invoices/INV-2026-00009.pdf").write_bytes(b"%PDF")
    listed = tmp_path / "documents.csv"
    listed.write_text(listed.read_text().replace("INV-2026-00002", "INV-2026-00003"))
    problems = here.type("verify", "--archive", str(tmp_path), "--json").json["problems"]
    for name, word in (
        ("INV-2026-00002.xml", "missing"),
        ("INV-2026-00009.pdf", "put in"),
        ("documents.csv", "changed"),
        ("INV-2026-00003: ", "sales.csv"),
    ):
        assert any(name in problem and word in problem for problem in problems), (name, problems)


def test_links_and_ways_out_are_named_and_nothing_is_written(archived: tuple[Office, Path], tmp_path: Path) -> None:
    """A file that became a link to itself elsewhere, a blank more in archive.json, a member that leads out."""
    here, file = archived
    folder = tmp_path / "unpacked"
    with tarfile.open(file) as tar:
        tar.extractall(folder, filter="data")
    page = folder / "2026-10/invoices/INV-2026-00001.pdf"
    page.rename(tmp_path / "elsewhere.pdf")
    page.symlink_to(tmp_path / "elsewhere.pdf")
    contents = folder / "archive.json"
    contents.write_bytes(contents.read_bytes() + b" ")
    problems = here.type("verify", "--archive", str(folder), "--json").json["problems"]
    assert any("INV-2026-00001.pdf: is a link" in problem for problem in problems)
    assert "archive.json: was changed after it was written" in problems
    led_out = tmp_path / "out.tar"
    led_out.write_bytes(file.read_bytes())
    with tarfile.open(led_out, "a") as tar:
        tar.addfile(member("../out.txt", 2), io.BytesIO(b"no"))
    refused = here.type("verify", "--archive", str(led_out), "--json")
    assert (refused.code, (tmp_path.parent / "out.txt").exists()) == (1, False)
    assert any("../out.txt: leads out" in problem for problem in refused.json["problems"])


def test_an_archive_is_never_replaced_and_never_of_damaged_files(archived: tuple[Office, Path], tmp_path: Path) -> None:
    """The second one is refused, so are a year without a run and a folder that was changed, lost or lacks a payment."""
    here, file = archived
    assert "is there already" in here.type("archive", "2026").err
    assert "nothing to archive" in here.type("archive", "2024").err
    page = here.month() / "invoices" / "INV-2026-00002.pdf"
    whole = page.read_bytes()
    page.write_bytes(whole + b" ")
    refused = here.type("archive", "2026", "--output", str(tmp_path / "second.tar"))
    page.write_bytes(whole)
    assert refused.code == 1
    assert "INV-2026-00002.pdf" in refused.err
    lost = here.month("2026-09").rename(here.month("gone"))
    refused = here.type("archive", "2026", "--output", str(tmp_path / "second.tar"))
    lost.rename(here.month("2026-09"))
    assert (refused.code, "2026-09" in refused.err) == (1, True)
    book(here, "INV-2026-00002", "bruno", 100, date(2026, 10, 20))
    refused = here.type("archive", "2026", "--output", str(tmp_path / "second.tar"))
    assert (refused.code, "the books of 2026-10" in refused.err) == (1, True)
    assert not list(tmp_path.iterdir())
    assert here.type("verify", "--archive", str(file.with_name("none.tar"))).code == 2
