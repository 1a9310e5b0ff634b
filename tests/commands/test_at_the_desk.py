"""Credit notes that are looked at first, previews before the month's end, workbooks, and an examination in colours."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from tests.support.fakes import FIRST, Office, call, documents, two_clients


@pytest.fixture(scope="module")
def billed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """October of two clients, billed but for a row of a number that nobody knows."""
    unknown = call(8, -10, "2026-10-07") | {"reference_type": "number", "reference_id": 42}
    with two_clients(tmp_path_factory.mktemp("billed"), [*FIRST, unknown]) as (here, _):
        assert here.run("--month", "2026-10").code == 3
        yield here


def sheets(path: Path) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_path(path)
    return {name: [list(row) for row in book.get_sheet_by_name(name).to_python()] for name in book.sheet_names}


def test_a_credit_note_is_worked_out_before_it_is_issued(billed: Office) -> None:
    """--dry-run says what it would be, and gives no number and writes nothing; what cannot be credited is refused."""
    before = billed.files()
    ran = billed.type("credit", "INV-2026-00001", "--reason", "x", "--amount", "1.00", "--dry-run", "--json")
    (would,) = ran.json["documents"]
    assert (ran.code, ran.json["dry_run"], would["number"], would["files"]) == (0, True, "", {})
    # 1.00 net and 21 % of it, given back.
    assert (would["net_cents"], would["vat_cents"], would["gross_cents"]) == (-100, -21, -121)
    assert "A credit note would credit EUR 1.21 of INV-2026-00001, Acme B.V. (EUR 1.00 net)" in ran.err
    assert "Nothing was issued" in ran.err
    assert billed.type("credit", "INV-2026-00001", "--reason", "x", "--amount", "9.00", "--dry-run").code == 2
    assert billed.files() == before
    assert len(billed.type("list", "--json").json["documents"]) == 2


@pytest.mark.parametrize(
    ("words", "answer", "code", "said"),
    [
        ("credit INV-2026-00001 --reason x", b"n\n", 1, "An issued credit note cannot be undone [y/N]:"),
        (
            "exceptions resolve --number 42 --house --reason x",
            b"\x04",
            130,
            "of -EUR 0.10: the house pays? [y/N]:",
        ),
        ("exceptions resolve --number 42 --house --reason x", b"y\n", 0, "[y/N]: 8 is paid by the house"),
    ],
)
def test_a_terminal_is_asked(billed: Office, words: str, answer: bytes, code: int, said: str) -> None:
    """On a terminal it asks before what cannot be taken back; a no, and no answer, leave everything as it is."""
    before = billed.type("list", "--json").json, billed.type("exceptions", "--json").json
    ours, theirs = pty.openpty()
    environment = {**os.environ, **billed.environment}
    program = [sys.executable, "-m", "billing_job", *words.split(), "--config", str(billed.folder)]
    with subprocess.Popen(program, stdin=theirs, stderr=theirs, stdout=subprocess.DEVNULL, env=environment) as asking:
        os.write(ours, answer)
        assert asking.wait(60) == code
    answered = " ".join(os.read(ours, 10_000).decode().split())
    assert said in answered
    assert ("nothing was done" in answered) == (code == 1)
    after = billed.type("list", "--json").json, billed.type("exceptions", "--json").json
    assert (after == before) == (code != 0)


def test_workbooks_of_documents_and_books(billed: Office) -> None:
    """list, sales, journal and margin: amounts are numbers that add up, ids and accounts are text."""
    listed, books = billed.folder / "list.xlsx", billed.folder / "books.xlsx"
    assert billed.type("list", "--xlsx", str(listed)).code == 0
    head, *rows = sheets(listed)["documents"]
    assert [row[head.index("net")] for row in rows] == [3.0, 5.0]
    assert billed.type("export", "--month", "2026-10", "--xlsx", str(books)).code == 0
    found = sheets(books)
    assert list(found) == ["sales", "journal", "margin"]
    head, *rows = found["journal"]
    amounts = [row[head.index("amount")] for row in rows]
    assert sum(round(float(str(amount)) * 100) for amount in amounts) == 0
    assert all(isinstance(row[head.index("account")], str) for row in rows)


def test_a_preview_before_the_months_end_misses_nothing(tmp_path: Path) -> None:
    """A number without a rental and a client below its last month are told once the month is over, not before."""
    rent = call(3, -150, "2026-11-02", type_="renewal") | {"reference_type": "number", "reference_id": 42}
    with two_clients(tmp_path, [*FIRST, rent]) as (here, _):
        here.append("numbers.csv", "+31201234567,42,,,,trk_aaaa0007,,", "+31201234568,43,,,,trk_aaaa0007,,")
        assert here.run("--month", "2026-10").code == 0
        early = here.type("preview", "--month", "2026-11", "--json")
        assert (early.code, early.json["anomalies"]) == (0, [])
        here.clock.set(2026, 12, 1, 8)
        late = here.type("preview", "--month", "2026-11", "--json").json["anomalies"]
        assert any("+31201234568 is on trunk" in text for text in late)
        assert any(text.startswith("bruno: 0.00 net after 5.00") for text in late)


def test_months_that_were_billed_elsewhere(tmp_path: Path) -> None:
    """An old month is told of until first_month says who billed it, and never with -q; it is billed by neither."""
    with two_clients(tmp_path, [call(9, -25, "2026-08-05"), *FIRST]) as (here, _):
        ran = here.run("--month", "2026-10")
        assert "set billing.first_month" in ran.err
        assert "never run" not in here.type("-q", "run", "--month", "2026-10", "--json").err
        here.replace("billing.toml", "[billing]\n", '[billing]\nfirst_month = "2026-10"\n')
        again = here.run("--month", "2026-10")
        assert "never run" not in again.err
        assert [net for _, _, net, _ in documents(again.json)] == [300, 500]
        assert here.type("run", "--month", "2026-08", "--json").json["documents"] == []


def test_the_doctor_uses_what_it_holds(tmp_path: Path) -> None:
    """Trunks by name, in capitals, unknown and forgotten; numbers on none; no numbers.csv; odd rules."""
    rent = call(3, -150, "2026-10-02", type_="renewal") | {"reference_type": "number", "reference_id": 42}
    with two_clients(tmp_path, [*FIRST, rent]) as (here, _):
        assert here.type("sync").code == 0
        (here.config / "numbers.csv").unlink(missing_ok=True)
        (here.config / "trunks.csv").write_text(
            "trunk,client_id,valid_from,valid_to\nTRK_AAAA0007,acme,,2026-01-01\nAcme,acme,,\ntrk_gone,acme,,\n"
        )
        here.replace("billing.toml", "NL861994772B01", "NL861994773B01")
        (here.config / "price.csv").write_text("client_id,model\n")
        odd = '[[plans.rules]]\nnumber_type = "mobil"\ntrunk = "TRK_aaaa0007"\nmodel = "absorb"\n'
        here.replace("billing.toml", 'name = "standard"\n', f'name = "standard"\n{odd}')
        ran = here.type("doctor", "--json")
        told = {each["text"]: (each["group"], each["colour"]) for each in ran.json["findings"]}
        amber, rows = "amber", "clients, trunks and numbers"
        for text, where in {
            "seller.vat_id NL861994773B01 has wrong check digits": ("settings", "red"),
            "config/trunks.csv row 2: 'TRK_AAAA0007' is written trk_aaaa0007": (rows, amber),
            "config/trunks.csv row 3: 'Acme' is a trunk's name: write its uuid, trk_aaaa0007": (rows, amber),
            "config/trunks.csv row 4: DIDfarm lists no trunk 'trk_gone'": (rows, amber),
            "trunk trk_bbbb0008 (Bruno) is live, but no row of trunks.csv says whose it is": (rows, amber),
            "the wallet refers to 1 numbers and orders, and there is no numbers.csv (number 42)": (rows, amber),
            "price.csv is read by nothing; tables are accounts.csv": ("settings", amber),
            "plan standard: no number is of type 'mobil', so a rule holds for none": ("settings", amber),
            "plan standard: trunk 'TRK_aaaa0007' of a rule is neither in trunks.csv nor": ("settings", amber),
            "page 1 has 3 of 3 transactions": ("DIDfarm", "green"),
        }.items():
            assert [where_ for said, where_ in told.items() if said.startswith(text)] == [where], (text, told)
        assert ran.code == 1
        assert ran.json["counts"]["red"] == 1
        (here.config / "numbers.csv").write_text("number,trunk\n+31201234567,trk_nobody\n")
        here.replace("billing.toml", "NL861994773B01", "NL861994772B01")
        said = here.type("doctor", "--offline")
        assert said.code == 0
        assert "row 2: trunk trk_nobody: DIDfarm lists no trunk 'trk_nobody'" in said.out
        counts = [line for line in said.out.splitlines() if line][-1]
        assert counts.endswith("0 red")
        assert [line for line in said.out.splitlines() if line and not line.startswith(" ")][:-1] == [
            "Machine", "Settings", "Clients, trunks and numbers",
        ]  # fmt: skip
        clients = here.config / "clients.csv"
        clients.write_text("client_id,name,country,language\nacme,Acme,NL,pl\nbruno,Bruno,DE,de\n")
        assert "client acme: nobody here speaks 'pl'" in here.type("doctor", "--offline").out
        clients.write_text(clients.read_text().replace("pl", "xx"))
        wrong = here.type("doctor", "--offline", "--json")
        assert (wrong.code, wrong.json["findings"][-1]["group"]) == (2, rows)
